"""The checks of GLPI's OCS servers as the phases call them: ask, judge, and say what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.secrets import Secret
from runbook.to_4_26.glpi import servers, servers_after
from runbook.to_4_26.glpi.place import KEY_FILE, GlpiPlace, glpi_node
from runbook.to_4_26.glpi.stored_password import key_at, missing_before
from runbook.to_4_26.login import LoginResult, login
from runbook.to_4_26.names import GLPI_OCS_USER
from runbook.to_4_26.presence import Seen

PLUGIN_VERSION = "1.7.3"
"""The plugin that the target brings (domain facts 5)."""


def glpi_before(look: Look, place: GlpiPlace) -> Seen:
    """Find OCS servers with another database user (G04), and what G03 needs afterwards."""
    assert place.database is not None
    found = look.sql(servers.ocs_servers(place.database))
    listing = [f"{server}, {'active' if server.is_active else 'inactive'}" for server in found]
    key = key_at(look, glpi_node(look), place)
    look.sql(servers.plugin_state(place.database))  # without an answer nothing goes on
    return Seen(
        [*servers.findings_before(found), *missing_before(found, key)],
        f"{len(found)} OCS server{'' if len(found) == 1 else 's'}: {'; '.join(listing) or 'none'}",
        listing,
    )


def glpi_baseline(look: Look, database: str, comparison: Secret) -> dict[str, Any]:
    """For the baseline: HMACs of the stored passwords by the attempt's key; no secret in it."""
    found = look.sql(servers.stored_passwords(database))
    return {"hmacs": servers_after.digests_before(found, comparison)}


def glpi_now(
    look: Look, place: GlpiPlace, baseline: Mapping[str, Any], comparison: Secret | None
) -> Seen:
    """Each server of glpi_ocsinventoryng: new value, new form, decrypts, logs in (G03).

    `comparison` is the attempt's key; without it nothing is compared with the baseline.
    """
    assert place.database is not None
    before = baseline.get("hmacs", {})
    stored = look.sql(servers.stored_passwords(place.database))
    judged = [server for server in stored if server.is_standard and not server.is_soap]
    node = glpi_node(look)
    key = key_at(look, node, place)
    findings: list[Finding] = []
    lines = []
    for server in judged:
        seen = servers_after.examine(server, before, comparison, key)
        result: LoginResult | None = None
        if seen.password is not None:
            query = login(server.host, server.user or "", server.database, seen.password)
            result = look.ask(node, query)
        found = servers_after.findings_after(seen, result)
        findings += found
        lines.append(f"{server}: {'not well' if found else 'new, decrypts and logs in'}")
    plugin = look.sql(servers.plugin_state(place.database))
    findings += servers_after.plugin_findings(plugin, PLUGIN_VERSION)
    said = f"{'; '.join(lines) or 'no OCS server of that user'}"
    if plugin is not None:
        said += f"; plugin {plugin.version}, {plugin.state_name}"
    return Seen(findings, said, lines)


def reset_password(place: GlpiPlace, lines: Iterable[str]) -> dict[str, Any]:
    """For the journal: what became of the password that the upgrade resets; never the value."""
    stored = {
        "path": f"{place.database}.{servers.TABLE}.ocs_db_passwd",
        "note": "of each server, in the new cipher",
    }
    key = {"path": f"{place.directory}/{KEY_FILE}", "note": "the key of that cipher"}
    return {
        "of": f"password of the database user {GLPI_OCS_USER}",
        "what": f"Reset by the upgrade, and stored anew by GLPI: {'; '.join(lines)}. The value"
        " stored before is overwritten; backups of that database from before the upgrade have it.",
        "lies_in": [stored, *([key] if place.directory else [])],
    }
