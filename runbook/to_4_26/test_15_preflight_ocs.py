"""Preflight of the breaking changes: OCS servers, CAPACITY, the password in use (G04, G05, G10).

"Not installed" is an observation; a database that does not answer blocks.
"""

from __future__ import annotations

from engine.ask.look import Look
from engine.judge.text import many, on_nodes
from engine.model.change import Nothing
from engine.model.finding import Finding
from engine.model.inventory import Environment, Settings
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.record.position import Position
from engine.secrets import Secret
from runbook.cluster import needs
from runbook.to_4_26.actions.backup import dump_there, room_findings, to_back_up
from runbook.to_4_26.glpi.checks import glpi_before
from runbook.to_4_26.glpi.place import glpi_place
from runbook.to_4_26.httpd import before, migration, served
from runbook.to_4_26.httpd.checks import agents_now, has_ocs_server, httpd_node
from runbook.to_4_26.httpd.database import databases_in_use, elsewhere
from runbook.to_4_26.memories import dirty_values, loss
from runbook.to_4_26.memories.checks import capacity_before
from runbook.to_4_26.memories.table import memories_place
from runbook.to_4_26.names import PROGRAMS
from runbook.to_4_26.presence import Seen, presence
from runbook.to_4_26.settings import LOSS_PERCENT

LATER = "judged at the start of the attempt; the upgrade may have changed the data since"


@step("preflight.ocs_servers", guide=("G04",), asks=True)
def test_ocs_servers(look: Look, evidence: Evidence) -> None:
    """OCS servers of GLPI with any other database user are found before the start."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(LATER)
        return
    place = glpi_place(look)
    if place.database is None and not place.findings:
        evidence.not_applicable(place.sentence)
        return
    seen = Seen(list(place.findings), place.sentence)
    if place.database is not None:
        seen = glpi_before(look, place)
    assert evidence.judge(seen.findings, observed=seen.observed)


@step("preflight.capacity", guide=("G05",), asks=True)
def test_capacity(look: Look, evidence: Evidence) -> None:
    """Every CAPACITY that is no integer is listed, with the machine and the agent that sent it."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(LATER)
        return
    there, asked = presence(look)
    evidence.answered(asked)
    in_use = evidence.answers(databases_in_use(look))
    place = memories_place(look, there)
    findings = [*elsewhere(in_use), *place.findings]
    if not place.is_there:
        evidence.judge(findings, observed=place.observed, guide=None if findings else ())
        if not findings:
            evidence.not_applicable(place.observed)
        return
    limit = _limit(look.settings)
    seen = capacity_before(look, limit)
    evidence.judge([*findings, *seen.findings], observed=f"{place.observed}; {seen.observed}")
    if seen.lines:
        evidence.attach("agents and what fits their values", "\n".join(seen.lines))
    listed = ""
    if seen.is_listed:
        output = evidence.list(
            "memories.CAPACITY, values that are no integers",
            dirty_values.HEAD,
            dirty_values.list_rows(dirty_values.listed_values(look)),
        )
        listed = str(output["file"])
    if seen.counts is not None:
        evidence.would_lose(loss.before(seen.counts, limit, listed))
    assert evidence.verdict


def _limit(settings: Settings) -> loss.Limit:
    """How much may be lost; only production asks for somebody's word."""
    is_production = settings.environment is Environment.PRODUCTION
    return loss.Limit(settings[LOSS_PERCENT], blocks=is_production)


@step("preflight.ocs_passwords", asks=True)
def test_ocs_passwords(look: Look, evidence: Evidence) -> None:
    """The password in use is the same in both files on every node, logs in, can be carried over."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(LATER)
        return
    passwords, findings = migration.passwords_before(look)
    observed = f"read on {many(len(passwords), 'operative node')}"
    observed += "" if findings else ", the same everywhere"
    in_use = before.the_password(passwords)
    if not findings and in_use is not None:
        seen = _works(look, evidence, passwords, in_use)
        findings, observed = seen.findings, f"{observed}; {seen.observed}"
    assert evidence.judge(findings, observed=observed)


def _works(look: Look, evidence: Evidence, read: before.Read, in_use: Secret) -> Seen:
    """With this password the server logs in and answers, and no other one is to take its place."""
    found, said = [], []
    node = httpd_node(look)
    migration.ask_credentials_ahead(look, node)
    for database, asked in before.logins(look, read, in_use):
        evidence.answered(asked)
        found += before.login_findings(database, asked.values)
        inside = [node for node, result in asked.values.items() if result.ok]
        said.append(f"it logs in to {database.name} from {on_nodes(inside)}")
    if not found:  # else it is told already why nothing answers
        answers = before.ocs_now(look)
        found += answers.findings
        said.append(answers.observed)
    now = migration.credentials_now(look, node)
    return Seen([*found, *before.credentials_findings(now, in_use)], "; ".join(said))


@step("preflight.ocs_agents", asks=True)
def test_ocs_agents(look: Look, evidence: Evidence) -> None:
    """How agents are answered before the upgrade, to be compared with afterwards."""
    there, asked = presence(look)
    evidence.answered(asked)
    if not has_ocs_server(look, there):
        evidence.not_applicable(there.sentence())
        return
    agents = agents_now(look)
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(f"{LATER}; now: {agents.sentence()}")
        return
    assert evidence.judge(
        served.before_findings(agents.logs, agents.node), observed=agents.sentence()
    )


@step("preflight.ocs_needs", asks=True)
def test_ocs_needs(look: Look, evidence: Evidence) -> None:
    """What backup, migration and proof by use need of the nodes is there: programs, room."""
    if look.position.is_after(Position.UPDATED):
        evidence.not_needed(needs.LATER)
        return
    there, asked = presence(look)
    evidence.answered(asked)
    if not there.has_ocs:
        evidence.not_applicable(there.sentence())
        return
    needs.programs_are_there(look, evidence, PROGRAMS)
    evidence.judge(
        _room(look), observed="looked for room for the backup", sound="it fits, or is made already"
    )
    assert evidence.verdict


def _room(look: Look) -> list[Finding]:
    """For the backup, its proof and the conversion, while the backup is still to be made."""
    size, node = to_back_up(look), look.sql_node()
    if isinstance(size, Nothing) or dump_there(look, node) is not None:
        return []
    return room_findings(look, node, size)
