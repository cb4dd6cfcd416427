"""The end of the attempt."""

from __future__ import annotations

import json

from engine.ask.host import Host
from engine.ask.look import Look
from engine.model.facts import REHEARSED
from engine.model.inventory import Environment
from engine.model.steps import step
from engine.queries.identity import MARKER
from engine.record.evidence import Evidence
from engine.run.session import Session


@step("closing.attempt", after=("closing.*", "failover.*?"))
def test_attempt(runbook_session: Session, look: Look, host: Host, evidence: Evidence) -> None:
    """The attempt is closed: everything done and verified, no temporary change in place."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    left = look.memory.ledger
    if look.settings.environment is Environment.REHEARSAL:
        marker = host.file(MARKER)
        content = json.loads(marker.content_string) if marker.exists else {}
        evidence.remember(REHEARSED, scenario=str(content.get("scenario", "")))
    if not left:
        runbook_session.close_attempt()
        assert look.memory.closed
    evidence.note(f"{len(left)} temporary changes in place")
