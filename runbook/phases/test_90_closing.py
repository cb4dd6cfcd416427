"""Closing: time taken, standby measured, what the version leaves to do; then the attempt ends."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import kernels
from engine.model.event import stamp
from engine.model.facts import TAKEN
from engine.model.steps import step
from engine.queries.machine import KERNELS
from engine.record.evidence import Evidence
from engine.record.intervals import FENCING, STANDBY, in_words, of_kind
from engine.run.session import Session
from runbook.cluster.icinga.checks import downtime_is_gone


@step("closing.time", after=("reactivation.final",), guide=("G15", "G16"))
def test_time(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The time taken stands beside the announced time; standby is measured."""
    taken = runbook_session.time_taken()
    if not look.memory.closed:
        evidence.remember(TAKEN, since=stamp(taken.since), until=stamp(taken.until))
    announced = look.release.announced(len(look.inventory.hosts))
    evidence.fulfilled("G15", f"announced {announced}, taken {taken}")
    seen = runbook_session.temporary_states()
    standby = in_words(of_kind(seen, STANDBY)) or "no node"
    evidence.fulfilled("G16", f"measured in standby: {standby}")
    evidence.note(f"measured without fencing: {in_words(of_kind(seen, FENCING)) or 'at no time'}")
    assert look.memory.closed or TAKEN in look.memory.facts, "the time taken is on record"


@step("closing.manual_tasks", after=("reactivation.final",), guide=("G22",))
def test_manual_tasks(look: Look, evidence: Evidence) -> None:
    """Additional manual tasks that the guide of this version names are told."""
    target, tasks = look.release.target, look.release.manual_tasks
    if tasks:
        said = f"the guide of {target} names: {'; '.join(tasks)}"
        evidence.open("G22", said, brief="manual tasks")
    else:
        evidence.fulfilled("G22", f"the guide of {target} names no additional manual task")
    assert evidence.verdict


@step("closing.downtime", after=("reactivation.health", "failover.*?"), ends_night=True)
def test_downtime(downtime_ended: Applied, look: Look, evidence: Evidence) -> None:
    """Icinga alarms again: no downtime of this attempt is left."""
    assert downtime_is_gone(look, evidence, downtime_ended)


@step("closing.reboot", after=("reactivation.final",))
def test_reboot(look: Look, evidence: Evidence) -> None:
    """Nodes that run an older kernel than the newest one installed are named, never rebooted."""
    asked = evidence.answers(look.ask_all(look.names.all, KERNELS))
    assert evidence.judge(kernels.reboot_needed(asked), observed=kernels.sentence(asked))
