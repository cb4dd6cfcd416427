"""What the organisation asks for before a change: id, window, fallback, notes, rehearsal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.findings.case import Case, preflight

if TYPE_CHECKING:
    from tests.findings.lab import Lab

GOVERNANCE = "preflight.governance"
_MARKER = "/etc/neteye-rehearsal/marker.json"
_WINDOW = ("2020-01-01T00:00:00+00:00", "2099-12-31T23:59:59+00:00")


def called_production(lab: Lab) -> None:
    """The cluster is one of production: no node has the rehearsal's marker."""
    for node in lab.cluster.shorts:
        lab.cluster.run(node, ("mv", _MARKER, f"{_MARKER}.away"))
    lab.give(runbook_environment="production")


def called_a_rehearsal(lab: Lab) -> None:
    """The rehearsal's marker is back on every node."""
    for node in lab.cluster.shorts:
        lab.cluster.run(node, ("mv", f"{_MARKER}.away", _MARKER))
    lab.give(runbook_environment="rehearsal")


def everything_given(lab: Lab) -> None:
    """The settings added to the inventory: change, window, notes and fallback."""
    lab.give(
        runbook_change_id="CHG-17",
        runbook_window_start=_WINDOW[0],
        runbook_window_end=_WINDOW[1],
        runbook_release_notes_read="A. Operator, 2026-01-01",
        runbook_fallback="snapshots of all nodes, by the team of the hypervisor",
    )
    called_a_rehearsal(lab)


def window_moved(lab: Lab) -> None:
    """Another window approved, and written into the inventory."""
    lab.give(runbook_window_start=_WINDOW[0], runbook_window_end=_WINDOW[1])


def notes_read(lab: Lab) -> None:
    """The release notes read, and that written into the inventory."""
    lab.give(runbook_release_notes_read="A. Operator, 2026-01-01")


def read_tomorrow(lab: Lab) -> None:
    """The day on which the notes were read is far in the future."""
    lab.give(runbook_release_notes_read="A. Operator, 2090-01-01")


def _in(**hours: float) -> str:
    return (datetime.now(UTC) + timedelta(**hours)).isoformat(timespec="seconds")


def not_begun(lab: Lab) -> None:
    """The window begins in two hours."""
    lab.give(runbook_window_start=_in(hours=2), runbook_window_end=_in(hours=9))


def over(lab: Lab) -> None:
    """The window ended an hour ago."""
    lab.give(runbook_window_start=_in(hours=-9), runbook_window_end=_in(hours=-1))


def nearly_over(lab: Lab) -> None:
    """Ten minutes of the window are left."""
    lab.give(runbook_window_start=_in(hours=-3), runbook_window_end=_in(minutes=10))


ORGANISATION: tuple[Case, ...] = (
    preflight(
        "production-nothing-given",
        GOVERNANCE,
        "change-id-missing window-missing release-notes-unread fallback-missing",
        called_production,
        everything_given,
        warnings="rehearsal-missing",
        touches="inventory",
        settings=dict.fromkeys(
            (
                "runbook_change_id",
                "runbook_window_start",
                "runbook_window_end",
                "runbook_release_notes_read",
                "runbook_fallback",
            )
        ),
    ),
    preflight(
        "window-not-begun",
        GOVERNANCE,
        "window-outside",
        not_begun,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "window-over",
        GOVERNANCE,
        "window-past",
        over,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "window-nearly-over",
        GOVERNANCE,
        "window-too-short",
        nearly_over,
        window_moved,
        touches="inventory",
    ),
    preflight(
        "notes-read-in-the-future",
        GOVERNANCE,
        "release-notes-unread",
        read_tomorrow,
        notes_read,
        touches="inventory",
    ),
)
