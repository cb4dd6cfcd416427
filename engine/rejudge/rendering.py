"""A judging again, told: for a terminal, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from engine.rejudge.compare import FIRST_LOOK, Again, Difference, State, StepAgain

SCHEMA = 1


def lines_of(again: Again) -> list[str]:
    """What was judged, what differs, what could not be judged and why."""
    whole, part, left = (again.of(state) for state in State)
    counted = [sum(step.name != FIRST_LOOK for step in found) for found in (whole, part, left)]
    same = sum(step.findings for step in again.steps)
    return [
        f"run {again.run} ({again.mode}) of {again.cluster}, judged again by its answers",
        *_runbook(*again.runbook),
        *_position(*again.position),
        f"steps: {counted[0]} judged, {counted[1]} judged in part, {counted[2]} not judged;"
        f" {again.not_reached} were not reached in the run",
        *(
            [f"steps that the run did not have: {', '.join(again.unknown)}"]
            if again.unknown
            else []
        ),
        *_not_judged("judged in part", part),
        *_not_judged("not judged", left),
        *_differences(again.steps),
        _verdict(again, same),
    ]


def _runbook(then: str, now: str) -> list[str]:
    if then == now:
        return [f"runbook: {now[:12]}, the same as in the run"]
    return [f"runbook: {now[:12]}, another one than in the run, which was {then[:12]}"]


def _position(then: str, now: str) -> list[str]:
    if then == now:
        return [f"position at the first look: {now}"] if now else []
    return [f"DIFFERENT position at the first look: {then!r} on record, {now!r} now"]


def _not_judged(title: str, steps: Iterable[StepAgain]) -> list[str]:
    """Steps by reason: what an auditor has to take from the record itself."""
    lines = []
    ordered = sorted(steps, key=lambda step: step.why)
    for why, group in groupby(ordered, key=lambda step: step.why):
        found = list(group)
        lines.append(f"{title}, {why}:")
        for step in found:
            on_record = f"; on record: {', '.join(step.on_record)}" if step.on_record else ""
            lines.append(f"    {step.name}{on_record}")
    return lines


def _differences(steps: Iterable[StepAgain]) -> list[str]:
    lines = []
    for step in steps:
        lines += [f"DIFFERENT {step.name}"] if step.differences else []
        for difference in step.differences:
            lines += _difference(difference)
    return lines


_WHERE = {"new": "found now, not in the run", "gone": "found in the run, not now"}


def _difference(difference: Difference) -> list[str]:
    about = f"[{difference.code}] {difference.subject}"
    if difference.what == "outcome":
        return ["    the same findings, another end", *_fields(difference)]
    if difference.what == "record":
        return [f"    the record contradicts itself: {difference.fields['record'][0]}"]
    if difference.what == "way":
        return [f"    it goes another way than in the run: {difference.fields['way'][1]}"]
    if difference.what in _WHERE:
        values = [next(filter(None, pair), "") for pair in difference.fields.values()]
        return [f"    {about}: {_WHERE[difference.what]}", f"        {values[0]}: {values[1]}"]
    return [f"    {about}: changed", *_fields(difference)]


def _fields(difference: Difference) -> list[str]:
    lines = []
    for name, (then, now) in difference.fields.items():
        lines += [f"        {name} on record: {then}", f"        {name} now: {now}"]
    return lines


def _verdict(again: Again, same: int) -> str:
    if again.is_same:
        return f"the same findings ({same}) and rows in everything that was judged"
    count = sum(len(step.differences) for step in again.steps)
    return f"DIFFERENT: {count} differences, {same} findings are the same"


def data_of(again: Again) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": SCHEMA,
        "run": again.run,
        "mode": again.mode,
        "cluster": again.cluster,
        "runbook": {"recorded": again.runbook[0], "now": again.runbook[1]},
        "position": {"recorded": again.position[0], "now": again.position[1]},
        "same": again.is_same,
        "not_reached": again.not_reached,
        "unknown": list(again.unknown),
        "steps": [_step(step) for step in again.steps],
    }


def _step(step: StepAgain) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": step.state.value,
        "why": step.why,
        "same": step.findings,
        "on_record": list(step.on_record),
        "differences": [
            {
                "code": one.code,
                "subject": one.subject,
                "what": one.what,
                "fields": {
                    name: {"recorded": then, "now": now} for name, (then, now) in one.fields.items()
                },
            }
            for one in step.differences
        ],
    }
