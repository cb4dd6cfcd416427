"""Every step of every run: what did something has a line, what did nothing is folded. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.judge.text import counted
from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.report.anchors import step_anchor
from engine.report.audit.found import FindingKey
from engine.report.audit.one_step import Step, Told
from engine.report.audit.records import Key, OfStep, Record, records_of, sentences_of
from engine.report.fanned import in_words
from engine.report.spans import runs_of
from engine.report.summary import steps_of
from engine.report.words import to_the_second

FEW = 3
"""So many steps that only looked, one after the other, are one line."""
OUTSIDE = "outside of the steps"
FIRST_LOOK = "The first look at nodes, records and position; what was asked at the run's end."


@dataclass(frozen=True)
class Entry:
    """What is one line by default: a step, or several that ended alike (`words` says which)."""

    steps: tuple[Step, ...]
    words: str = ""

    @property
    def outcome(self) -> str:
        return self.steps[0].outcome


@dataclass(frozen=True)
class Phase:
    """A phase of a run; its rounds are together."""

    name: str
    said: str
    """How many steps ended how."""
    entries: tuple[Entry, ...]

    @property
    def is_bad(self) -> bool:
        """A step of it failed, or was cut short: it is not folded."""
        return any(one.outcome in _BAD for entry in self.entries for one in entry.steps)


_BAD = ("failed", "interrupted")


@dataclass(frozen=True)
class StepsOfRun:
    """One run of the attempt."""

    run: str
    number: int
    """Of the attempt's runs, from 1."""
    begun: str
    ended: str
    how: str
    count: int
    said: str
    phases: tuple[Phase, ...]


def steps_by_run(
    events: Sequence[Event],
    anchors: Mapping[FindingKey, str] | None = None,
    of_step: OfStep | None = None,
) -> list[StepsOfRun]:
    """The runs, oldest first. Every step that was collected or begun is in exactly one entry.

    `anchors` tell where a finding is on the page; `of_step` as in `records_of`.
    """
    intents = sentences_of(events)
    records = records_of(events, of_step)
    by_run = grouped((str(event["run"]), event) for event in events)
    found = []
    for number, span in enumerate(runs_of(events), 1):
        mine = by_run[span.name]
        told = Told.of(mine, anchors or {})
        steps = list(
            _told_apart(told.step(span.name, one, intents, records) for one in _steps(mine))
        )
        found.append(
            StepsOfRun(
                span.name,
                number,
                to_the_second(span.begin),
                to_the_second(span.end),
                span.detail,
                len(steps),
                counted(step.outcome for step in steps),
                (*_outside(told, span.name, steps, records), *_phases(steps)),
            )
        )
    return found


def _told_apart(steps: Iterable[Step]) -> Iterator[Step]:
    """Of names that differ in brackets only, the first one has the anchor."""
    seen: set[str] = set()
    for step in steps:
        yield replace(step, anchor="") if step.anchor in seen else step
        seen.add(step.anchor)


def _phases(steps: Iterable[Step]) -> Iterator[Phase]:
    for name, each in grouped((phase_of(step.name), step) for step in steps).items():
        yield Phase(name, counted(step.outcome for step in each), tuple(entries_of(each)))


def entries_of(steps: Sequence[Step]) -> Iterator[Entry]:
    """The lines of a phase.

    Idle steps of one outcome are one, where the first of them stands; so are several steps one
    after the other that looked, and had nothing to tell.
    """
    idle = grouped((step.outcome, step) for step in steps if step.is_idle)
    for kind, each in itertools.groupby(steps, _kind):
        mine = tuple(each)
        if kind == "looked" and len(mine) >= FEW:
            yield _folded(mine)
            continue
        for step in mine:
            if not step.is_idle:
                yield Entry((step,))
            elif idle[step.outcome][0] is step:
                yield _folded(tuple(idle[step.outcome]))


def _kind(step: Step) -> str:
    if step.is_idle:
        return "idle"
    return "looked" if step.only_looked else "did"


def _folded(steps: tuple[Step, ...]) -> Entry:
    prefix = f"{phase_of(steps[0].name)}."
    words = in_words((step.name.removeprefix(prefix), step.node) for step in steps)
    return Entry(steps, words if len(steps) > 1 else "")


def _steps(run: Sequence[Event]) -> list[dict[str, Any]]:
    """As the summary has them, and those that only their end is on record of."""
    planned = steps_of(run)
    known = {step["name"] for step in planned}
    more = {e["name"]: e for e in run if e["event"] == "step-ended" and e["name"] not in known}
    begun = {e["step"] for e in run if e["event"] == "step-started"} - known - set(more)
    without_end = steps_of([e for e in run if e["event"] != "steps" and e.get("step") in begun])
    return [*planned, *map(dict, more.values()), *without_end]


def _outside(
    told: Told, run: str, steps: Iterable[Step], records: Mapping[Key, tuple[Record, ...]]
) -> Iterator[Phase]:
    """What was asked before the first step and behind the last one, and what names no step."""
    known = {step.name for step in steps}
    names = [name for of_run, name in records if of_run == run and name not in known]
    entries = []
    for name in names:
        step = {"name": name, "outcome": "", "started": records[run, name][0].time}
        made = told.step(run, step, {"": FIRST_LOOK}, records)
        if not name:
            made = replace(made, name=OUTSIDE, anchor=step_anchor(run, OUTSIDE))
        entries.append(Entry((made,)))
    if entries:
        yield Phase("first look", "", tuple(entries))
