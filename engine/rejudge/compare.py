"""What a step finds now beside what it found in the run. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.model.event import Event

_FIELDS = ("severity", "observed", "expected", "remedy", "commands", "guide", "accepted")
_OF_ROW = ("state", "reason")
ROW = "row of the guide"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


FIRST_LOOK = "the first look"
"""What was asked before any step, among the steps."""


class State(StrEnum):
    """How far a step could be judged again."""

    WHOLE = "judged"
    PART = "judged in part"
    NOT = "not judged"


@dataclass(frozen=True)
class Difference:
    """One finding or row, or the outcome of the step, that is not as on record."""

    code: str
    """Of a finding; of a row `ROW`, and the subject is its number."""
    subject: str
    what: str
    """`new`, `gone`, `changed`; of the step itself `outcome`, `way`: it asks or does more, or
    `record`: what is on record of it contradicts itself."""
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


@dataclass(frozen=True)
class Told:
    """What is on record of a step, or what it tells now."""

    findings: Sequence[Event] = ()
    rows: Sequence[Event] = ()
    outcome: str = ""
    """Empty: it has no end, or it can't be compared."""
    reason: str = ""


def step_again(
    name: str,
    recorded: Told,
    now: Told,
    *,
    why: str = "",
    diverged: bool = False,
    wrong: Sequence[str] = (),
) -> StepAgain:
    """`why` says what ended it too early; `diverged`: it went another way than in the run.
    `wrong`: what of its record contradicts itself, a sentence each."""
    against = [Difference("", name, "record", {"record": (text, None)}) for text in wrong]
    differences, same, left = _compared(recorded.findings, now.findings, _FIELDS)
    of_rows, _, rows = _compared(_as_found(recorded.rows), _as_found(now.rows), _OF_ROW)
    differences = [*against, *differences, *of_rows]
    if diverged:
        differences.append(Difference("", name, "way", {"way": ("", why)}))
    if why:
        state = State.PART if now.findings or now.rows else State.NOT
        named = tuple(f"{event['code']} {event['subject']}" for event in left)
        return StepAgain(name, state, why, tuple(differences), named, same)
    differences += [_alone("gone", one, _FIELDS) for one in left]
    differences += [_alone("gone", one, _OF_ROW) for one in rows]
    if recorded.outcome and now.outcome and not differences:
        ended = {field: (getattr(recorded, field), getattr(now, field)) for field in _ENDED}
        ended = {field: pair for field, pair in ended.items() if pair[0] != pair[1]}
        if ended:
            differences.append(Difference("", name, "outcome", ended))
    return StepAgain(name, State.WHOLE, "", tuple(differences), (), same)


_ENDED = ("outcome", "reason")


def _as_found(rows: Iterable[Event]) -> list[Event]:
    """Rows are compared like findings, but for the clock's time at which something was done: the
    record has when answers came, and what is done with one takes a while."""
    return [
        {**row, "code": ROW, "subject": row["row"], "reason": _MOMENT.sub("TIME", row["reason"])}
        for row in rows
    ]


def _compared(
    recorded: Sequence[Event], now: Sequence[Event], fields: Sequence[str]
) -> tuple[list[Difference], int, list[Event]]:
    """What differs, how many are the same, and those on record of which nothing is told now."""
    left, differences, same = list(recorded), [], 0
    for one in now:
        found = _counterpart(one, left, fields)
        if found is None:
            differences.append(_alone("new", one, fields))
            continue
        left.remove(found)
        pairs = {name: (found.get(name), one.get(name)) for name in fields}
        changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        same += not changed
        if changed:
            differences.append(Difference(one["code"], one["subject"], "changed", changed))
    return differences, same, left


def _counterpart(one: Event, others: Iterable[Event], fields: Sequence[str]) -> Event | None:
    """What is on record about the same; the very same one first."""
    of_it = [o for o in others if (o["code"], o["subject"]) == (one["code"], one["subject"])]
    equal = (o for o in of_it if all(o.get(name) == one.get(name) for name in fields))
    return next(equal, of_it[0] if of_it else None)


def _alone(what: str, one: Event, fields: Sequence[str]) -> Difference:
    told = {name: (one[name], None) if what == "gone" else (None, one[name]) for name in fields[:2]}
    return Difference(one["code"], one["subject"], what, told)


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
