"""`--restore`: fencing, once nobody would be fenced; then the attempt is closed."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.act.foreseen import Bookkeeping, Told, planned_by
from engine.ask.look import Look
from engine.judge import normal
from engine.judge import restore as policy
from engine.judge.fencing import fencing_is
from engine.judge.text import on_nodes
from engine.model.change import Nothing
from engine.model.finding import Finding
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.report.under_way import in_place
from engine.run.session import Session
from engine.waiting import attempts
from runbook.cluster.icinga.checks import downtime_is_gone
from runbook.cluster.profiles import SETTLE, describe, settled
from runbook.cluster.restoring import CLOSED, LOOKED, is_open
from runbook.phases.actions.restore import BRIEF, FENCING


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
    assert evidence.judge(
        findings,
        observed=f"looked at: {on_nodes(look.names.operative)}",
        sound="online and clean",
    )


# without a constraint pacemaker may move what it held: that is over before fencing comes on
@step("restore.normal", after=("restore.nodes", "restore.constraint?"), scope="restore")
def test_normal(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The cluster is normal and stable with all nodes active, before fencing comes on."""
    if FENCING not in look.memory.ledger:
        evidence.not_needed("fencing is not among the open temporary changes")
        return
    fencing = look.cluster_status().options.stonith_enabled
    profile = normal.final if fencing else normal.reactivated
    findings, seen = settled(look, profile, version=None, deadline=_patience(runbook_session))
    assert evidence.judge(findings, observed=describe(seen))


@step("restore.fencing", after=("restore.normal",), scope="restore")
def test_fencing(ledger_fencing: Applied, look: Look, evidence: Evidence) -> None:
    """Fencing is enabled again if, and only if, the ledger says that it was."""
    if evidence.made:
        status = look.cluster_status()
        now = "on" if status.options.stonith_enabled else "off"
        assert evidence.judge(fencing_is(status, True), observed=f"fencing is {now}")


@step("restore.downtime", after=("restore.fencing",), scope="restore")
def test_downtime(ledger_downtime: Applied, look: Look, evidence: Evidence) -> None:
    """Icinga alarms again: no downtime of this attempt is left."""
    assert downtime_is_gone(look, evidence, ledger_downtime)


_SOMEBODY_ELSES = "This run had nothing to give back: what is so has another cause. What helps:"


@step("restore.final", after=("restore.*",), scope="restore")
def test_final(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The cluster is normal, with fencing as in the baseline."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    # where nothing had to be given back, the state is somebody else's: shown, and not waited for
    information = "" if runbook_session.run.changes_made else _SOMEBODY_ELSES
    deadline = 0.0 if information else SETTLE
    findings, seen = settled(look, normal.final, version=None, deadline=deadline)
    assert evidence.judge(findings, observed=describe(seen), information=information)


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
    if look.memory.ledger:
        left = in_place(runbook_session.open_ledger())
        evidence.note(f"the attempt stays open; temporary changes in place: {left}")
        return
    runbook_session.close_attempt()
    assert look.memory.closed
    evidence.note(
        f"no temporary change is in place; attempt {look.attempt} is closed, and the next run"
        " without --restore begins a new one"
    )


def _patience(session: Session) -> float:
    return SETTLE if session.run.changes_made else BRIEF
