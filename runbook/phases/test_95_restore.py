"""`--restore`: a look at the cluster, then the open temporary changes are given back, no more.

No step of the upgrade is part of such a run, and none of these of an upgrade. They serve no row
of the guide: what is done here ends an attempt, it does not fulfil one.
"""

from __future__ import annotations

from engine.act.applier import Applied
from engine.act.foreseen import Bookkeeping, Told, planned_by
from engine.ask.look import Look
from engine.judge import commands, normal, quorum
from engine.judge import restore as policy
from engine.judge.fencing import fencing_is
from engine.model.change import Nothing
from engine.model.finding import Finding
from engine.model.steps import step
from engine.queries.machine import PROCESSES
from engine.queries.neteye import VERSION
from engine.queries.pacemaker import QUORUM
from engine.record.evidence import Evidence
from engine.report.ledger import entry_text
from engine.run.session import Session
from engine.waiting import attempts, poll
from runbook.cluster.profiles import SETTLE, describe, settled
from runbook.cluster.restoring import (
    is_open,
    is_verified,
    last_round,
    still_in_standby,
    still_running,
)
from runbook.phases.actions.restore import BRIEF, FENCING, standby_entries
from runbook.to_4_26 import failover, release
from runbook.to_4_26.httpd.checks import httpd_node

BEGUN = (
    *(
        "preflight.reachable",
        "preflight.machines",
        "preflight.environment",
        "preflight.roles",
        "preflight.records",
    ),
)
LOOKED = ("restore.ledger", "restore.commands", "restore.quorum", "restore.upgrade")
CLOSED = "no attempt is open: nothing is to be given back"


