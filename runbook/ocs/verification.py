"""The checks of the asset module as the phases call them: ask, judge, and say what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import RunbookError
from engine.look import Look
from engine.model.finding import Finding
from runbook.ocs import (
    activity,
    capacity,
    capacity_after,
    capacity_list,
    comparison,
    files,
    glpi,
    glpi_after,
    online,
    restapi,
)
from runbook.ocs.capacity import CapacityClass, ColumnType
from runbook.ocs.comparison import Suspect
from runbook.ocs.glpi_after import KeyAnswer
from runbook.ocs.glpi_place import ASKED_FOR, GlpiPlace, glpi_node
from runbook.ocs.login import LoginResult, login
from runbook.ocs.migration import (
    OCS_DATABASE_IN_USE,
    OcsDatabase,
    conf_password,
    credentials_now,
)
from runbook.ocs.names import CONF_FILES, CREDENTIALS, SERVER_CONF
from runbook.ocs.presence import Presence

NOT_CLEAN = frozenset(CapacityClass) - capacity.CLEAN
SUSPECTS = 1000
"""Slots that are looked at row by row; when there are more, the findings say "at least"."""
SUSPECT_ROWS = 50_000
"""Rows of those slots together."""
NAMED = 10
"""Agents named in a sentence."""
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
    """What G05 says of the column; `is_listed`: there are values for the list."""

    column: ColumnType | None = None
    is_listed: bool = False


def capacity_before(look: Look) -> CapacityBefore:
    """Count the values by class, and by agent those that are no integers (G05); orphans too."""
    column = look.sql(capacity.column_type())
    if column is not ColumnType.TEXT:
        findings = capacity.findings_before(column, None)
        return CapacityBefore(findings, f"memories.CAPACITY is of type {column}", column=column)
    counts = look.sql(capacity.COUNTS)
    groups = look.sql(capacity_list.by_agent()) if counts.of(NOT_CLEAN) else []
    named = list(capacity_list.updates_needed(groups).items())
    said = [f"{count} from {name}" for name, count in named[:NAMED]]
    said += [f"and {len(named) - NAMED} more agents, see the list"] if len(named) > NAMED else []
    return CapacityBefore(
        capacity.findings_before(column, counts),
        counts.sentence() + (f"; not integers: {', '.join(said)}" if said else ""),
        capacity_list.summary_lines(groups),
        column,
        is_listed=bool(counts.of(capacity.LISTED)),
    )


def memories_after(look: Look, began: datetime) -> Seen:
    """Compare the table with its backup, restored beside it (G07)."""
    column = look.sql(capacity.column_type())
    findings = capacity_after.column_findings(column)
    if findings:
        return Seen(findings, f"memories.CAPACITY is of type {column}")
    totals = look.sql(comparison.totals(began))
    suspects, complete = _suspects(look, began)
    compared = capacity_after.SlotComparison()
    if suspects:
        saved = look.sql(comparison.saved_rows(suspects))
        live = look.sql(comparison.live_rows(suspects))
        compared = capacity_after.compare_slots(suspects, saved, live)
    findings = capacity_after.findings_after(compared, totals, complete=complete)
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


def _suspects(look: Look, began: datetime) -> tuple[list[Suspect], bool]:
    """Slots to look at row by row, and whether these are all that are not as they have to be.

    Machines are compared part by part, and what comes back is bounded, however much is wrong.
    """
    found: list[Suspect] = []
    above: int | None = None
    while True:
        upto = look.sql(comparison.part_of_machines(above, comparison.PART_ROWS))
        part = look.sql(comparison.suspects(began, SUSPECTS, above, upto))
        found += part
        if len(found) >= SUSPECTS or upto is None:
            break
        above = upto
    chosen, rows = [], 0
    for suspect in found[:SUSPECTS]:
        if rows + suspect.rows <= SUSPECT_ROWS:
            chosen.append(suspect)
            rows += suspect.rows
    if found and not chosen:
        raise RunbookError(
            f"machine {found[0].machine} has {found[0].rows} rows in slot {found[0].slot} of"
            " memories and its backup, and they differ; expected one row a slot. Too many to be"
            " compared one by one: look at that machine by hand"
        )
    return chosen, len(chosen) == len(found) < SUSPECTS


def glpi_before(look: Look, database: str) -> Seen:
    """Find OCS servers with another database user (G04)."""
    servers = look.sql(glpi.ocs_servers(database))
    listing = [f"{server}, {'active' if server.is_active else 'inactive'}" for server in servers]
    return Seen(
        glpi.findings_before(servers), f"{len(servers)} OCS servers: {'; '.join(listing)}", listing
    )


def glpi_baseline(look: Look, database: str, salt: bytes) -> dict[str, Any]:
    """For the baseline: salt and salted digests of the stored passwords; no secret in it."""
    servers = look.sql(glpi.stored_passwords(database))
    return {"salt": salt.hex(), "digests": glpi_after.digests_before(servers, salt)}


def glpi_now(look: Look, place: GlpiPlace, baseline: Mapping[str, Any]) -> Seen:
    """Each server of glpi_ocsinventoryng: new value, new form, decrypts, logs in (G03)."""
    assert place.database is not None
    salt, before = bytes.fromhex(baseline["salt"]), baseline["digests"]
    stored = look.sql(glpi.stored_passwords(place.database))
    servers = [server for server in stored if server.is_standard and not server.is_soap]
    node = glpi_node(look)
    key = _glpi_key(look, node, place)
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
    plugin = look.sql(glpi.plugin_state(place.database))
    findings += glpi_after.plugin_findings(plugin, PLUGIN_VERSION)
    said = f"{'; '.join(lines) or 'no OCS server of that user'}"
    if plugin is not None:
        said += f"; plugin {plugin.version}, {plugin.state_name}"
    return Seen(findings, said, lines)


def _glpi_key(look: Look, node: str, place: GlpiPlace) -> KeyAnswer:
    if place.directory is None:
        return KeyAnswer(None, f"which key GLPI uses can't be told: {place.sentence}. {ASKED_FOR}")
    return look.ask(node, glpi_after.glpi_key(place.directory))


def has_ocs_server(look: Look, there: Presence) -> bool:
    """Whether there is an OCS server to log in: its package, or one of its files on N.

    A database alone may be what an uninstalled module has left: no server uses it.
    """
    if there.nodes:
        return True
    return there.has_ocs and bool(look.ask(look.names.active, files.existing(*CONF_FILES)))


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
    # what the file in use refers to counts; after a migration by hand the template may differ
    in_use = look.ask(node, conf_password(SERVER_CONF))
    variable = in_use.variable if in_use and in_use.variable else now.variable
    password = now.value(variable) if variable else None
    if variable is None or password is None:
        missing = Finding(
            code="ocs-credentials-missing",
            subject=f"{node}:{CREDENTIALS}",
            observed=f"the credentials file does not set {variable or 'any known variable'}",
            expected="the file with the password of the OCS database user, in the variable that"
            f" {SERVER_CONF} refers to",
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
    api = look.ask(where, restapi.api(address))
    findings += restapi.api_findings(api, where)
    directory = look.ask(where, activity.LOG_DIRECTORY)
    log = look.ask(where, activity.failed_logins(unit, directory))
    if not look.memory.closed:
        # later, a line may be of a day when the database was away
        findings += activity.activity_findings(log, directory, where)
    return Seen(
        findings,
        f"GET /ocsinventory on {address}: {answer.status}; the REST API: {api.status},"
        f" {'' if api.is_json else 'no '}JSON; {len(log.failed) if log else 0} failed logins in"
        f" {directory}/activity.log since httpd started; {variable}"
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
