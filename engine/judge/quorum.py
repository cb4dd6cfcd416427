"""Votes: corosync's quorum, the qdevice of the voting-only node, and the cluster's daemons."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.judge.healing import unit_started
from engine.judge.text import listed
from engine.judge.ways import DAEMON
from engine.model.cluster import ClusterStatus, DaemonState, QuorumStatus
from engine.model.finding import Command, Finding

COROSYNC = "corosync"
REQUIRED_DAEMONS = (COROSYNC, "pacemaker", "pcsd")
QDEVICE = "corosync-qdevice"
QNETD = "corosync-qnetd"


def not_observed(what: str, asked: Collection[str], told: Collection[str]) -> tuple[Finding, ...]:
    """A finding for each of `asked` that did not answer. Code: `not-observed`."""
    return tuple(
        Finding(
            "not-observed",
            node,
            f"the {what} of {node} was not observed",
            "an observation of every operative node",
            "Make sure that the node answers, then run this again.",
        )
        for node in asked
        if node not in told
    )


def quorum_held(
    status: ClusterStatus, quorum: Mapping[str, QuorumStatus], operative: Collection[str]
) -> tuple[Finding, ...]:
    """The partition has quorum as pacemaker and as corosync on every operative node say.

    Without a controller pacemaker says nothing of it, which is told by itself (`no-dc`).

    Codes: `quorum-lost`, `not-observed`.
    """
    findings = list(not_observed("quorum", operative, quorum))
    if status.with_quorum is False:
        findings.append(_lost("cluster", "pacemaker works in a partition WITHOUT quorum"))
    findings += [
        _lost(
            node,
            f"{node} has no quorum: {seen.total_votes} of {seen.expected_votes} votes, "
            f"{seen.quorum} are needed",
        )
        for node, seen in quorum.items()
        if not seen.quorate
    ]
    return tuple(findings)


def _lost(subject: str, seen: str) -> Finding:
    return Finding(
        "quorum-lost",
        subject,
        seen,
        "quorate",
        "Find the nodes that are missing (`corosync-quorumtool -s`, the network between the "
        "nodes) and bring them back; nothing may be changed without quorum.",
    )


def qdevice_votes(
    quorum: Mapping[str, QuorumStatus],
    operative: Collection[str],
    voting_only: Collection[str] = (),
) -> tuple[Finding, ...]:
    """The voting-only node's qdevice votes, as every operative node sees it.

    Code: `qdevice-not-voting`. The cluster may still be quorate without its vote, but not after
    the loss of one more node.
    """
    return tuple(
        Finding(
            "qdevice-not-voting",
            node,
            f"the qdevice does not vote as seen by {node}: {_why(quorum[node])}",
            "alive and voting (flags A,V)",
            "Look at corosync-qnetd on the voting-only node, at corosync-qdevice on this node, "
            "and at the network between them (`pcs quorum status`); both have to run.",
            commands=(
                *(unit_started(name, QNETD) for name in voting_only),
                unit_started(node, QDEVICE),
            ),
        )
        for node in operative
        if node in quorum and not quorum[node].is_qdevice_voting
    )


def _why(seen: QuorumStatus) -> str:
    if not seen.has_qdevice:
        return "corosync has none"
    if not seen.qdevice_votes:
        return "it has no vote"
    silent = [f"{m.name} {','.join(m.flags)}" for m in seen.members if not {"A", "V"} <= {*m.flags}]
    return f"flags are {listed(silent)}"


NOT_LISTED = "not listed"


def daemons_normal(
    daemons: Mapping[str, tuple[DaemonState, ...]],
    operative: Collection[str],
    *,
    with_qdevice: bool = False,
) -> tuple[Finding, ...]:
    """The cluster's daemons are active/enabled on every operative node: pcs's Daemon Status.

    Each node knows its own only, so each is asked (domain facts, trap 7). A daemon that not every
    cluster has (sbd) counts where it is in use, not where it is only installed. corosync-qdevice
    counts with a voting-only node: if it is not enabled, its vote is gone after the node's next
    start. Without such a node it has nothing to do, whatever its unit says.
    Codes: `daemon-not-normal`, `not-observed`.
    """
    findings = list(not_observed("Daemon Status", operative, daemons))
    required = (*REQUIRED_DAEMONS, *((QDEVICE,) if with_qdevice else ()))
    for node, told in daemons.items():
        states = [state for state in told if state.name != QDEVICE or with_qdevice]
        seen = {state.name: f"{state.active}/{state.enabled}" for state in states}
        counted = [s for s in states if s.is_in_use or s.name in required]
        wrong = {state.name: seen[state.name] for state in counted if not state.is_normal}
        wrong |= {name: NOT_LISTED for name in required if name not in seen}
        findings += [_daemon(node, name, state) for name, state in wrong.items()]
    return tuple(findings)


def why_no_quorum(node: str, daemons: Mapping[str, tuple[DaemonState, ...]]) -> str:
    """CODE@SUBJECT of what is found because of which the node can't tell its quorum.

    Empty when corosync runs there, or nobody knows.
    """
    told = daemons.get(node)
    if told is None or any(s.name == COROSYNC and s.active == "active" for s in told):
        return ""
    return f"{DAEMON}@{node}:{COROSYNC}"


def _daemon(node: str, name: str, state: str) -> Finding:
    return Finding(
        DAEMON,
        f"{node}:{name}",
        f"daemon {name} on {node} is {state}",
        "active/enabled",
        f"`systemctl status {name}` on {node} tells why. Unless somebody stopped or disabled it "
        "on purpose, start it, with the node too.",
        commands=_enabled(node, name, state),
    )


def _enabled(node: str, name: str, state: str) -> tuple[Command, ...]:
    """A unit that is masked can't be enabled; one that systemd does not have isn't started."""
    if state == NOT_LISTED:
        return ()
    unmask = (Command(node, ("systemctl", "unmask", name)),) if "masked" in state else ()
    return (*unmask, Command(node, ("systemctl", "enable", "--now", name)))
