"""A long command of which nothing is left on its node: for a person, who settles it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.act.detached import Follower, Progress
from engine.attempt import remote
from engine.model.ending import Ending
from engine.record.changes import changes_of
from tests.engine import kit
from tests.engine.acting import STEP, Make, upgrade
from tests.engine.scripted import said

ROUND = kit.intent(detached="upgrade-1", repeatable=False)
AT_WORK = kit.event("progress", step=STEP, key=ROUND["key"], node=kit.N)
SEEN = {
    "the node has said that it was started": [
        kit.event("command-started", step=STEP, key=ROUND["key"], node=kit.N)
    ],
    "its log went on": [AT_WORK],
    "it worked when a run ended": [
        kit.event("command-seen", step="", key=ROUND["key"], state="running", status=None)
    ],
    "a later run followed it": [AT_WORK, ROUND],
}
TRACELESS = kit.result(outcome="unknown", code=None, no_trace=True)
ABSENT = "absent - 0\n"
SETTLE = f"--settle '{STEP}=done|repeat' --reason TEXT --by NAME"


def test_one_whose_directory_is_gone_while_it_is_followed_is_for_a_person(
    long_command: Make,
) -> None:
    made = long_command([said("alive - 0\n"), said(ABSENT)])
    text = made.refused(upgrade())
    assert "commands/upgrade-1, which has its log and exit status, is not there any more" in text
    assert "does 'neteye upgrade' still run there?" in text
    assert SETTLE in text
    assert "still running" not in text
    assert "it is not started twice" not in text
    assert made.ending() == (Ending.UNKNOWN, 12)
    (result,) = made.events("result")
    assert (result["outcome"], result["no_trace"]) == ("unknown", True)
    assert made.run.memory.steps_to_settle() == [STEP]


@pytest.mark.parametrize("seen", SEEN)
def test_one_that_was_seen_at_work_is_not_started_again(long_command: Make, seen: str) -> None:
    made = long_command([said(ABSENT)], earlier=[ROUND, *SEEN[seen]])
    assert SETTLE in made.refused(upgrade())
    assert made.node.starts == 0
    assert made.ending() == (Ending.UNKNOWN, 12)
    assert made.run.memory.steps_to_settle() == [STEP]


def test_that_it_was_started_is_on_n_before_it_is_followed(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run may be killed then, and the next one knows only what N has."""
    made = long_command([said("dead 0 0\n")])
    on_n: list[str] = []
    follow = Follower.follow

    def looks(self: Follower, deadline: float) -> Progress:
        on_n.extend(made.on_n())
        return follow(self, deadline)

    monkeypatch.setattr(Follower, "follow", looks)
    made.apply(upgrade())
    assert on_n == ["intent", "command-started"]


def test_one_that_nobody_has_seen_was_never_started(long_command: Make) -> None:
    """The start leaves a directory or nothing."""
    gone = kit.event("command-seen", step="", key=ROUND["key"], state="gone", status=None)
    made = long_command([said("dead 0 0\n")], earlier=[ROUND, gone])
    made.apply(upgrade())
    assert made.node.starts == 1


def settled(word: str) -> list[dict[str, Any]]:
    word_on_it = kit.event("settled", step=STEP, word=word, by="A. Rossi", reason="seen")
    return [ROUND, AT_WORK, TRACELESS, word_on_it]


def test_settled_as_done_it_counts_as_exit_status_0(long_command: Make) -> None:
    made = long_command([said(ABSENT)], earlier=settled("done"))
    assert made.apply(upgrade()).answers[0].code == 0
    assert made.node.starts == 0
    (result,) = made.events("result")
    assert (result["outcome"], result["code"], result["by_word"]) == ("ok", None, True)
    assert result["reason"] == "settled as done by A. Rossi: seen"
    assert [record.exit_status for record in made.run.memory.of_step(STEP)] == [0]


def test_settled_to_be_repeated_it_begins_anew(long_command: Make) -> None:
    made = long_command([said(ABSENT), said("dead 0 0\n")], earlier=settled("repeat"))
    assert made.apply(upgrade()).answers[0].code == 0
    assert made.node.starts == 1
    (intent,) = made.events("intent")
    assert "since" not in intent
    begun = changes_of([*settled("repeat"), *made.run.journal.events])
    assert [change.result["outcome"] for change in begun if change.result] == ["unknown", "ok"]


@pytest.mark.parametrize("word", ["done", "repeat"])
def test_its_own_exit_status_counts_more_than_a_word(long_command: Make, word: str) -> None:
    """The directory is there again: somebody has brought it back."""
    looks = [said("dead 3 0\n")] * 2
    made = long_command(looks, said(code=remote.STARTED_BEFORE), earlier=settled(word))
    assert "failed with exit code 3" in made.refused(upgrade())


def test_a_word_on_one_command_is_none_on_the_next(long_command: Make) -> None:
    ended = kit.result(code=None, by_word=True)
    first = {**ROUND, "detached": "upgrade-0"}
    made = long_command([said("dead 0 0\n")], earlier=[first, *settled("done")[1:], ended])
    made.apply(upgrade())
    assert made.node.starts == 1


def test_how_it_stands_has_to_be_asked_before_anything_is_started(long_command: Make) -> None:
    made = long_command([kit.unreachable()], earlier=[ROUND, AT_WORK])
    text = made.refused(upgrade())
    assert "how it stands could not be asked" in text
    assert "Nothing was started." in text
    assert made.ending() == (Ending.FAILED, 1)
    assert (made.node.starts, made.events("result")) == (0, [])
