"""Journals on N: their lines follow each other, and are those that later runs had read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.attempt.chains import Altered, heads_of
from engine.verify import GENESIS, digest

ATTEMPT, FIRST, SECOND = "A", "run-1", "run-2"


def chained(*events: dict[str, Any]) -> str:
    """A journal of these events."""
    text, previous = "", GENESIS
    for number, event in enumerate(events, 1):
        line = json.dumps({"event": "note", **event, "seq": number, "prev": previous})
        text, previous = f"{text}{line}\n", digest(line.encode())
    return text


def head(text: str) -> str:
    return digest(text.splitlines()[-1].encode())


def reading(text: str, attempt: str | None = ATTEMPT) -> str:
    """The journal of a run that had read this one of the first run."""
    read = {"event": "position", "attempt": attempt, "journals": {FIRST: head(text)}}
    return chained({}, read)


def journals(first: str | None, second: str = "") -> dict[str, str]:
    both = {FIRST: first, SECOND: second}
    return {f"{run}.jsonl": text for run, text in both.items() if text is not None}


THEN = chained({"text": "one"}, {"text": "two"})


def test_each_has_its_head() -> None:
    assert heads_of(journals(THEN), ATTEMPT) == {FIRST: head(THEN), SECOND: GENESIS}


def test_lines_handed_over_twice_and_a_torn_one_are_no_alteration() -> None:
    twice = THEN + THEN.splitlines()[-1] + "\n" + '{"event": "no'
    assert heads_of(journals(twice, reading(THEN)), ATTEMPT)[FIRST] == head(THEN)


def test_one_of_a_runbook_without_chains_has_none() -> None:
    assert FIRST not in heads_of(journals('{"event": "note"}\n'), ATTEMPT)


def test_what_came_to_its_end_later_is_no_alteration() -> None:
    more = chained({"text": "one"}, {"text": "two"}, {"text": "three"})
    assert heads_of(journals(more, reading(THEN)), ATTEMPT)[FIRST] == head(more)


ALTERED: dict[str, tuple[dict[str, str], str]] = {
    "a line": (journals(THEN.replace("one", "eno")), "run-1.jsonl: line 1 or 2 was altered"),
    "a line that is gone": (
        journals(THEN[THEN.index("\n") + 1 :]),
        "run-1.jsonl: line 1 is missing",
    ),
    "written anew": (
        journals(chained({"text": "one"}, {"text": "three"}), reading(THEN)),
        "run-1.jsonl: none of its lines is the one up to which run run-2 had read it",
    ),
    "emptied": (journals("", reading(THEN)), "run-1.jsonl: none of its lines"),
    "without its chain": (
        journals('{"event": "note"}\n', reading(THEN)),
        "run-1.jsonl: none of its lines",
    ),
    "gone": (journals(None, reading(THEN)), "run-1.jsonl is missing: run run-2 had read it"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_named(what: str) -> None:
    given, said = ALTERED[what]
    with pytest.raises(Altered, match=said):
        heads_of(given, ATTEMPT)


def test_journals_of_the_attempt_before_lie_elsewhere() -> None:
    """Whoever begins an attempt had read them."""
    for attempt in ("another", None):
        assert heads_of(journals(None, reading(THEN, attempt)), ATTEMPT)
