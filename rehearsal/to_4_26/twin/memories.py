"""SQL that fills ocsweb like the snapshot's: machines, agents, values of CAPACITY, last contacts.

Rows are made by the database itself, from its sequences, so the text is as short for ten million as
for ten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from rehearsal.inside.database import quoted
from rehearsal.like.fields import Fields, SnapshotError
from rehearsal.like.scale import scaled, spread
from rehearsal.to_4_26.twin.values import CLASSES, SHAPE, made

MOST_ROWS = 1_000_000
"""A cluster with as many was up in a minute (tried, on a busy machine)."""
_TABLES = ("table", "view", "missing")
_COLUMN = re.compile(
    r"(?:varchar|char|tinytext|text|mediumtext|longtext|int|bigint|decimal)"
    r"(?:\([0-9]{1,4}(?:,[0-9]{1,3})?\))?(?: unsigned)?\Z"
)
_USUAL = "varchar(255)"
_LONGEST_AGENT = 50
"""Characters of hardware.USERAGENT."""
_AWAY = "RENAME TABLE ocsweb.memories TO ocsweb.memories_away"
_NEVER = "never"
_BEHIND = 900
"""How far behind the last machine those begin that rows name and that are not there."""
_ANY, _NONE = "", "\x00"
"""In the place of an agent: rows of any machine, rows of no machine."""


@dataclass(frozen=True)
class Rows:
    """Rows with one value of CAPACITY from machines with one agent."""

    value: str | None
    agent: str
    number: int


@dataclass(frozen=True)
class Memories:
    """What is told of ocsweb.memories and of the machines; no rows are None where none are told."""

    table: str
    column: str
    rows: tuple[Rows, ...]
    agents: Mapping[str, int]
    """Agent -> machines."""
    last_contact: Mapping[str, int]
    """Days ago, or `never` -> machines."""
    is_told: bool


def memories(one: Fields) -> Memories:
    """Raises SnapshotError."""
    others = one.number("others", 0)
    rows = one.objects("capacity", _rows)
    agents = dict(one.objects("agents", _machines_of))
    machines, known = one.number("machines", 0), sum(agents.values())
    agents[""] = agents.get("", 0) + max(0, machines - known)
    orphans = one.number("orphans", 0)
    there = sum(group.number for group in rows if group.agent == _NONE)
    more = min(max(0, orphans - there), others)
    found = Memories(
        table=one.word("table", _TABLES, "table"),
        column=one.text("column", ""),
        # what is in no group is like the most frequent of all
        rows=(*rows, *_rest(rows, others - more, _ANY), *_rest(rows, more, _NONE)),
        agents={agent: number for agent, number in agents.items() if number},
        last_contact=one.object("last_contact_days").as_numbers(),
        is_told=one.has("rows"),
    )
    one.number("rows", 0)
    if found.column and not _COLUMN.match(found.column):
        raise SnapshotError(f"{one.at('column')} is {found.column[:80]!r}, no type of a column")
    stranger = next((d for d in found.last_contact if d != _NEVER and not d.isdecimal()), None)
    if stranger is not None or any(len(day) > 6 for day in found.last_contact):
        raise SnapshotError(f"{one.at('last_contact_days')} has something that is no day")
    return found


def _machines_of(one: Fields) -> tuple[str, int]:
    return one.text("agent", "", _LONGEST_AGENT), one.number("machines", 0)


def _rows(one: Fields) -> Rows:
    kind = one.word("class", CLASSES)
    shape, literal = one.text("shape", ""), one.text("literal") if one.has("literal") else None
    if literal is None:
        one.text("literal", "")
    if not SHAPE.match(shape):
        raise SnapshotError(f"{one.at('shape')} is {shape[:80]!r}, which is no shape of a value")
    agent = one.text("agent", _ANY, _LONGEST_AGENT)
    return Rows(
        made(kind, shape, literal), agent if one.truth("known", True) else _NONE, one.number("rows")
    )


def _rest(rows: Sequence[Rows], number: int, agent: str) -> Sequence[Rows]:
    if number <= 0 or not rows:
        return ()
    return (Rows(max(rows, key=lambda one: one.number).value, agent, number),)


def statements(told: Memories, rows: Fraction) -> tuple[str, ...]:
    """Without final semicolons; raises SnapshotError where these are too many rows."""
    groups = [Rows(one.value, one.agent, scaled(one.number, rows)) for one in told.rows]
    total = sum(group.number for group in groups)
    if total > MOST_ROWS:
        least = -(-sum(group.number for group in told.rows) // MOST_ROWS)
        raise SnapshotError(
            f"it would have {total} rows of memories, and a twin has at most {MOST_ROWS}: take"
            f" --rows 1/{least}"
        )
    machines = sum(scaled(number, rows) for number in told.agents.values())
    if machines > MOST_ROWS:
        raise SnapshotError(
            f"it would have {machines} machines, and a twin has at most {MOST_ROWS}: take"
            f" --rows 1/{-(-sum(told.agents.values()) // MOST_ROWS)}"
        )
    filled = _filled(told, [one for one in groups if one.number], rows) if told.is_told else ()
    return (*filled, *_shape_of_table(told))


def _filled(told: Memories, groups: Sequence[Rows], rows: Fraction) -> Iterator[str]:
    for table in ("memories", "accountinfo", "hardware"):
        yield f"DELETE FROM ocsweb.{table}"
    machines = ids(told, groups, rows)
    yield from _machines(machines)
    number = sum(map(len, machines.values()))
    yield from _last_contacts(told.last_contact, number)
    yield from _memories(groups, machines, number)


def ids(told: Memories, groups: Sequence[Rows], rows: Fraction) -> Mapping[str, range]:
    """Agent -> the ids of its machines; whoever sent a row has one at least."""
    wanted = {agent: scaled(number, rows) for agent, number in told.agents.items()}
    for one in groups:
        if one.agent not in (_ANY, _NONE):
            wanted.setdefault(one.agent, 1)
    if not wanted and any(one.agent != _NONE for one in groups):
        wanted = {"": 1}
    found, first = {}, 1
    for agent, number in wanted.items():
        found[agent] = range(first, first + number)
        first += number
    return found


def _machines(machines: Mapping[str, range]) -> Iterator[str]:
    for agent, own in machines.items():
        number = f"{own.start} - 1 + seq"
        yield (
            "INSERT INTO ocsweb.hardware (ID, DEVICEID, NAME, OSNAME, IPADDR, MEMORY, USERAGENT,"
            f" LASTDATE, LASTCOME) SELECT {number}, CONCAT('machine-', {number}),"
            f" CONCAT('machine-', {number}), 'of the snapshot', '192.0.2.1', 16384,"
            f" {quoted(agent) if agent else 'NULL'}, NOW(), NOW()"
            f" FROM ocsweb.seq_1_to_{len(own)}"
        )
    yield (
        "INSERT IGNORE INTO ocsweb.accountinfo (HARDWARE_ID, TAG)"
        " SELECT ID, 'rehearsal' FROM ocsweb.hardware"
    )


def _last_contacts(days: Mapping[str, int], number: int) -> Iterator[str]:
    """Each machine's turn is its id times a number without a common divisor: all turns, mixed."""
    step = next((n for n in range(max(1, number * 5 // 8), number + 1) if gcd(n, number) == 1), 1)
    first = 0
    for day, machines in spread(days, number).items():
        if machines:
            then = "NULL" if day == _NEVER else f"NOW() - INTERVAL {int(day)} DAY"
            yield (
                f"UPDATE ocsweb.hardware SET LASTDATE = {then}, LASTCOME = {then}"
                f" WHERE MOD(ID * {step}, {number}) BETWEEN {first} AND {first + machines - 1}"
            )
        first += machines


def _memories(groups: Sequence[Rows], machines: Mapping[str, range], number: int) -> Iterator[str]:
    slots: dict[str, int] = {}
    for one in groups:
        if one.agent == _NONE:
            own = range(number + _BEHIND, number + _BEHIND + one.number)
        else:
            own = range(1, number + 1) if one.agent == _ANY else machines[one.agent]
        before = slots.get(one.agent, 0)
        slots[one.agent] = before + one.number
        turn = f"{before} + seq - 1"
        yield (
            "INSERT INTO ocsweb.memories (HARDWARE_ID, CAPTION, DESCRIPTION, CAPACITY, PURPOSE,"
            f" TYPE, NUMSLOTS) SELECT {own.start} + MOD({turn}, {len(own)}),"
            f" CONCAT('DIMM ', ({turn}) DIV {len(own)} + 1), 'Memory module',"
            f" {literal(one.value)}, 'System Memory', 'DDR4', ({turn}) DIV {len(own)} + 1"
            f" FROM ocsweb.seq_1_to_{one.number}"
        )


def literal(value: str | None) -> str:
    """The value in SQL, whatever characters are in it."""
    return "NULL" if value is None else f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"


def _shape_of_table(told: Memories) -> Iterator[str]:
    if told.table != "table":
        yield _AWAY
        if told.table == "view":
            yield "CREATE VIEW ocsweb.memories AS SELECT * FROM ocsweb.memories_away"
    elif told.column and told.column != _USUAL:
        yield "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'"
        yield f"ALTER TABLE ocsweb.memories MODIFY CAPACITY {told.column}"
