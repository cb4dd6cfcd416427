"""`ocsweb.memories.CAPACITY` before the upgrade: which values are no integers (guide row G05).

The list of them, and what to do by agent version, has one row a value and may be as long as the
table. So it is asked page by page: each page is a statement of its own that holds nothing on the
server when it has ended.

The classes and why the predicates look as they do: ocs-glpi 1.3 and 1.4. The expressions hold in
strict and in non-strict sessions, and in every SQL mode: they contain no backslash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.ask.look import Look
from engine.errors import ParseError
from engine.model.finding import Finding
from engine.model.query import Row, SqlQuery
from runbook.to_4_26.names import OCS_DATABASE

INT_MIN, INT_MAX = -2147483648, 2147483647
CAPACITY = f"{OCS_DATABASE}.memories.CAPACITY"


class CapacityClass(StrEnum):
    """How a value behaves when the column becomes an integer."""

    NULL = "null"
    INTEGER = "integer"
    DECORATED = "decorated integer"
    BLANK = "blank"
    LEADING_NUMBER = "leading number"
    TEXT = "text"
    OUT_OF_RANGE = "out of range"


CLEAN = frozenset({CapacityClass.NULL, CapacityClass.INTEGER})
LOSING = frozenset({CapacityClass.TEXT, CapacityClass.LEADING_NUMBER, CapacityClass.OUT_OF_RANGE})
"""Classes whose information is gone after the upgrade."""
LISTED = LOSING | {CapacityClass.DECORATED}
"""Classes listed row by row; blanks (empty slots, very common) are counted only."""


class ColumnType(StrEnum):
    """What the column is now; half-done upgrades can't be told by GUI_VERSION (ocs-glpi 1.2)."""

    TEXT = "text"
    INTEGER = "integer"
    OTHER = "other"


# literal characters instead of escapes: what a backslash means depends on the session's SQL mode
_SPACE = " \t\n\x0b\x0c\r"


def is_blank(value: str) -> bool:
    """An empty slot: nothing, or blanks alone; of the class BLANK."""
    return not value.strip(_SPACE)


def class_sql(column: str = "CAPACITY") -> str:
    """SQL expression: the class of a textual value, one of `CapacityClass`.

    CASE fixes the order of evaluation, so that no cast ever sees text. The class of nearly all
    values comes first. Its one pattern ends at the value's end (`$` would not).
    """
    digits = f"CAST({column} AS DECIMAL(65,0))"
    return f"""CASE
 WHEN {column} IS NULL THEN 'null'
 WHEN LENGTH({column}) = 0 THEN 'blank'
 WHEN {column} REGEXP '^[0-9]{{1,9}}(?![^0]|0)' THEN 'integer'
 WHEN {column} NOT REGEXP '[^{_SPACE}]' THEN 'blank'
 WHEN {column} NOT REGEXP '[^0-9]' THEN
  CASE WHEN {digits} <= {INT_MAX} THEN 'integer' ELSE 'out of range' END
 WHEN {column} REGEXP '^[{_SPACE}]*[+-]?[0-9]+[{_SPACE}]*$' THEN
  CASE WHEN {_stripped(column)} BETWEEN {INT_MIN} AND {INT_MAX}
   THEN 'decorated integer' ELSE 'out of range' END
 WHEN {column} REGEXP '^[{_SPACE}]*[+-]?[0-9]' THEN 'leading number'
 ELSE 'text' END"""


def number_sql(column: str = "CAPACITY", *, decorated: bool) -> str:
    """SQL expression: the number a textual value has to be afterwards, NULL for all others.

    A decorated integer (` 8192`, `+8192`) may survive or become NULL, depending on the predicate
    of the product's cleaning, which is not known: `decorated` chooses.
    """
    survives = f" WHEN 'decorated integer' THEN {_stripped(column)}" if decorated else ""
    return f"""CASE {class_sql(column)}
 WHEN 'integer' THEN CAST({column} AS DECIMAL(65,0)){survives}
 ELSE NULL END"""


def _stripped(column: str) -> str:
    return f"CAST(REGEXP_REPLACE({column}, '[{_SPACE}]', '') AS DECIMAL(65,0))"


def _column_type(rows: list[Row]) -> ColumnType | None:
    if not rows:
        return None
    if len(rows) != 1:
        raise ParseError(
            "information_schema.COLUMNS", "memories.CAPACITY", f"{len(rows)} rows, expected one"
        )
    name = str(rows[0]["data_type"]).lower()
    if "char" in name or "text" in name:
        return ColumnType.TEXT
    return ColumnType.INTEGER if name == "int" else ColumnType.OTHER


