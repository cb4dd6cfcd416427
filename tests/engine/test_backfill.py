"""What N could not take is given to it by the next run from here; nothing else is."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.attempt import backfill
from engine.attempt.records import Attempt, records_query
from engine.model.change import Outcome
from engine.record.memory import Memory
from tests.engine import kit
from tests.engine.acting import Bench, Make, change
from tests.engine.test_chains import chained

EARLIER = "20261101T000000Z-test-0001"
JOURNAL = [json.dumps(kit.intent()), json.dumps(kit.result()), json.dumps(kit.event("note"))]


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def an_earlier_run(made: Bench, on_n: list[str], torn: str = "") -> Path:
    """A run from here with the whole JOURNAL, of which N has these lines."""
    made.records.open_attempt(kit.ATTEMPT, {"source": "4.25"})
    made.records.append_journal(kit.ATTEMPT, EARLIER, on_n)
    path = made.run.directory.parent / EARLIER / "journal.jsonl"
    path.parent.mkdir()
    path.write_text(text(JOURNAL) + torn)
    return path


def attempt(made: Bench) -> Attempt:
    query = records_query()
    answer = made.node.run(kit.N, query.argv, deadline=query.deadline)
    found = query.parse(answer).attempt
    assert found is not None
    return found


def test_a_result_that_n_lacks_is_given_to_it(bench: Make) -> None:
    made = bench()
    an_earlier_run(made, JOURNAL[:1], torn='{"event": "no')
    assert Memory.fold(attempt(made).events).outcome_of("phase.step") is not Outcome.OK
    assert backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals[f"{EARLIER}.jsonl"] == text(JOURNAL)
    assert Memory.fold(attempt(made).events).outcome_of("phase.step") is Outcome.OK
    (note,) = made.events("note")
    assert f"the last 2 journal lines of run {EARLIER}" in note["text"]


def test_the_seal_of_the_files_here_is_not_missed_on_n(bench: Make) -> None:
    made = bench()
    path = an_earlier_run(made, JOURNAL)
    with path.open("a") as file:
        file.write('{"event": "sealed", "seq": 4}\n')
    assert not backfill.backfill(made.run, attempt(made), made.records)
    assert made.events("note") == []


def test_what_n_has_is_not_given_again(bench: Make) -> None:
    made = bench()
    an_earlier_run(made, JOURNAL)
    assert not backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals[f"{EARLIER}.jsonl"] == text(JOURNAL)


@pytest.mark.parametrize("torn", [b'{"schema"', '{"text": "Gerä'.encode()[:-1]])
def test_a_torn_line_on_n_comes_again_as_a_whole(bench: Make, torn: bytes) -> None:
    made = bench()
    an_earlier_run(made, JOURNAL[:1])
    on_n = made.node.root / "attempts" / kit.ATTEMPT / "journal" / f"{EARLIER}.jsonl"
    on_n.write_bytes(text(JOURNAL[:1]).encode() + torn)
    assert backfill.backfill(made.run, attempt(made), made.records)
    assert on_n.read_text() == text(JOURNAL)


def test_a_journal_that_n_has_otherwise_is_left_alone(bench: Make) -> None:
    made = bench()
    other = json.dumps(kit.intent(what="another one"))
    an_earlier_run(made, [other])
    assert not backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals[f"{EARLIER}.jsonl"] == text([other])


def test_nothing_is_given_of_a_journal_that_was_altered_here(bench: Make) -> None:
    """Nobody could tell it from what the run wrote, once N has it."""
    made = bench()
    whole = chained({"text": "one"}, {"text": "two"}, {"text": "three"})
    path = an_earlier_run(made, whole.splitlines()[:1])
    path.write_text(whole.replace("three", "eerht").replace("two", "owt"))
    before = attempt(made).journals
    assert not backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals == before
    (event,) = made.events("bookkeeping")
    assert f"of run {EARLIER} nothing is given to N: here {path}: line " in event["problem"]
    path.write_text(whole)
    assert backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals[f"{EARLIER}.jsonl"] == whole


def test_a_run_that_lives_hands_over_itself(bench: Make) -> None:
    made = bench()
    path = an_earlier_run(made, JOURNAL[:1])
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not backfill.backfill(made.run, attempt(made), made.records)


def test_without_the_journal_here_n_has_what_there_is(bench: Make) -> None:
    made = bench()
    an_earlier_run(made, JOURNAL[:1]).unlink()
    assert not backfill.backfill(made.run, attempt(made), made.records)


@pytest.mark.parametrize("name", ["../outside.jsonl", "/etc/x.jsonl", "a/b.jsonl"])
def test_a_name_on_n_leads_nowhere_else(bench: Make, name: str) -> None:
    made = bench()
    outside = made.run.directory.parent.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "journal.jsonl").write_text(text(JOURNAL))
    assert not backfill.backfill(made.run, Attempt(kit.ATTEMPT, {}, {name: ""}), made.records)


def test_its_own_lines_are_the_appliers(bench: Make) -> None:
    made = bench()
    made.apply(change())
    before = made.on_n()
    made.run.record("note", step="", text="not on N yet")
    found = Attempt(kit.ATTEMPT, {}, {f"{kit.RUN_ID}.jsonl": made.node.journal_on_n()})
    assert not backfill.backfill(made.run, found, made.records)
    assert made.on_n() == before


def test_a_disk_that_is_still_full_is_told_and_stops_nothing(bench: Make) -> None:
    made = bench()
    an_earlier_run(made, JOURNAL[:1])
    found = attempt(made)
    made.node.failing = [kit.unreachable()]
    assert not backfill.backfill(made.run, found, made.records)
    (event,) = made.events("bookkeeping")
    assert f"the end of run {EARLIER} is not on N" in event["problem"]
    assert made.run.stop is None


@given(
    st.lists(st.text("ab", max_size=2), unique=True, max_size=6), st.integers(0, 6), st.booleans()
)
def test_after_it_n_has_all_of_it(lines: list[str], taken: int, twice: bool) -> None:
    on_n = lines[:taken] + (lines[:taken][-1:] if twice else [])  # handed over twice counts once
    late_ones = backfill.lines_missing(lines, on_n)
    assert list(dict.fromkeys([*on_n, *late_ones])) == lines


def test_a_pipe_in_the_place_of_a_journal_here_is_not_waited_for(bench: Make) -> None:
    made = bench()
    path = an_earlier_run(made, JOURNAL[:1])
    path.unlink()
    os.mkfifo(path)
    assert not backfill.backfill(made.run, attempt(made), made.records)


@pytest.mark.parametrize("line", ["all was well", "[]", "[" * 100_000, '{"text": "\\ud800"}'])
def test_what_is_no_event_here_does_not_come_to_n(bench: Make, line: str) -> None:
    made = bench()
    path = an_earlier_run(made, JOURNAL[:1])
    path.write_text(text([JOURNAL[0], line, JOURNAL[2]]))
    assert not backfill.backfill(made.run, attempt(made), made.records)
    assert attempt(made).journals[f"{EARLIER}.jsonl"] == text(JOURNAL[:1])
    (told,) = made.events("bookkeeping")
    assert f"of run {EARLIER} nothing is given to N: here {path} was altered" in told["problem"]
