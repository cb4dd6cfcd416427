"""Driving an action: change after change, each answered, until it says what it came to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from engine.model.answer import Answer
from engine.model.change import Change, Doubt, Nothing
from engine.model.finding import Finding
from engine.record.memory import Memory

Action = Generator["Change | Doubt", Answer, "Nothing | str | None"]
Changes = Generator[Change, Answer, "Nothing | str | None"]
"""An action whose doubts are judged on the way."""


def without_doubts(action: Action, judge: Callable[[Sequence[Finding]], None]) -> Changes:
    """The action's changes alone; `judge` raises when it can't go on with what it doubts."""
    with contextlib.closing(action):
        try:
            item = next(action)
            while True:
                if isinstance(item, Doubt):
                    judge(item.findings)
                    item = action.send(Answer(0, b"", b"", 0.0))
                else:
                    item = action.send((yield item))
        except StopIteration as end:
            return cast("Nothing | str | None", end.value)


@dataclass(frozen=True)
class Applied:
    """What an action came to: the changes made, or why there was nothing to do."""

    changes: tuple[Change, ...] = ()
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    reason: str = ""
    is_unseen: bool = False
    """Whether its wanted state is there could not be seen."""

    @property
    def did_something(self) -> bool:
        return bool(self.changes)

    def sentence(self) -> str:
        """The changes in a few words, each stands by itself on record, and what the action says.

        A change that may fail, and did, is told as such, however many there are.
        """
        said, failed = [], []
        for change, answer in zip(self.changes, self.answers, strict=True):
            words = f"{change.what} on {change.node}"
            if answer.code not in change.ok_codes:
                words += f" ended with exit status {answer.code}"
                failed.append(words)
            said.append(words)
        if len(said) > 2:
            nodes = ", ".join(dict.fromkeys(change.node for change in self.changes))
            said = [f"{len(said)} changes on {nodes}", *failed]
        return ": ".join(filter(None, ("; ".join(said), self.reason)))


def driven(action: Changes, answer: Callable[[Change], Answer]) -> Applied:
    """The action's changes, each with what `answer` gives for it; what that raises ends it."""
    changes: list[Change] = []
    answers: list[Answer] = []
    try:
        change = next(action)
        while True:
            answers.append(answer(change))
            changes.append(change)
            change = action.send(answers[-1])
    except StopIteration as end:
        is_unseen = isinstance(end.value, Nothing) and end.value.is_unseen
        return Applied(tuple(changes), tuple(answers), reason_of(end.value), is_unseen)


def reason_of(ended: Nothing | str | None) -> str:
    """Why an action had nothing (more) to do, by what it returned."""
    return ended.reason if isinstance(ended, Nothing) else (ended or "")


def key_of(memory: Memory, step: str, change: Change, used: Sequence[str]) -> str:
    """A change keeps its key from run to run, also when those before it are done already."""
    records = {r.key: r for r in memory.of_step(step) if r.key not in used}
    for record in records.values():
        if (record.intent["node"], record.intent["what"]) == (change.node, change.what):
            return record.key
    here = f"{step}#{len(used) + 1}"
    if here in records and records[here].needs_a_word:
        return here  # told in other words since, and nobody knows how it ended: no new change
    free = (f"{step}#{number}" for number in count(1))
    return next(key for key in free if key not in records and key not in used)
