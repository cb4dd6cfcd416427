"""Each change stands once, however many runs went on with it: at its begin, with its own end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.record.changes import MadeChange, changes_of, since_when
from engine.record.memory import Memory
from engine.report.audit.changes import Change, changes_by_run
from engine.report.audit.runs import commands_of, pauses_of
from engine.report.audit.timeline.bars import Bar
from engine.report.audit.timeline.labels import labels_of, title_of
from engine.report.window import outside_of, window_sentence
from tests.engine import kit
from tests.engine.kit import BEGIN, N, event
from tests.evidence.journals import FIRST, LATER, SECOND_RUN, of_run, started

DAY = 86400.0


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def timed(one: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**one, "time": event("x", seconds)["time"]}


def intent(seconds: float, **fields: Any) -> dict[str, Any]:
    return timed(kit.intent("update.run", **{"detached": "update-1", **fields}), seconds)


def result(when: float, outcome: str = "ok", **fields: Any) -> dict[str, Any]:
    plain = {"seconds": 3.0, "reason": "", "output": {"text": ""}, **fields}
    return timed(kit.result("update.run", outcome=outcome, **plain), when)


def runs(*each: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs of which each begins a day after the one before, by other people."""
    names = ("A. Rossi", "B. Bianchi", "C. Conti")
    found = []
    for number, (run, events) in enumerate(zip((FIRST, SECOND_RUN, LATER), each, strict=False)):
        night = {"operator": names[number], "window": ""}
        window = [event("x", 0)["time"], event("x", 3600)["time"]]
        begun = started(**night, no_return="upgrade.run")
        moved = of_run(run, [begun, *events], number * DAY)
        if number == 0:
            moved[0]["window"] = " to ".join(window)
        found += moved
    return found


def only(events: list[dict[str, Any]]) -> MadeChange:
    (one,) = changes_of(events)
    return one


def shown(events: list[dict[str, Any]]) -> list[Change]:
    return [one for run in changes_by_run(events) for _, each in run.phases for one in each]


ENDED = event("x", 600)["time"]
KILLED = [intent(10), event("note", 300, text="x")]


def test_a_command_that_a_later_run_followed_stands_once() -> None:
    events = runs(KILLED, [intent(60), result(100, ended=ENDED, seconds=590.0)])
    one = only(events)
    assert (one.begin, one.end, one.seconds) == (at(10), at(600), 590.0)
    (row,) = shown(events)
    assert (row.outcome, row.story) == (
        "ok, exit status 0",
        "ended 2026-11-02 00:10:00; started by run 1 (A. Rossi), collected by run 2 (B. Bianchi)",
    )
    assert (row.time, row.seconds, row.state) == (events[1]["time"], "590.0", "done")
    assert (row.anchor, row.also) == (f"change-{FIRST}-2", (f"change-{SECOND_RUN}-2",))


def test_of_several_that_followed_each_is_named() -> None:
    lost = [intent(60), result(90, "unknown", code=None)]
    events = runs([*KILLED, result(301, "unknown", code=None)], lost, [intent(60), result(100)])
    (row,) = shown(events)
    assert row.story.endswith(
        "started by run 1 (A. Rossi), followed by run 2 (B. Bianchi), collected by run 3 (C. Conti)"
    )
    # an older runbook did not ask when it had ended
    assert "ended between 2026-11-02 00:00:10 and 2026-11-04 00:01:40" in row.story
    assert row.seconds == f"at most {2 * DAY + 90}"


AT_WORK = event("progress", 61, key="update.run#1", step="update.run")


def test_one_that_the_next_run_watched_to_its_end_was_not_found_ended() -> None:
    """Its node did not tell the end, but that run saw it work."""
    events = runs(KILLED, [intent(60), AT_WORK, result(100)])
    one = only(events)
    assert (one.is_end_told, one.is_found_ended, one.seconds) == (True, False, DAY + 90)
    (row,) = shown(events)
    assert "; ".join(row.story.split("; ")[:1]) == "ended 2026-11-03 00:01:40"
    assert row.seconds == str(DAY + 90)
    (bar,) = commands_of(events)[N]
    assert (bar.is_most, bar.detail) == (False, "exit code 0")


@pytest.mark.parametrize("state", ["ended", "gone"])
def test_one_that_a_run_saw_ended_when_it_stopped_itself_ended_before_that(state: str) -> None:
    """The run that took its exit status came much later."""
    seen = event("command-seen", 200, state=state, status=2, key="update.run#1")
    lost = [intent(10), AT_WORK, result(90, "unknown", code=None), seen]
    for later in ([intent(60), result(100)], [event("note", 60, text="x")]):
        one = only(runs(lost, later))
        assert (one.end, one.is_end_told) == (at(200), False)
        (bar,) = commands_of(runs(lost, later))[N]
        assert bar.end == at(200)
    (row,) = shown(runs(lost, [intent(60), result(100)]))
    assert row.story.startswith("ended between 2026-11-02 00:01:01 and 2026-11-02 00:03:20; ")
    assert row.seconds == "at most 190.0"


