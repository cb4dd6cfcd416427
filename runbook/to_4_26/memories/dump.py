"""The dump of `ocsweb.memories`: made, restored beside the original, dropped, brought to N.

Everything streams on the node that runs the database; no table passes through memory. The
scratch schema never gets into the binary log. Dump and restored schema are marked when they are
whole: after a run that was cut off, the next one continues, and does nothing twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.model.answer import Answer
from engine.model.change import Change, Temporary
from engine.model.query import Query, Row, SqlQuery
from engine.parse.fields import json_object
from engine.parse.files import TELL
from engine.parse.machine import parse_df
from runbook.to_4_26 import files
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE

TABLE = "memories"
SCRATCH = ("scratch-schema", SCRATCH_DATABASE)
"""Kind and subject of the ledger entry while the scratch schema exists."""

_SECONDS_PER_BYTE = 1 / 1_000_000
"""A slow disk and a busy server: 1 MB of table a second."""
LEAST_SECONDS = 600.0
MOST_TEMPORARY = 1 << 30
"""Bytes of the server's temporary directory that a comparison may need, however large the table."""

RESTORED_MARK = "restored_whole"
"""A table in the scratch schema, made last; its comment is the sha256 of the restored dump."""

# The end and the sum are taken of what streams by, so nothing is read again: who restores the file
# holds it to that sum, and reads it to its end. The answer is whole when `tail` has closed it, too.
# args: target, database, table, the database's clock, file for the dump's facts.
# Prints the files' states, then the facts: JSON, as `Dump` has them, on the last line
_DUMP = """
set -euo pipefail
umask 077
target=$1 facts=$5
mkdir -p -- "$(dirname -- "$target")"
exec 9< "$(dirname -- "$target")"
flock 9
tell before "$target" "" || :
tell before "$facts" "" || :
rm -f -- "$facts" "$target".partial.??????
temp=$(mktemp -- "$target.partial.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
said=$({
  mysqldump --single-transaction --quick --skip-lock-tables --no-tablespaces --comments \
    --default-character-set=utf8mb4 -- "$2" "$3" \
    | tee >(tail -n 1 >&3) | gzip -1 | tee -- "$temp" | sha256sum
} 3>&1)
grep -q '^-- Dump completed' <<< "$said" || { echo "the dump has no end" >&2; exit 65; }
sum=$(grep -xE '[0-9a-f]{64}  -' <<< "$said")
sync -- "$temp"
mv -f -T -- "$temp" "$target"
printf '{"bytes": %s, "sha256": "%s", "began": "%s"}\\n' \
  "$(stat -c %s -- "$target")" "${sum%% *}" "$4" > "$target.partial.facts."
mv -f -T -- "$target.partial.facts." "$facts"
sync -- "$facts" "$(dirname -- "$target")"
tell after "$target" "" "${sum%% *}" || :
tell after "$facts" "" || :
cat -- "$facts"
"""

# args: source, sha256, statement that makes the schema, schema, statement that marks it whole.
# The lock: a restore that a run left behind must not fill what another one has made anew.
_RESTORE = """
set -euo pipefail
exec 9< "$1"
flock 9
sum=$(sha256sum < "$1")
[ "${sum%% *}" = "$2" ] || { echo "$1 is not the file that was recorded" >&2; exit 65; }
mysql --batch --execute="$3"
gzip -dc -- "$1" | mysql --batch --init-command='SET SESSION sql_log_bin = 0' --database="$4"
mysql --batch --execute="$5"
"""

# args: host, path on that host and here, sha256
_PULL = """
set -euo pipefail
umask 077
tell before "$2" "" || :
mkdir -p -- "$(dirname -- "$2")"
temp=$(mktemp -- "$2.partial.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
ssh -o BatchMode=yes -o ConnectTimeout=20 -- "$1" "cat -- $(printf %q "$2")" < /dev/null > "$temp"
sum=$(sha256sum < "$temp")
[ "${sum%% *}" = "$3" ] || { echo "the copy of $2 differs from the original" >&2; exit 65; }
sync -- "$temp"
mv -f -T -- "$temp" "$2"
tell after "$2" "" "$3" || :
"""


