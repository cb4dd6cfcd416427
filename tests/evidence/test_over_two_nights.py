"""An upgrade over two nights: update in the first, the rest in the second, each in its window."""

from __future__ import annotations

from typing import Any

import pytest

from engine.report.audit.index import index_of
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started, step

STEPS = (
    *("preflight.one", "update.run", "again.access", "again.space"),
    *("upgrade.run[1]", "verification.two", "closing.downtime", "closing.state"),
)
DAY = 86_400.0


def window(begin: float, end: float) -> str:
    return f"{event('x', begin)['time']} to {event('x', end)['time']}"


def planned() -> dict[str, Any]:
    plain = {"node": None, "intent": "", "nodeid": "x", "guide": []}
    each = [{"name": name, "of": name.split("[")[0], **plain} for name in STEPS]
    return event("steps", 0.5, steps=each)


def changing(name: str, begin: float, end: float) -> list[dict[str, Any]]:
    """The step, with a change that lasts for the whole of it."""
    first, last = step(name, begin, end)
    intent = kit.intent(name) | {"time": event("x", begin)["time"]}
    result = kit.result(name, reason="") | {"time": event("x", end)["time"]}
    return [first, intent, result, last]


def until_update(**fields: Any) -> list[dict[str, Any]]:
    """The first night: what is behind the update is to come, but for what ends the night."""
    behind = [name for name in STEPS[2:] if name != "closing.downtime"]
    return of_run(
        FIRST,
        [
            started(window=window(60, 6000), no_return="upgrade.run", **fields),
            planned(),
            event("attempt-opened", 1, attempt=FIRST),
            *step("preflight.one", 2, 10),
            *changing("update.run", 100, 1000),
            *(one for name in behind for one in step(name, 1001, 1001, "not reached")),
            *changing("closing.downtime", 1002, 1004),
            event("run-ended", 1200, outcome="stopped as asked", exit_code=13),
        ],
    )


def to_the_end(again: str = "done", **fields: Any) -> list[dict[str, Any]]:
    """The second night; `again` is how the looks before the upgrade ended."""
    return of_run(
        SECOND_RUN,
        [
            started(window=window(DAY + 60, DAY + 6000), no_return="upgrade.run", **fields),
            planned(),
            *step("preflight.one", 2, 10),
            *step("update.run", 11, 11, "not needed"),
            *(one for name in STEPS[2:4] for one in step(name, 12, 20, again)),
            *changing("upgrade.run[1]", 100, 2000),
            *step("verification.two", 2001, 2010),
            *changing("closing.downtime", 2011, 2012),
            *step("closing.state", 2013, 2014),
            event("attempt-closed", 2015, attempt=FIRST, by="done"),
            event("run-ended", 2400, outcome="done", exit_code=0),
        ],
        DAY,
    )


def answers(earlier: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, Any]:
    summary = summary_of(own, earlier)
    return {one.question: one for one in index_of(summary, [*earlier, *own])}


def test_looks_before_the_upgrade_are_those_of_the_night_that_passed_the_point_of_no_return() -> (
    None
):
    """The step that ends the first night lies behind them, and takes none of them away."""
    told = answers(until_update(), to_the_end())["Tests before the change"]
    assert (told.answer, told.missing) == ("3 steps: 3 done; 2 of them after the update", "")
    assert [place.label for place in told.places] == [
        "preflight (run 1)", "again, after the update (run 2)",
    ]  # fmt: skip


def test_those_that_did_not_pass_in_the_second_night_are_missing() -> None:
    told = answers(until_update(), to_the_end("failed"))["Tests before the change"]
    assert told.missing == "not passed: again.access, again.space"


@pytest.mark.parametrize("question", ["Tests before the change", "Tests after the change"])
def test_what_a_night_left_out_as_asked_is_to_come(question: str) -> None:
    told = answers([], until_update())[question]
    said = "3 steps: 1 done, 2 to come" if "before" in question else "1 step: 1 to come"
    steps = "2 steps" if "before" in question else "1 step"
    assert told.answer == said
    assert told.missing == f"to come: {steps}, as the run ended where it was asked to"
    assert not any("after the update" in place.label for place in told.places)


def test_what_a_night_did_not_reach_because_it_failed_is_not_passed() -> None:
    *night, end = until_update()
    told = answers([], [*night, {**end, "outcome": "failed", "exit_code": 1}])
    assert told["Tests before the change"].missing == "not passed: again.access, again.space"


def test_a_night_that_has_nothing_left_to_do_takes_no_test_away() -> None:
    """Asked to end behind a phase that is done, a run leaves out everything."""
    idle = of_run(
        SECOND_RUN,
        [
            started(),
            planned(),
            *(one for name in STEPS for one in step(name, 1, 1, "not reached")),
            event("run-ended", 2, outcome="stopped as asked", exit_code=13),
        ],
        DAY,
    )
    before = [one for one in until_update() if one["event"] not in ("intent", "result")]
    assert answers(before, idle)["Tests before the change"].answer == "3 steps: 1 done, 2 to come"
