"""Polling: the deadline, "stable for", and no wait where none is needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.waiting import attempts, boottime, poll
from tests.engine.kit import FakeTime


def polled(looks: str, *, deadline: float = 5, times: int = 1) -> tuple[str, list[float]]:
    """Which look was the last one, letter and number, and the waits; g is good, o never."""
    time = FakeTime()
    numbered: Iterator[str] = (f"{what}{number}" for number, what in enumerate(looks))
    seen = poll(
        lambda: next(numbered),
        lambda look: look.startswith("g"),
        lambda look: look.startswith("o"),
        deadline=deadline,
        times=times,
        clock=time.clock,
        wait=time.wait,
    )
    return seen, time.waits


def test_what_is_good_at_once_is_not_waited_for() -> None:
    assert polled("g") == ("g0", [])


@pytest.mark.parametrize(
    ("looks", "times", "last"),
    [
        ("bbg", 1, "g2"),
        ("gg", 2, "g1"),
        ("gbgg", 2, "g3"),
        ("bgbgbggg", 3, "g7"),
        ("bbbbbbbb", 1, "b5"),
        ("gbgbgbgb", 2, "b5"),
        ("bbbbbgg", 2, "g6"),  # the row has begun at the deadline: it is waited for
        ("bbbbbgb", 2, "b6"),
    ],
)
def test_good_so_often_in_a_row_or_over(looks: str, times: int, last: str) -> None:
    assert polled(looks, times=times)[0] == last


def test_what_will_not_become_good_is_not_waited_for() -> None:
    assert polled("obbb") == ("o0", [])
    assert polled("bobb") == ("o1", [1.0])


def test_attempts_end_with_one_at_the_deadline() -> None:
    time = FakeTime()
    assert list(attempts(2.5, clock=time.clock, wait=time.wait)) == [0, 1, 2, 3]
    assert time.waits == [1.0, 1.0, 0.5]


def test_the_clock_of_leases_goes_on() -> None:
    assert 0 < boottime() <= boottime()
