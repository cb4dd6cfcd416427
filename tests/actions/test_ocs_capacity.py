"""memories.CAPACITY: the classes on measured values, and each way the conversion goes wrong."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
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
    DirtyValue,
)
from runbook.to_4_26.memories.comparison import SlotRow, Suspect, Totals
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
            "REGEXP", 2, lambda pattern, text: re.search(pattern, text, re.ASCII) is not None
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
        *(capacity.column_type(), capacity.COUNTS, capacity.dirty_values(7, 10)),
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
        "machine": 7,
        "value": "No",
        "kind": "text",
        "name": "h",
        "deviceid": "d",
        "useragent": None,
        "lastdate": MOMENT,
        "lastcome": None,
        "slot": 2,
        "caption": "x",
    }
    (value,) = capacity.dirty_values().parse([row])
    assert (value.row, value.kind, value.is_orphan) == (5, CapacityClass.TEXT, False)
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
        {"agent": a, "known": k, "kind": kind, "machines_count": m, "values_count": n}
        for a, k, kind, m, n in (
            ("unix 2.1", 1, "text", 30, 60),
            ("win 2.9", 1, "blank", 40, 50),
            ("unix 2.1", 1, "out of range", 1, 1),
            (None, 1, "decorated integer", 1, 1),
            (None, 0, "text", 2, 2),
        )
    ]
    groups = capacity.by_agent().parse(rows)
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
    kinds = [("text", 62), ("integer", 9)]
    answers: dict[str, list[dict[str, Any]]] = {
        "type of memories.CAPACITY": [{"data_type": "varchar"}],
        "values of memories.CAPACITY by class": [
            {"kind": kind, "values_count": n, "machines_count": n} for kind, n in kinds
        ],
        "values of memories.CAPACITY by agent and class": [
            {"agent": a, "known": bool(a), "kind": "text", "machines_count": n, "values_count": n}
            for a, n in (("unix 2.1", 59), (None, 3))
        ],
    }
    look: Any = SimpleNamespace(sql=lambda query: query.parse(answers[query.name]))
    said = checks.capacity_before(look, REHEARSED).observed
    assert said.endswith(
        "; not integers: 59 from unix 2.1, and 3 that belong to no machine: nobody is followed up"
        " for them"
    )


def test_agents_without_end_are_cut_and_it_is_said() -> None:
    rows = [
        {"agent": f"a{n}", "known": 1, "kind": "text", "machines_count": 1, "values_count": 1}
        for n in range(capacity.MOST_GROUPS + 1)
    ]
    lines = capacity.summary_lines(capacity.by_agent().parse(rows))
    assert len(lines) == capacity.MOST_GROUPS + 1
    assert lines[-1].startswith("(more than 400")


def test_the_list_is_asked_for_as_it_is_read() -> None:
    class Pages:
        """Ten million dirty values; `asked` counts the pages that were wanted."""

        asked = 0

        def sql_pages(self, page: Callable[[DirtyValue | None], Any]) -> Iterator[DirtyValue]:
            query = page(None)
            while True:
                self.asked += 1
                after, limit = query.params
                last = DirtyValue(
                    1, 1, "No", CapacityClass.TEXT, "host1", "host1-2024", "agent 2.1"
                )
                for row in range(after + 1, after + limit + 1):
                    last = dataclasses.replace(last, row=row)
                    yield last
                query = page(last)

    look = Pages()
    rows = capacity.list_rows(capacity.listed_values(look))  # type: ignore[arg-type]
    taken = list(itertools.islice(rows, 2 * capacity.PAGE))
    assert look.asked == 2
    assert [len(row) for row in taken[:1]] == [len(capacity.HEAD)]
    assert [row[10] for row in taken] == list(range(1, 2 * capacity.PAGE + 1))
