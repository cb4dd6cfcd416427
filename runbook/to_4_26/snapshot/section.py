"""The section `step` of a snapshot: what decides the findings of this version step, as values."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.ask.look import Look
from engine.model.query import Row
from engine.queries.machine import PACKAGES
from engine.snapshot.names import Names
from engine.snapshot.parts import Parts, Section
from engine.snapshot.recorded import Recorded
from engine.snapshot.shapes import count_of
from engine.verify import read_json
from runbook.cluster.needs import ALWAYS, missing_programs
from runbook.cluster.product import MODULES
from runbook.cluster.vocabulary import vocabulary
from runbook.to_4_26.glpi.place import glpi_place
from runbook.to_4_26.glpi.servers import TABLE
from runbook.to_4_26.memories.capacity import (
    CLEAN,
    COUNTS,
    CapacityClass,
    ColumnType,
    by_agent,
    column_type,
)
from runbook.to_4_26.memories.table import ORDINARY, TABLES
from runbook.to_4_26.names import CONF_FILES, OCS_DATABASE, PROGRAMS
from runbook.to_4_26.presence import presence
from runbook.to_4_26.snapshot import questions, words
from runbook.to_4_26.snapshot.conf_text import without_names

_AGENT = re.compile(
    rf"(?:{'|'.join(map(re.escape, words.AGENTS))})[_/-]v?[0-9](?:\.[0-9]{{1,3}}){{0,3}}"
)
_SHAPE = re.compile(r"[a9x .,+:/_()-]{0,40}")
_LETTERS = re.compile(r"a{4,}")
"""How long the words of a text are would let a name be tried."""
_UNITS = re.compile(r"([0-9]{1,7}) ?[KMGT]i?B", re.IGNORECASE)
_PLAIN_DIGITS = 4
"""Longer numbers are sizes of memory only when they are multiples of 256."""
_COLUMN = re.compile(
    r"(?:(?:var)?char|(?:tiny|medium|long)?text|(?:big)?int|decimal)"
    r"(?:\([0-9]{1,4}(?:,[0-9]{1,3})?\))?(?: unsigned)?"
)
_MOST_ROWS = 10**12
_MODE = re.compile(r"[0-7]{3,4}")
_CLASSES = frozenset(
    {"lower", "upper", "digit", "blank", "quote", "backslash", "punctuation", "other"}
)


def ask(look: Look) -> None:
    """What the section needs and a plan does not ask; only where the module is there."""
    key = secrets.token_bytes(32)  # nobody has it afterwards
    there, _ = presence(look)
    if there.has_ocs:
        questions.ask_files(look, key)
    if there.has_ocs_database and look.sql(column_type()) is ColumnType.TEXT:
        questions.ask_memories(look)
    place = glpi_place(look)
    if place.database is not None:
        look.sql(questions.servers(place.database, TABLE))
    if there.has_ocs:
        questions.ask_defaults(
            look, key
        )  # the last: what does not answer here takes nothing else along


def section(recorded: Recorded, names: Names) -> dict[str, Any]:
    """The section; what was not asked is null, or an empty list."""
    files, credentials = _files(recorded, names)
    return {
        "modules": _modules(recorded),
        "httpd_files": files,
        "credentials": credentials,
        "memories": _memories(recorded, names),
        "glpi_servers": _servers(recorded, names),
        "glpi_plugin": _plugin(recorded),
    }


def _modules(recorded: Recorded) -> dict[str, bool]:
    installed = recorded.of_each(PACKAGES).values()
    found = {package.name for packages in installed for package in packages}
    return {
        module: any(name.startswith(beginnings) for name in found)
        for module, beginnings in MODULES.items()
    }


def _files(recorded: Recorded, names: Names) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The files of every node, and one entry for each password that is in use, by its shape."""
    files: list[dict[str, Any]] = []
    passwords: dict[str, dict[str, Any]] = {}
    for path in CONF_FILES:
        defaults = recorded.texts(questions.name_of_default(path)).values()
        default = next((_text(one, names) for one in defaults if one), None)
        for node, record in recorded.texts(questions.name_of_file(path)).items():
            head, _, text = record.partition("\n")
            seen = _head(head)
            if seen is None:
                continue
            place = {"node": names.node(node), "path": path}
            ends = seen.get("line_ends")
            files.append(
                {
                    **place,
                    "text": without_names(text, names),
                    "line_ends": ends if ends in ("lf", "crlf") else "lf",
                    "mode": seen["mode"] if _MODE.fullmatch(str(seen.get("mode"))) else "*",
                    "default": default,
                    "password_problem": seen.get("problem") is True,
                }
            )
            if shape := _shape(seen.get("shape")):
                entry = passwords.setdefault(str(seen.get("same")), {**shape, "on": []})
                entry["on"].append(place)
    return files, list(passwords.values())


