"""memories.CAPACITY: the classes on measured values, and each way the conversion goes wrong."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql import converters

from engine.errors import ParseError, Unanswered
from engine.model.query import SqlQuery
from runbook.to_4_26 import presence
from runbook.to_4_26.glpi import place as glpi_place
from runbook.to_4_26.glpi import servers as glpi
from runbook.to_4_26.memories import (
    agents,
    capacity,
    capacity_after,
    checks,
    comparison,
    dirty_values,
    dump,
    loss,
    pairs,
    table,
)
from runbook.to_4_26.memories.agents import FollowedAgent, MachineNow, Sends, Slot, Verdict, sends
from runbook.to_4_26.memories.capacity import (
    CapacityClass,
    ClassCounts,
    ColumnType,
)
from runbook.to_4_26.memories.comparison import SlotRow, Suspect, Totals
from runbook.to_4_26.memories.dirty_values import DirtyValue
from runbook.to_4_26.memories.loss import Limit

VALUES = Path(__file__).parents[1] / "data" / "capacity-values.csv"
KINDS = {"empty": "blank", "integer-decorated": "decorated integer"}
MOMENT = datetime(2024, 3, 9, 21, 30)


def measured() -> Iterator[tuple[str | None, str, str]]:
    """(value, class, what a non-strict ALTER makes of it), measured on a real server."""
    with VALUES.open(newline="") as file:
        for row in csv.DictReader(file):
            kind = KINDS.get(row["class"], row["class"].replace("-", " "))
            yield json.loads(row["value_json"]), kind, row["alter_nonstrict"]


def evaluated(expression: str, value: str | None) -> object:
    """The SQL expression on one value, in a small SQL engine with the server's functions added.

    The same expressions run on a real server in the integration test.
    """
    with sqlite3.connect(":memory:") as engine:
        engine.create_function(
            "REGEXP",
            2,
            lambda pattern, text: (
                None if text is None else re.search(pattern, text, re.ASCII) is not None
            ),
        )
        engine.create_function(
            "REGEXP_REPLACE", 3, lambda text, pattern, by: re.sub(pattern, by, text)
        )
        (found,) = engine.execute(f"SELECT {expression} FROM (SELECT ? AS CAPACITY)", (value,))
        return found[0]


@pytest.mark.parametrize(("value", "kind", "altered"), list(measured()))
def test_every_measured_value_has_its_class(value: str | None, kind: str, altered: str) -> None:
    assert evaluated(capacity.class_sql(), value) == kind


def classified(value: str) -> str:
    """The classes of ocs-glpi 1.4 in other words than those of the SQL expression."""
    bare = value.strip(" \t\n\x0b\x0c\r")
    number = bare[1:] if bare[:1] in ("+", "-") else bare
    if not bare:
        return "blank"
    if number and all(char in "0123456789" for char in number):
        if bare == value and number == bare:
            return "integer" if int(number) <= capacity.INT_MAX else "out of range"
        fits = capacity.INT_MIN <= int(bare) <= capacity.INT_MAX
        return "decorated integer" if fits else "out of range"
    return "leading number" if number[:1] in tuple("0123456789") else "text"


@given(st.text("0123456789 +-\n\tAx.", max_size=14))
def test_any_value_has_the_class_that_its_characters_say(value: str) -> None:
    assert evaluated(capacity.class_sql(), value) == classified(value)


@pytest.mark.parametrize(("value", "kind", "altered"), list(measured()))
def test_the_number_expected_afterwards(value: str | None, kind: str, altered: str) -> None:
    kept = evaluated(capacity.number_sql(decorated=True), value)
    nulled = evaluated(capacity.number_sql(decorated=False), value)
    if kind == "integer":
        assert kept == nulled == int(altered)
    elif kind == "decorated integer":
        assert (kept, nulled) == (int(altered), None)
    else:
        assert (kept, nulled) == (None, None)


def queries() -> list[SqlQuery[object]]:
    return [
        *(capacity.column_type(), capacity.COUNTS, dirty_values.dirty_values(7, 10)),
        dirty_values.dirty_rows(7, 10),
        *(comparison.DATABASE_CLOCK, comparison.table_sum("x"), comparison.DECORATED),
        *(comparison.backup_difference(MOMENT), comparison.totals(MOMENT)),
        *(comparison.SAVED_CLASSES, comparison.suspects(MOMENT), capacity.by_agent()),
        *(comparison.suspects(MOMENT, 5, 3, 9), comparison.part_of_machines(7, 10)),
        *(pairs.questioned_saved(MOMENT), pairs.questioned_live(MOMENT)),
        *(comparison.suspects(MOMENT, only=(3, 9)), pairs.IS_PAIRED),
        comparison.saved_rows([Suspect(2, 1, "x", True), Suspect(1, None, None, False)]),
        *(comparison.live_rows([]), agents.machines_now([3]), dump.TABLE_SIZE, presence.SCHEMAS),
        table.TABLES,
        *(glpi.ocs_servers("g"), glpi.stored_passwords("g"), glpi.plugin_state("g")),
        glpi_place.SCHEMAS,
    ]  # type: ignore[list-item]


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_questions_fit_the_driver(query: SqlQuery[object]) -> None:
    assert query.sql.count("%s") == len(query.params)
    assert query.sql.count("%") == len(query.params)  # the driver formats by %
    assert "\\" not in query.sql  # what it means depends on the session's SQL mode
    assert query.sql.startswith("SELECT")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),
        ([{"data_type": "varchar"}], ColumnType.TEXT),
        ([{"data_type": "VARCHAR"}], ColumnType.TEXT),
        ([{"data_type": "longtext"}], ColumnType.TEXT),
        ([{"data_type": "int"}], ColumnType.INTEGER),
        ([{"data_type": "bigint"}], ColumnType.OTHER),
        ([{"data_type": "decimal"}], ColumnType.OTHER),
    ],
)
def test_column_type(rows: list[dict[str, str]], expected: ColumnType | None) -> None:
    assert capacity.column_type().parse(rows) is expected


def test_two_columns_of_that_name_are_no_answer() -> None:
    with pytest.raises(ParseError, match="2 rows"):
        capacity.column_type().parse([{"data_type": "int"}] * 2)


def counts(**rows: int) -> ClassCounts:
    named = {CapacityClass[name]: count for name, count in rows.items()}
    return ClassCounts(named, named)


def test_one_machine_is_one_machine() -> None:
    assert counts(TEXT=1).sentence() == "1 value: 1 text (1 machine)"
    assert counts(TEXT=2).sentence() == "2 values: 2 text (2 machines)"


REHEARSED = Limit(1, blocks=False)


def test_dirty_values_are_a_finding_with_its_numbers() -> None:
    seen = counts(INTEGER=90, TEXT=3, BLANK=5, LEADING_NUMBER=2)
    (finding,) = loss.findings_before(seen, REHEARSED)
    assert finding.code == "capacity-dirty"
    assert (
        "5 of 100 (5.0 %) values are no plain integers, besides 5 blank ones with nothing to lose"
        " (100 values: " in finding.observed
    )
    assert "3 text (3 machines)" in finding.observed


@pytest.mark.parametrize(
    ("column", "seen", "found"),
    [
        (ColumnType.TEXT, counts(INTEGER=9, BLANK=4, NULL=1), []),
        (ColumnType.INTEGER, None, []),
        (ColumnType.OTHER, None, ["capacity-column"]),
        (None, None, ["capacity-column"]),
        (ColumnType.TEXT, counts(DECORATED=1), ["capacity-dirty"]),
        (ColumnType.TEXT, counts(OUT_OF_RANGE=1), ["capacity-dirty"]),
    ],
)
def test_before(column: ColumnType | None, seen: ClassCounts | None, found: list[str]) -> None:
    found_now = capacity.column_findings_before(column)
    found_now += loss.findings_before(seen, REHEARSED) if seen is not None else []
    assert [f.code for f in found_now] == found


KIND_OF = {
    None: CapacityClass.NULL,
    "8192": CapacityClass.INTEGER,
    "0": CapacityClass.INTEGER,
    "+8192": CapacityClass.DECORATED,
    "": CapacityClass.BLANK,
    "No": CapacityClass.TEXT,
    "8192 MB": CapacityClass.LEADING_NUMBER,
    "99999999999": CapacityClass.OUT_OF_RANGE,
}
NUMBERS = {"8192": 8192, "0": 0, "+8192": 8192}


def compared(
    before: list[str | None], now: list[int | None], *, exists: bool = True
) -> list[capacity_after.Discrepancy]:
    saved = [SlotRow(7, 1, "DIMM 1", v, KIND_OF[v], NUMBERS.get(v or "")) for v in before]
    live = [SlotRow(7, 1, "dimm 1 ", None if v is None else str(v)) for v in now]
    return list(capacity_after.compare_slots([Suspect(7, 1, "DIMM 1", exists)], saved, live))


@pytest.mark.parametrize(
    ("before", "now", "codes"),
    [
        (["No"], [0], ["capacity-zeroed"]),
        ([""], [0], ["capacity-zeroed"]),
        (["8192 MB"], [8192], ["capacity-not-null"]),
        (["99999999999"], [2147483647], ["capacity-clamped"]),
        (["99999999999"], [0], ["capacity-zeroed"]),
        (["8192"], [None], ["capacity-integer-lost"]),
        (["8192"], [4096], ["capacity-altered"]),
        (["+8192"], [1], ["capacity-altered"]),
        ([None], [5], ["capacity-filled"]),
        (["8192", "No"], [8192], ["memories-rows-lost"]),
        (["8192"], [8192, None], ["memories-rows-added"]),
        (["No", "8192", "8192"], [0, 8192], ["capacity-zeroed", "memories-rows-lost"]),
        (["No"], [None], []),
        (["+8192", "No"], [None, None], []),
        (["+8192", "No"], [8192, None], []),
        (["0", "No"], [None, 0], []),
    ],
)
def test_each_way_it_goes_wrong_has_its_code(
    before: list[str | None], now: list[int | None], codes: list[str]
) -> None:
    result = compared(before, now)
    assert sorted(d.code for d in result) == sorted(codes)
    found = capacity_after.findings_after(result, Totals(3, 3, 0))
    assert {f.code for f in found} == set(codes)
    assert all(f.guide == ("G07",) for f in found)


def test_decorated_integers_are_counted_whichever_way_they_went() -> None:
    assert compared(["+8192"], [8192]) == []
    assert compared(["+8192"], [None]) == []


def test_rows_gone_with_their_machine_are_told_apart() -> None:
    (row,) = compared(["8192"], [], exists=False)
    assert row.code == "memories-machine-gone"
    assert "gone" in str(row)


def test_a_cut_list_says_at_least() -> None:
    found = capacity_after.findings_after(compared(["No"], [0]), Totals(1, 1, 0), complete=False)
    assert found[0].observed.startswith("at least 1")


def test_fewer_rows_are_never_silent() -> None:
    assert [f.code for f in capacity_after.findings_after([], Totals(9, 8, 0))] == [
        "memories-rows-lost"
    ]
    assert capacity_after.findings_after([], Totals(9, 8, 2)) == []


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (ColumnType.TEXT, "capacity-still-text"),
        (ColumnType.OTHER, "capacity-column"),
        (None, "capacity-column"),
    ],
)
def test_only_an_integer_column_is_right(column: ColumnType | None, code: str) -> None:
    assert [f.code for f in capacity_after.column_findings(column)] == [code]
    assert capacity_after.column_findings(ColumnType.INTEGER) == []


def as_json(agent: FollowedAgent) -> dict[str, Any]:
    return json.loads(json.dumps(dataclasses.asdict(agent), default=str))  # type: ignore[no-any-return]


def test_a_followed_machine_is_a_line_of_json() -> None:
    agent = FollowedAgent(7, 'a "b"\n', "d", None, MOMENT, (1, None), (2,))
    assert FollowedAgent.from_json(as_json(agent)) == agent


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(FollowedAgent)])
def test_a_line_that_lacks_a_field_is_none(field: str) -> None:
    data = as_json(FollowedAgent(1, None, "d", None, MOMENT, (1,)))
    del data[field]
    with pytest.raises(ValueError, match=field):
        FollowedAgent.from_json(data)


LATER = datetime(2024, 3, 10)


OLD, GOOD_AGENT = "OCS-NG_unified_unix_agent_v2.1.1", "OCS-NG_unified_unix_agent_v2.10.0"
FUSION, OTHER = "FusionInventory-Agent_v2.6", "some agent 1"


def machine(useragent: str, *values: Slot, lastdate: datetime | None = LATER) -> MachineNow:
    return MachineNow(1, "d", useragent, lastdate, False, values)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (None, Verdict.GONE),
        (MachineNow(1, "d", OLD, LATER, True), Verdict.GONE),
        (MachineNow(1, "other", OLD, LATER, False), Verdict.GONE),
        (machine(OLD, Slot(1, None), lastdate=MOMENT), Verdict.NOT_YET),
        (machine(OLD, Slot(1, None), lastdate=None), Verdict.NOT_YET),
        (machine(OLD), Verdict.GOOD),
        # the old agent still sends "No", which is stored as 0
        (machine(OLD, Slot(1, 0)), Verdict.UPDATE_AGENT),
        (machine(OLD, Slot(1, None), Slot(1, 0)), Verdict.UPDATE_AGENT),
        (machine(OLD, Slot(1, None)), Verdict.UPDATE_AGENT),
        # slots that had not been text are none of its business
        (machine(OLD, Slot(2, 0)), Verdict.GOOD),
        (machine(OLD, Slot(3, 0)), Verdict.GOOD),
        # an updated one leaves the size of an empty slot out, which is stored as 0, for ever
        (machine(GOOD_AGENT, Slot(1, 0)), Verdict.GOOD),
        (machine(GOOD_AGENT, Slot(1, None)), Verdict.GOOD),
        (machine(GOOD_AGENT, Slot(1, -1)), Verdict.GOOD),
        # a module whose size is lost
        (machine(GOOD_AGENT, Slot(1, 0, is_filled=True)), Verdict.UPDATE_AGENT),
        (machine(GOOD_AGENT, Slot(1, None, is_filled=True)), Verdict.UNCHANGED),
        (machine(GOOD_AGENT, Slot(3, None, is_filled=True)), Verdict.UNCHANGED),
        (machine(GOOD_AGENT, Slot(1, 2147483647)), Verdict.UPDATE_AGENT),
        # another agent numbers the slots otherwise
        (machine(FUSION, Slot(0, 0), Slot(2, 0)), Verdict.GOOD),
        (machine(FUSION, Slot(2, 0, is_filled=True)), Verdict.UPDATE_AGENT),
        (machine(OTHER, Slot(2, 0)), Verdict.UNKNOWN_AGENT),
        (machine(OTHER, Slot(2, None)), Verdict.UNCHANGED),
    ],
)
def test_how_an_agent_does(now: MachineNow | None, expected: Verdict) -> None:
    agent = FollowedAgent(1, "host1", "d", OLD, MOMENT, (1,), (3,))
    assert agents.verdict(agent, now, MOMENT) is expected
    assert expected.is_open is (expected not in (Verdict.GOOD, Verdict.GONE))


def test_the_very_agent_that_had_sent_text_still_does() -> None:
    agent = FollowedAgent(1, "host1", "d", OTHER, MOMENT, (1,))
    assert agents.verdict(agent, machine(OTHER, Slot(1, 0)), MOMENT) is Verdict.UPDATE_AGENT


@pytest.mark.parametrize(
    ("useragent", "expected"),
    [
        (OLD, Sends.TEXT),
        ("OCS-NG_unified_unix_agent_v2.2", Sends.TEXT),
        ("OCS-NG_unified_unix_agent_v2.3", Sends.INTEGERS),
        (GOOD_AGENT, Sends.INTEGERS),
        ("OCS-NG_WINDOWS_AGENT_v2.8.0.0", Sends.INTEGERS),
        (FUSION, Sends.INTEGERS),
        ("FusionInventory-Agent_v2.1.9", Sends.UNKNOWN),
        ("GLPI-Agent_v1.4", Sends.INTEGERS),
        ("OCS-NG_unified_unix_agent", Sends.UNKNOWN),
        ("=HYPERLINK(0,0)", Sends.UNKNOWN),
        ("", Sends.UNKNOWN),
        (None, Sends.UNKNOWN),
    ],
)
def test_what_an_agent_sends_by_its_name(useragent: str | None, expected: Sends) -> None:
    assert sends(useragent) is expected


@pytest.mark.parametrize(
    ("speed", "serial", "filled"),
    [
        ("2400 MT/s", "37A1B2C3", True),
        ("Unknown", "37A1B2C3", True),
        ("2133", None, True),
        ("Unknown", "Unknown", False),
        ("Unknown", "[Empty]", False),
        ("", "Not Specified", False),
        (None, "SerNum3", False),
        (None, "0x00000000", False),
        ("0", "NO DIMM", False),
        (None, None, False),
        ("empty", "empty", False),
    ],
)
def test_a_module_shows_in_the_row_s_other_columns(
    speed: str | None, serial: str | None, filled: bool
) -> None:
    row = {"slot": 1, "value": 0, "speed": speed, "serial": serial, **ROW}
    assert agents.machines_now([7]).parse([row])[7].values == (Slot(1, 0, filled),)


ROW = {
    "machine": 7,
    "deviceid": "d",
    "useragent": "a",
    "lastdate": None,
    "lastcome": None,
    "archived": None,
    "row_id": 1,
}


def test_rows_of_the_database_become_values() -> None:
    row = {
        "id": 5,
        "hardware_id": 7,
        "capacity": "No",
        "kind": number_of("text"),
        "name": "h",
        "deviceid": "d",
        "useragent": None,
        "lastdate": MOMENT,
        "lastcome": None,
        "numslots": 2,
        "caption": "x",
    }
    (value,) = dirty_values.dirty_rows().parse([row])
    assert isinstance(value, DirtyValue)
    assert (value.row, value.kind, value.is_orphan) == (5, CapacityClass.TEXT, False)
    assert (value.lastdate, value.lastcome) == ("2024-03-09 21:30:00", None)
    now = agents.machines_now([7]).parse(
        [
            {
                "machine": 7,
                "deviceid": "d",
                "useragent": "a",
                "lastdate": None,
                "lastcome": None,
                "archived": None,
                "row_id": n,
                "slot": n,
                "value": v,
                "speed": None,
                "serial": None,
            }
            for n, v in ((1, 5), (2, None))
        ]
    )
    assert now[7].values == (Slot(1, 5), Slot(2, None))


def test_agents_are_summed_up_with_the_advice_that_fits() -> None:
    rows = [
        {"agent": a, "known": k, "kind": number_of(kind), "machines_count": m, "values_count": n}
        for a, k, kind, m, n in (
            ("unix 2.1", 1, "text", 30, 60),
            ("win 2.9", 1, "blank", 40, 50),
            ("unix 2.1", 1, "out of range", 1, 1),
            (None, 1, "decorated integer", 1, 1),
            (None, 0, "text", 2, 2),
        )
    ]
    groups = capacity.by_agent().parse([total(200, 190), *rows]).groups
    lines = capacity.summary_lines(groups)
    assert [line.split(" (")[0] for line in lines[:3]] == [
        "unix 2.1: 60 text",
        "unix 2.1: 1 out of range",
        "win 2.9: 50 blank",
    ]
    assert "update the agent" in lines[0]
    assert "information altered" in lines[1]
    assert "nothing lost" in lines[2]
    assert lines[3].startswith("(unknown agent): 1 decorated integer")
    assert "orphan" in lines[4]
    assert "no agent sends it" in lines[4]
    assert capacity.updates_needed(groups) == {"unix 2.1": 61, "(unknown agent)": 1}


def test_values_of_no_machine_are_told_beside_those_of_agents() -> None:
    """They are listed, and nobody is followed up for them: two numbers, and why they differ."""
    answers: dict[str, list[dict[str, Any]]] = {
        "type of memories.CAPACITY": [{"data_type": "varchar"}],
        "values of memories.CAPACITY by agent and class": [
            total(73, 71),
            *(group(a, "text", n) for a, n in (("unix 2.1", 59), (None, 3))),
        ],
    }
    look: Any = SimpleNamespace(sql=lambda query: query.parse(answers[query.name]))
    said = checks.capacity_before(look, REHEARSED).observed
    assert said == (
        "73 values: 62 text (62 machines), 9 integer, 2 null; not integers: 59 from unix 2.1,"
        " and 3 that belong to no machine: nobody is followed up for them"
    )


def total(values: int, filled: int) -> dict[str, Any]:
    """The row of all values; `filled` are not NULL."""
    none = dict.fromkeys(("agent", "known", "kind", "machines_count"))
    return {**none, "values_count": values, "filled": filled}


def group(agent: str | None, kind: str, count: int) -> dict[str, Any]:
    counted = {"machines_count": count, "values_count": count}
    return {"agent": agent, "known": bool(agent), "kind": number_of(kind), **counted}


def number_of(kind: str) -> int:
    return int(capacity.numbers_of([CapacityClass(kind)]))


def test_an_answer_without_its_sum_is_none() -> None:
    with pytest.raises(ParseError, match="missing"):
        capacity.by_agent().parse([group("a", "text", 1)])


def test_a_class_that_nobody_knows_is_no_answer() -> None:
    with pytest.raises(ValueError, match="no class"):
        capacity.by_agent().parse([total(1, 1), {**group("a", "text", 1), "kind": 7}])


def test_agents_without_end_are_cut_and_it_is_said() -> None:
    rows = [group(f"a{n}", "text", 1) for n in range(capacity.MOST_GROUPS + 1)]
    lines = capacity.summary_lines(capacity.by_agent().parse([total(999, 999), *rows]).groups)
    assert len(lines) == capacity.MOST_GROUPS + 1
    assert lines[-1].startswith("(more than 400")


def test_what_is_cut_is_no_sum_so_all_is_counted_for_itself() -> None:
    groups = [group(f"a{n}", "text", 1) for n in range(capacity.MOST_GROUPS + 1)]
    kinds = {"integer": (500, 400), "text": (9999, 9000)}
    answers: dict[str, list[dict[str, Any]]] = {
        "type of memories.CAPACITY": [{"data_type": "varchar"}],
        "values of memories.CAPACITY by agent and class": [total(10499, 10499), *groups],
        "values of memories.CAPACITY by class": [
            {"kind": number_of(kind), "values_count": n, "machines_count": m}
            for kind, (n, m) in kinds.items()
        ],
    }
    look: Any = SimpleNamespace(sql=lambda query: query.parse(answers[query.name]))
    said = checks.capacity_before(look, REHEARSED).observed
    assert said.startswith("10499 values: 9999 text (9000 machines), 500 integer; not integers: ")


class Pages:
    """A database that answers the pages of the list; `asked` are its questions."""

    def __init__(self, answer: Callable[[SqlQuery[Any]], list[dict[str, Any]]]) -> None:
        self._answer = answer
        self.asked: list[SqlQuery[Any]] = []
        self.is_open = True

    def sql_pages(self, page: Callable[[Any], SqlQuery[list[Any]]]) -> Iterator[Any]:
        query = page(None)
        try:
            while found := query.parse(self._answered(query)):
                yield from found
                query = page(found[-1])
        finally:
            self.is_open = False

    def _answered(self, query: SqlQuery[Any]) -> list[dict[str, Any]]:
        self.asked.append(query)
        return self._answer(query)


def packed(*rows: tuple[str | None, ...], most: int = 1 << 20) -> dict[str, Any]:
    """What a server makes of rows, whose cells are in the order of the question."""
    cells = ["\x1e" if cell is None else cell for row in rows for cell in row]
    nulls = sum(cell is None for row in rows for cell in row)
    text = "\x1f".join(cells)
    cut = text.encode()[:most].decode(errors="ignore")
    return {"rows_count": len(rows), "nulls": nulls, "most": most, "packed": cut}


def cells_of(row: int, value: str = "No", caption: str | None = "x") -> tuple[str | None, ...]:
    machine = ("host1", "host1-2024", "agent 2.1", "2024-03-09 21:30:00", None)
    return (str(row), "1", str(number_of("text")), value, *machine, "2", caption)


def test_the_list_is_asked_for_as_it_is_read() -> None:
    def endless(query: SqlQuery[Any]) -> list[dict[str, Any]]:
        after, limit = query.params
        return [packed(*map(cells_of, range(after + 1, after + limit + 1)))]

    look = Pages(endless)
    rows = dirty_values.list_rows(dirty_values.listed_values(look))  # type: ignore[arg-type]
    taken = list(itertools.islice(rows, 2 * dirty_values.PAGE))
    # a page is asked for while the one before it is read, and no more
    assert 2 <= len(look.asked) <= 4
    assert [len(row) for row in taken[:1]] == [len(dirty_values.HEAD)]
    assert [row[10] for row in taken] == list(range(1, 2 * dirty_values.PAGE + 1))
    rows.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 30
    while look.is_open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not look.is_open


def test_a_packed_row_is_the_row() -> None:
    odd = (str(9), "4", str(number_of("out of range")), "9" * 12, None, None, None, None, None)
    rows = [cells_of(5, "< 1", "a\nb"), (*odd, None, None), cells_of(4, "\\'\"", "")]
    found = dirty_values.dirty_values().parse([packed(rows[0]), packed(*rows[1:])])
    machine = ("host1", "host1-2024", "agent 2.1", "2024-03-09 21:30:00", None, 2)
    assert found == [
        (4, 1, CapacityClass.TEXT, "\\'\"", *machine, ""),
        (5, 1, CapacityClass.TEXT, "< 1", *machine, "a\nb"),
        (9, 4, CapacityClass.OUT_OF_RANGE, "9" * 12, *[None] * 7),
    ]


@pytest.mark.parametrize(
    "page",
    [
        packed(cells_of(5, "a\x1fb")),
        packed(cells_of(5, "\x1e")),
        packed(cells_of(5), cells_of(6, caption="y" * 90), most=200),
        packed(cells_of(5), most=len("\x1f".join(map(str, cells_of(5))))),
        # cut, and as many cells as there have to be
        packed(cells_of(5, "a\x1fb", None), most=61),
        packed(cells_of(5), cells_of(6, caption="\x1f\x1e"), cells_of(7, caption=None)),
    ],
)
def test_a_page_that_can_not_be_read_back_comes_row_by_row(page: dict[str, Any]) -> None:
    pages: dict[tuple[int, str], list[dict[str, Any]]] = {
        (0, "packed"): [packed(cells_of(3))],
        (3, "packed"): [packed(cells_of(4)), page],
        (3, "m.ID AS id"): [plain(5, "a\x1fb"), plain(6, "\x1e")],
        (6, "packed"): [packed(cells_of(7))],
        (7, "packed"): [],
    }

    def answer(query: SqlQuery[Any]) -> list[dict[str, Any]]:
        kind = next(sign for sign in ("packed", "m.ID AS id") if sign in query.sql)
        return pages.pop((query.params[0], kind))

    found = list(dirty_values.listed_values(Pages(answer)))  # type: ignore[arg-type]
    assert [(one.row, one.value) for one in found] == [
        *((3, "No"), (5, "a\x1fb"), (6, "\x1e"), (7, "No")),
    ]
    assert not pages


def plain(row: int, value: str) -> dict[str, Any]:
    none = dict.fromkeys(("name", "deviceid", "useragent", "lastdate", "lastcome", "caption"))
    kind = number_of("text")
    return {**none, "id": row, "hardware_id": 1, "capacity": value, "kind": kind, "numslots": 1}


def test_an_error_of_the_database_ends_the_list() -> None:
    def answer(query: SqlQuery[Any]) -> list[dict[str, Any]]:
        if query.params[0]:
            raise Unanswered("n", "q", "gone")
        return [packed(cells_of(3))]

    with pytest.raises(Unanswered, match="gone"):
        list(dirty_values.listed_values(Pages(answer)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2024-03-09 21:30:00", "2024-03-09 21:30:00"),
        ("2024-03-09 21:30:00.000", "2024-03-09 21:30:00"),
        ("2024-03-09 21:30:00.500", "2024-03-09 21:30:00.500000"),
        ("2024-03-09", "2024-03-09"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
    ],
)
def test_a_date_is_written_as_the_driver_has_it(sent: str, shown: str) -> None:
    cells = list(cells_of(5))
    cells[7] = sent
    (value,) = dirty_values.dirty_values().parse([packed(tuple(cells))])
    assert value[7] == shown == str(converters.convert_datetime(sent))


@pytest.mark.parametrize(("value", "kind", "altered"), list(measured()))
def test_every_measured_value_has_its_number(value: str | None, kind: str, altered: str) -> None:
    number = evaluated(capacity.class_number_sql(), value)
    assert capacity.class_of(number) == kind
    passes = evaluated(capacity.not_clean_sql(), value)
    assert bool(passes) or kind in capacity.CLEAN
