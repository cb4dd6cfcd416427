"""Which database the OCS server of a node uses, by its own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.ask.look import Look
from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Asked, Query
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.names import OCS_DATABASE, OFFICIAL_CHANNELS, SERVER_CONF


@dataclass(frozen=True)
class OcsDatabase:
    """Where the OCS server logs in, by its own configuration."""

    host: str
    user: str
    name: str


# args: file. The lines that name the database and no others: a password is in the same file
_LINES = r"""
[ -e "$1" ] || exit 44
sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' -- "$1" \
  | grep -Ei '^[[:space:]]*PerlSetEnv[[:space:]]+.?OCS_DB_(HOST|PORT|USER|NAME)[^A-Z_]' || :
"""


def _database(answer: Answer) -> OcsDatabase:
    found = {"HOST": "localhost", "PORT": "3306", "USER": "", "NAME": ""}
    for item in parse_conf(answer.text).settings():
        key = item.values[0].removeprefix("OCS_DB_") if item.values else ""
        if item.name == "perlsetenv" and key in found and len(item.values) == 2:
            found[key] = item.values[1]
    if not found["USER"] or not found["NAME"]:
        raise ValueError("OCS_DB_USER or OCS_DB_NAME is not set in it")
    host, port = found["HOST"], found["PORT"]
    if port != "3306":
        host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return OcsDatabase(host, found["USER"], found["NAME"])


OCS_DATABASE_IN_USE: Query[OcsDatabase] = Query(
    name=f"database of {SERVER_CONF}",
    argv=("sh", "-c", _LINES.strip(), "database", SERVER_CONF),
    parse=_database,
    ok_codes=(0, 44),
)


def databases_in_use(look: Look) -> Asked[OcsDatabase]:
    """Where the OCS server of each operative node logs in that has its file."""
    has_file = look.on_each(
        look.names.operative, SERVER_CONF, lambda host: host.file(SERVER_CONF).exists
    )
    nodes = [node for node, there in has_file.values.items() if there]
    asked = look.ask_all(nodes, OCS_DATABASE_IN_USE)
    asked.unanswered.update(has_file.unanswered)
    return asked


def elsewhere(in_use: Mapping[str, OcsDatabase]) -> list[Finding]:
    """The OCS server of a node uses another database than the one that the upgrade converts."""
    return [
        Finding(
            code="ocs-database-elsewhere",
            subject=f"{node}:{SERVER_CONF}",
            observed=f"the OCS server uses database {found.name!r} at {found.host!r}",
            expected=f"{OCS_DATABASE!r}, whose table the upgrade converts and the runbook backs up",
            remedy="Correct OCS_DB_NAME when it is left over from something. If inventories are in"
            " that database, nobody converts it: ask service and support, and accept this finding"
            f" only when they have seen to it. {OFFICIAL_CHANNELS}",
            guide=("G05", "G06"),
        )
        for node, found in in_use.items()
        if found.name != OCS_DATABASE
    ]