def column_type(schema: str = OCS_DATABASE) -> SqlQuery[ColumnType | None]:
    """The type of `memories.CAPACITY`; None: there is no such column, which is an answer."""
    return SqlQuery(
        name="type of memories.CAPACITY",
        database="information_schema",
        sql="SELECT DATA_TYPE AS data_type FROM COLUMNS WHERE TABLE_SCHEMA = %s"
        " AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY'",
        params=(schema,),
        parse=_column_type,
    )


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class ClassCounts:
    """Rows and machines of each class."""

    rows: Mapping[CapacityClass, int]
    machines: Mapping[CapacityClass, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    def of(self, classes: Iterable[CapacityClass]) -> int:
        """Rows of these classes together."""
        return sum(self.rows.get(kind, 0) for kind in classes)

    def sentence(self) -> str:
        """`3200 values: 3100 integer, 60 text (41 machines), ...`, for people."""
        parts = [
            f"{count} {kind}"
            + (f" ({_many(self.machines[kind], 'machine')})" if kind not in CLEAN else "")
            for kind, count in sorted(self.rows.items(), key=lambda item: -item[1])
        ]
        return f"{_many(self.total, 'value')}: {', '.join(parts) or 'none'}"


def _class_counts(rows: list[Row]) -> ClassCounts:
    kinds = {CapacityClass(str(row["kind"])): row for row in rows}
    return ClassCounts(
        rows={kind: int(row["values_count"]) for kind, row in kinds.items()},
        machines={kind: int(row["machines_count"]) for kind, row in kinds.items()},
    )


def class_counts(name: str, database: str, *, of_machines: bool = True) -> SqlQuery[ClassCounts]:
    """Only while the column is text: on an integer column there is nothing to classify.

    Counting machines takes longer than all the rest: without `of_machines` they are none.
    """
    machines = "COUNT(DISTINCT HARDWARE_ID)" if of_machines else "0"
    return SqlQuery(
        name=name,
        database=database,
        sql=f"SELECT {class_sql()} AS kind, COUNT(*) AS values_count,"
        f" {machines} AS machines_count FROM memories GROUP BY 1",
        parse=_class_counts,
        deadline=900.0,
    )


COUNTS = class_counts("values of memories.CAPACITY by class", OCS_DATABASE)


@dataclass(frozen=True)
class DirtyValue:
    """A value that is no integer, with the machine and the agent that sent it.

    `machine` is hardware.ID as memories names it; the fields of the machine are None for an
    orphan, a row whose machine is gone.
    """

    row: int
    machine: int
    value: str
    kind: CapacityClass
    name: str | None = None
    deviceid: str | None = None
    useragent: str | None = None
    lastdate: datetime | None = None
    lastcome: datetime | None = None
    slot: int | None = None
    caption: str | None = None

    @property
    def is_orphan(self) -> bool:
        return self.deviceid is None


def dirty_values(after: int = 0, limit: int = 5000) -> SqlQuery[list[DirtyValue]]:
    """One page of the list, ordered by row: ask again with `after` = the last row of a full page.

    Orphans are listed, not dropped.
    """
    wanted = ", ".join(f"'{kind}'" for kind in sorted(LISTED))
    return SqlQuery(
        name="values of memories.CAPACITY that are no integers",
        database=OCS_DATABASE,
        # the class is decided in the inner query, so that the limit ends the scan early
        sql="SELECT m.ID AS id, m.HARDWARE_ID AS machine, m.CAPACITY AS value, m.kind AS kind,"
        " h.NAME AS name, h.DEVICEID AS deviceid, h.USERAGENT AS useragent,"
        " h.LASTDATE AS lastdate, h.LASTCOME AS lastcome, m.NUMSLOTS AS slot, m.CAPTION AS caption"
        f" FROM (SELECT memories.*, {class_sql()} AS kind FROM memories WHERE ID > %s) m"
        " LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
        f" WHERE m.kind IN ({wanted}) ORDER BY m.ID LIMIT %s",
        params=(after, limit),
        parse=lambda rows: [_dirty_value(row) for row in rows],
        deadline=900.0,
    )


def _dirty_value(row: Row) -> DirtyValue:
    return DirtyValue(
        row=int(row["id"]),
        machine=int(row["machine"]),
        value=str(row["value"]),
        kind=CapacityClass(str(row["kind"])),
        name=row["name"],
        deviceid=row["deviceid"],
        useragent=row["useragent"],
        lastdate=row["lastdate"],
        lastcome=row["lastcome"],
        slot=row["slot"],
        caption=row["caption"],
    )


def column_findings_before(column: ColumnType | None) -> list[Finding]:
    """The upgrade knows a text column, and one that is an integer already (G05)."""
    if column is None:
        return [_unexpected_column("there is no column memories.CAPACITY")]
    if column is ColumnType.OTHER:
        return [_unexpected_column("memories.CAPACITY is neither text nor an integer")]
    return []


def _unexpected_column(observed: str) -> Finding:
    return Finding(
        code="capacity-column",
        subject=CAPACITY,
        observed=observed,
        expected="a text column (varchar) before the upgrade, an integer after it",
        remedy="The schema of the OCS database is not one that the upgrade knows; ask service"
        " and support before going on.",
        guide=("G05",),
    )


PAGE = 5000
"""Rows of a page."""
MOST_GROUPS = 400
"""Agents may call themselves what they like: no more groups of agent and class are shown."""

HEAD = (
    *("agent", "machine id", "machine", "device id", "last inventory", "last contact"),
    *("slot", "caption", "value", "class", "row id", "advice"),
)
NO_AGENT = "(unknown agent)"
ORPHAN = "(orphan row: its machine is gone)"

ADVICE = {
    CapacityClass.BLANK: "nothing lost: an empty slot",
    CapacityClass.DECORATED: "nothing lost: the number stays, or is NULL until the next inventory",
    CapacityClass.TEXT: "update the agent: it sends text for a number; the text becomes NULL",
    CapacityClass.LEADING_NUMBER: "information altered: the number in the text becomes NULL;"
    " update the agent",
    CapacityClass.OUT_OF_RANGE: "information altered: no size of memory is that large, it becomes"
    " NULL; update the agent",
}
"""What fits each class (ocs-glpi 1.4 and 1.5)."""


def listed_values(look: Look) -> Iterator[DirtyValue]:
    """Every value of the listed classes, orphans too, in the order of the table."""
    return look.sql_pages(lambda last: dirty_values(after=last.row if last else 0, limit=PAGE))


def list_rows(values: Iterable[DirtyValue]) -> Iterator[tuple[str | int | None, ...]]:
    """The rows below `HEAD`: sorted, they stand together by agent and by machine."""
    for value in values:
        yield (
            agent_name(value.useragent, orphan=value.is_orphan),
            value.machine,
            value.name,
            value.deviceid,
            str(value.lastdate) if value.lastdate else None,
            str(value.lastcome) if value.lastcome else None,
            value.slot,
            value.caption,
            value.value,
            value.kind.value,
            value.row,
            advice(value.kind, orphan=value.is_orphan),
        )


def agent_name(useragent: str | None, *, orphan: bool) -> str:
    return ORPHAN if orphan else useragent or NO_AGENT


def advice(kind: CapacityClass, *, orphan: bool) -> str:
    """What to do about a value of this class."""
    if orphan and kind not in (CapacityClass.BLANK, CapacityClass.DECORATED):
        return "no agent sends it any more; it becomes NULL"
    return ADVICE[kind]


@dataclass(frozen=True)
class AgentClass:
    """Values of one class that one agent version sent."""

    agent: str
    is_orphan: bool
    kind: CapacityClass
    machines: int
    rows: int

    def __str__(self) -> str:
        said = advice(self.kind, orphan=self.is_orphan)
        return f"{self.agent}: {self.rows} {self.kind} ({_many(self.machines, 'machine')}): {said}"


def _agent_class(row: Row) -> AgentClass:
    orphan = not row["known"]
    return AgentClass(
        agent_name(row["agent"], orphan=orphan),
        orphan,
        CapacityClass(str(row["kind"])),
        int(row["machines_count"]),
        int(row["values_count"]),
    )


def by_agent(limit: int = MOST_GROUPS + 1) -> SqlQuery[list[AgentClass]]:
    """Values and machines by agent version and class, the largest groups first."""
    clean = ", ".join(f"'{kind}'" for kind in sorted(CLEAN))
    return SqlQuery(
        name="values of memories.CAPACITY by agent and class",
        database=OCS_DATABASE,
        sql="SELECT h.USERAGENT AS agent, h.ID IS NOT NULL AS known, m.kind AS kind,"
        " COUNT(DISTINCT m.HARDWARE_ID) AS machines_count, COUNT(*) AS values_count"
        f" FROM (SELECT HARDWARE_ID, {class_sql()} AS kind FROM memories) m"
        " LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
        f" WHERE m.kind NOT IN ({clean}) GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3 LIMIT %s",
        params=(limit,),
        parse=lambda rows: [_agent_class(row) for row in rows],
        deadline=1800.0,
    )


def summary_lines(groups: list[AgentClass]) -> list[str]:
    """Agent versions, the largest first, each with its classes and the advice that fits."""
    shown = groups[:MOST_GROUPS]
    order = {agent: place for place, agent in enumerate(dict.fromkeys(g.agent for g in shown))}
    lines = [str(group) for group in sorted(shown, key=lambda g: (order[g.agent], -g.rows))]
    if len(groups) > MOST_GROUPS:
        lines.append(f"(more than {MOST_GROUPS} groups; the rest is in the list)")
    return lines


def updates_needed(groups: Iterable[AgentClass]) -> dict[str, int]:
    """Agent versions that send values of the listed classes, with how many of them."""
    counts: dict[str, int] = {}
    for group in groups:
        if group.kind in LISTED and not group.is_orphan:
            counts[group.agent] = counts.get(group.agent, 0) + group.rows
    return counts
