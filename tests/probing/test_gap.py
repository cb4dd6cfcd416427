"""From answers to gaps, and from their events to totals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.probing.watch import GapFold, Seen
from engine.record.gaps import gaps_of, sentence, totals_of

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def events(answers: list[Seen], end: bool = True) -> list[dict[str, Any]]:
    """The events of a run that asked once a second, each answer a tenth later."""
    fold, made = GapFold("httpd"), []
    for second, seen in enumerate(answers):
        told = at(second + 0.1)
        before = fold.has_answered
        fields = fold.feed(seen, asked=at(second), told=told, step=f"s{second // 3}", why="w")
        if not before and fold.has_answered:
            made.append(event("probing", told, state="answers", way="http://x/"))
        made += [event("service-gap", told, **one) for one in fields]
    if end:
        last = at(len(answers))
        if fold.open is not None:
            made.append(event("service-gap", last, **fold.end(last, still=True)))
        made.append(event("probing", last, state="ended", questions=len(answers)))
    return made


def event(kind: str, when: datetime, **fields: Any) -> dict[str, Any]:
    time = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    plain = {"run": "r", "event": kind, "time": time, "step": "", "target": "httpd"}
    return {**plain, **fields}


A, N, U = Seen.ANSWER, Seen.NONE, Seen.UNSEEN


def test_a_gap_lasts_from_the_first_question_in_vain_to_the_next_answer() -> None:
    (gap,) = gaps_of(events([A, A, N, N, N, A, A]))
    assert (gap.begin, gap.end) == (at(2), at(5.1))
    assert gap.steps == ("s0", "s1")
    assert not gap.still


def test_where_it_was_asked_before_is_told_beside_where_it_is_asked_at_last() -> None:
    ways = ["on n2", "on n1", "on n2", "on n1"]
    moved = [event("probing", at(9 + i), state="answers", way=way) for i, way in enumerate(ways)]
    (total,) = totals_of([*events([A, A], end=False), *moved])
    assert (total["earlier_ways"], total["way"]) == (["http://x/", "on n2"], "on n1")


def test_before_the_first_answer_nothing_is_measured() -> None:
    seen = events([N, N, U, N])
    assert gaps_of(seen) == []
    (total,) = totals_of(seen)
    assert total["measured"] == 0
    assert sentence([total]) == "httpd never answered here, so not measured"


def test_what_can_not_be_seen_is_no_gap() -> None:
    gaps = gaps_of(events([A, N, U, U, N, A]))
    assert [gap.unseen for gap in gaps] == [False, True, False]
    (total,) = totals_of(events([A, N, U, U, N, A]))
    assert (total["gaps"], total["unseen"]) == (2, 2.0)
    assert (
        sentence([total])
        == "httpd (http://x/) 2 gaps, at least 2.1 s (longest 1.1 s), not seen for 2 s"
    )


def test_a_gap_that_lasts_to_the_end_says_so() -> None:
    (gap,) = gaps_of(events([A, N, N]))
    assert gap.still
    assert gap.end == at(3)


def test_of_a_run_that_was_killed_it_lasts_to_the_last_event() -> None:
    killed = [*events([A, N, N], end=False), {**event("note", at(9), text=""), "target": ""}]
    (gap,) = gaps_of(killed)
    assert (gap.still, gap.end) == (True, at(9))
    (total,) = totals_of(killed)
    assert total["measured"] == pytest.approx(8.9)


def test_what_was_measured_for_a_moment_only_has_answered() -> None:
    moment = [{**one, "time": at(0).isoformat()} for one in events([A])]
    (total,) = totals_of(moment)
    assert (total["measured"], sentence([total])) == (0.0, "httpd (http://x/) none")


def test_two_runs_add_up() -> None:
    first = events([A, N, A, A])
    second = [{**one, "run": "r2"} for one in events([A, A, N, N, A])]
    (total,) = totals_of([*first, *second])
    assert (total["gaps"], total["seconds"], total["longest"]) == (2, 3.2, 2.1)
    assert total["measured"] == pytest.approx(3.9 + 4.9)


@given(st.lists(st.sampled_from(list(Seen)), max_size=40))
def test_gaps_are_apart_and_within_what_was_measured(answers: list[Seen]) -> None:
    gaps = gaps_of(events(answers))
    assert all(one.end <= two.begin for one, two in pairwise(gaps))
    (total,) = totals_of(events(answers))
    assert total["seconds"] <= total["measured"] + 0.2
    assert total["measured"] + total["unseen"] <= len(answers) + 0.2
    tail = answers[answers.index(A) :] if A in answers else []
    assert bool(gaps) == any(seen is not A for seen in tail)
