"""Preflight of what later steps need of the nodes: docs/preconditions.md has the whole list."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.change import Nothing
from engine.model.finding import Finding
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.cluster import needs
from runbook.to_4_26.actions.backup import dump_there, room_findings, to_back_up
from runbook.to_4_26.presence import presence

LATER = "asked before the start: the steps that need it have begun"


@step("preflight.needs", asks=True)
def test_needs(look: Look, evidence: Evidence) -> None:
    """What later steps need of the nodes is there: programs, logins, room for the backup."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(LATER)
        return
    there, asked = presence(look)
    evidence.answered(asked)
    names = (*needs.ALWAYS, *(needs.WITH_OCS if there.has_ocs else ()))
    missing = look.ask_all(look.names.operative, needs.missing_programs(*names))
    evidence.answered(missing)
    said = f"{len(names)} programs on {len(missing.values)} nodes"
    evidence.judge(needs.program_findings(missing.values), observed=said)
    # while the others are in standby the database runs on N
    database, active = look.sql_node(), look.names.active
    options = look.ask_all(dict.fromkeys((database, active)), needs.CLIENT_OPTIONS)
    evidence.answered(options)
    evidence.judge(
        needs.client_findings(options.values, database),
        observed=f"the database's client on {', '.join(options.values)}",
    )
    evidence.judge(_room(look), observed="room for the backup, as far as it is to be made")
    assert evidence.verdict


def _room(look: Look) -> list[Finding]:
    """For the backup, its proof and the conversion, while the backup is still to be made."""
    size, node = to_back_up(look), look.sql_node()
    if isinstance(size, Nothing) or dump_there(look, node) is not None:
        return []
    return room_findings(look, node, size)
