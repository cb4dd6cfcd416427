"""The list of machines to follow up: read one by one, judged in parts, counted, told (G08)."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.to_4_26.follow_up import due
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.agents import FollowedAgent, MachineNow, Slot, Verdict
from runbook.to_4_26.memories.tally import (
    ADVICE,
    HEADER,
    LEFT,
    MOST_AGENTS,
    OTHERS,
    WAYS_OUT,
    Judged,
    Tally,
)

MOMENT = datetime(2024, 3, 9, 21, 30)
LATER = MOMENT + timedelta(days=3)


def agent(machine: int = 1, **fields: Any) -> FollowedAgent:
    known: dict[str, Any] = {
        "name": f"host{machine}",
        "deviceid": f"host{machine}-2024",
        "useragent": "agent 2.1",
        "lastdate": MOMENT,
        "text_slots": (1,),
    }
    return FollowedAgent(machine, **{**known, **fields})


def now(machine: int = 1, **fields: Any) -> MachineNow:
    known: dict[str, Any] = {
        "deviceid": f"host{machine}-2024",
        "useragent": "agent 2.1",
        "lastdate": LATER,
        "archived": False,
    }
    return MachineNow(machine, **{**known, **fields})


def listed(file: Path, agents: Iterator[FollowedAgent] | list[FollowedAgent]) -> Path:
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(asdict(one), default=str) + "\n" for one in agents)
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / follow_up_list.FILE


SLOTS = st.lists(st.none() | st.integers(-32768, 32767)).map(tuple)
AGENTS = st.builds(
    FollowedAgent,
    machine=st.integers(1, 2**31),
    name=st.none() | st.text(),
    deviceid=st.text(),
    useragent=st.none() | st.text(),
    lastdate=st.none() | st.datetimes(),
    text_slots=SLOTS,
    decorated_slots=SLOTS,
)


@given(agents=st.lists(AGENTS, max_size=5))
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, agents: list[FollowedAgent]
) -> None:
    file = listed(tmp_path_factory.mktemp("list") / "l.gz", agents)
    assert list(follow_up_list.read(file)) == agents


def test_reading_and_counting_takes_constant_memory(file: Path) -> None:
    listed(file, (agent(machine) for machine in range(30_000)))
    tally = Tally()
    tracemalloc.start()
    try:
        for one in follow_up_list.read(file):
            tally.add(Judged(Verdict.NOT_YET, one, None), MOMENT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tally.machines == 30_000
    assert peak < 3_000_000


def packed(content: bytes) -> bytes:
    """The same bytes at any time: they are in the tests' names."""
    return gzip.compress(content, mtime=0)


GOOD = packed(b'{"machine": 1}\n')


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"plain text", "l.gz:0: Not a gzipped file"),
        (GOOD[:-9], "l.gz:"),
        (packed(b"{}\n"), "l.gz:1: no machine to follow up: 'lastdate'"),
        (packed(b"[]\n"), "l.gz:1: "),
        (packed(b"{\n"), "l.gz:1: "),
        (packed(b"\xff\n"), "l.gz:0: "),
        (packed(b"7\n"), "l.gz:1: "),
    ],
)
def test_a_list_that_can_not_be_read_names_file_and_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "l.gz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=says):
        list(follow_up_list.read(file))


def test_a_copy_is_the_one_on_record_or_it_is_said_why_not(file: Path) -> None:
    assert "is not there" in follow_up_list.problem_of(file, "x")
    listed(file, [agent()])
    seen = follow_up_list.problem_of(file, "0" * 64)
    assert "on record is 000" in seen
    sha256 = seen.split("sha256 ")[1].split(",")[0]
    assert follow_up_list.problem_of(file, sha256) == ""
    assert "can't be read" in follow_up_list.problem_of(file.parent, sha256)


class Counting:
    """Answers by machine; counts the questions and how many machines each is about."""

    def __init__(self, gone: int) -> None:
        self.gone = gone
        self.asked: list[int] = []

    def sql(self, query: Any) -> dict[int, MachineNow]:
        self.asked.append(len(query.params))
        return {machine: now(machine) for machine in query.params if machine != self.gone}


