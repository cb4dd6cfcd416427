"""The checks of the asset module as the phases call them: ask, judge, and say what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.look import Look
from engine.model.finding import Finding
from runbook.ocs import agents, capacity, capacity_after, comparison, glpi, glpi_after, online
from runbook.ocs.agents import FollowedAgent, Verdict
from runbook.ocs.capacity import CapacityClass, ColumnType, DirtyValue
from runbook.ocs.login import LoginResult, login
from runbook.ocs.migration import OCS_DATABASE_IN_USE, OcsDatabase, credentials_now
from runbook.ocs.names import CONF_FILES, CREDENTIALS

PAGE = 5000
HTTPD_RESOURCE = "httpd"
HTTPD_ADDRESS = "httpd_virt_ip"
PLUGIN_VERSION = "1.7.3"
"""The plugin that the target brings (domain facts 5)."""


@dataclass
class Seen:
    """Findings, the sentence of what was seen, and the rows for the report."""

    findings: list[Finding] = field(default_factory=list)
    observed: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass
class CapacityBefore(Seen):
    """What G05 lists, and whom G08 follows up."""

    column: ColumnType | None = None
    values: list[DirtyValue] = field(default_factory=list)
    followed: list[FollowedAgent] = field(default_factory=list)


def capacity_before(look: Look) -> CapacityBefore:
    """List every value that is no integer, with machine and agent (G05); orphans too."""
    column = look.sql(capacity.column_type())
    if column is not ColumnType.TEXT:
        findings = capacity.findings_before(column, None)
        return CapacityBefore(findings, f"memories.CAPACITY is of type {column}", column=column)
    counts = look.sql(capacity.COUNTS)
    values: list[DirtyValue] = []
    while True:
        page = look.sql(capacity.dirty_values(values[-1].row if values else 0, PAGE))
        values += page
        if len(page) < PAGE:
            break
    followed = agents.agents_to_follow(values)
    by_agent = agents.by_useragent(followed)
    return CapacityBefore(
        capacity.findings_before(column, counts),
        f"{counts.sentence()}; machines to follow up: {len(followed)}"
        + "".join(f"; {count} with {name}" for name, count in by_agent.items()),
        [_line(value) for value in values],
        column,
        values,
        followed,
    )


def _line(value: DirtyValue) -> str:
    if value.is_orphan:
        machine = f"orphan row of machine {value.machine}"
    else:
        machine = (
            f"{value.name} ({value.deviceid}), {value.useragent}, inventory {value.lastdate},"
            f" contact {value.lastcome}"
        )
    return f"{value.kind}: {value.value!r}, slot {value.slot}, {value.caption}; {machine}"


def memories_after(look: Look, began: datetime) -> Seen:
    """Compare the table with its backup, restored beside it (G07)."""
    column = look.sql(capacity.column_type())
    findings = capacity_after.column_findings(column)
    if findings:
        return Seen(findings, f"memories.CAPACITY is of type {column}")
    totals = look.sql(comparison.totals(began))
    limit = 1000
    suspects = look.sql(comparison.suspects(began, limit))
    machines = [suspect.machine for suspect in suspects]
    compared = capacity_after.SlotComparison()
    if suspects:
        saved = look.sql(comparison.saved_rows(machines))
        live = look.sql(comparison.live_rows(machines))
        compared = capacity_after.compare_slots(suspects, saved, live)
    findings = capacity_after.findings_after(compared, totals, complete=len(suspects) < limit)
    before = look.sql(comparison.SAVED_CLASSES)
    decorated = look.sql(comparison.DECORATED)
    nulled = before.of(set(CapacityClass) - {CapacityClass.INTEGER, CapacityClass.DECORATED})
    said = (
        f"the column is an integer; {totals.live} rows, {totals.saved} in the backup;"
        f" {before.of({CapacityClass.INTEGER})} integers compared, {nulled} values have to be NULL"
    )
    if decorated.total:
        said += f"; decorated integers: {decorated.kept} kept, {decorated.nulled} NULL"
    if totals.rewritten_machines:
        said += f"; {totals.rewritten_machines} machines sent an inventory since, judged apart"
    return Seen(findings, said, [str(row) for row in compared.discrepancies])


def agents_now(
    look: Look, followed: list[FollowedAgent], upgraded: datetime
) -> dict[Verdict, list[FollowedAgent]]:
    """How the agents that had sent strings do (G08)."""
    verdicts: dict[Verdict, list[FollowedAgent]] = {}
    for start in range(0, len(followed), 500):
        part = followed[start : start + 500]
        now = look.sql(agents.machines_now(agent.machine for agent in part))
        for agent in part:
            seen = agents.verdict(agent, now.get(agent.machine), upgraded)
            verdicts.setdefault(seen, []).append(agent)
    return verdicts


def glpi_before(look: Look) -> Seen:
    """Find OCS servers with another database user (G04)."""
    servers = look.sql(glpi.ocs_servers())
    listing = [f"{server}, {'active' if server.is_active else 'inactive'}" for server in servers]
    return Seen(
        glpi.findings_before(servers), f"{len(servers)} OCS servers: {'; '.join(listing)}", listing
    )


def glpi_baseline(look: Look, salt: bytes) -> dict[str, Any]:
    """For the baseline: salt and salted digests of the stored passwords; no secret in it."""
    servers = look.sql(glpi.stored_passwords())
    return {"salt": salt.hex(), "digests": glpi_after.digests_before(servers, salt)}


def glpi_now(look: Look, baseline: Mapping[str, Any]) -> Seen:
    """Each server of glpi_ocsinventoryng: new value, new form, decrypts, logs in (G03)."""
    salt, before = bytes.fromhex(baseline["salt"]), baseline["digests"]
    servers = [s for s in look.sql(glpi.stored_passwords()) if s.is_standard and not s.is_soap]
    node = glpi_node(look)
    key = look.ask(node, glpi_after.GLPI_KEY)
    findings: list[Finding] = []
    lines = []
    for server in servers:
        seen = glpi_after.examine(server, before, salt, key)
        result: LoginResult | None = None
        if seen.password is not None:
            query = login(server.host, server.user or "", server.database, seen.password)
            result = look.ask(node, query)
        found = glpi_after.findings_after(seen, result)
        findings += found
        lines.append(f"{server}: {'not well' if found else 'new, decrypts and logs in'}")
    plugin = look.sql(glpi.plugin_state())
    findings += glpi_after.plugin_findings(plugin, PLUGIN_VERSION)
    said = f"{'; '.join(lines) or 'no OCS server of that user'}"
    if plugin is not None:
        said += f"; plugin {plugin.version}, {plugin.state_name}"
    return Seen(findings, said, lines)


def glpi_node(look: Look) -> str:
    """The node where GLPI's shared directory is mounted; N when no resource tells."""
    status = look.cluster_status()
    for resource in status.services:
        if resource.id.startswith("glpi") and resource.is_started and len(resource.nodes) == 1:
            return resource.nodes[0]
    return look.names.active


