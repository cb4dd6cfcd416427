"""What a restore has to know of its attempt before it gives anything back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from engine.act import detached
from engine.ask.look import Look
from engine.judge import machine
from engine.judge import restore as policy
from engine.model.cluster import ClusterStatus
from engine.model.finding import Finding
from engine.model.host import Process
from engine.model.names import cib_in_names
from engine.queries.pacemaker import CIB
from engine.run.session import Session
from runbook.cluster import product

CLOSED = "no attempt is open: nothing is to be given back"
LOOKED = ("restore.ledger", "restore.commands", "restore.quorum", "restore.upgrade")
"""The steps that look before anything is given back."""


def is_open(look: Look) -> bool:
    """An attempt of this cluster is under way, by the records on N."""
    return look.attempt is not None and not look.memory.closed


def still_running(look: Look) -> list[Finding]:
    """A command of the attempt still runs on N, whatever ps calls it."""
    findings = []
    for record in look.memory.detached("update", "upgrade"):
        if record.has_ended:
            continue
        name = str(record.intent["detached"])
        base = detached.directory(look.attempt or "", name)
        if look.ask(look.names.active, detached.progress_query(base)).alive:
            findings.append(
                Finding(
                    code="restore-while-running",
                    subject=look.names.active,
                    observed=f"{record.intent['what']!r} of this attempt was started at"
                    f" {record.begun['time']} and still runs; its log is {base}/nohup.out",
                    expected="its end, before anything is given back that it still needs",
                    remedy="Run again without --restore: it is followed to its end. Or wait, then"
                    " run --restore again. Never end it from outside.",
                )
            )
    return findings


def what_runs(look: Look, seen: Mapping[str, Sequence[Process]]) -> list[Finding]:
    """The attempt's own command, and others; what its own has started is not somebody else's."""
    others = machine.no_command_running(seen, product.OTHER_COMMANDS)
    running = still_running(look)
    return [*running, *_below(running, others)]


def below_what_runs(look: Look, findings: Iterable[Finding]) -> list[Finding]:
    """What is so because a command of the attempt still runs follows from that."""
    return _below(still_running(look), findings)


def _below(running: Sequence[Finding], findings: Iterable[Finding]) -> list[Finding]:
    return [replace(one, follows=running[0].target) if running else one for one in findings]


def still_in_standby(
    look: Look, status: ClusterStatus, subjects: Collection[str]
) -> tuple[Finding, ...]:
    """Which of these nodes are in standby, with the remedy for the way in which it was set."""
    if not set(subjects) & set(status.standby_nodes):
        return ()
    cib = cib_in_names(look.ask(look.names.active, CIB), look.names.of_pacemaker)
    return policy.still_in_standby(status, subjects, cib)


def last_round(look: Look, command: str = "upgrade") -> policy.LastRound | None:
    """The last round of update or upgrade; N is asked where its end is not in the journal."""
    rounds = look.memory.detached(command)
    if not rounds:
        return None
    last = rounds[-1]
    name = str(last.intent["detached"])
    if last.has_ended:
        return policy.LastRound(name, last.exit_status)
    base = detached.directory(look.attempt or "", name)
    return policy.LastRound(name, look.ask(look.names.active, detached.progress_query(base)).status)


def is_verified(session: Session) -> bool:
    """An earlier run of the attempt brought the verification to its end."""
    return any(
        event["event"] == "step-ended"
        and event["name"] == "verification.done"
        and event["outcome"] == "done"
        for event in session.survey.earlier
    )
