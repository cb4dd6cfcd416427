"""httpd on every node that may have to run it: where it is, how a move ends, what is found there.

The OCS files are local to each node, so a proof on N says nothing of the others. Wrong files on
another node show only when N is lost, unless httpd has run there before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge import normal
from engine.judge.constraints import forbidden
from engine.judge.healing import cleaned_up
from engine.judge.normal import Expected, Observed
from engine.judge.resources import Wanted, disabled_resources, is_moving, judge_resources
from engine.judge.text import listed, quoted
from engine.model.cluster import Cib, ClusterStatus, FailedAction, Resource
from engine.model.finding import Finding, Severity, Way
from engine.queries.pacemaker import CIB
from engine.record.evidence import unanswered
from engine.waiting import poll
from runbook.to_4_26.failover_record import CONSTRAINT, OVER, PROVED, Proof
from runbook.to_4_26.httpd import checks as httpd_checks
from runbook.to_4_26.httpd.restart import HTTPD_RESOURCE
from runbook.to_4_26.settings import FAILOVER_PROOF

_NOT_SET = "runbook_failover_proof is not set"
NOT_SET = f"not exercised: {_NOT_SET}"
ARRIVAL = 600.0
"""Seconds for a move: a start or stop of one resource may take 100, and groups go one by one."""
_STARTS = ("start", "monitor", "probe")


@dataclass(frozen=True)
class Httpd:
    """The resource httpd and what moves with it by its group."""

    unit: str
    """What a constraint names: the group, or httpd itself when it is in none."""
    members: tuple[str, ...]
    node: str | None
    """Where it is Started, by the inventory's name; None: nowhere, or on several nodes."""
    is_disabled: bool


def httpd_of(status: ClusterStatus) -> Httpd | None:
    """httpd as pacemaker has it; None when there is no such resource."""
    found = status.resource(HTTPD_RESOURCE)
    if found is None:
        return None
    unit = found.group or found.id
    members = tuple(r.id for r in status.services if unit in (r.id, r.group))
    is_settled = found.is_started and len(found.nodes) == 1 and not is_moving(found)
    return Httpd(unit, members, found.nodes[0] if is_settled else None, found.is_disabled)


def home_of(look: Look) -> str:
    """Where httpd ran before it was moved: the proof leaves the cluster as it was found.

    Once it was put back that is on record: a later run may find it, and prove OCS, elsewhere.
    """
    facts = look.memory.facts
    found = facts.get(OVER) or facts.get(PROVED)
    return str(found["node"]) if found else look.names.active


def held_on(look: Look, cib: Cib) -> str | None:
    """The node that our constraint names: '' for one that is not there, None without constraint."""
    if CONSTRAINT not in cib.location_ids:
        return None
    nodes = [one.node for one in cib.location if one.id == CONSTRAINT]
    return look.names.of_pacemaker(nodes[0]) if len(nodes) == 1 else ""


def keeps_off(look: Look, status: ClusterStatus, cib: Cib, httpd: Httpd, node: str) -> str:
    """Why the node never runs httpd, by a constraint of somebody else's; '' when it may."""
    ids = [
        one.id
        for one in forbidden(cib, status.bans)
        if one.resource in (httpd.unit, *httpd.members)
        and look.names.of_pacemaker(one.node) == node
    ]
    return f"constraint {listed(ids)} keeps {httpd.unit} off it" if ids else ""


def not_to_be_moved(look: Look, status: ClusterStatus, cib: Cib, httpd: Httpd, node: str) -> str:
    """Why httpd can't be moved to a node that may run it, fencing apart; '' when it can be."""
    if httpd.is_disabled:
        return f"{httpd.unit} is disabled on purpose"
    member = status.node(node)
    if member is None or not member.online or member.standby or member.maintenance:
        return f"{node} is not active"
    fenced = [name for name in httpd.members if name in cib.fenced_on_failure]
    if fenced:
        # the failure stays on record, and counts as soon as fencing is on again
        return f"a failed start of {listed(fenced)} gets its node fenced (on-fail=fence)"
    if not free_for(look, cib, httpd, node):
        return f"every resource of {httpd.unit} has a constraint for it, which pcs would replace"
    return ""


