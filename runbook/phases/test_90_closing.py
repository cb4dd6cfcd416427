"""Closing: time taken, standby measured, what the version leaves to do; then the attempt ends."""

from __future__ import annotations

import json
from datetime import timedelta

from engine.ask.look import Look
from engine.judge import kernels
from engine.model.event import stamp
from engine.model.facts import REHEARSED, TAKEN
from engine.model.inventory import Environment
from engine.model.steps import step
from engine.queries.identity import MARKER
from engine.queries.kernels import KERNELS
from engine.queries.machine import optional_file_text
from engine.record.evidence import Evidence
from engine.record.intervals import FENCING, STANDBY, of_kind, told
from engine.run.session import Session
from runbook.cluster.profiles import announced
from runbook.to_4_26.httpd.checks import agents_before, agents_now, has_ocs_server
from runbook.to_4_26.presence import presence


@step("closing.time", after=("reactivation.final",), guide=("G15", "G16"))
def test_time(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The time taken stands beside the announced time; standby is measured."""
    since, until = runbook_session.time_taken()
    if not look.memory.closed:
        evidence.remember(TAKEN, since=stamp(since), until=stamp(until))
    taken = timedelta(seconds=int((until - since).total_seconds()))
    evidence.fulfilled("G15", f"announced {announced(look)}, taken {taken}")
    seen = runbook_session.temporary_states()
    standby = told(of_kind(seen, STANDBY)) or "no node"
    evidence.fulfilled("G16", f"measured in standby: {standby}")
    evidence.note(f"measured without fencing: {told(of_kind(seen, FENCING)) or 'at no time'}")


@step("closing.manual_tasks", after=("reactivation.final",), guide=("G22",))
def test_manual_tasks(evidence: Evidence) -> None:
    """This version has no additional manual task."""
    evidence.fulfilled("G22", "the guide of 4.26 names no additional manual task")


@step("closing.reboot", after=("reactivation.final",))
def test_reboot(look: Look, evidence: Evidence) -> None:
    """Nodes that run an older kernel than the newest one installed are named, never rebooted."""
    asked = look.ask_all(look.names.all, KERNELS)
    evidence.answered(asked)
    evidence.judge(kernels.reboot_needed(asked.values), observed=kernels.sentence(asked.values))


@step("closing.agents", after=("reactivation.final", "failover.proof"), guide=("G14",))
def test_agents(look: Look, evidence: Evidence) -> None:
    """What agents get is counted once more: most of them come only after the verification."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    there, asked = presence(look)
    evidence.answered(asked)
    if not has_ocs_server(look, there):
        evidence.not_applicable(there.sentence())
        return
    agents = agents_now(look)
    evidence.judge(agents.findings(agents_before(look)), observed=agents.sentence())


@step(
    "closing.attempt",
    after=(
        *("closing.time", "closing.manual_tasks", "closing.reboot", "closing.agents"),
        "failover.proof",
    ),
)
def test_attempt(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The attempt is closed: everything done and verified, no temporary change in place."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    left = look.memory.ledger
    if look.settings.environment is Environment.REHEARSAL:
        evidence.remember(REHEARSED, scenario=_scenario(look))
    if not left:
        runbook_session.close_attempt()
    evidence.note(f"{len(left)} temporary changes in place")


def _scenario(look: Look) -> str:
    """Of the rehearsal cluster, as its marker names it."""
    text = look.ask(look.names.active, optional_file_text(MARKER))
    content = json.loads(text) if text else {}
    return str(content.get("scenario", ""))
