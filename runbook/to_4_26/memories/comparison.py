"""Questions that compare `ocsweb.memories` with its backup, restored in a schema of our own.

All of it runs on the database server: only differences come back. Rows are matched as multisets
per machine, slot and caption, never by memories.ID, which is not stable (ocs-glpi 1.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import ParseError
from engine.model.query import Row, SqlQuery
from runbook.to_4_26.memories.capacity import CapacityClass, class_counts, class_sql, number_sql
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE

COLUMNS = (
    *("HARDWARE_ID", "CAPTION", "DESCRIPTION", "CAPACITY", "PURPOSE"),
    *("TYPE", "SPEED", "NUMSLOTS", "SERIALNUMBER"),
)
REWRITE_MARGIN = timedelta(minutes=10)
"""An inventory stamps LASTDATE before its transaction ends; a machine's lock lasts 600 s."""

LIVE = f"{OCS_DATABASE}.memories"
SAVED = f"{SCRATCH_DATABASE}.memories"


def _clock(rows: list[Row]) -> datetime:
    moment = rows[0]["moment"]
    if not isinstance(moment, datetime):
        raise ParseError("SELECT NOW()", "moment", f"is {moment!r}, expected a date and time")
    return moment


DATABASE_CLOCK: SqlQuery[datetime] = SqlQuery(
    name="clock of the database",
    database=OCS_DATABASE,
    sql="SELECT NOW() AS moment",
    parse=_clock,
)
"""In the session's zone, in which LASTDATE is written, too; the value itself has no zone."""


@dataclass(frozen=True)
class Sum:
    """Rows and an order-free checksum over every column of every row."""

    rows: int
    checksum: int


def _sum(rows: list[Row]) -> Sum:
    return Sum(int(rows[0]["rows_count"]), int(rows[0]["checksum"] or 0))


def table_sum(schema: str) -> SqlQuery[Sum]:
    """Count and checksum of `memories` in one schema, computed on the server."""
    # NULL and empty text must not sum up alike, hence the marks; lengths keep columns apart
    parts = ", ".join(f"COALESCE(CONCAT(LENGTH({c}), ':', {c}), 'N')" for c in ("ID", *COLUMNS))
    return SqlQuery(
        name=f"rows and checksum of {schema}.memories",
        database=schema,
        sql=f"SELECT COUNT(*) AS rows_count, SUM(CRC32(CONCAT_WS('|', {parts}))) AS checksum"
        " FROM memories",
        parse=_sum,
        deadline=1800.0,
    )


@dataclass(frozen=True)
class BackupDifference:
    """Rows of live table and restored backup that differ, by what explains it.

    `rewritten` and `gone` belong to machines that sent an inventory, or were deleted, since the
    backup began: agents keep working. Only `unexplained` speaks against the backup.
    """

    unexplained: int
    rewritten: int
    gone: int


def _backup_difference(rows: list[Row]) -> BackupDifference:
    counts = {str(row["why"]): int(row["rows_count"]) for row in rows}
    return BackupDifference(
        counts.get("unexplained", 0), counts.get("rewritten", 0), counts.get("gone", 0)
    )


def backup_difference(since: datetime) -> SqlQuery[BackupDifference]:
    """Compares every row of the restored backup with the live table, both ways, by its key.

    Only while the column is still text. `since` is the database's clock when the dump began.
    """
    same = " AND ".join(f"BINARY s.{column} <=> BINARY m.{column}" for column in COLUMNS)
    why = (
        "CASE WHEN h.LASTDATE >= %s THEN 'rewritten'"
        " WHEN h.ID IS NULL AND NOT EXISTS"
        f" (SELECT 1 FROM {LIVE} o WHERE o.HARDWARE_ID = d.HARDWARE_ID) THEN 'gone'"
        " ELSE 'unexplained' END"
    )
    return SqlQuery(
        name="restored backup against the live table",
        database=OCS_DATABASE,
        sql=f"SELECT {why} AS why, COUNT(*) AS rows_count FROM ("
        f"SELECT s.HARDWARE_ID FROM {SAVED} s LEFT JOIN {LIVE} m ON m.ID = s.ID"
        f" WHERE m.ID IS NULL OR NOT ({same}) UNION ALL"
        f" SELECT m.HARDWARE_ID FROM {LIVE} m LEFT JOIN {SAVED} s ON s.ID = m.ID"
        " WHERE s.ID IS NULL) d LEFT JOIN hardware h ON h.ID = d.HARDWARE_ID GROUP BY 1",
        params=(since - REWRITE_MARGIN,),
        parse=_backup_difference,
        deadline=3600.0,
    )


