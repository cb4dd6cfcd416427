"""Preflight of what later steps need of the nodes: docs/preconditions.md has the whole list."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.cluster import needs


@step("preflight.needs", asks=True)
def test_needs(look: Look, evidence: Evidence) -> None:
    """What later steps need of the nodes is there: programs, the database's client."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(needs.LATER)
        return
    needs.programs_are_there(look, evidence, needs.ALWAYS)
    # while the others are in standby the database runs on N
    database, active = look.sql_node(), look.names.active
    options = look.ask_all(dict.fromkeys((database, active)), needs.CLIENT_OPTIONS)
    evidence.answered(options)
    evidence.judge(
        needs.client_findings(options.values, database),
        observed=f"the database's client on {', '.join(options.values)}",
    )
    assert evidence.verdict
