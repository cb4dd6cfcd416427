"""The end of the attempt."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.report.under_way import in_place
from engine.run.session import Session


@step("closing.attempt", after=("reactivation.health", "closing.*", "failover.*?"))
def test_attempt(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The attempt is closed: everything done and verified, no temporary change in place."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    if not look.memory.ledger:
        runbook_session.close_attempt()
        assert look.memory.closed
    evidence.note(f"temporary changes in place: {in_place(runbook_session.open_ledger())}")