@pytest.mark.parametrize(
    "seen", [AT_WORK, event("command-seen", 61, state="running", key="update.run#1")]
)
def test_one_that_was_found_ended_ended_since_it_was_last_seen_at_work(seen: Any) -> None:
    """Packages, services and states may show that it was over long before: nobody saw its end."""
    events = runs([intent(10), seen], [intent(60), result(100)])
    (row,) = shown(events)
    assert row.story.startswith("ended between 2026-11-02 00:01:01 and 2026-11-03 00:01:40; ")
    (span,) = commands_of(events)[N]
    told = "exit code 0; found ended then, last known at work 2026-11-02 00:01:01"
    assert (span.is_most, span.detail) == (True, told)
    bar = Bar("command", N, (span,))
    assert labels_of(bar)[0] == "set x, at most 24 h"
    assert "UTC (at most 1 day, 0:01:30)" in title_of(bar)


def test_one_whose_end_its_node_told_has_that_end() -> None:
    (span,) = commands_of(runs(KILLED, [intent(60), result(100, ended=ENDED)]))[N]
    assert (span.is_most, span.detail) == (False, "exit code 0")


def test_one_that_nobody_collected_has_no_end() -> None:
    events = runs(KILLED, [intent(60), event("note", 70, text="x")])
    assert (only(events).end, only(events).until) == (None, at(DAY + 70))
    (row,) = shown(events)
    assert (row.state, row.seconds) == ("open", "")
    assert row.story == "started by run 1 (A. Rossi), followed by run 2 (B. Bianchi)"


def test_a_run_that_could_not_write_down_that_it_follows_followed_nothing() -> None:
    held = result(61, "failed", never_started=True, code=None)
    one = only(runs(KILLED, [intent(60), held]))
    assert (one.followed, one.result, one.was_started) == ([], None, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # interrupted: the next round is another command, of the same key
        ([*KILLED, result(301, "failed", code=None)], {"detached": "update-2"}),
        ([intent(10, detached=None), event("note", 20, text="x")], {"detached": None}),
    ],
)
def test_what_is_begun_anew_is_a_change_of_its_own(first: Any, second: Any) -> None:
    assert len(changes_of(runs(first, [intent(60, **second), result(100)]))) == 2


def test_the_memory_knows_since_when_a_command_works() -> None:
    memory = Memory.fold(runs(KILLED, [intent(60)]))
    (record,) = memory.open_intents()
    assert record.begun["time"] == event("x", 10)["time"]
    assert record.intent["time"] == event("x", DAY + 60)["time"]


def test_the_window_counts_it_to_its_own_end() -> None:
    ended_inside = runs(KILLED, [intent(60), result(100, ended=ENDED, seconds=590.0)])
    for one in ended_inside[3:4]:
        one["window"] = f"{event('x', DAY)['time']} to {event('x', DAY + 3600)['time']}"
    assert window_sentence(ended_inside) == "inside the window"
    late = event("x", 7200)["time"]
    told = [{**e, "ended": late} if e["event"] == "result" else e for e in ended_inside]
    assert [part.seconds for part in outside_of(told)] == [3600.0]


def test_a_short_change_that_a_later_run_adopted_did_not_last_until_then() -> None:
    adopted = [result(30, adopted=True, code=None)]
    events = runs([intent(10, detached=None), event("note", 12, text="x")], adopted)
    assert (only(events).end, only(events).until) == (None, at(12))
    assert window_sentence(events) == "inside the window"


def test_the_pause_tells_when_a_command_ended_within_it() -> None:
    events = runs(KILLED, [intent(60), result(100, ended=ENDED, seconds=590.0)])
    (pause,) = pauses_of(events)
    assert pause.detail.endswith(f"on record as under way: set x on {N} until 2026-11-02 00:10:00")
    (command,) = commands_of(events)[N]
    assert (command.begin, command.end, command.run) == (at(10), at(600), FIRST)


def test_rows_of_a_phase_are_in_order_of_time() -> None:
    two = [timed(kit.intent("update.run", 2, detached=None), 40), result(50)]
    events = runs([intent(10), *two], [intent(60), result(100, ended=ENDED)])
    times = [one.time for one in shown(events)]
    assert times == sorted(times)


def test_a_step_that_only_followed_says_so() -> None:
    intent_of = intent(60, since=event("x", 10)["time"])
    assert since_when(intent_of) == ", begun at 2026-11-02 00:00:10 by an earlier run"
    assert since_when(intent(60)) == ""
