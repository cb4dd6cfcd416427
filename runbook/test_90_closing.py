"""Closing: time taken, standby measured, what the version leaves to do; then the attempt ends."""

from __future__ import annotations

import json

from engine.evidence import Evidence
from engine.look import Look
from engine.model.inventory import Environment
from engine.policy import kernels
from engine.queries.kernels import KERNELS
from engine.queries.machine import optional_file_text
from engine.session import Session
from engine.statement import REHEARSED
from engine.steps import step
from engine.survey import MARKER
from runbook.profiles import announced


@step("closing.time", after=("reactivation.final",), guide=("G15", "G16"))
def test_time(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The time taken stands beside the announced time; standby is measured."""
    taken = runbook_session.time_taken()
    evidence.fulfilled("G15", f"announced {announced(look)}, taken {taken}")
    seconds = runbook_session.standby_seconds()
    listing = ", ".join(f"{node} {value:.0f} s" for node, value in seconds.items())
    evidence.remember("standby", per_node=seconds)
    evidence.fulfilled("G16", f"measured in standby: {listing or 'no node in this run'}")


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


@step(
    "closing.attempt",
    after=("closing.time", "closing.manual_tasks", "closing.reboot", "failover.proof"),
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