def _text(record: str, names: Names) -> str | None:
    head, _, text = record.partition("\n")
    return without_names(text, names) if _head(head) is not None else None


def _head(line: str) -> Mapping[str, Any] | None:
    try:
        found = read_json(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _shape(found: Any) -> dict[str, Any] | None:
    length = count_of(found.get("length"), 1000) if isinstance(found, dict) else None
    if length is None:
        return None
    classes = [one for one in found.get("classes", ()) if str(one) in _CLASSES]
    return {"length": length, "classes": classes}


def _memories(recorded: Recorded, names: Names) -> dict[str, Any]:
    sizes, groups = recorded.rows(questions.SIZES.name), recorded.rows(questions.HISTOGRAM.name)
    size = sizes[0] if sizes else {}
    if groups is None:
        groups = _groups_of_plan(recorded)
    capacity = _together([_group(row, names) for row in groups])
    counted = sum(one["rows"] for one in capacity)
    rows = _number(size.get("values_count")) if size else counted if capacity else None
    return {
        "table": _table(recorded),
        "column": _column(recorded),
        "rows": rows,
        "machines": _number(size.get("machines_count")),
        "orphans": _number(size.get("orphans_count")),
        "capacity": capacity,
        "others": max(0, rows - counted) if rows is not None and capacity else 0,
        "agents": [
            {"agent": _agent(row.get("agent"), names), "machines": _number(row["machines_count"])}
            for row in recorded.rows(questions.AGENTS.name) or ()
        ],
        "last_contact_days": {
            "never" if row.get("days") is None else str(_number(row["days"])): _number(
                row["machines_count"]
            )
            for row in recorded.rows(questions.LAST_CONTACTS.name) or ()
        },
    }


def _groups_of_plan(recorded: Recorded) -> list[Row]:
    """Groups by class and agent, as every plan counts them; it knows no shapes."""
    of_agents = recorded.rows(by_agent().name) or []
    clean = [row for row in recorded.rows(COUNTS.name) or [] if row["kind"] in CLEAN]
    return [*({**row, "known": 1} for row in clean), *of_agents]


def _number(value: Any) -> int | None:
    """A number that the database counted."""
    return count_of(value, _MOST_ROWS)


def _table(recorded: Recorded) -> str | None:
    rows = recorded.rows(TABLES.name)
    if rows is None:
        return None
    kinds = [
        str(row["kind"])
        for row in rows
        if (row["database_name"], row["table_name"]) == (OCS_DATABASE, "memories")
    ]
    if not kinds:
        return "missing"
    return "table" if kinds[0] == ORDINARY else "view"


def _column(recorded: Recorded) -> str | None:
    rows = recorded.rows(questions.COLUMN.name)
    kind = str(rows[0]["column_type"]).lower() if rows else ""
    return kind if _COLUMN.fullmatch(kind) else None


def _group(row: Row, names: Names) -> dict[str, Any]:
    """Shape and value once more by the list of what may be told: a record may say anything."""
    literal = row.get("literal")
    shape = str(row.get("shape") or "")
    kinds = {str(one): str(one) for one in CapacityClass}
    return {
        "class": kinds.get(str(row["kind"]), "text"),
        "agent": _agent(row.get("agent"), names),
        "known": bool(row.get("known")),
        "shape": _LETTERS.sub("aaaa", shape) if _SHAPE.fullmatch(shape) else "x",
        "literal": str(literal) if literal is not None and _is_telling(str(literal)) else None,
        "rows": _number(row["values_count"]) or 0,
    }


def _together(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups that are told by the same words are one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in groups:
        known = found.setdefault(
            tuple(v for k, v in one.items() if k != "rows"), {**one, "rows": 0}
        )
        known["rows"] += one["rows"]
    return list(found.values())


def _is_telling(literal: str) -> bool:
    if literal.isdecimal() and literal.isascii():
        return int(literal) <= questions.LARGEST and int(literal) % 256 == 0
    if unit := _UNITS.fullmatch(literal):
        return len(unit[1]) <= _PLAIN_DIGITS or int(unit[1]) % 256 == 0
    return literal in words.LITERALS


def _agent(value: Any, names: Names) -> str | None:
    if value is None:
        return None
    return str(value) if _AGENT.fullmatch(str(value)) else names.of("agent", str(value))


def _servers(recorded: Recorded, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "active": bool(row["is_active"]),
            "standard": bool(row["is_standard"]),
            "user": names.of("user", str(row["login"] or ""), words.OTHERS),
            "host": names.host(str(row["host"] or "")),
            "database": names.of("database", str(row["db"] or ""), words.OTHERS),
            "connection": "soap" if _number(row["conn_type"]) == 1 else "database",
            "password": "stored" if row["is_stored"] else "none",
        }
        for row in recorded.rows(questions.SERVERS) or ()
    ]


_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4}){1,2}")


