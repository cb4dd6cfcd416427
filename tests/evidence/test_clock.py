"""A clock that was set back, within a run or between two, is told by `verify` and on the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.prove.seal import seal
from engine.record.journal import Journal
from engine.report.audit.covered import not_covered_of
from engine.report.summary import summary_of
from engine.verify import NOT_PROVED, set_back, verify
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started


def told_on_the_page(*events: Any) -> tuple[str, ...]:
    found = not_covered_of(summary_of(list(events), []), list(events))
    return next((one.items for one in found if one.title == "Clock"), ())


def test_a_time_earlier_than_the_one_before_it_is_told_with_both_lines() -> None:
    events = [event("note", 10, seq=4), event("note", 7.5, seq=5), event("note", 8, seq=6)]
    (text,) = set_back([events])
    assert text == (
        f"run {events[0]['run']}: line 5 is of 2026-11-02T00:00:07.500000Z, 2.5 s before line 4:"
        " the clock of its machine was set back"
    )


def test_what_time_servers_do_is_not_told() -> None:
    assert set_back([[event("note", 10), event("note", 9.1), event("note", 9.1)]]) == []


def test_a_time_that_is_none_is_passed_over() -> None:
    odd = {**event("note", 5), "time": "yesterday"}
    assert set_back([[event("note", 10), odd, event("note", 11)], []]) == []


def test_a_run_that_begins_before_the_run_before_it_ended_is_told() -> None:
    first = of_run(FIRST, [event("run-started", 0), event("run-ended", 100, outcome="failed")])
    then = of_run(SECOND_RUN, [event("run-started", 40), event("lock-taken", 42, generation=2)])
    (text,) = set_back([first, then])
    assert text == (
        f"run {SECOND_RUN} took the cluster at 2026-11-02T00:00:42Z, 58 s before run {FIRST}"
        " ended (2026-11-02T00:01:40Z): the clocks of their machines differ, one was set back,"
        " or both worked at the same time"
    )


def test_a_run_may_look_while_the_one_before_it_ends() -> None:
    """It takes the cluster when that has given it back; what that writes afterwards is no end."""
    first = of_run(FIRST, [event("run-ended", 100), event("notified", 130, problem="")])
    then = of_run(SECOND_RUN, [event("run-started", 90), event("lock-taken", 101, generation=2)])
    assert set_back([first, then]) == []


def test_a_run_without_a_lock_goes_by_its_begin() -> None:
    first = of_run(FIRST, [event("run-ended", 100)])
    assert len(set_back([first, of_run(SECOND_RUN, [event("run-started", 90)])])) == 1
    assert set_back([first, of_run(SECOND_RUN, [event("run-started", 101)])]) == []


def test_the_page_tells_it_and_says_nothing_of_a_good_clock() -> None:
    (text,) = told_on_the_page(started(), event("note", 60, seq=2), event("note", 20, seq=3))
    assert "40.0 s before line 2" in text
    assert told_on_the_page(started(), event("note", 60, seq=2), event("note", 61, seq=3)) == ()
    back = [event("note", 60 - 2 * second, seq=second + 2) for second in range(20)]
    assert len(told_on_the_page(started(), *back)) == 12


def test_verify_tells_it_and_calls_nothing_altered(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path, signing_key=tmp_path / "none")
    now = run.now()
    times = iter([now, now + timedelta(seconds=60), now + timedelta(seconds=20)])

    def clock() -> datetime:
        return next(times, now + timedelta(seconds=90))

    run.journal._now = clock
    for _ in range(3):
        run.record("note", step="", text="a note")
    seal(run)
    done = verify(run.directory)
    assert done.code == NOT_PROVED
    assert [line for line in done.lines if "was set back" in line] == [
        f"  run {run.run_id}: line 3 is of {run.journal.events[2]['time']}, 40.0 s before line 2:"
        " the clock of its machine was set back"
    ]


def test_verify_compares_the_runs_by_the_generations_of_the_lock(tmp_path: Path) -> None:
    """By name the one on a machine whose clock is late would come first."""
    run = kit.make_run(tmp_path, signing_key=tmp_path / "none")
    earlier = run.directory / "earlier"
    earlier.mkdir()
    late = "20251101T000000Z-a"
    for name, number, second in (("20261101T000000Z-b", 1, 50), (late, 2, 9)):
        times = iter([kit.BEGIN + timedelta(seconds=second)] * 2)
        other = Journal(earlier / f"{name}.jsonl", name, str, times.__next__)
        other.record("lock-taken", step="", generation=number)
        other.record("run-ended", outcome="failed", exit_code=1)
        other.close()
    run.journal._now = lambda: kit.BEGIN + timedelta(seconds=99)
    run.record("note", step="", text="a note")
    seal(run)
    told = [line for line in verify(run.directory).lines if "took the cluster" in line]
    assert [line.split()[1] for line in told] == [late]