@dataclass(frozen=True)
class Totals:
    """Row counts of backup and live table, and the machines judged as rewritten."""

    saved: int
    live: int
    rewritten_machines: int


def _totals(rows: list[Row]) -> Totals:
    row = rows[0]
    return Totals(int(row["saved"]), int(row["live"]), int(row["rewritten"]))


def totals(since: datetime) -> SqlQuery[Totals]:
    """Both row counts, and how many machines sent an inventory since the backup began."""
    return SqlQuery(
        name="rows of the table and of its backup",
        database=OCS_DATABASE,
        sql=f"SELECT (SELECT COUNT(*) FROM {SAVED}) AS saved,"
        f" (SELECT COUNT(*) FROM {LIVE}) AS live,"
        " (SELECT COUNT(*) FROM hardware WHERE LASTDATE >= %s) AS rewritten",
        params=(since - REWRITE_MARGIN,),
        parse=_totals,
        deadline=900.0,
    )


SAVED_CLASSES = class_counts("values of the backup by class", SCRATCH_DATABASE, of_machines=False)


@dataclass(frozen=True)
class DecoratedOutcome:
    """What became of decorated integers; either is right, and it is reported."""

    total: int
    kept: int

    @property
    def nulled(self) -> int:
        return self.total - self.kept


def _decorated_outcome(rows: list[Row]) -> DecoratedOutcome:
    return DecoratedOutcome(int(rows[0]["total"]), int(rows[0]["kept"] or 0))


DECORATED: SqlQuery[DecoratedOutcome] = SqlQuery(
    name="decorated integers after the upgrade",
    database=SCRATCH_DATABASE,
    sql="SELECT COUNT(*) AS total, SUM(EXISTS (SELECT 1 FROM "
    f"{LIVE} m WHERE m.HARDWARE_ID = s.HARDWARE_ID AND m.NUMSLOTS <=> s.NUMSLOTS"
    f" AND m.CAPTION <=> s.CAPTION AND m.CAPACITY = {number_sql('s.CAPACITY', decorated=True)}"
    f")) AS kept FROM memories s WHERE {class_sql('s.CAPACITY')} = 'decorated integer'",
    parse=_decorated_outcome,
    deadline=1800.0,
)


@dataclass(frozen=True)
class Suspect:
    """A machine's slot whose rows are not what the backup says they have to be."""

    machine: int
    slot: int | None
    caption: str | None
    machine_exists: bool
    rows: int = 1
    """In the backup and in the table together."""


PART_ROWS = 500_000
"""Rows of one table that are compared in one statement: what the server has to keep meanwhile is
bounded by it, whatever the size of the table."""


def part_of_machines(above: int | None, rows: int) -> SqlQuery[int | None]:
    """Up to which machine the next part goes: about `rows` rows of either table above `above`.

    None: the part goes to the end. Read from the index alone.
    """
    sides = [
        f"(SELECT MIN(HARDWARE_ID) FROM (SELECT HARDWARE_ID FROM {table}"
        " WHERE HARDWARE_ID > %s ORDER BY HARDWARE_ID LIMIT 1 OFFSET %s) t)"
        for table in (SAVED, LIVE)
    ]
    lowest = _BELOW_ALL if above is None else above
    return SqlQuery(
        name="machines of the next part",
        database=OCS_DATABASE,
        sql="SELECT LEAST(COALESCE({0}, {1}), COALESCE({1}, {0})) AS upto".format(*sides),
        params=(lowest, rows) * 4,
        parse=lambda found: None if found[0]["upto"] is None else int(found[0]["upto"]),
        deadline=900.0,
    )


_BELOW_ALL, _ABOVE_ALL = -(1 << 40), 1 << 40
"""No HARDWARE_ID is beyond these."""


