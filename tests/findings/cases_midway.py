"""An attempt under way, and somebody does something to the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.findings.case import Case, Start, red
from tests.findings.killed import run_until_killed
from tests.findings.repairs import remedy_followed
from tests.findings.strikes_cluster import DUMMY, at_rest, pcs, resource, state, until
from tests.matrix.edges import Point

if TYPE_CHECKING:
    from tests.findings.lab import Lab

NORMAL = "preflight.normal"
_SERVICE = "nats-server_group"
_BLOCKED = "site-blocked"


def service_enabled_again(lab: Lab) -> None:
    """A service that was disabled on purpose when the attempt began is enabled right before the
    backup."""
    pcs(lab, "resource", "disable", _SERVICE, "--wait=300")
    accepted = ("--accept", "resource-disabled=off since March", "--by", "A. Operator")
    run_until_killed(lab, "backup.proved#1", Point.BEFORE_INTENT, *accepted)
    pcs(lab, "resource", "enable", _SERVICE, "--wait=300")


def fencing_switched_off(lab: Lab) -> None:
    """Fencing was on when the attempt began, and somebody switches it off before the first
    round."""
    pcs(lab, "property", "set", "stonith-enabled=false")
    at_rest(lab)


def woken_too_early(lab: Lab) -> None:
    """Somebody takes one of the nodes out of standby, moves the cluster's address there, and
    enables fencing; another node is still in standby."""
    last = lab.cluster.node_name(2)
    pcs(lab, "node", "unstandby", last, "--wait=300")
    pcs(lab, "resource", "move", "cluster_ip", last, "--wait=300")
    pcs(lab, "property", "set", "stonith-enabled=true")
    at_rest(lab)


def put_back_to_sleep(lab: Lab) -> None:
    """With the vendor's support the node is put back in standby, and fencing off again."""
    pcs(lab, "node", "standby", lab.cluster.node_name(2), "--wait=300")
    pcs(lab, "property", "set", "stonith-enabled=false")
    at_rest(lab)


def given_up_with_httpd_moved(lab: Lab) -> None:
    """The run is killed when it has moved httpd to OTHER for the failover proof; then the stop of
    a resource of the site's fails, and the upgrade is to be left."""
    moved = f"failover.httpd[{lab.cluster.node_name(1)}]#1"
    run_until_killed(lab, moved, Point.AFTER_RESULT)
    resource(lab, _BLOCKED, DUMMY, monitor=("5s", "block"))
    at_rest(lab)
    lab.cluster.shell(lab.cluster.node_of(_BLOCKED), 'rm "$1"', state(_BLOCKED))
    until(lab, f"{_BLOCKED} blocked", f".//resource[@id='{_BLOCKED}'][@blocked='true']")


def records_of_a_round_removed(lab: Lab) -> None:
    """The run is killed when the first round has ended, before it has read the exit status; then
    somebody makes room on N and removes that command's directory."""
    run_until_killed(lab, "upgrade.run[1]#1", Point.AFTER_EFFECT)
    removed = "rm -r /var/lib/neteye-runbook/attempts/*/commands/upgrade-1"
    lab.cluster.shell(lab.cluster.active, removed)


def settled(lab: Lab) -> None:
    """A person sees that no command of the vendor's runs on N, and has it started once more."""
    lab.answers += ["--settle", "upgrade.run[1]=repeat"]
    lab.answers += ["--reason", "no neteye command runs on N", "--by", "A. Operator"]


MIDWAY: tuple[Case, ...] = (
    red(
        "records-of-a-round-removed",
        Start.FIRST_ROUND,
        "upgrade.run[1]",
        "outcome-unknown",
        10,
        settled,
        strike=records_of_a_round_removed,
        arguments=("--plan",),
    ),
    red(
        "service-enabled-again",
        Start.BEGINNING,
        NORMAL,
        "resource-enabled",
        10,
        remedy_followed,
        strike=service_enabled_again,
    ),
    red(
        "fencing-switched-off",
        Start.FIRST_ROUND,
        NORMAL,
        "fencing-state",
        10,
        remedy_followed,
        strike=fencing_switched_off,
    ),
    red(
        "woken-too-early",
        Start.REACTIVATION,
        "verification.mid_upgrade",
        "node-not-standby resource-elsewhere fencing-state",
        10,
        put_back_to_sleep,
        strike=woken_too_early,
        warnings="support-needed",
        nodes="operative=3",
    ),
    red(
        "given-up-with-httpd-moved",
        Start.REACTIVATION,
        "restore.constraint",
        "restore-unsettled",
        11,
        remedy_followed,
        strike=given_up_with_httpd_moved,
        arguments=("--restore",),
        again=("--restore",),
        is_upgraded=False,
    ),
)
