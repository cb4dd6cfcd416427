"""A change that an earlier run began: repeated, adopted, settled, or left to a person."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.change import Nothing
from engine.model.ending import Ending
from tests.engine import kit
from tests.engine.acting import SET, STEP, Make, change
from tests.engine.scripted import said

OPEN_INTENT = kit.intent(repeatable=False)
UNKNOWN = kit.result(outcome="unknown", code=None)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_that_is_not_repeatable_stops_for_a_person(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    text = made.refused(change(repeatable=False))
    assert f"--settle '{STEP}=done|repeat'" in text
    assert made.commands == []
    assert made.ending() == (Ending.UNKNOWN, 12)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_that_is_repeatable_is_done_again(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    made.apply(change())
    assert made.commands == [SET]
    assert made.run.memory.open_intents() == []


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_a_former_change_whose_end_is_known_is_made_again_when_it_is_needed(
    bench: Make, outcome: str
) -> None:
    made = bench(earlier=[OPEN_INTENT, kit.result(outcome=outcome)])
    made.apply(change(repeatable=False))
    assert made.commands == [SET]


def settled(word: str) -> list[dict[str, Any]]:
    return [OPEN_INTENT, kit.event("settled", step=STEP, word=word, by="A. Rossi", reason="seen")]


def test_settled_as_done_is_not_done_again(bench: Make) -> None:
    made = bench(earlier=settled("done"))
    applied = made.apply(change(repeatable=False))
    assert made.commands == []
    assert applied.answers[0].code == 0
    assert made.ending() is None


def test_settled_to_repeat_is_done_again(bench: Make) -> None:
    made = bench(earlier=settled("repeat"))
    made.apply(change(repeatable=False))
    assert made.commands == [SET]


def test_settled_for_another_step_counts_for_that_one_only(bench: Make) -> None:
    other = kit.event("settled", step="phase.other", word="done", by="A", reason="B")
    made = bench(earlier=[OPEN_INTENT, other])
    made.refused(change(repeatable=False))
    assert made.ending() == (Ending.UNKNOWN, 12)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_whose_effect_is_there_is_adopted(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    made.apply(end=Nothing("x is set"))
    (result,) = made.events("result")
    assert (result["outcome"], result["adopted"]) == ("ok", True)
    assert "an earlier run began it and its effect is there: x is set" in result["reason"]
    assert made.commands == []
    assert made.run.memory.open_intents() == []


def test_an_open_intent_whose_effect_nobody_could_see_is_not_adopted(bench: Make) -> None:
    made = bench(earlier=[OPEN_INTENT])
    made.apply(end=Nothing("nobody answered", is_unseen=True))
    assert made.events("result") == []
    assert [record.key for record in made.run.memory.open_intents()] == [f"{STEP}#1"]


FIRST, SECOND = change(what="first"), change(what="second")


def begun(*whats: str, ended: int = 0) -> list[dict[str, Any]]:
    """Changes of an earlier run by their words, `ended` of them with a good result."""
    events = [kit.intent(number=n, what=what) for n, what in enumerate(whats, 1)]
    return events + [kit.result(number=n) for n in range(1, ended + 1)]


def test_a_change_keeps_its_key_when_the_one_before_it_is_done(bench: Make) -> None:
    made = bench(earlier=begun("first", "second", ended=1))
    made.apply(SECOND)
    assert [event["key"] for event in made.events("intent")] == [f"{STEP}#2"]
    assert not any(event.get("adopted") for event in made.events("result"))


def test_a_change_whose_effect_is_there_is_adopted_when_only_the_next_is_made(
    bench: Make,
) -> None:
    made = bench(earlier=begun("first"))
    made.apply(SECOND)
    adopted = [event["key"] for event in made.events("result") if event.get("adopted")]
    assert adopted == [f"{STEP}#1"]
    assert [event["key"] for event in made.events("intent")] == [f"{STEP}#2"]
    assert made.run.memory.open_intents() == []


def test_the_same_change_twice_in_a_step_has_two_keys(bench: Make) -> None:
    made = bench(earlier=begun("first"))
    made.apply(FIRST, FIRST)
    assert [event["key"] for event in made.events("intent")] == [f"{STEP}#1", f"{STEP}#2"]


def test_an_unknown_that_is_told_in_other_words_now_is_not_done_again(bench: Make) -> None:
    made = bench(earlier=[kit.intent(what="in older words", repeatable=False)])
    made.refused(change(repeatable=False))
    assert made.commands == []
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_settled_as_done_is_on_record_and_stays_so(bench: Make) -> None:
    made = bench(earlier=settled("done"))
    made.apply(change(repeatable=False))
    (told,) = made.events("result")
    assert (told["outcome"], told["reason"]) == ("ok", "settled as done by A. Rossi: seen")
    made.apply(change(repeatable=False))
    assert made.commands == []


def test_a_word_on_one_change_outlives_the_intent_of_the_next(bench: Make) -> None:
    made = bench({(kit.N, SET): said(), (kit.N, ("next",)): said()}, earlier=settled("done"))
    following = change(what="next", argv=("next",))
    made.apply(change(repeatable=False), following)
    made.apply(change(repeatable=False), following)
    assert made.commands == [("next",), ("next",)]


def test_what_has_failed_before_is_not_adopted(bench: Make) -> None:
    made = bench(earlier=[OPEN_INTENT, kit.result(outcome="failed")])
    made.apply(end=Nothing("x is set"))
    assert made.events("result") == []
