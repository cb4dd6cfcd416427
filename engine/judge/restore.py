"""What keeps a restore from giving back standby or fencing (the ledger of temporary changes)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from engine.judge import healing, modes
from engine.judge.nodes import controlled
from engine.judge.quorum import quorum_held
from engine.judge.resources import is_moving, runs_on_several_nodes
from engine.judge.text import listed
from engine.judge.versions import by_version
from engine.model.cluster import Cib, ClusterStatus, QuorumStatus
from engine.model.finding import Finding, Way
from engine.model.host import Version


@dataclass(frozen=True)
class LastRound:
    """The last round of `neteye update` or `neteye upgrade`, by its record on N."""

    name: str
    code: int | None
    """Its exit status; None: there is none, it was interrupted or still runs."""

    def __str__(self) -> str:
        said = f"the last round of the {self.name.partition('-')[0]} ({self.name})"
        if self.code is None:
            return f"{said} has no exit status: it was interrupted, or still runs"
        return f"{said} ended with exit status {self.code}"


def undecided(status: ClusterStatus, quorum: Mapping[str, QuorumStatus]) -> tuple[Finding, ...]:
    """A change takes effect only in a cluster that has a controller, and quorum as all say.

    `quorum` is of the nodes that are there. Codes: `no-dc`, `quorum-lost`.
    """
    return (*controlled(status), *quorum_held(status, quorum, tuple(quorum)))


def half_upgraded(
    versions: Mapping[str, Version],
    last_round: LastRound | None,
    ends: tuple[Version, Version],
    subjects: Collection[str],
    *,
    has_packages_left: bool = False,
) -> tuple[Finding, ...]:
    """One finding for each of `subjects` when the cluster is neither before nor after the upgrade.

    `ends` are source and target; `last_round` is None when no round was started;
    `has_packages_left`: some are older than the target's, or nobody could tell. Code:
    `restore-half-upgraded`, which only a person may accept, by name.
    """
    seen = _why_half(versions, last_round, ends) or _why_not_whole(has_packages_left, ends[1])
    if not seen:
        return ()
    source, target = ends
    return tuple(
        Finding(
            "restore-half-upgraded",
            node,
            seen,
            f"every node at {source} before the first round, or every node at {target} and the"
            " last round ended with exit status 0",
            "Run again without --restore: the upgrade goes on and gives back what it took. Who"
            " gives it up all the same, with the vendor's support, adds --accept"
            f" 'restore-half-upgraded@{node}=REASON' --by NAME: services of two versions may run"
            " then, and this runbook can't finish the upgrade any more.",
            way=Way.UPGRADE,
        )
        for node in subjects
    )


def _why_half(
    versions: Mapping[str, Version],
    last_round: LastRound | None,
    ends: tuple[Version, Version],
) -> str:
    """Why the upgrade is half done; empty when it was not begun, or is done."""
    found = by_version(versions)
    listing = "; ".join(f"{version} on {', '.join(nodes)}" for version, nodes in found.items())
    reasons = []
    if len(found) > 1 or not set(found) <= set(ends):
        reasons.append(f"the nodes are at {listing}")
    if last_round is not None and last_round.code != 0:
        reasons.append(str(last_round))
    if not reasons and last_round is not None and set(found) == {ends[0]}:
        reasons.append(f"{last_round}, and the nodes are at {listing}")
    return "; ".join(reasons)


def _why_not_whole(has_packages_left: bool, target: Version) -> str:
    if not has_packages_left:
        return ""
    return (
        f"the last round ended with exit status 0 and every node says {target}, and packages of"
        " some node are older than the repository's, or it could not be asked"
    )


def unsafe_to_fence(status: ClusterStatus, operative: Collection[str]) -> tuple[Finding, ...]:
    """Fencing that comes on would shoot what is away: each node is online, clean and settled.

    Code: `restore-unclean`, which nobody can accept.
    """
    findings = []
    for name in operative:
        node = status.node(name)
        if node is None:
            findings.append(_unclean(name, "is not in the cluster's node list"))
        elif node.unclean:
            seen = "is UNCLEAN: the cluster lost it without a farewell"
            findings.append(_unclean(name, seen, is_away=not node.online))
        elif not node.online:
            findings.append(_unclean(name, "is OFFLINE", is_away=True))
        elif node.pending:
            findings.append(_unclean(name, "is pending: it has not finished joining"))
    return tuple(findings)


def _unclean(node: str, seen: str, *, is_away: bool = False) -> Finding:
    return Finding(
        "restore-unclean",
        node,
        f"node {node} {seen}",
        "every operative node online and clean before fencing is enabled",
        "Fencing stays off: enabled now, the cluster would fence this node at once, whatever it"
        " does. Bring the node back (power, network, its cluster services), wait until `pcs"
        " status` shows it Online, then run --restore again.",
        ("fencing-as-before",),
        commands=healing.cluster_started(node) if is_away else (),
    )


def unsettled(status: ClusterStatus, operative: Collection[str]) -> tuple[Finding, ...]:
    """A location constraint is removed only in a cluster at rest: pacemaker may then move things.

    Every operative node is online and clean, no resource is on its way or blocked. Code:
    `restore-unsettled`, which nobody can accept.
    """
    seen = [
        f"node {finding.subject} is not online and clean"
        for finding in unsafe_to_fence(status, operative)
    ]
    seen += [f"resource {r.id} is FAILED (blocked)" for r in status.services if r.blocked]
    seen += [
        f"resource {r.id} runs on several nodes: {listed(r.nodes)}"
        for r in status.services
        if runs_on_several_nodes(r)
    ]
    seen += [
        f"resource {r.id} is {r.pending or r.role}"
        for r in status.services
        if is_moving(r) and not r.blocked
    ]
    if not seen:
        return ()
    cleanups = [c for r in status.services if r.blocked for c in healing.cleaned_up(status, r.id)]
    return (
        Finding(
            "restore-unsettled",
            "cluster",
            listed(seen),
            "a cluster at rest before the constraint is removed: pacemaker may move then what the"
            " constraint held",
            "The constraint stays. Wait until `pcs status` shows every node Online and nothing on"
            " its way (of a blocked resource mend the cause, then let the cluster forget its"
            " failure), then run --restore again.",
            # a cleanup waits for its effect itself
            commands=tuple(cleanups) or (healing.at_rest(healing.somewhere(status)),),
        ),
    )


def still_in_standby(
    status: ClusterStatus, subjects: Collection[str], cib: Cib | None = None
) -> tuple[Finding, ...]:
    """None of these nodes is in standby any more. Code: `node-standby`."""
    return tuple(
        Finding(
            "node-standby",
            name,
            f"node {name} is still in standby{modes.how(name, modes.STANDBY, cib)}",
            "active, as it was before the attempt",
            "End the standby; when it stays, `pcs status` and the node's journal tell why. Then run"
            " --restore again.",
            ("all-active",),
            commands=modes.way_out(name, status.spelled(name), modes.STANDBY, cib),
        )
        for name in subjects
        if name in status.standby_nodes
    )


def upgrade_unverified(last_round: LastRound | None, is_verified: bool) -> tuple[Finding, ...]:
    """The upgrade is done and its verification is not: closing the attempt gives that up.

    Code: `restore-unverified`.
    """
    if last_round is None or last_round.code != 0 or is_verified:
        return ()
    return (
        Finding(
            "restore-unverified",
            "cluster",
            f"{last_round}, and the verification of the upgrade was not brought to its end",
            "a verified upgrade, or none",
            "Run again without --restore: it verifies what is there, and gives back what it took."
            " When --restore closes the attempt, this runbook verifies that upgrade no more.",
            way=Way.UPGRADE,
        ),
    )
