"""How a plan ends: its record in the journal, and plan.json."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.model.change import Change
from engine.model.event import stamp
from engine.model.plan import PlannedStep, Verdict
from engine.model.steps import phase_of
from engine.plan.timeline import Timeline, timeline
from engine.record.evidence import as_data
from engine.record.material import material_hash, material_of
from engine.record.position import Position
from engine.record.run import Ending, Run
from engine.report.summary import write_summary
from engine.run.plan_lines import is_past, plan_lines
from engine.run.session import Session

SCHEMA = 1
"""The form of plan.json."""


def draw_plan(run: Run, session: Session | None, ending: Ending) -> list[str]:
    """Record the plan and tell it; the lines for the console. Empty when there is none to tell.

    There is none when the first look failed, or the plan was interrupted: half of it would pass
    for the whole.
    """
    if session is None or not session.planner.steps or ending not in _TOLD:
        return []
    times = _timeline(run, session)
    run.record("plan", **plan_data(run, session, ending, times))
    return [run.redactor.clean_output(line) for line in plan_lines(run, session, ending, times)]


_TOLD = (Ending.PLANNED, Ending.BLOCKED, Ending.FAILED)


def plan_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The content of plan.json, from a journal's events; None when no plan was told."""
    found = next((event for event in events if event["event"] == "plan"), None)
    if found is None:
        return None
    of_the_line = ("schema", "seq", "prev", "time", "event")
    kept = {name: value for name, value in found.items() if name not in of_the_line}
    return {"schema": SCHEMA, **kept}


def write_plan(directory: Path, events: Iterable[Mapping[str, Any]]) -> None:
    """plan.json, whole (0600) or not at all, when a plan was told; raises OSError."""
    plan = plan_of(events)
    if plan is not None:
        write_summary(directory / "plan.json", plan)


def plan_data(run: Run, session: Session, ending: Ending, times: Timeline | None) -> dict[str, Any]:
    """All of a plan, JSON-able. The journal masks what it knows to be secret."""
    steps = session.planner.steps
    settings, look = run.inventory.settings, session.look
    material = material_of(
        run.material_facts(look.names.active, session.survey.versions.values),
        position=look.position.value,
        steps=steps,
        findings=run.judge.findings,
    )
    # as the journal and the file will have it, so that the hash can be checked against them
    material = _masked(material, run.redactor.clean_output)
    return {
        "run": run.run_id,
        "cluster": settings.cluster,
        "environment": settings.environment.value,
        "mode": run.mode.value,
        "scope": run.scope.value,
        "created": stamp(run.now()),
        "outcome": ending.value,
        "exit_code": ending.code,
        "attempt": run.attempt,
        "position": look.position.value,
        "steps": [_step_data(step) for step in steps],
        "findings": [as_data(finding) for finding in run.judge.findings],
        "timeline": times.as_data() if times else None,
        "material": material,
        "hash": material_hash(material),
    }


def _masked(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _masked(item, clean) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, clean) for item in value]
    return value


def _step_data(step: PlannedStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "node": step.node,
        "verdict": step.verdict.value,
        "reason": step.reason,
        "guide": list(step.guide),
        "commands": [_command_data(change) for change in step.changes],
        "further": step.further,
        "notes": list(step.notes),
        "books_on": step.books_on or None,
        "expected": step.expected,
        "after": step.after,
        "waits_for": list(step.blocked_by),
        "findings": [{"code": f.code, "subject": f.subject} for f in step.findings],
    }


def _command_data(change: Change) -> dict[str, Any]:
    return {
        "node": change.node,
        "what": change.what,
        "command": shlex.join(change.argv),
        "standard_input": "not shown" if change.stdin is not None else None,
        "detached": change.detached,
        "opens": [f"{t.kind} of {t.subject}" for t in change.opens],
        "closes": [f"{kind} of {subject}" for kind, subject in change.closes],
    }


def _timeline(run: Run, session: Session) -> Timeline | None:
    """At the start all of the announced time; later only the phases with something left to do."""
    steps = session.planner.steps
    phases = {phase for stage in run.release.stages for phase in stage.phases}
    position = session.look.position
    if position is Position.CLOSED or not phases & {step.phase for step in steps if not step.asks}:
        return None  # nothing is left to do; or a restore, and nobody announces how long that takes
    is_start = position is Position.NOT_STARTED
    left = {step.phase for step in steps if step.asks or _takes_time(step)}
    return timeline(
        run.release.stages,
        node_count=len(run.inventory.hosts),
        settings=run.inventory.settings,
        now=run.now(),
        left=phases if is_start else left,
        no_return=phase_of(run.release.no_return) if not is_past(run) else "",
    )


def _takes_time(step: PlannedStep) -> bool:
    """More than a look: it changes something, waits for something, or needs somebody."""
    looks_only = step.verdict is Verdict.WILL_RUN and not step.changes
    return step.verdict is not Verdict.SATISFIED and not looks_only
