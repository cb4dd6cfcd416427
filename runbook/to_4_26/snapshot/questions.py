"""What a plan does not ask, and a snapshot needs of the OCS module: asked with `--snapshot` only.

Nothing of a value, a machine or a person is in an answer that would not be in one of the plan's
own. The database groups: however long the table is, an answer has a bounded number of rows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.ask.look import Look
from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.query import Query, Row, SqlQuery
from engine.secrets import Secret
from engine.snapshot.shapes import shape_of_secret
from runbook.to_4_26.httpd import pristine
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.passwords import read_password
from runbook.to_4_26.memories.capacity import CLEAN, class_sql
from runbook.to_4_26.names import CONF_FILES, GLPI_OCS_USER, OCS_DATABASE
from runbook.to_4_26.snapshot import words
from runbook.to_4_26.snapshot.conf_text import without_secrets

MOST_GROUPS = 1000
"""Groups of a histogram; the rest is counted together."""
LONGEST_SHAPE = 40
LARGEST = 1 << 22
"""Megabytes: no larger value is told as it is, nor one that is no multiple of 256."""
_BLANKS = " \t\n\x0b\x0c\r"


def _rows(rows: list[Row]) -> list[Row]:
    return rows


def _shape_sql(column: str) -> str:
    """SQL expression: `a` for a letter, 9 for a digit, a blank for each, `x` for the rest."""
    steps = (("[[:alpha:]]", "a"), ("[0-9]", "9"), (f"[{_BLANKS}]", " "), ("[^a9 .,+:/_()-]", "x"))
    shape = column
    for pattern, by in steps:
        shape = f"REGEXP_REPLACE({shape}, '{pattern}', '{by}')"
    return f"LEFT({shape}, {LONGEST_SHAPE})"


def _literal_sql(kind: str, column: str) -> str:
    """SQL expression: a value that many machines have and nobody made up, else NULL."""
    known = " ".join(f"WHEN '{one}' THEN '{one}'" for one in words.LITERALS)
    number = f"CAST({column} AS DECIMAL(65,0))"
    return f"""CASE {kind}
 WHEN 'integer' THEN CASE WHEN {number} <= {LARGEST} AND {number} MOD 256 = 0
  AND LENGTH({column}) = LENGTH(CAST({number} AS CHAR)) THEN CAST({number} AS CHAR) END
 WHEN 'leading number' THEN CASE WHEN {column} REGEXP '^[0-9]{{1,7}} ?[KMGT]i?B(?![^0]|0)'
  THEN {column} END
 WHEN 'text' THEN CASE {column} {known} END END"""


_CLEAN = ", ".join(f"'{kind}'" for kind in sorted(CLEAN))
HISTOGRAM: SqlQuery[list[Row]] = SqlQuery(
    name="values of memories.CAPACITY by class, agent and shape",
    database=OCS_DATABASE,
    sql="SELECT m.kind AS kind,"
    f" CASE WHEN m.kind IN ({_CLEAN}) THEN NULL ELSE h.USERAGENT END AS agent,"
    " h.ID IS NOT NULL AS known,"
    f" CASE m.kind WHEN 'null' THEN '' WHEN 'integer' THEN REPEAT('9', LEAST(LENGTH(m.CAPACITY),"
    f" {LONGEST_SHAPE})) ELSE {_shape_sql('m.CAPACITY')} END AS shape,"
    f" {_literal_sql('m.kind', 'm.CAPACITY')} AS literal, COUNT(*) AS values_count"
    f" FROM (SELECT HARDWARE_ID, CAPACITY, {class_sql()} AS kind FROM memories) m"
    " LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
    f" GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2, 3, 4, 5 LIMIT {MOST_GROUPS}",
    parse=_rows,
    deadline=1800.0,
)
AGENTS: SqlQuery[list[Row]] = SqlQuery(
    name="machines by agent",
    database=OCS_DATABASE,
    sql="SELECT USERAGENT AS agent, COUNT(*) AS machines_count FROM hardware"
    f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_GROUPS}",
    parse=_rows,
    deadline=300.0,
)
_OLDEST = 3650
LAST_CONTACTS: SqlQuery[list[Row]] = SqlQuery(
    name="machines by days since their last contact",
    database=OCS_DATABASE,
    # non-strict sessions store a zero date
    sql="SELECT CASE WHEN LASTCOME > '1000-01-01'"
    f" THEN LEAST(GREATEST(DATEDIFF(NOW(), LASTCOME), 0), {_OLDEST}) END AS days,"
    f" COUNT(*) AS machines_count FROM hardware GROUP BY 1 ORDER BY 1 LIMIT {_OLDEST + 2}",
    parse=_rows,
    deadline=300.0,
)
SIZES: SqlQuery[list[Row]] = SqlQuery(
    name="sizes of OCS's tables",
    database=OCS_DATABASE,
    sql="SELECT (SELECT COUNT(*) FROM memories) AS values_count,"
    " (SELECT COUNT(*) FROM hardware) AS machines_count,"
    " (SELECT COUNT(*) FROM memories m LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
    " WHERE h.ID IS NULL) AS orphans_count",
    parse=_rows,
    deadline=1800.0,
)
COLUMN: SqlQuery[list[Row]] = SqlQuery(
    name="column memories.CAPACITY as it is defined",
    database="information_schema",
    sql="SELECT COLUMN_TYPE AS column_type, IS_NULLABLE AS is_nullable FROM COLUMNS"
    " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY'",
    params=(OCS_DATABASE,),
    parse=_rows,
)
SERVERS = "OCS servers of GLPI, for a snapshot"


def servers(database: str, table: str) -> SqlQuery[list[Row]]:
    """GLPI's OCS servers, without their names and stored passwords."""
    return SqlQuery(
        name=SERVERS,
        database=database,
        # a column that is named like a password would be masked with its value
        sql="SELECT id, is_active, conn_type, ocs_db_host AS host, ocs_db_user AS login,"
        " ocs_db_name AS db, COALESCE(ocs_db_passwd, '') <> '' AS is_stored,"
        f" BINARY ocs_db_user <=> BINARY '{GLPI_OCS_USER}' AS is_standard"
        f" FROM {table} ORDER BY id LIMIT 1000",
        parse=_rows,
    )


