"""The downtime by the cluster's own Icinga: it warns at most, and no upgrade waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.findings import shims
from tests.findings.case import Case, Start, green

if TYPE_CHECKING:
    from tests.findings.lab import Lab

_REFUSED = """
case "$*" in
  *{action}*) cat > /dev/null; printf '{{"results":[]}}\\n500' ;;
  *) exec "$REAL" "$@" ;;
esac
"""
WANTED = {"runbook_downtime": "yes"}


def _refused(lab: Lab, action: str) -> None:
    shims.put(lab, lab.cluster.active, "curl", _REFUSED.format(action=action))


def user_unknown(lab: Lab) -> None:
    """A downtime is wanted by an API user whose password is not on N."""
    lab.give(**WANTED, runbook_icinga_user="nobody-knows")


def nobody_fits(lab: Lab) -> None:
    """A downtime is wanted of hosts that Icinga does not have."""
    lab.give(**WANTED, runbook_downtime_filter='host.name == "nobody"')


def none_wanted(lab: Lab) -> None:
    """The settings of the downtime taken out of the inventory."""
    lab.give(runbook_downtime=None, runbook_icinga_user=None, runbook_downtime_filter=None)


def none_scheduled(lab: Lab) -> None:
    """Icinga schedules no downtime."""
    _refused(lab, "schedule-downtime")


def none_removed(lab: Lab) -> None:
    """Icinga removes no downtime."""
    _refused(lab, "remove-downtime")


DOWNTIME: tuple[Case, ...] = (
    green(
        "downtime-user-unknown",
        Start.PREFLIGHT,
        "preflight.downtime",
        "downtime-not-asked",
        strike=user_unknown,
        repair=none_wanted,
        touches="inventory",
    ),
    green(
        "downtime-of-nobody",
        Start.PREFLIGHT,
        "preflight.downtime",
        "downtime-host-unknown",
        strike=nobody_fits,
        repair=none_wanted,
        touches="inventory",
    ),
    green(
        "downtime-refused",
        Start.REACTIVATION,
        "baseline.downtime",
        "downtime-not-made",
        strike=none_scheduled,
        settings=WANTED,
    ),
    green(
        "downtime-not-removed",
        Start.REACTIVATION,
        "closing.downtime",
        "downtime-left",
        strike=none_removed,
        settings=WANTED,
    ),
)