@step("restore.ledger", after=BEGUN, asks=True, scope="restore")
def test_ledger(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The open temporary changes, with the values from before."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    entries = [entry_text(entry) for entry in runbook_session.open_ledger()]
    evidence.note(f"open: {'; '.join(entries)}" if entries else "no temporary change is open")


@step("restore.commands", after=BEGUN, asks=True, scope="restore")
def test_commands(look: Look, evidence: Evidence) -> None:
    """No command that changes the cluster runs any more, on any node."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    asked = look.ask_all(look.names.all, PROCESSES)
    evidence.answered(asked)
    evidence.judge(
        [
            *still_running(look),
            *commands.no_command_running(asked.values, release.OTHER_COMMANDS),
        ],
        observed=f"no neteye command runs on {len(asked.values)} nodes",
    )


@step("restore.quorum", after=BEGUN, asks=True, scope="restore")
def test_quorum(look: Look, evidence: Evidence) -> None:
    """The cluster has quorum: without it nothing may be changed."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    status = look.cluster_status()
    away = {node.name for node in status.nodes if not node.online}
    # who is away has no quorum and can't be asked: that is judged where fencing is
    present = tuple(name for name in look.names.operative if name not in away)
    asked = look.ask_all(present, QUORUM)
    evidence.answered(asked)
    evidence.judge(
        quorum.quorum_held(status, asked.values, tuple(asked.values)),
        observed=f"quorate, as {', '.join(asked.values)} say",
    )


@step("restore.upgrade", after=BEGUN, asks=True, scope="restore")
def test_upgrade(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The upgrade has not begun, or is done: no node is half-upgraded."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    asked = look.ask_all(look.names.all, VERSION)
    evidence.answered(asked)
    last = last_round(look)
    status = look.cluster_status()
    standby = [name for name in standby_entries(look.memory) if name in status.standby_nodes]
    situation = runbook_session.survey.situation
    findings = [
        *policy.half_upgraded(
            asked.values,
            last,
            (release.SOURCE, release.TARGET),
            standby or [look.names.active],
            has_packages_left=situation is not None and situation.has_packages_left,
        ),
        *policy.upgrade_unverified(last, is_verified(runbook_session)),
    ]
    listing = ", ".join(f"{node} {version}" for node, version in asked.values.items())
    rounds = [str(seen) for seen in (last_round(look, "update"), last) if seen is not None]
    if last is None:
        rounds.append("no round of the upgrade was started")
    evidence.judge(findings, observed="; ".join([listing, *rounds]))


@step("restore.unstandby", after=LOOKED, scope="restore")
def test_unstandby(
    ledger_unstandby: Applied, look: Look, evidence: Evidence, runbook_session: Session
) -> None:
    """The nodes that the upgrade put in standby are active again."""
    if not ledger_unstandby.did_something:
        return
    meant = [subject for _, subject in ledger_unstandby.changes[0].closes]
    status = poll(
        look.cluster_status,
        lambda seen: not set(meant) & set(seen.standby_nodes),
        deadline=BRIEF,
        clock=look.timer,
        wait=look.wait,
    )
    for name in standby_entries(look.memory):
        if (node := status.node(name)) and not node.standby:
            look.close_ledger("standby", name, "it is not in standby any more")
    evidence.judge(
        still_in_standby(look, status, meant),
        observed=f"in standby now: {', '.join(status.standby_nodes) or 'nobody'}",
    )
    runbook_session.watch_standby()


@step("restore.scratch", after=("restore.unstandby",), scope="restore")
def test_scratch(ledger_scratch: Applied) -> None:
    """The schema that a backup was restored into is gone."""


@step("restore.constraint", after=("restore.unstandby",), scope="restore")
def test_constraint(ledger_constraint: Applied, look: Look, evidence: Evidence) -> None:
    """No location constraint of this runbook is in place any more."""
    if ledger_constraint.did_something:
        node = httpd_node(look)
        evidence.note(f"httpd is on {node}, it was on {failover.home_of(look)} before it was moved")


@step("restore.nodes", after=LOOKED, asks=True, scope="restore")
def test_nodes(look: Look, evidence: Evidence) -> None:
    """Nobody would be fenced: every operative node is online and clean."""
    if FENCING not in look.memory.ledger:
        evidence.not_needed("fencing is not among the open temporary changes")
        return
    findings: tuple[Finding, ...] = ()
    for _ in attempts(BRIEF, every=3.0, clock=look.timer, wait=look.wait):
        findings = policy.unsafe_to_fence(look.cluster_status(), look.names.operative)
        if not findings:
            break
    evidence.judge(findings, observed=f"online and clean: {', '.join(look.names.operative)}")


# without the constraint pacemaker may move httpd: that is over before fencing comes on
@step("restore.normal", after=("restore.constraint", "restore.nodes"), scope="restore")
def test_normal(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The cluster is normal and stable with all nodes active, before fencing comes on."""
    if FENCING not in look.memory.ledger:
        evidence.not_needed("fencing is not among the open temporary changes")
        return
    fencing = look.cluster_status().options.stonith_enabled
    profile = normal.final if fencing else normal.reactivated
    findings, seen = settled(look, profile, version=None, deadline=_patience(runbook_session))
    evidence.judge(findings, observed=describe(seen))


@step("restore.fencing", after=("restore.normal",), scope="restore")
def test_fencing(ledger_fencing: Applied, look: Look, evidence: Evidence) -> None:
    """Fencing is enabled again if, and only if, the ledger says that it was."""
    if ledger_fencing.did_something:
        evidence.judge(fencing_is(look.cluster_status(), True), observed="fencing is on")


@step(
    "restore.final",
    after=("restore.constraint", "restore.scratch", "restore.fencing"),
    scope="restore",
)
def test_final(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The cluster is normal, with fencing as in the baseline."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    # where nothing had to be given back, the state is somebody else's: shown, and not waited for
    information = runbook_session.run.changes_made == 0
    deadline = 0.0 if information else SETTLE
    findings, seen = settled(look, normal.final, version=None, deadline=deadline)
    evidence.judge(findings, observed=describe(seen), information=information)


def _attempt_planned(look: Look, _: Evidence) -> Told:
    if not is_open(look):
        return Nothing(CLOSED)
    return Bookkeeping(f"closes attempt {look.attempt} when its ledger is empty", look.names.active)


@step("restore.attempt", after=("restore.final",), scope="restore")
@planned_by(_attempt_planned)
def test_attempt(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The attempt is closed: no temporary change is in place any more."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    if left := look.memory.ledger:
        evidence.note(f"the attempt stays open: {len(left)} temporary changes are in place")
        return
    runbook_session.close_attempt()
    evidence.note(
        f"no temporary change is in place; attempt {look.attempt} is closed, and the next run"
        " without --restore begins a new one"
    )


def _patience(session: Session) -> float:
    return SETTLE if session.run.changes_made else BRIEF
