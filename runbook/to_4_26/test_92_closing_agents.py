"""Closing: what agents of OCS get by now."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.to_4_26.httpd.checks import (
    agents_before,
    agents_now,
    has_ocs_server,
    inventories_now,
)
from runbook.to_4_26.memories.comparison import DATABASE_CLOCK
from runbook.to_4_26.presence import presence


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
    if not there.has_ocs_database:  # the server uses another, or none
        agents = agents_now(look)
        assert evidence.judge(agents.findings(agents_before(look)), observed=agents.sentence())
        return
    asked_at = look.sql(DATABASE_CLOCK)
    agents = agents_now(look)
    stored = inventories_now(look, agents, asked_at)
    assert evidence.judge(
        [*agents.findings(agents_before(look)), *stored.findings],
        observed=f"{agents.login_sentence()}; {stored.observed}",
    )
