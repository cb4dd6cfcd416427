"""The state of a guide row: from all that was recorded for it, by all the steps that serve it."""

from __future__ import annotations

import itertools

import pytest

from engine.record.rows import Row, RowState, rows_of
from tests.engine.kit import event

GUIDE = {"G01": "the first duty", "G02": "the second duty"}
SERVING = {"G01": ["one.a", "two.b"]}


def said(
    step: str, state: str, reason: str = "seen", row: str = "G01", run: str = "r1"
) -> dict[str, object]:
    return {**event("row", step=step, row=row, state=state, reason=reason), "run": run}


def first(*events: dict[str, object], serving: dict[str, list[str]] | None = None) -> Row:
    return rows_of(events, GUIDE, SERVING if serving is None else serving)[0]


def test_a_row_of_which_nothing_is_recorded_is_open_and_names_its_steps() -> None:
    row = first()
    assert (row.state, row.reason) == (RowState.OPEN, "not yet: one.a, two.b")
    assert row.missing == ("one.a", "two.b")


def test_a_row_that_no_step_serves_is_open_and_says_so() -> None:
    row = rows_of([], GUIDE, SERVING)[1]
    assert (row.state, row.reason) == (RowState.OPEN, "not yet: no step serves this row")


def test_a_row_counts_only_when_all_its_steps_have_recorded_something() -> None:
    row = first(said("one.a", "fulfilled"))
    assert (row.state, row.missing) == (RowState.OPEN, ("two.b",))
    row = first(said("one.a", "fulfilled"), said("two.b", "fulfilled"))
    assert (row.state, row.missing) == (RowState.FULFILLED, ())


def test_a_failure_shows_although_steps_are_missing() -> None:
    row = first(said("one.a", "failed", "broken"))
    assert (row.state, row.reason) == (RowState.FAILED, "broken")


ORDER = ["failed", "open", "fulfilled", "not needed", "not applicable"]


@pytest.mark.parametrize(("heavy", "light"), list(itertools.combinations(ORDER, 2)))
def test_the_weightier_state_wins_whatever_the_order(heavy: str, light: str) -> None:
    for events in (
        (said("one.a", heavy), said("two.b", light)),
        (said("one.a", light), said("two.b", heavy)),
    ):
        assert first(*events).state == heavy


def test_the_word_of_a_later_run_counts() -> None:
    row = first(
        said("one.a", "failed"), said("two.b", "fulfilled"), said("one.a", "fulfilled", run="r2")
    )
    assert row.state is RowState.FULFILLED


@pytest.mark.parametrize("states", [("failed", "fulfilled"), ("fulfilled", "failed")])
def test_within_one_run_the_weightier_word_of_a_step_counts(states: tuple[str, str]) -> None:
    row = first(*(said("one.a", state, f"was {state}") for state in states))
    assert (row.state, row.reason) == (RowState.FAILED, "was failed")


def test_within_one_run_equal_words_of_a_step_are_all_told() -> None:
    words = [said("one.a", "fulfilled", reason) for reason in ("first", "first", "second")]
    row = first(*words, said("two.b", "not needed"))
    assert row.reason == "first; second"


@pytest.mark.parametrize("idle", ["not needed", "not applicable"])
def test_nothing_to_do_any_more_does_not_undo_what_was_fulfilled(idle: str) -> None:
    row = first(
        said("one.a", "fulfilled", "done in the first run"),
        said("two.b", "fulfilled"),
        said("one.a", idle, "it is there", run="r2"),
    )
    assert row.state is RowState.FULFILLED
    assert "done in the first run" in row.reason


def test_a_row_names_of_each_step_the_run_whose_record_counts() -> None:
    """Not the last one that had the step: there it may have had nothing to do."""
    row = first(
        said("one.a[1]", "fulfilled"),
        *(said("one.a[2]", "fulfilled", run=run) for run in ("r1", "r2")),
        said("one.a[1]", "not needed", run="r2"),
        said("two.b", "fulfilled", run="r2"),
        said("two.b", "not needed", run="r3"),
    )
    proved = [*zip(row.steps, row.runs, strict=True)]
    assert proved == [("one.a[1]", "r1"), ("one.a[2]", "r2"), ("two.b", "r2")]
    assert first(said("one.a", "fulfilled")).runs == (), "it is open: nothing is proved"


def test_a_failure_of_a_later_run_does_undo_it() -> None:
    row = first(
        said("one.a", "fulfilled"), said("two.b", "fulfilled"), said("one.a", "failed", run="r2")
    )
    assert row.state is RowState.FAILED


def test_not_needed_after_a_failure_is_the_new_state() -> None:
    row = first(
        said("one.a", "failed"), said("two.b", "not needed"), said("one.a", "not needed", run="r2")
    )
    assert row.state is RowState.NOT_NEEDED


def test_one_item_of_a_fan_out_serves_for_its_step() -> None:
    row = first(said("one.a[1]", "fulfilled"), said("two.b[1][n2]", "fulfilled"))
    assert (row.state, row.missing) == (RowState.FULFILLED, ())


def test_a_failed_item_of_a_fan_out_fails_the_row() -> None:
    events = [said(f"one.a[{i}]", "fulfilled") for i in (1, 2)]
    row = first(*events, said("one.a[3]", "failed"), said("two.b", "fulfilled"))
    assert row.state is RowState.FAILED


def test_each_reason_is_told_once() -> None:
    row = first(said("one.a", "fulfilled", "same"), said("two.b", "fulfilled", "same"))
    assert row.reason == "same"


def test_rows_come_in_the_order_of_the_guide_and_foreign_ones_do_not_count() -> None:
    rows = rows_of([said("one.a", "failed", row="G99")], GUIDE, SERVING)
    assert [row.id for row in rows] == ["G01", "G02"]
