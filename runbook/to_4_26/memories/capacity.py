"""`ocsweb.memories.CAPACITY` before the upgrade: which values are no integers (guide row G05).

The classes and why the predicates look as they do: ocs-glpi 1.3 and 1.4. The expressions hold in
strict and in non-strict sessions, and in every SQL mode: they contain no backslash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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


_OF_NEARLY_ALL = "REGEXP '^[0-9]{1,9}(?![^0]|0)'"
"""Up to nine digits; the one pattern that ends at the value's end (`$` would not)."""


def class_sql(column: str = "CAPACITY") -> str:
    """SQL expression: the class of a textual value, one of `CapacityClass`.

    CASE fixes the order of evaluation, so that no cast ever sees text. The class of nearly all
    values comes first.
    """
    return _classified(column, {kind: f"'{kind}'" for kind in CapacityClass})


def class_number_sql(column: str = "CAPACITY") -> str:
    """The same as a number, of `class_of`: a server groups numbers in half the time."""
    return _classified(column, {kind: str(number) for number, kind in enumerate(_NUMBERED)})


_NUMBERED = tuple(sorted(CapacityClass))
"""In the order of their names: a server sorts numbers and names alike."""


def class_of(number: object) -> CapacityClass:
    """ValueError for what is no number of a class."""
    try:
        return _BY_NUMBER[str(number)]
    except KeyError:
        raise ValueError(f"{number!r} is no class of values") from None


_BY_NUMBER = {str(number): kind for number, kind in enumerate(_NUMBERED)}


def numbers_of(kinds: Iterable[CapacityClass]) -> str:
    """Their numbers, for a list in SQL."""
    return ", ".join(str(_NUMBERED.index(kind)) for kind in sorted(kinds))


def not_clean_sql(column: str = "CAPACITY") -> str:
    """SQL condition: neither NULL nor of up to nine digits. It costs hardly more than a look.

    Longer integers, with zeros before them, pass: their class tells.
    """
    return f"NOT ({column} IS NULL OR {column} {_OF_NEARLY_ALL})"


def _classified(column: str, named: Mapping[CapacityClass, str]) -> str:
    digits = f"CAST({column} AS DECIMAL(65,0))"
    null, integer, blank = (named[kind] for kind in _FIRST)
    decorated, out_of_range = named[CapacityClass.DECORATED], named[CapacityClass.OUT_OF_RANGE]
    return f"""CASE
 WHEN {column} IS NULL THEN {null}
 WHEN LENGTH({column}) = 0 THEN {blank}
 WHEN {column} {_OF_NEARLY_ALL} THEN {integer}
 WHEN {column} NOT REGEXP '[^{_SPACE}]' THEN {blank}
 WHEN {column} NOT REGEXP '[^0-9]' THEN
  CASE WHEN {digits} <= {INT_MAX} THEN {integer} ELSE {out_of_range} END
 WHEN {column} REGEXP '^[{_SPACE}]*[+-]?[0-9]+[{_SPACE}]*$' THEN
  CASE WHEN {_stripped(column)} BETWEEN {INT_MIN} AND {INT_MAX}
   THEN {decorated} ELSE {out_of_range} END
 WHEN {column} REGEXP '^[{_SPACE}]*[+-]?[0-9]' THEN {named[CapacityClass.LEADING_NUMBER]}
 ELSE {named[CapacityClass.TEXT]} END"""


_FIRST = (CapacityClass.NULL, CapacityClass.INTEGER, CapacityClass.BLANK)


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
    kinds = {class_of(row["kind"]): row for row in rows}
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
        sql=f"SELECT {class_number_sql()} AS kind, COUNT(*) AS values_count,"
        f" {machines} AS machines_count FROM memories GROUP BY 1",
        parse=_class_counts,
        deadline=900.0,
    )


COUNTS = class_counts("values of memories.CAPACITY by class", OCS_DATABASE)


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


MOST_GROUPS = 400
"""Agents may call themselves what they like: no more groups of agent and class are shown."""

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


@dataclass(frozen=True)
class Classified:
    """Groups of values that are no integers, the largest first, and how many values there are."""

    groups: list[AgentClass]
    values: int
    nulls: int

    @property
    def is_whole(self) -> bool:
        """Whether all groups are among these."""
        return len(self.groups) <= MOST_GROUPS

    def counts(self) -> ClassCounts:
        """By class, when these are all groups: a machine has one agent, so nothing counts twice.

        Integers and NULL are counted without their machines.
        """
        rows: Counter[CapacityClass] = Counter()
        machines: Counter[CapacityClass] = Counter()
        for group in self.groups:
            rows[group.kind] += group.rows
            machines[group.kind] += group.machines
        integers = self.values - self.nulls - rows.total()
        clean = {CapacityClass.INTEGER: integers, CapacityClass.NULL: self.nulls}
        rows.update({kind: count for kind, count in clean.items() if count})
        machines.update(dict.fromkeys(rows.keys() & CLEAN, 0))
        # in one order, whatever the order of the groups
        return ClassCounts(*({kind: found[kind] for kind in _NUMBERED if kind in found}
                             for found in (rows, machines)))  # fmt: skip


def _agent_class(row: Row) -> AgentClass:
    orphan = not row["known"]
    return AgentClass(
        agent_name(row["agent"], orphan=orphan),
        orphan,
        class_of(row["kind"]),
        int(row["machines_count"]),
        int(row["values_count"]),
    )


def _of_groups(rows: list[Row]) -> Classified:
    total = next((row for row in rows if row["kind"] is None), None)
    if total is None:
        raise ParseError(CAPACITY, "values_count", "of all values is missing")
    values, filled = int(total["values_count"]), int(total["filled"])
    groups = [_agent_class(row) for row in rows if row["kind"] is not None]
    return Classified(groups, values, values - filled)


def by_agent(limit: int = MOST_GROUPS + 1) -> SqlQuery[Classified]:
    """Values and machines by agent version and class, the largest groups first; and their sum.

    One statement, so all of it is of one moment. Only what is no integer is grouped.
    """
    clean = numbers_of(CLEAN)
    return SqlQuery(
        name="values of memories.CAPACITY by agent and class",
        database=OCS_DATABASE,
        sql="SELECT NULL AS agent, NULL AS known, NULL AS kind, NULL AS machines_count,"
        " COUNT(*) AS values_count, COUNT(CAPACITY) AS filled FROM memories UNION ALL"
        " (SELECT h.USERAGENT, h.ID IS NOT NULL, m.kind, COUNT(DISTINCT m.HARDWARE_ID), COUNT(*),"
        f" NULL FROM (SELECT HARDWARE_ID, {class_number_sql()} AS kind FROM memories"
        f" WHERE {not_clean_sql()}) m LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
        f" WHERE m.kind NOT IN ({clean}) GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3 LIMIT %s)",
        params=(limit,),
        parse=_of_groups,
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