def bash(source: str, *arguments: str) -> tuple[str, ...]:
    """The argument list of a script that needs pipefail: half a dump must not pass for a whole."""
    return ("bash", "-c", source.strip(), "neteye-runbook", *arguments)


def backup_path(attempt: str) -> str:
    return f"{files.backups_of(attempt)}/{OCS_DATABASE}.{TABLE}.sql.gz"


def facts_path(attempt: str) -> str:
    """Facts of a complete dump that is not proved yet."""
    return f"{files.backups_of(attempt)}/{OCS_DATABASE}.{TABLE}.dump.json"


@dataclass(frozen=True)
class TableSize:
    """What information_schema says of the table, and where its files lie. Sizes in bytes."""

    data: int
    indexes: int
    engine: str
    datadir: str
    tmpdir: str
    """Where the server puts what a comparison does not keep in memory."""

    @property
    def total(self) -> int:
        return self.data + self.indexes

    @property
    def compressed(self) -> int:
        """Bytes that the dump can take: half of the table; a tenth was seen with inventories."""
        return self.data // 2

    @property
    def scratch(self) -> int:
        """Temporary tables of a comparison: machines are compared part by part."""
        return min(2 * self.data, MOST_TEMPORARY)

    @property
    def deadline(self) -> float:
        """Seconds to allow for one pass over the table."""
        return LEAST_SECONDS + self.total * _SECONDS_PER_BYTE


def _table_size(rows: list[Row]) -> TableSize | None:
    if not rows:
        return None
    row = rows[0]
    return TableSize(
        int(row["data"] or 0),
        int(row["indexes"] or 0),
        str(row["engine"]),
        str(row["datadir"]),
        str(row["tmpdir"]).split(":")[0],
    )


TABLE_SIZE: SqlQuery[TableSize | None] = SqlQuery(
    name="size of memories",
    database="information_schema",
    sql="SELECT DATA_LENGTH AS data, INDEX_LENGTH AS indexes, ENGINE AS engine,"
    " @@datadir AS datadir, @@tmpdir AS tmpdir FROM TABLES"
    " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
    params=(OCS_DATABASE, TABLE),
    parse=_table_size,
)
"""None: there is no such table, which is an answer."""


def room(path: str) -> Query[int]:
    """Bytes available in the file system of a directory."""
    return Query(
        name=f"room in {path}",
        argv=("df", "-P", "-B1", "--", path),
        parse=lambda answer: parse_df(answer.text)[0].available,
    )


@dataclass(frozen=True)
class Dump:
    """A complete dump as it lies on the node, not proved yet."""

    bytes: int
    sha256: str
    began: str
    """The database's clock before the dump, ISO, without a zone."""

    @property
    def database_clock(self) -> datetime:
        return datetime.fromisoformat(self.began)


def facts_of(answer: Answer) -> dict[str, Any]:
    """The facts of a file, which are the last line. ParseError when they are no JSON."""
    return json_object(answer.text.rstrip("\n").rpartition("\n")[2], "the facts of a file")


def parse_dump(answer: Answer) -> Dump:
    data = facts_of(answer)
    try:
        return Dump(int(data["bytes"]), str(data["sha256"]), str(data["began"]))
    except KeyError as error:
        raise ValueError(f"the facts of the dump lack {error}") from None


def dump(node: str, attempt: str, size: TableSize, began: datetime) -> Change:
    """A consistent dump without locks that stop agents; its answer is read by `parse_dump`.

    `began` is the database's clock. The facts are written last: without them there is no dump.
    """
    return Change(
        what=f"dump {OCS_DATABASE}.{TABLE}",
        node=node,
        argv=bash(
            TELL + _DUMP,
            backup_path(attempt),
            OCS_DATABASE,
            TABLE,
            began.isoformat(),
            facts_path(attempt),
        ),
        deadline=size.deadline,
        files=(backup_path(attempt), facts_path(attempt)),
    )