# args: file. The mode, a blank line, the file
_FILE = """
[ -e "$1" ] || exit 44
stat -L -c %a -- "$1"
exec cat -- "$1"
"""
_NO_FILE = 44
_HEAD = re.compile(r"[0-7]{3,4}")


@dataclass(frozen=True)
class ConfSeen:
    """An OCS file as the record may have it."""

    mode: str
    line_ends: str
    """`lf` or `crlf`."""
    text: str
    """Without secrets, by `without_secrets`."""
    shape: Mapping[str, Any] | None
    """Of the password, when it is a literal."""
    same: str = ""
    """Equal where passwords are equal: an HMAC by a key that is thrown away."""
    problem: bool = False
    """The password can't be read with certainty."""


def record_of(seen: ConfSeen | None) -> str:
    """The record: a line of JSON, and the text as it is, so that the masking sees its lines."""
    if seen is None:
        return ""
    head = {
        "mode": seen.mode,
        "line_ends": seen.line_ends,
        "shape": seen.shape,
        "same": seen.same,
        "problem": seen.problem,
    }
    return f"{json.dumps(head, sort_keys=True)}\n{seen.text}"


def _seen(answer: Answer, path: str, key: bytes) -> ConfSeen | None:
    if answer.code == _NO_FILE:
        return None
    mode, _, text = answer.stdout.decode().partition("\n")
    if not _HEAD.fullmatch(mode):
        raise ParseError(path, "mode", "is no mode of a file")
    return conf_seen(mode, text, path, key)


def conf_seen(mode: str, text: str, path: str, key: bytes) -> ConfSeen:
    """What is recorded of a file's text. `key`: by which equal passwords are told."""
    Secret(text)  # it may hold any: nothing of it is written before it went through the passes
    password = read_password(parse_conf(text), path)
    literal = password.literal
    return ConfSeen(
        mode,
        "crlf" if "\r\n" in text else "lf",
        without_secrets(text, key),
        shape_of_secret(literal.reveal()) if literal else None,
        _same(literal, key) if literal else "",
        problem=bool(password.problem),
    )


def _same(literal: Secret, key: bytes) -> str:
    return hmac.new(key, literal.reveal().encode(), hashlib.sha256).hexdigest()[:16]


def name_of_file(path: str) -> str:
    """What the question about a file is called."""
    return f"settings of {path}, for a snapshot"


def name_of_default(path: str) -> str:
    """What the question about the package's own file is called."""
    return f"the package's own {path}, for a snapshot"


def conf_file(path: str, key: bytes) -> Query[ConfSeen | None]:
    """Settings, mode and line ends of an OCS file; None: there is no such file."""
    return Query(
        name=name_of_file(path),
        argv=("sh", "-c", _FILE.strip(), "file", path),
        parse=lambda answer: _seen(answer, path, key),
        ok_codes=(0, _NO_FILE),
        recorded=record_of,
    )


def _default(path: str, owner: Mapping[str, str], key: bytes, look: Look) -> Query[ConfSeen | None]:
    """The same of the file as its package brought it, from dnf's cache or the repository."""
    query = pristine.text_of(
        path,
        owner["package"],
        owner["digest"],
        repository=look.release.repository,
        source=str(look.release.source),
    )

    def parse(answer: Answer) -> ConfSeen | None:
        found = query.parse(answer).text
        return conf_seen("644", found.reveal(), path, key) if found else None

    return Query(
        name=name_of_default(path),
        argv=query.argv,
        parse=parse,
        ok_codes=query.ok_codes,
        recorded=record_of,
        deadline=query.deadline,
    )


def ask_files(look: Look, key: bytes) -> None:
    """The two files of each operative node. `key` tells what is the same in several of them."""
    for path in CONF_FILES:
        look.ask_all(look.names.operative, conf_file(path, key))


def ask_defaults(look: Look, key: bytes) -> None:
    """What the packages of N had brought; a repository may take its time, or not answer."""
    for path, owner in look.ask(look.names.active, pristine.OWNERS).items():
        look.ask(look.names.active, _default(path, owner, key, look))


def ask_memories(look: Look) -> None:
    """The histogram, and what it is of."""
    for query in (COLUMN, SIZES, AGENTS, LAST_CONTACTS, HISTOGRAM):
        look.sql(query)