def suspects(
    since: datetime,
    limit: int = 1000,
    above: int | None = None,
    upto: int | None = None,
    only: Sequence[int] = (),
) -> SqlQuery[list[Suspect]]:
    """Slots whose live rows are neither of the two right outcomes of their rows in the backup.

    Only machines above `above` and up to `upto`, where given, and of those `only` these, if any.

    The digest of a slot's rows is its sum of squares and its sum, in one exact decimal: equal for
    equal multisets, different for any two multisets of one or two numbers.
    """
    kept, nulled = _digest("number"), _digest(f"IF(is_decorated, {_NULL}, number)")
    number = number_sql("r.CAPACITY", decorated=True)
    decorated = f"{class_sql('r.CAPACITY')} = 'decorated integer'"
    machines = (
        _BELOW_ALL if above is None else above,
        _ABOVE_ALL if upto is None else upto,
    )
    return SqlQuery(
        name="slots that differ from the backup",
        database=OCS_DATABASE,
        sql="SELECT HARDWARE_ID AS machine, NUMSLOTS AS slot, CAPTION AS caption,"
        " MAX(known) AS machine_exists, COUNT(*) AS rows_count FROM ("
        + _side(SAVED, 1, number, decorated, len(only))
        + " UNION ALL "
        + _side(LIVE, -1, "r.CAPACITY", "0", len(only))
        + ") sides GROUP BY HARDWARE_ID, NUMSLOTS, CAPTION"
        f" HAVING SUM(side) <> 0 OR (SUM(side * {kept}) <> 0 AND SUM(side * {nulled}) <> 0)"
        " ORDER BY 1, 2, 3 LIMIT %s",
        params=(*(since - REWRITE_MARGIN, *machines, *only) * 2, limit),
        parse=lambda rows: [_suspect(row) for row in rows],
        deadline=3600.0,
    )


_NULL = "5000000000"
"""NULL counts as a number outside the range of integers."""


def _side(table: str, side: int, number: str, decorated: str, only: int) -> str:
    """One table's rows; what costs something is worked out once a row, before they are grouped."""
    named = f" AND r.HARDWARE_ID IN ({', '.join(['%s'] * only)})" if only else ""
    return (
        f"SELECT r.HARDWARE_ID, r.NUMSLOTS, r.CAPTION, {side} AS side,"
        f" h.ID IS NOT NULL AS known, CAST(COALESCE({number}, {_NULL}) AS DECIMAL(12,0)) AS number,"
        f" {decorated} AS is_decorated"
        f" FROM {table} r LEFT JOIN {OCS_DATABASE}.hardware h ON h.ID = r.HARDWARE_ID"
        " WHERE (h.LASTDATE IS NULL OR h.LASTDATE < %s)"
        f" AND r.HARDWARE_ID > %s AND r.HARDWARE_ID <= %s{named}"
    )


def _digest(number: str) -> str:
    return f"({number} * {number} * 1000000000000 + {number})"


def _suspect(row: Row) -> Suspect:
    slot = row["slot"]
    return Suspect(
        int(row["machine"]),
        None if slot is None else int(slot),
        row["caption"],
        bool(row["machine_exists"]),
        int(row["rows_count"]),
    )


@dataclass(frozen=True)
class SlotRow:
    """One row of a suspect machine: its value in the backup (text) or now (a number)."""

    machine: int
    slot: int | None
    caption: str | None
    value: str | None
    kind: CapacityClass | None = None
    """Set on the side of the backup."""
    number: int | None = None
    """The number it has to be, on the side of the backup; a decorated integer may be NULL too."""


def saved_rows(suspects: Iterable[Suspect]) -> SqlQuery[list[SlotRow]]:
    """The rows of these slots in the backup, with class and expected number."""
    more = f", {class_sql()} AS kind, {number_sql(decorated=True)} AS number"
    return _rows_of("rows of these slots in the backup", SCRATCH_DATABASE, more, suspects)


def live_rows(suspects: Iterable[Suspect]) -> SqlQuery[list[SlotRow]]:
    """The rows of these slots in the live table."""
    return _rows_of("rows of these slots now", OCS_DATABASE, "", suspects)


def _rows_of(
    name: str, schema: str, more: str, suspects: Iterable[Suspect]
) -> SqlQuery[list[SlotRow]]:
    places = [(suspect.machine, suspect.slot, suspect.caption) for suspect in suspects]
    one = "(HARDWARE_ID = %s AND NUMSLOTS <=> %s AND CAPTION <=> %s)"
    return SqlQuery(
        name=name,
        database=schema,
        sql="SELECT HARDWARE_ID AS machine, NUMSLOTS AS slot, CAPTION AS caption,"
        f" CAPACITY AS value{more} FROM memories"
        f" WHERE {' OR '.join([one] * len(places)) or 'FALSE'} ORDER BY ID",
        params=tuple(value for place in places for value in place),
        parse=lambda rows: [_slot_row(row) for row in rows],
        deadline=900.0,
    )


def _slot_row(row: Row) -> SlotRow:
    slot, value, number = row["slot"], row["value"], row.get("number")
    return SlotRow(
        machine=int(row["machine"]),
        slot=None if slot is None else int(slot),
        caption=row["caption"],
        value=None if value is None else str(value),
        kind=CapacityClass(str(row["kind"])) if "kind" in row else None,
        number=None if number is None else int(number),
    )
