"""A person's word on an unknown outcome: where it is taken, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.attempt.settle import parse_settlements, refuse_unknown_steps, settle
from engine.errors import UsageError
from engine.model.change import Settlement
from engine.model.ending import Ending
from engine.record.run import Run
from tests.engine import kit

ONCE = kit.intent("phase.once", repeatable=False)
AGAIN = kit.intent("phase.again", repeatable=True)
ROUND = kit.intent("upgrade.run[1]", repeatable=False, detached="upgrade-1")


def run_with(tmp_path: Path, *earlier: dict[str, Any], step: str = "phase.once") -> Run:
    run = kit.make_run(tmp_path, earlier=earlier)
    run.settlements = (Settlement(step, "done", "looked at it", "A. Rossi"),)
    settle(run)
    return run


@pytest.mark.parametrize("word", ["done", "repeat"])
def test_a_word_is_step_outcome_reason_and_name(word: str) -> None:
    given = parse_settlements([f"upgrade.run[1]={word}"], " seen ", " A. Rossi ")
    assert given == (Settlement("upgrade.run[1]", word, "seen", "A. Rossi"),)


@pytest.mark.parametrize(
    ("texts", "reason", "by", "message"),
    [
        (["a.b"], "r", "b", "expected STEP=done or STEP=repeat"),
        (["a.b=maybe"], "r", "b", "expected STEP=done or STEP=repeat"),
        (["=done"], "r", "b", "expected STEP=done or STEP=repeat"),
        (["a.b=done"], None, "b", "who looked, and what was seen"),
        (["a.b=done"], " ", "b", "who looked, and what was seen"),
        (["a.b=done"], "r", None, "who looked, and what was seen"),
        (["a.b=done"], "r", "\u200b", "who looked, and what was seen"),
        (["a.b=done"], "\u2060", "b", "who looked, and what was seen"),
        (["a.b=done", "a.b=repeat"], "r", "b", "both done and repeat are given"),
    ],
)
def test_half_a_word_is_a_usage_error(
    texts: list[str], reason: str | None, by: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        parse_settlements(texts, reason, by)


def test_a_step_that_the_runbook_does_not_have_is_a_usage_error() -> None:
    given = parse_settlements(["phase.typo=done"], "r", "b")
    with pytest.raises(UsageError, match=r"--settle phase\.typo: the runbook has no step"):
        refuse_unknown_steps(given, ["phase.once"])
    refuse_unknown_steps(given, ["phase.typo"])


@pytest.mark.parametrize("former", [[ONCE], [ONCE, kit.result("phase.once", outcome="unknown")]])
def test_an_unknown_is_settled_and_on_record(tmp_path: Path, former: list[dict[str, Any]]) -> None:
    run = run_with(tmp_path, *former)
    assert run.stop is None
    (event,) = run.journal.events
    assert (event["event"], event["step"], event["by"]) == ("settled", "phase.once", "A. Rossi")
    assert run.memory.settled["phase.once#1"]["word"] == "done"


REFUSED: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "done": ([ONCE, kit.result("phase.once")], "phase.once", "its outcome is not unknown"),
    "failed": (
        [ONCE, kit.result("phase.once", outcome="failed")],
        "phase.once",
        "its outcome is not unknown",
    ),
    "never begun": ([], "phase.once", "its outcome is not unknown"),
    "another one": ([ONCE], "phase.other", "of unknown outcome: phase.once"),
    "repeated anyway": ([AGAIN], "phase.again", "it is repeated without harm"),
    "followed": ([ROUND], "upgrade.run[1]", "a word does not replace an exit status"),
    "without a trace, and never seen": (
        [ROUND, kit.event("command-seen", key=ROUND["key"], state="gone")],
        "upgrade.run[1]",
        "a word does not replace an exit status",
    ),
    "closed": ([ONCE, kit.event("attempt-closed")], "phase.once", "the attempt is closed"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_unknown_is_not_settled(tmp_path: Path, why: str) -> None:
    former, step, message = REFUSED[why]
    run = run_with(tmp_path, *former, step=step)
    assert run.stop is not None
    assert run.stop.ending is Ending.USAGE
    assert message in run.stop.reason
    assert [event["event"] for event in run.journal.events] == ["stopped"]


def test_one_that_is_refused_settles_none(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path, earlier=[ONCE])
    run.settlements = parse_settlements(["phase.once=done", "phase.other=done"], "r", "b")
    settle(run)
    assert run.memory.settled == {}