def free_for(look: Look, cib: Cib, httpd: Httpd, node: str) -> tuple[str, ...]:
    """The group and its members, without those for which somebody's constraint names the node."""
    taken = {
        one.resource
        for one in cib.location
        if one.id != CONSTRAINT and look.names.of_pacemaker(one.node) == node
    }
    return tuple(name for name in dict.fromkeys((httpd.unit, *httpd.members)) if name not in taken)


def arrived(look: Look, unit: str, node: str) -> ClusterStatus:
    """Wait until all of the unit is Started on the node and at rest, or can't come to be.

    Returns the last look, after `ARRIVAL` seconds at most.
    """
    disabled = disabled_resources(look.cluster_status())

    def is_over(status: ClusterStatus) -> bool:
        if any(resource.blocked for resource in status.services):
            return True  # nothing more happens there by itself
        if any(is_moving(resource) for resource in status.services):
            return False
        if is_on(status, unit, node):
            anywhere = Wanted(frozenset(look.names.operative), disabled)
            left = judge_resources(status, status.services, anywhere)
            return all(look.accepts(finding) for finding in left)
        # a start that failed there: pacemaker does not try again by itself
        return bool(_failures(status, unit, node))

    return poll(
        look.cluster_status, is_over, deadline=ARRIVAL, times=3, clock=look.timer, wait=look.wait
    )


def is_on(status: ClusterStatus, unit: str, node: str) -> bool:
    """All of the unit is Started on the node, what somebody disabled apart."""
    members = [r for r in status.services if unit in (r.id, r.group) and not r.is_disabled]
    return bool(members) and all(r.is_started and r.nodes == (node,) for r in members)


def came_along(before: ClusterStatus, after: ClusterStatus, httpd: Httpd, node: str) -> list[str]:
    """What else runs on the node now, and ran elsewhere before the move."""
    return [
        r.id
        for r in after.services
        if r.id not in httpd.members
        and r.nodes == (node,)
        and node not in before.placement.get(r.id, ())
    ]


def exercise(look: Look, httpd: Httpd, node: str, before: ClusterStatus) -> Proof:
    """What the move came to: httpd did not arrive, or it was proved by use there."""
    status = arrived(look, httpd.unit, node)
    if not is_on(status, httpd.unit, node):
        finding = _not_started(status, httpd, node)
        return Proof(node, (finding,), finding.observed)
    return prove(look, node, tuple(came_along(before, status, httpd, node)))


def prove(look: Look, node: str, moved: tuple[str, ...] = ()) -> Proof:
    """The proof by use on the node.

    A question without an answer proves nothing; it does not end the step, because what was moved
    has to be given back first.
    """
    try:
        seen = httpd_checks.ocs_online(look, node)
    except Unanswered as error:
        found = unanswered(error.node, error.question, error.why)
        return Proof(node, (_not_working(node, [found]),), str(error), moved)
    # what only warns does not keep httpd off a node; it is told where httpd is left
    against = [f for f in seen.findings if look.release.severities.of(f.code) is Severity.BLOCK]
    findings = (_not_working(node, against),) if against else ()
    return Proof(node, findings, seen.observed, moved)


def _not_working(node: str, findings: list[Finding]) -> Finding:
    """What the proof found, as one finding about the node."""
    seen = "; ".join(f"[{f.code}] {f.subject}: {f.observed}" for f in findings)
    return Finding(
        code="failover-ocs-failed",
        subject=node,
        observed=f"httpd was moved to {node} and started there, and OCS does not work: {seen}",
        expected="an OCS server that logs in to its database, on every node that may run httpd",
        remedy=f"httpd is not left on {node}. Its files below /etc/httpd are its own: compare the"
        f" two files of OCS there with those of N. {_by_hand('failover-ocs-failed', node)}",
        guide=("G14",),
        way=Way.ACCEPT,
    )