def _plugin(recorded: Recorded) -> dict[str, Any] | None:
    rows = recorded.rows("state of the GLPI plugin")
    if not rows:
        return None
    version = str(rows[0]["version"])
    return {
        "version": version if _VERSION.fullmatch(version) else "*",
        "state": _number(rows[0]["state"]),
    }


def in_words(step: Section) -> Iterator[str]:
    """What is in the section, for the index: sentences with numbers, and no value."""
    files, memories = step["httpd_files"], step["memories"]
    yield "which additional modules are installed"
    yield (
        f"{len(files)} files of httpd for the OCS server: settings of httpd and OCS as they are,"
        " names, addresses, realms and paths of your own replaced; comments shortened to"
        " '# comment'; @PASSWORD@ for the password"
    )
    yield f"passwords in use: {len(step['credentials'])}, each by its length and classes only"
    yield (
        f"ocsweb.memories: {memories['rows']} rows of {memories['machines']} machines, in"
        f" {len(memories['capacity'])} groups by class, agent and shape of the value;"
        f" {memories['others']} rows in no group"
    )
    yield f"agents by name and version: {len(memories['agents'])}; unknown names are replaced"
    yield f"days since the machines' last contact: {len(memories['last_contact_days'])} of them"
    yield (
        f"OCS servers of GLPI: {len(step['glpi_servers'])}, whether active, which kind of user,"
        " host and database, whether a password is stored"
    )


_WORDS = frozenset(
    {
        *words.OPTIONS,
        *words.DIRECTIVES,
        *words.SECTIONS,
        *words.VALUES,
        *words.MODULES,
        *words.AGENTS,
        *words.LITERALS,
        *_CLASSES,
        *MODULES,
        *map(str, CapacityClass),
        *("modules", "httpd_files", "credentials", "memories", "glpi_servers", "glpi_plugin"),
        *("line_ends", "lf", "crlf", "mode", "default", "password_problem", "length", "classes"),
        *("on", "table", "view", "missing", "column", "rows", "machines", "orphans", "capacity"),
        *("others", "agents", "last_contact_days", "never", "shape", "literal", "standard"),
        *("connection", "stored", "none", "state", "varchar", "comment", "code", "site", "secret"),
    }
)
PARTS = Parts(
    vocabulary=vocabulary(words.SERVICES, words.PACKAGES, words.PATHS, words.OTHERS),
    programs=missing_programs(),
    program_names=frozenset((*ALWAYS, *PROGRAMS)),
    ask=ask,
    section=section,
    words=_WORDS,
    in_words=in_words,
)
"""What this version step hands in for a snapshot."""
