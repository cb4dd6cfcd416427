"""What lasted within an attempt: pauses, steps, phases, states, commands. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from engine.model.event import Event, moment
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.record import asked
from engine.record.changes import MadeChange, changes_of, long_ones
from engine.record.intervals import FENCING, STANDBY, Interval, intervals_of, length
from engine.record.reach import cut_offs_of
from engine.report.spans import Span, runs_of
from engine.report.words import to_the_second

_WAITED = {
    "stopped": "it had stopped for a person",
    "unknown": "it did not know how a change had ended",
    "blocked": "findings blocked it",
    "failed": "it had failed",
    "interrupted": "it had been interrupted",
    "locked": "another run held the cluster",
    "done": "it was done",
    "stopped as asked": "it had ended behind the phase that it was asked to end behind",
}


def pauses_of(events: Sequence[Event]) -> list[Span]:
    """The time between two runs: why there was none, and what went on meanwhile."""
    runs = runs_of(events)
    under_way = [(node, one) for node, spans in commands_of(events).items() for one in spans]
    pauses = []
    for run, following in itertools.pairwise(runs):
        why = _WAITED.get(run.outcome, "it had ended without a word (killed, power loss)")
        meanwhile = [
            f"{one.name} on {node}" + _until(one, following.begin)
            for node, one in under_way
            if one.begin < run.end < one.end
        ]
        if meanwhile:
            why += f"; on record as under way: {', '.join(meanwhile)}"
        begin, end = run.end, following.begin
        pauses.append(Span("no run", begin, end, why, run.outcome, run=run.run))
    return pauses


def _until(command: Span, begin: datetime) -> str:
    return f" until {to_the_second(command.end)}" if command.end < begin else ""


_PERSON = ("stopped", "blocked")
"""Of an unknown outcome the next run asks for itself: nobody need have come in between."""


def waits_of(events: Sequence[Event]) -> list[Span]:
    """When a person was waited for: from the end of a run that asked for one to the next begin.

    The detail is why that run stopped.
    """
    why = {str(e["run"]): str(e["reason"]) for e in events if e["event"] == "stopped"}
    return [
        replace(pause, name="waiting for a person", detail=why.get(pause.run, pause.detail))
        for pause in pauses_of(events)
        if pause.outcome in _PERSON
    ]


def steps_of(events: Iterable[Event]) -> list[Span]:
    """One span for each step that ran; one without an end lasts to its run's last event."""
    found: list[Span] = []
    begun: dict[str, Event] = {}
    last: dict[str, datetime] = {}
    for event in events:
        run = str(event["run"])
        last[run] = moment(event)
        if event["event"] == "step-started":
            begun[run] = event
        elif event["event"] == "step-ended" and run in begun:
            step = _from(begun.pop(run), last[run], str(event["step"]))
            found.append(replace(step, outcome=str(event["outcome"])))
    found += [_from(event, last[run], str(event["step"])) for run, event in begun.items()]
    return sorted(found, key=lambda step: step.begin)


_IDLE = ("not reached", "not needed", "not applicable")


def phases_of(events: Iterable[Event]) -> list[Span]:
    """One span for each stretch of a phase: steps of one run, one after the other.

    Steps that found nothing to do there make no stretch of their own.
    """
    found = []
    busy = (step for step in steps_of(events) if step.outcome not in _IDLE)
    for (run, phase), each in groupby(busy, key=lambda step: (step.run, phase_of(step.name))):
        steps = list(each)
        detail = "1 step" if len(steps) == 1 else f"{len(steps)} steps, the last {steps[-1].name}"
        end = max(step.end for step in steps)
        begin, first = steps[0].begin, steps[0].name
        found.append(Span(phase, begin, end, detail, run=run, step=first))
    return found


def states_lasting(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Node, or `fencing` -> when it was in standby, or off, as it was seen.

    The step is the one that made it so, maybe in an earlier run than the one that saw it first.
    """
    changes, steps, found = changes_of(events), steps_of(events), []
    for one in intervals_of(events):
        lane, name = (one.subject, "standby") if one.kind == STANDBY else (FENCING, "off")
        run, step = _maker(one, changes, steps)
        found.append((lane, Span(name, one.since, one.end, length([one]), run=run, step=step)))
    return grouped(found)


def _maker(
    state: Interval, changes: Iterable[MadeChange], steps: Iterable[Span]
) -> tuple[str, str]:
    """Run and step of the change that was to bring the state, and was at work when it came; else
    the step within which it came; empty when it came within none."""
    earliest = state.earliest or state.since
    for one in changes:
        opens = [(entry["kind"], entry["subject"]) for entry in one.intent.get("opens", ())]
        if state.key in opens and one.begin <= state.since and earliest <= one.until:
            return str(one.intent["run"]), str(one.intent["step"])
    return next(
        ((s.run, s.name) for s in steps if s.begin <= earliest and state.since <= s.end), ("", "")
    )


def out_of_reach_of(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Node -> when the run did not reach it."""
    return grouped(
        (c.node, Span("out of reach", c.begin, c.end, c.why, run=c.run, step=c.step))
        for c in cut_offs_of(events)
    )


def _from(begun: Event, end: datetime, name: str, detail: str = "") -> Span:
    """What began with an event."""
    run, step = str(begun["run"]), str(begun.get("step") or "")
    return Span(name, moment(begun), end, detail, run=run, step=step)


def asked_of(events: Iterable[Event]) -> dict[str, list[Span]]:
    """Service -> when it was asked."""
    return grouped(
        (one.target, Span("asked", one.begin, one.end, run=one.run, step=one.step))
        for one in asked.asked_of(events)
    )


def commands_of(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Node -> the long commands that ran there, each until its end, or the last event."""
    return grouped(
        (str(one.intent["node"]), _span_of(one)) for one in long_ones(changes_of(events))
    )


def _span_of(one: MadeChange) -> Span:
    span = _from(one.intent, one.until, str(one.intent["what"]), _in_words(one))
    return replace(span, is_most=one.is_found_ended)


def _in_words(one: MadeChange) -> str:
    if one.result is None or one.end is None:
        return "its end is not on record"
    code = one.result.get("code")
    said = f"exit code {code}" if code is not None else str(one.result["outcome"])
    if not one.is_found_ended:
        return said
    return f"{said}; found ended then, last known at work {to_the_second(one.earliest_end)}"