def test_machines_are_looked_up_in_parts(file: Path) -> None:
    count = follow_up_list.CHUNK + 2
    listed(file, [agent(machine) for machine in range(1, count + 1)])
    look = Counting(gone=5)
    seen = list(follow_up_list.with_now(look, follow_up_list.read(file)))  # type: ignore[arg-type]
    assert look.asked == [follow_up_list.CHUNK, 2]
    assert [one.machine for one, _ in seen] == list(range(1, count + 1))
    assert [one.machine for one, found in seen if found is None] == [5]


def tallied(*judged: Judged) -> Tally:
    tally = Tally()
    for one in judged:
        tally.add(one, MOMENT)
    return tally


def test_the_counts_and_what_is_left() -> None:
    tally = tallied(
        Judged(Verdict.GOOD, agent(1), now(1)),
        Judged(Verdict.GONE, agent(2), None),
        Judged(Verdict.UPDATE_AGENT, agent(3), now(3, useragent="agent 2.2")),
        Judged(Verdict.UPDATE_AGENT, agent(4), now(4)),
        Judged(Verdict.NOT_YET, agent(5), now(5, lastdate=MOMENT, lastcome=LATER)),
        Judged(Verdict.NOT_YET, agent(6, useragent=None), now(6, useragent=None)),
        Judged(Verdict.UNCHANGED, agent(7), now(7)),
    )
    assert (tally.machines, tally.open, tally.contacted) == (7, 5, 1)
    assert tally.sentence() == (
        "7 machines had sent values that are no integers: 1 reports integers, 2 not reported yet,"
        " 2 update the agent, 1 section unchanged, undecided, 1 no longer active; each counts once,"
        " however many it sent, and a value that belongs to no machine counts for none"
    )
    said = tally.what_to_do()
    assert "2 update the agent: 1 with agent 2.2 (before: agent 2.1), 1 with agent 2.1." in said
    assert "1 section unchanged, undecided: 1 with agent 2.1. Force a full inventory" in said
    assert "1 with (unknown agent), 1 of them have contacted the server since." in said
    lines = list(tally.lines())
    assert "        2  update the agent" in lines
    assert "the first 5 of 5 that are left:" in lines
    assert any("host3 (host3-2024), agent 2.2 (before: agent 2.1)" in line for line in lines)


def test_well_is_nothing_left() -> None:
    tally = tallied(Judged(Verdict.GOOD, agent(), now()), Judged(Verdict.GONE, agent(), None))
    assert (tally.open, tally.what_to_do(), tally.left) == (0, "", [])
    assert "left" not in "\n".join(tally.lines())


def test_agents_of_any_number_of_names_stay_within_bounds() -> None:
    judged = [
        Judged(Verdict.UPDATE_AGENT, agent(n), now(n, useragent=f"agent {n}"))
        for n in range(MOST_AGENTS + 50)
    ]
    tally = tallied(*judged)
    assert len(tally.by_agent[Verdict.UPDATE_AGENT]) == MOST_AGENTS + 1
    assert tally.by_agent[Verdict.UPDATE_AGENT][OTHERS] == 50
    assert len(tally.left) == LEFT
    assert len(tally.what_to_do()) < 1000
    assert "50 with other agents" in tally.what_to_do()


def test_every_open_verdict_has_a_way_out() -> None:
    is_open = {verdict for verdict in Verdict if verdict.is_open}
    assert set(ADVICE) == set(WAYS_OUT) == is_open


@pytest.mark.parametrize(
    "found", [now(values=(Slot(1, 0), Slot(None, None)), lastcome=LATER), None]
)
def test_a_row_of_the_table_fits_its_header(found: MachineNow | None) -> None:
    row = Judged(Verdict.UPDATE_AGENT, agent(), found).row()
    assert len(row) == len(HEADER)
    told = dict(zip(HEADER, row, strict=True))
    assert told["slots in question"] == ("1:0 None:None" if found else None)


def test_the_day_by_which_they_are_looked_at_again_is_on_the_page_too() -> None:
    """Two weeks after the table was verified, whenever that is asked."""
    assert due(MOMENT).isoformat() == "2024-03-23"
    page = Path(__file__).parents[2] / "docs" / "asset-module.md"
    assert "two weeks after the verification" in page.read_text()
