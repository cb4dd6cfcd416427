"""Laws of going on: journals in pieces, outcomes taken together, position and ledger on the way."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.attempt.records import Attempt
from engine.model.change import Outcome, merged
from engine.record.journal import read_journal
from engine.record.memory import Memory
from engine.record.position import Position, position_of
from tests.engine import kit
from tests.properties.histories import History, histories
from tests.properties.test_engine_properties import EVENTS, OTHERS, SITUATIONS, lines

LAW = settings(max_examples=40, deadline=None, derandomize=True)

ACCEPTED = kit.event(
    "accepted", code="disk-space", subject=None, by="A", reason="B", until=None, given="x"
)
OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=5)


# --- journals


@LAW
@given(EVENTS, st.data())
def test_a_beginning_and_the_rest_are_the_whole(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events)))
    memory = Memory.fold(events[:cut])
    for event in events[cut:]:
        memory.add(event)
    assert memory == Memory.fold(events)


@LAW
@given(EVENTS.filter(bool), st.data())
def test_a_torn_last_line_is_as_if_it_had_not_been_written(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole, last = lines(events[:-1]), json.dumps(events[-1], ensure_ascii=False)
    torn = last[: data.draw(st.integers(0, len(last) - 1))]
    assert read_journal((whole + torn).split("\n"), "j") == events[:-1]


@LAW
@given(EVENTS, st.data())
def test_lines_that_are_handed_over_twice_count_once(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The answer to a hand-over was lost, so the same lines came again."""
    numbered = [{**event, "seq": number} for number, event in enumerate(events, 1)]
    begin = data.draw(st.integers(0, len(events)))
    end = data.draw(st.integers(begin, len(events)))
    text = lines(numbered[:end]) + lines(numbered[begin:end]) + lines(numbered[end:])
    assert Attempt("a", {}, {"run.jsonl": text}).events == numbered


@LAW
@given(EVENTS, st.data())
def test_the_journals_of_several_runs_are_one_history(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    numbered = [{**event, "seq": number} for number, event in enumerate(events, 1)]
    cut = data.draw(st.integers(0, len(events)))
    journals = {
        "20261102T000002Z-b.jsonl": lines(numbered[cut:]),
        "20261102T000001Z-a.jsonl": lines(numbered[:cut]),
    }
    assert Attempt("a", {}, journals).events == numbered


# --- outcomes


@LAW
@given(OUTCOMES)
def test_outcomes_taken_together_depend_on_no_order_and_no_repetition(
    outcomes: list[Outcome],
) -> None:
    whole = merged(outcomes)
    assert all(merged(other) is whole for other in permutations(outcomes))
    assert merged([*outcomes, *outcomes]) is whole
    assert merged([*outcomes, whole]) is whole


@LAW
@given(OUTCOMES, OUTCOMES)
def test_outcomes_may_be_taken_together_in_parts(one: list[Outcome], other: list[Outcome]) -> None:
    assert merged([merged(one), merged(other)]) is merged([*one, *other])


@LAW
@given(OUTCOMES)
def test_failed_weighs_more_than_unknown_and_that_more_than_ok(outcomes: list[Outcome]) -> None:
    expected = next(
        (one for one in (Outcome.FAILED, Outcome.UNKNOWN) if one in outcomes), Outcome.OK
    )
    assert merged(outcomes) is expected


@LAW
@given(EVENTS)
def test_a_step_is_done_only_when_each_of_its_changes_is(events: list[dict[str, Any]]) -> None:
    memory = Memory.fold(events)
    for step in {record.intent["step"] for record in memory.changes.values()}:
        all_good = all(record.outcome is Outcome.OK for record in memory.of_step(step))
        assert (memory.outcome_of(step) is Outcome.OK) is all_good
        assert (step in memory.steps_to_settle()) <= (memory.outcome_of(step) is not Outcome.OK)


# --- position


def station(position: Position) -> int:
    """A planned stop is a pause of the upgrade: the next round goes on behind it."""
    if position is Position.PLANNED_STOP:
        position = Position.UPGRADE_UNDER_WAY
    return position.rank


@LAW
@given(histories())
def test_an_undisturbed_attempt_never_steps_back(history: History) -> None:
    stations = [
        station(position_of(history.situation(count))) for count in range(len(history.moments) + 1)
    ]
    assert stations == sorted(stations)
    assert stations[0] == Position.NOT_STARTED.rank
    assert stations[-1] == Position.CLOSED.rank


@LAW
@given(histories(), st.data())
def test_reactivated_is_nobody_in_standby_and_fencing_as_before(
    history: History, data: st.DataObject
) -> None:
    situation = history.situation(data.draw(st.integers(0, len(history.moments))))
    if position_of(situation) is Position.REACTIVATED:
        assert situation.standby == ()
        assert situation.fencing == history.fencing_before


@LAW
@given(SITUATIONS)
def test_a_closed_attempt_is_never_under_way(situation: Any) -> None:
    if situation.memory.closed:
        assert position_of(situation) in (Position.CLOSED, Position.NOT_STARTED)


@LAW
@given(histories(), st.data())
def test_a_run_that_starts_anywhere_sees_what_was_begun(
    history: History, data: st.DataObject
) -> None:
    """With a command of the vendor on record the start conditions do not count any more."""
    count = data.draw(st.integers(0, len(history.moments)))
    situation = history.situation(count)
    begun = situation.memory.detached("update", "upgrade")
    assert (position_of(situation) is not Position.NOT_STARTED) is bool(begun)


# --- ledger


@LAW
@given(histories())
def test_the_ledger_is_empty_at_the_end_and_tells_what_is_not_as_before(history: History) -> None:
    assert Memory.fold(history.events).ledger == {}
    for count, moment in enumerate(history.moments, 1):
        ledger = Memory.fold(history.events[:count]).ledger
        in_standby = {subject for kind, subject in ledger if kind == "standby"}
        assert set(moment.cluster.standby) <= in_standby
        if moment.cluster.fencing != history.fencing_before:
            assert ledger[("fencing", "cluster")].former == "enabled"


@LAW
@given(EVENTS)
def test_an_entry_stays_until_it_is_closed_with_its_first_former_value(
    events: list[dict[str, Any]],
) -> None:
    memory = Memory()
    for event in events:
        before = dict(memory.ledger)
        memory.add(event)
        closes = [tuple(pair) for pair in event.get("closes", ())]
        if event["event"] == "ledger-closed":
            closes = [(event["kind"], event["subject"])]
        for key, entry in before.items():
            if key not in closes:
                assert memory.ledger[key] == entry
        if event["event"] == "intent":
            assert {(e["kind"], e["subject"]) for e in event["opens"]} <= set(memory.ledger)


# --- a person's word


@LAW
@given(EVENTS)
def test_a_word_counts_until_its_change_is_begun_anew(events: list[dict[str, Any]]) -> None:
    memory = Memory()
    for event in events:
        before = dict(memory.settled)
        memory.add(event)
        for key, word in before.items():
            if event["event"] == "intent" and event["key"] == key:
                assert key not in memory.settled
            elif event["event"] != "settled":
                assert memory.settled[key] == word


@LAW
@given(st.lists(OTHERS, max_size=25))
def test_acceptances_end_with_the_attempt_and_with_nothing_else(
    events: list[dict[str, Any]],
) -> None:
    memory = Memory.fold([ACCEPTED])
    for event in events:
        before = dict(memory.accepted)
        memory.add(event)
        if event["event"] == "attempt-closed":
            assert memory.accepted == {}
        else:
            assert set(before) <= set(memory.accepted)
