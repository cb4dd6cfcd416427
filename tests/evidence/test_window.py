"""Whether changes lie within the window that was named for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.window import window_sentence
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started


def window(begin: float, end: float) -> str:
    return f"{event('x', begin)['time']} to {event('x', end)['time']}"


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
    said = window_sentence([started(window=window(*named)), *changes, CLOSED])
    kept = all(named[0] <= begin and end <= named[1] for begin, end in made)
    touches = all(begin == end for begin, end in made)
    assert (said == "inside the window") == kept or touches
    assert timedelta(0) <= timedelta(seconds=named[1] - named[0])
