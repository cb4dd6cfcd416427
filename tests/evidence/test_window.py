"""Whether changes lie within the window that was named for them, and which parts do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.text import duration
from engine.report.window import INSIDE, outside_of, window_sentence
from tests.engine import kit
from tests.engine.kit import BEGIN, event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started


def window(begin: float, end: float) -> str:
    return f"{event('x', begin)['time']} to {event('x', end)['time']}"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def change(begin: float, end: float | None, number: int = 1, **fields: Any) -> list[dict[str, Any]]:
    intent = kit.intent(number=number) | {"time": event("x", begin)["time"]}
    if end is None:
        return [intent]
    return [intent, kit.result(number=number, **fields) | {"time": event("x", end)["time"]}]


CLOSED = event("attempt-closed", 9000, attempt="a", by="done")
CASES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "within": ([started(window=window(0, 100)), *change(10, 90), CLOSED], "inside the window"),
    "open still": ([started(window=window(0, 100)), *change(10, 90)], "inside the window"),
    "too late": ([started(window=window(0, 100)), *change(10, 130), CLOSED],
                 "30 s outside the window"),
    "too early": ([started(window=window(20, 100)), *change(10, 90), CLOSED],
                  "10 s outside the window"),
    "two at once are out of it once": (
        [started(window=window(0, 100)), *change(10, 220), *change(90, 220, 2), CLOSED],
        "2 min outside the window",
    ),
    "a hair": ([started(window=window(0, 100)), *change(10, 100.1), CLOSED],
               "1 s outside the window"),
    "no end on record": (
        [started(window=window(0, 100)), *change(10, None), event("note", 160, text="x")],
        "1 min outside the window",
    ),
    "never started": (
        [started(window=window(0, 100)), *change(10, 90),
         *change(95, 300, 2, never_started=True), CLOSED],
        "inside the window",
    ),
    "nothing changed": ([started(window=window(0, 100))], ""),
    "none named": ([started(window=""), *change(1, 2)], "no window on record"),
    "none needed": ([started(window="", environment="rehearsal"), *change(1, 2)], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_window(case: str) -> None:
    events, said = CASES[case]
    assert window_sentence(events) == said


def test_each_night_has_its_own() -> None:
    one = of_run(FIRST, [started(window=window(0, 100)), *change(10, 90)])
    two = of_run(SECOND_RUN, [started(window=window(5000, 5100)), *change(10, 90, 2), CLOSED], 5000)
    for event_ in two:
        event_["key"] = event_.get("key")
    assert window_sentence([*one, *two]) == "inside the window"
    assert window_sentence([*one, *[{**e, "window": ""} for e in two]]) == "no window on record"
    # a run that changed nothing names nothing that counts
    looked = of_run(SECOND_RUN, [started(window="")], 5000)
    assert window_sentence([*one, *looked]) == "inside the window"


SPANS = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: tuple(sorted(pair)))


@given(named=SPANS, made=st.lists(SPANS, min_size=1, max_size=5))
def test_it_is_kept_exactly_when_every_change_lies_in_it(named: Any, made: Any) -> None:
    changes = [one for number, span in enumerate(made) for one in change(*span, number)]
    events = [started(window=window(*named)), *changes, CLOSED]
    said = window_sentence(events)
    lasted = [(begin, end) for begin, end in made if begin < end]
    assert (said == INSIDE) == all(named[0] <= begin and end <= named[1] for begin, end in lasted)
    # what is drawn is what is told
    parts = outside_of(events)
    drawn = sum(part.seconds for part in parts)
    assert said == (f"{duration(timedelta(seconds=drawn))} outside the window" if drawn else INSIDE)
    assert all(
        part.end <= at(named[0]) or part.begin >= at(named[1]) for part in outside_of(events)
    )


def test_a_window_without_a_zone_is_of_utc() -> None:
    """An older journal has it so."""
    named = window(0, 100).replace("Z", "")
    assert window_sentence([started(window=named), *change(10, 90), CLOSED]) == INSIDE
