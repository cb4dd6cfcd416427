"""The end of the attempt."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session


@step("closing.attempt", after=("closing.*", "failover.*?"))
def test_attempt(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The attempt is closed: everything done and verified, no temporary change in place."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    left = look.memory.ledger
    if not left:
        runbook_session.close_attempt()
        assert look.memory.closed
    evidence.note(f"{len(left)} temporary changes in place")