def _not_started(status: ClusterStatus, httpd: Httpd, node: str) -> Finding:
    failures = [
        f"{f.op_key}: {f.exit_status}{f', {f.exit_reason}' if f.exit_reason else ''}"
        for f in _failures(status, httpd.unit, node)
    ]
    places = [_place(r) for r in status.services if r.id in httpd.members]
    return Finding(
        code="failover-not-started",
        subject=node,
        observed=f"{httpd.unit} was to run on {node} and does not: {', '.join(places)}; failed"
        f" actions on {node}: {listed(failures)}",
        expected=f"all of {httpd.unit} Started on every node that may have to run it",
        remedy=f"See `journalctl -u {HTTPD_RESOURCE}` and `httpd -t` on {node}, mend the cause,"
        f" then let the cluster forget the failure. {_by_hand('failover-not-started', node)}",
        guide=("G14",),
        way=Way.ACCEPT,
        commands=cleaned_up(status, httpd.unit),
    )


def _by_hand(code: str, node: str) -> str:
    return (
        "The upgrade itself is verified, and with fencing on no run moves httpd any more: prove it"
        f" by hand, then accept this finding with what you saw: {_accepted(code, node)}"
    )


def _accepted(code: str, node: str) -> str:
    return f"--accept {quoted(f'{code}@{node}=REASON')} --by NAME"


def _place(resource: Resource) -> str:
    where = f" on {', '.join(resource.nodes)}" if resource.nodes else ""
    return f"{resource.id} {'FAILED (blocked)' if resource.blocked else resource.role}{where}"


def _failures(status: ClusterStatus, unit: str, node: str) -> list[FailedAction]:
    members = {r.id for r in status.services if unit in (r.id, r.group)}
    return [f for f in status.failures if f.node == node and f.resource in members]


def after_failover(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """Normal enough for fencing to come back: as reactivated, but for starts that failed.

    A start of httpd's group that failed on a node is told in `failover.proof` and in the final
    profile. It does no harm with fencing on. A stop that failed does: its node would be fenced.
    """
    httpd = httpd_of(observed.status)
    members = httpd.members if httpd else ()
    left = tuple(
        f
        for f in observed.status.failures
        if f.resource not in members or f.op_key.rsplit("_", 2)[1] not in _STARTS
    )
    judged = replace(observed, status=replace(observed.status, failures=left))
    fencing = observed.status.options.stonith_enabled
    return (normal.final if fencing else normal.reactivated)(judged, expected)


def not_exercised(look: Look, node: str) -> list[Finding]:
    """The node may have to run httpd, and this attempt has not tried it there.

    Nothing when OCS was proved on no node, or on this one: on N it is, before the reactivation.
    """
    proved = look.memory.facts.get(PROVED)
    if proved is None or node in (proved["node"], look.names.active):
        return []
    status, cib = look.cluster_status(), look.ask(look.names.active, CIB)
    httpd = httpd_of(status)
    if httpd is None or keeps_off(look, status, cib, httpd, node):
        return []
    why = _NOT_SET
    if look.settings[FAILOVER_PROOF]:
        before = f"it was not moved there before fencing came back, see failover.httpd[{node}]"
        why = not_to_be_moved(look, status, cib, httpd, node) or before
    return [
        Finding(
            code="failover-not-exercised",
            subject=node,
            observed=f"no run has seen httpd work on {node} with the files of OCS there: {why}",
            expected="OCS proved by use on every node that may have to run httpd",
            remedy=f"With fencing on no run moves httpd any more. In a quiet hour move {httpd.unit}"
            f" to {node} by hand, see that `GET /ocsinventory` answers 400 and agents are served,"
            " then move it back. Else a fault in the node's own files shows when N is lost.",
            guide=("G14",),
        )
    ]


def not_back(home: str, httpd: Httpd | None) -> list[Finding]:
    """httpd is where it was before it was moved."""
    if httpd is None or httpd.is_disabled or httpd.node == home:
        return []
    return [
        Finding(
            code="failover-not-back",
            subject=home,
            observed=f"{httpd.unit} runs on {httpd.node or 'no node'} after the failover proof",
            expected=f"{home}, where it ran before",
            remedy=f"No run moves it any more once fencing is on. Look at `pcs status` and"
            f" `pcs constraint` for what keeps it off {home}, and where it is to run. Then accept"
            f" this finding with what you decided: {_accepted('failover-not-back', home)}",
            guide=("G14",),
            way=Way.ACCEPT,
        )
    ]
