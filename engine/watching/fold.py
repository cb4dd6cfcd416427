"""A journal's events, one after the other, to what is known of the run. Pure.

An event costs the same wherever it stands: nothing here goes back to those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from engine.model.ending import Mode
from engine.model.event import Event, operator_of
from engine.model.steps import Scope, phase_of
from engine.report.predicted import sentence_of
from engine.report.words import announced_minutes
from engine.watching import parts
from engine.watching.parts import time_of
from engine.watching.state import (
    Ended,
    Node,
    Stage,
    Step,
    Stopped,
    Watched,
)


def state_of(events: Iterable[Event], before: Watched | None = None) -> Watched:
    """What these events say, coming after those of `before`."""
    watched = before or Watched()
    for event in events:
        watched = _after(watched, event)
    return watched


def _after(watched: Watched, event: Event) -> Watched:
    known = replace(watched, lines=watched.lines + 1, last=time_of(event))
    handle = _HANDLERS.get(str(event["event"]))
    return handle(known, event) if handle else known


def _run_started(watched: Watched, event: Event) -> Watched:
    # what is announced, and the way back, are of an upgrade that is carried out
    counts = event["mode"] == Mode.EXECUTE and event.get("scope", Scope.UPGRADE) == Scope.UPGRADE
    announced = str(event.get("announced", "")) if counts else ""
    stages = event.get("stages", ()) if counts else ()
    _, _, window_end = str(event.get("window", "")).partition(" to ")
    return replace(
        watched,
        run=str(event["run"]),
        mode=str(event["mode"]),
        cluster=str(event["cluster"]),
        source=str(event["source"]),
        target=str(event["target"]),
        operator=operator_of(event),
        host=str(event.get("host", "")),
        begun=time_of(event),
        window_end=datetime.fromisoformat(window_end) if window_end else None,
        minutes=announced_minutes(announced),
        stages=tuple(Stage(s["title"], tuple(s["phases"]), float(s["minutes"])) for s in stages),
        commands=dict(event.get("commands", {})),
        until=str(event.get("until", "")),
        no_return=str(event.get("no_return") or "") if counts else "",
        nodes={str(name): Node(str(role)) for name, role in event["nodes"].items()},
    )


def _steps(watched: Watched, event: Event) -> Watched:
    told = enumerate(event["steps"], start=1)
    return replace(
        watched, steps={str(s["name"]): (number, str(s.get("intent", ""))) for number, s in told}
    )


def _position(watched: Watched, event: Event) -> Watched:
    known = replace(watched, position=str(event["position"]), active=str(event["active"]))
    if known.passed_by:
        return known
    return replace(known, passed=time_of(event, "passed") if event.get("passed") else None)


def _not_known(watched: Watched, event: Event) -> Watched:
    return replace(watched, not_known=str(event["why"]))


def _step_started(watched: Watched, event: Event) -> Watched:
    name, when = str(event["step"]), time_of(event)
    number, _ = watched.steps.get(name, (watched.reached + 1, ""))
    known = replace(watched, step=Step(name, when), reached=number)
    phase = phase_of(name)
    if phase == watched.phase:
        return known
    stage = next((n for n, one in enumerate(watched.stages) if phase in one.phases), None)
    known = replace(known, phase=phase, phase_since=when)
    return known if stage == watched.stage else replace(known, stage=stage, stage_since=when)


def _step_ended(watched: Watched, event: Event) -> Watched:
    outcome = str(event["outcome"])
    counts = {**watched.outcomes, outcome: watched.outcomes.get(outcome, 0) + 1}
    return replace(watched, step=None, outcomes=counts)


def _finding(watched: Watched, event: Event) -> Watched:
    blocks = event["severity"] == "block" and not event.get("accepted")
    return replace(watched, blocking=watched.blocking + blocks)


def _deviation(watched: Watched, event: Event) -> Watched:
    if not event["warns"]:
        return watched
    first = watched.deviation or sentence_of(event)
    return replace(watched, deviations=watched.deviations + 1, deviation=first)


def _stopped(watched: Watched, event: Event) -> Watched:
    stopped = Stopped(str(event["outcome"]), str(event["reason"]), str(event["what_to_do"]))
    return replace(watched, stopped=stopped)


def _run_ended(watched: Watched, event: Event) -> Watched:
    ended = Ended(str(event["outcome"]), int(event["exit_code"]), time_of(event))
    return replace(watched, ended=ended, step=None)


def _sealed(watched: Watched, event: Event) -> Watched:
    return replace(watched, sealed=True)


_HANDLERS: Mapping[str, Callable[[Watched, Event], Watched]] = {
    "run-started": _run_started,
    "steps": _steps,
    "position": _position,
    "not-known": _not_known,
    "step-started": _step_started,
    "step-ended": _step_ended,
    "finding": _finding,
    "deviation": _deviation,
    "observation": parts.observation,
    "connection": parts.connection,
    "standby": parts.standby,
    "fencing": parts.fencing,
    "lasting": parts.lasting,
    "intent": parts.intent,
    "progress": parts.progress,
    "result": parts.result,
    "command-seen": parts.command_seen,
    "probing": parts.probing,
    "service-gap": parts.service_gap,
    "stopped": _stopped,
    "run-ended": _run_ended,
    "sealed": _sealed,
}
