"""What a step finds now beside what it found in the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.model.event import Event

_FIELDS = ("severity", "observed", "expected", "remedy", "commands", "guide", "accepted")


FIRST_LOOK = "the first look"
"""What was asked before any step, among the steps."""


class State(StrEnum):
    """How far a step could be judged again."""

    WHOLE = "judged"
    PART = "judged in part"
    NOT = "not judged"


@dataclass(frozen=True)
class Difference:
    """One finding, or the outcome of the step, that is not as on record."""

    code: str
    subject: str
    what: str
    """`new`, `gone`, `changed`; of the step itself `outcome`, or `way`: it asks or does more."""
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field -> (on record, now); of a new or gone finding its severity and what was observed."""


@dataclass(frozen=True)
class StepAgain:
    """One step of the run, judged again or not."""

    name: str
    state: State
    why: str = ""
    """Why it could not be judged as a whole."""
    differences: tuple[Difference, ...] = ()
    on_record: tuple[str, ...] = ()
    """Findings on record that this judging says nothing about: CODE SUBJECT."""
    findings: int = 0
    """Findings that are as on record."""


def step_again(
    name: str,
    recorded: Sequence[Event],
    now: Sequence[Event],
    *,
    why: str = "",
    diverged: bool = False,
    failed: tuple[bool, bool] = (False, False),
    said: tuple[str, str] = ("", ""),
) -> StepAgain:
    """`recorded` and `now` are finding events of one step. `why` says what ended it too early;
    `diverged`: it went another way than in the run.

    `failed` and `said`: whether the step failed, and how it ended in words, on record and now.
    """
    left = list(recorded)
    differences: list[Difference] = []
    same = 0
    for finding in now:
        found = _counterpart(finding, left)
        if found is None:
            differences.append(_alone("new", finding))
            continue
        left.remove(found)
        changed = {
            name: (found.get(name), finding.get(name))
            for name in _FIELDS
            if found.get(name) != finding.get(name)
        }
        same += not changed
        if changed:
            differences.append(Difference(finding["code"], finding["subject"], "changed", changed))
    if diverged:
        differences.append(Difference("", name, "way", {"way": ("", why)}))
    if why:
        state = State.PART if now else State.NOT
        named = tuple(f"{event['code']} {event['subject']}" for event in left)
        return StepAgain(name, state, why, tuple(differences), named, same)
    differences += [_alone("gone", finding) for finding in left]
    if failed[0] != failed[1] and not differences:
        differences.append(Difference("", name, "outcome", {"outcome": said}))
    return StepAgain(name, State.WHOLE, "", tuple(differences), (), same)


def _counterpart(finding: Event, others: Iterable[Event]) -> Event | None:
    """The recorded finding that is about the same; the very same one first."""
    of_it = [
        o for o in others if (o["code"], o["subject"]) == (finding["code"], finding["subject"])
    ]
    equal = (o for o in of_it if all(o.get(name) == finding.get(name) for name in _FIELDS))
    return next(equal, of_it[0] if of_it else None)


def _alone(what: str, finding: Event) -> Difference:
    where = 0 if what == "gone" else 1
    told = {
        name: (finding[name], None) if where == 0 else (None, finding[name])
        for name in ("severity", "observed")
    }
    return Difference(finding["code"], finding["subject"], what, told)


@dataclass(frozen=True)
class Again:
    """A run that was judged again."""

    run: str
    mode: str
    cluster: str
    runbook: tuple[str, str]
    """Hash of the runbook's sources: of the run, and of this one."""
    position: tuple[str, str]
    """Where the upgrade stood at the first look: on record, and now."""
    steps: tuple[StepAgain, ...]
    not_reached: int
    """Steps that the run did not come to: nothing of them is on record."""
    unknown: tuple[str, ...]
    """Steps of this runbook that the run did not have."""

    @property
    def is_same(self) -> bool:
        """Nothing that was judged is other than on record."""
        return self.position[0] == self.position[1] and not any(s.differences for s in self.steps)

    def of(self, state: State) -> tuple[StepAgain, ...]:
        return tuple(step for step in self.steps if step.state is state)