def taken(attempt: str) -> Query[Dump | None]:
    """The facts of a complete dump, with the file still whole; None: there is none."""
    return Query(
        name="complete dump of memories",
        argv=recorded(facts_path(attempt), backup_path(attempt)),
        parse=lambda answer: None if answer.code == 44 else parse_dump(answer),
        ok_codes=(0, 44),
        deadline=1800.0,
    )


def discard(node: str, attempt: str) -> Change:
    """Forget the facts of a dump that is not like its table: the next run takes another one."""
    what = f"discard the dump of {TABLE}"
    return files.remove_file(what, node, facts_path(attempt), holds_secret=False)


def restore_beside(node: str, attempt: str, sha256: str, deadline: float) -> Change:
    """Restore the dump into the scratch schema, made anew; the schema is in the ledger first."""
    quietly = "SET SESSION sql_log_bin = 0;"
    make = (
        f"{quietly} DROP DATABASE IF EXISTS {SCRATCH_DATABASE}; CREATE DATABASE {SCRATCH_DATABASE}"
    )
    mark = (
        f"{quietly} CREATE TABLE {SCRATCH_DATABASE}.{RESTORED_MARK} (mark INT) COMMENT '{sha256}'"
    )
    return Change(
        what=f"restore the backup of {TABLE} beside the original",
        node=node,
        argv=bash(_RESTORE, backup_path(attempt), sha256, make, SCRATCH_DATABASE, mark),
        deadline=deadline * 3,
        opens=(Temporary(*SCRATCH, "absent"),),
    )


RESTORED: SqlQuery[str] = SqlQuery(
    name="whole backup beside memories",
    database="information_schema",
    sql="SELECT TABLE_COMMENT AS sha256 FROM TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
    params=(SCRATCH_DATABASE, RESTORED_MARK),
    parse=lambda rows: str(rows[0]["sha256"]) if rows else "",
)
"""The sha256 of the dump that the scratch schema holds whole; empty when it holds none."""


def drop_scratch(node: str) -> Change:
    """Drop the scratch schema and close its ledger entry."""
    drop = f"SET SESSION sql_log_bin = 0; DROP DATABASE IF EXISTS {SCRATCH_DATABASE}"
    return Change(
        what=f"drop the scratch schema {SCRATCH_DATABASE}",
        node=node,
        argv=("mysql", "--batch", f"--execute={drop}"),
        deadline=300.0,
        closes=(SCRATCH,),
    )


def pull(node: str, host: str, attempt: str, made: Dump, size: TableSize) -> Change:
    """A copy on N, by the root ssh between the nodes: N runs the database during the upgrade."""
    what = f"copy the backup of {TABLE} from {host}"
    return pull_file(what, node, host, backup_path(attempt), made.sha256, size.deadline)


def pull_file(what: str, node: str, host: str, path: str, sha256: str, deadline: float) -> Change:
    """The file of another node, at the same path here, whole or not at all."""
    argv = bash(TELL + _PULL, host, path, sha256)
    return Change(what=what, node=node, argv=argv, deadline=deadline, files=(path,))


def recorded(record: str, file: str) -> tuple[str, ...]:
    """Prints the record of a file; 44 when it or the file that it speaks of is not there."""
    script = (
        '[ -e "$1" ] && [ -e "$2" ] || exit 44; sum=$(sha256sum < "$2");'
        ' grep -q -F -- "${sum%% *}" "$1" || exit 44; exec cat -- "$1"'
    )
    return ("sh", "-c", script, "recorded", record, file)


def sha256_of(path: Path) -> str:
    """Of a file on the controller, in constant memory; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
