"""Is `ocsweb.memories` a table that can be backed up, converted and compared? Asked beforehand.

Backup and conversion work on a table with OCS's own columns. A view in its place, a column that is
not there, another database in use: each would stop the upgrade where there is no way back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.model.query import Row, SqlQuery
from runbook.to_4_26.memories.comparison import COLUMNS
from runbook.to_4_26.memories.dump import TABLE, TABLE_SIZE
from runbook.to_4_26.names import OCS_DATABASE, OFFICIAL_CHANNELS, SCRATCH_DATABASE
from runbook.to_4_26.presence import Presence, Seen

NEEDED = {
    TABLE: ("ID", *COLUMNS),
    "hardware": ("ID", "DEVICEID", "NAME", "USERAGENT", "LASTDATE", "LASTCOME", "ARCHIVE"),
}
"""The columns that backup, comparison and follow-up read (ocs-glpi 1.1)."""
ORDINARY = "BASE TABLE"


@dataclass(frozen=True)
class TableSeen:
    """A table or view as information_schema has it."""

    database: str
    name: str
    kind: str
    columns: frozenset[str]
    """Upper case."""

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"


def _tables(rows: list[Row]) -> tuple[TableSeen, ...]:
    columns: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        key = str(row["database_name"]), str(row["table_name"]), str(row["kind"])
        columns.setdefault(key, set()).update(
            [str(row["column_name"]).upper()] if row["column_name"] is not None else []
        )
    return tuple(TableSeen(*key, frozenset(seen)) for key, seen in columns.items())


_NAMES = ", ".join(f"'{name}'" for name in NEEDED)
TABLES: SqlQuery[tuple[TableSeen, ...]] = SqlQuery(
    name="tables called like those of OCS",
    database="information_schema",
    sql="SELECT t.TABLE_SCHEMA AS database_name, t.TABLE_NAME AS table_name, t.TABLE_TYPE AS kind,"
    " c.COLUMN_NAME AS column_name FROM TABLES t LEFT JOIN COLUMNS c"
    f" ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME"
    f" WHERE t.TABLE_NAME IN ({_NAMES}) AND t.TABLE_SCHEMA <> %s",
    params=(SCRATCH_DATABASE,),
    parse=_tables,
)
"""With their columns, in all databases but our own."""


def _of(tables: Iterable[TableSeen], database: str, name: str) -> TableSeen | None:
    return next((t for t in tables if (t.database, t.name) == (database, name)), None)


def table_findings(tables: Iterable[TableSeen]) -> list[Finding]:
    """What keeps the two tables of OCS from being backed up and converted."""
    tables = tuple(tables)
    problems = {name: _problem(_of(tables, OCS_DATABASE, name), name) for name in NEEDED}
    return [_unfit(name, problem) for name, problem in problems.items() if problem]


def _problem(table: TableSeen | None, name: str) -> str:
    if table is None:
        return "there is no such table"
    if table.kind != ORDINARY:
        return f"it is a {table.kind.lower()}, and no table"
    missing = [column for column in NEEDED[name] if column not in table.columns]
    return f"it has no column {', '.join(missing)}" if missing else ""


def _unfit(name: str, problem: str) -> Finding:
    columns = ", ".join(NEEDED[name])
    return Finding(
        code="memories-table",
        subject=f"{OCS_DATABASE}.{name}",
        observed=problem,
        expected=f"a table with the columns of OCS Inventory ({columns}): neither the backup nor"
        " the upgrade's conversion can be done without",
        remedy="Bring it back as OCS made it, from a backup or with service and support, then run"
        f" again. {OFFICIAL_CHANNELS}",
        guide=("G05", "G06"),
    )


def copies(tables: Iterable[TableSeen]) -> list[str]:
    """Other databases with a table like it: the upgrade leaves them alone."""
    wanted = set(NEEDED[TABLE])
    return [
        t.database
        for t in tables
        if t.name == TABLE and t.database != OCS_DATABASE and wanted <= t.columns
    ]


@dataclass
class MemoriesPlace(Seen):
    """What speaks against backup and conversion; `is_there`: there is a table to look at."""

    is_there: bool = False


def memories_place(look: Look, there: Presence) -> MemoriesPlace:
    """Ask database and files (G05). Nothing is there without table, package, or database."""
    tables = look.sql(TABLES)
    table = _of(tables, OCS_DATABASE, TABLE)
    # a database without package and table is the rest of an uninstalled module; a package without
    # database was never set up. A login to a database elsewhere is judged by itself
    is_set_up = table is not None or (bool(there.nodes) and there.has_ocs_database)
    findings = table_findings(tables) if is_set_up else []
    said = there.sentence()
    said += "" if table else f"; no table {OCS_DATABASE}.{TABLE}"
    if found := copies(tables):
        said += f"; also in {', '.join(found)}, which the upgrade leaves as it is"
    return MemoriesPlace(findings, said, is_there=table is not None and not findings)


def no_memories(look: Look, there: Presence) -> str:
    """Why the rows about the table are not applicable, as observed; '' when they are."""
    if not there.has_ocs_database:
        return there.sentence()
    if there.nodes or look.sql(TABLE_SIZE) is not None:
        return ""
    return f"{there.sentence()}; no table {OCS_DATABASE}.{TABLE}"