def httpd_node(look: Look) -> str:
    """The node that runs httpd; N when none or several do."""
    resource = look.cluster_status().resource(HTTPD_RESOURCE)
    found = resource.nodes if resource is not None else ()
    return found[0] if len(found) == 1 else look.names.active


def ocs_online(look: Look, node: str | None = None) -> Seen:
    """The OCS server works with the migrated settings, proved by use on the node (G14).

    `node` runs httpd, and so has its shared directory with the credentials file; without it that
    is looked for.
    """
    node = node or httpd_node(look)
    now = credentials_now(look, node)
    variable = now.variable
    password = now.value(variable) if variable else None
    if variable is None or password is None:
        missing = Finding(
            code="ocs-credentials-missing",
            subject=f"{node}:{CREDENTIALS}",
            observed="the credentials file does not set the template's variable",
            expected="the file with the password of the OCS database user",
            remedy="Write it as the guide says, restart httpd, then run again.",
            guide=("G12", "G14"),
        )
        return Seen([missing], "no credentials file to log in with")
    status = look.cluster_status().resource(HTTPD_RESOURCE)
    where = status.nodes[0] if status is not None and len(status.nodes) == 1 else node
    unit = status.agent.rpartition(":")[2] if status is not None else HTTPD_RESOURCE
    found = look.ask(where, online.process_variable(unit, variable))
    findings = online.environment_findings(found, password, variable, where)
    address = look.ask(node, online.address_of(HTTPD_ADDRESS))
    answer = look.ask(where, online.ocs_endpoint(address))
    findings += online.endpoint_findings(answer)
    database = look.ask(where, OCS_DATABASE_IN_USE)
    result = look.ask(where, login(database.host, database.user, database.name, password))
    findings += _login_findings(result, database, where)
    return Seen(
        findings,
        f"GET /ocsinventory on {address}: {answer.status}; {variable}"
        f" {'is' if found == password else 'is not'} in httpd's environment with the password;"
        f" {database.user} {'logs' if result.ok else 'does not log'} in to {database.name}",
    )


def _login_findings(result: LoginResult, database: OcsDatabase, node: str) -> list[Finding]:
    if result.ok:
        return []
    return [
        Finding(
            code="ocs-login-failed",
            subject=f"{database.user}@{database.host}",
            observed=f"the password of the credentials file does not log in from {node}:"
            f" {result.error}",
            expected=f"a login to {database.name}",
            remedy="Compare the password in the database with the one in the credentials file;"
            f" {', '.join(CONF_FILES)} refer to it.",
            guide=("G14",),
        )
    ]
