"""How a plan ends: its record, plan.json, and what the console shows."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.evidence import as_data
from engine.journal import stamp
from engine.material import material_hash, material_of, runbook_hash
from engine.model.change import Change
from engine.model.finding import Finding, Severity, acceptance_sentence
from engine.model.plan import PlannedStep, Verdict
from engine.plan_table import WIDTH, rendered, table
from engine.position import Position
from engine.run import Ending, Run
from engine.session import Session
from engine.summary import write_summary
from engine.timeline import Timeline, timeline, timeline_lines

SCHEMA = 1
"""Of plan.json."""


def draw_plan(run: Run, session: Session | None, ending: Ending) -> list[str]:
    """Record the plan and tell it; the lines for the console. Empty when there is none to tell.

    There is none when the first look failed, or the plan was interrupted: half of it would pass
    for the whole.
    """
    if session is None or not session.planner.steps or ending not in _TOLD:
        return []
    times = _timeline(run, session)
    run.record("plan", **plan_data(run, session, ending, times))
    return [run.redactor.clean_output(line) for line in _lines(run, session, ending, times)]


_TOLD = (Ending.PLANNED, Ending.BLOCKED, Ending.FAILED)


def plan_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The content of plan.json, from a journal's events; None when no plan was told."""
    found = next((event for event in events if event["event"] == "plan"), None)
    if found is None:
        return None
    kept = {k: v for k, v in found.items() if k not in ("schema", "seq", "time", "event")}
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
        roles={host.name: host.role.value for host in run.inventory.hosts},
        active=look.names.active,
        versions=session.survey.versions.values,
        release=run.release,
        scope=run.scope.value,
        position=look.position.value,
        settings=settings,
        steps=steps,
        findings=run.judge.findings,
        acceptances=run.judge.acceptances,
        runbook=runbook_hash(),
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
        "waits_for": list(step.waits_in_vain_for),
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
    left = {step.phase for step in steps if step.asks or step.verdict is not Verdict.SATISFIED}
    return timeline(
        run.release.stages,
        node_count=len(run.inventory.hosts),
        settings=run.inventory.settings,
        now=run.now(),
        left=phases if is_start else left,
        no_return=run.release.no_return.partition(".")[0] if not _is_past(run) else "",
    )


def _is_past(run: Run) -> bool:
    """The point of no return is behind."""
    return any(
        str(record.intent["step"]).startswith(f"{run.release.no_return}[")
        for record in run.memory.changes.values()
    )


def _lines(run: Run, session: Session, ending: Ending, times: Timeline | None) -> Iterator[str]:
    steps = session.planner.steps
    yield _first_line(steps, ending)
    yield from _findings(run.judge.findings, run.release.severities.never_acceptable)
    yield ""
    width = max(shutil.get_terminal_size((WIDTH, 24)).columns, 90)
    no_return = "" if _is_past(run) else run.release.no_return
    lines = table(steps, no_return=no_return, shorten=_shortener(run.inventory.names))
    # before it is wrapped: a secret on two lines would not be known as one
    clean = run.redactor.clean_output
    yield from rendered((replace(line, text=clean(line.text)) for line in lines), width)
    yield ""
    if times is not None:
        yield from timeline_lines(times)
        yield (
            f"announced by the guide: {run.release.estimate_base} minutes and"
            f" {run.release.estimate_per_node} for each of {len(run.inventory.hosts)} nodes;"
            " downloads and work by hand are not in it"
        )
        if _is_past(run):
            yield "the point of no return is behind: the first round was started"
    yield f"plan: {run.directory / 'plan.json'}"


def _first_line(steps: Sequence[PlannedStep], ending: Ending) -> str:
    changing = [step for step in steps if step.changes]
    if ending is Ending.PLANNED:
        if not changing:
            return "PLAN: nothing blocks, and there is nothing to change."
        later = sum(step.verdict is Verdict.AFTER and bool(step.expected) for step in steps)
        more = f", and {later} more if they have to" if later else ""
        return f"PLAN: nothing blocks. {_steps(changing)} would change the cluster{more}."
    roots = [s for s in steps if s.verdict.is_in_the_way and not s.waits_in_vain_for]
    codes = dict.fromkeys(f.code for step in roots for f in step.findings)
    where = ", ".join(step.name for step in roots[:3]) + (" ..." if len(roots) > 3 else "")
    said = f"BLOCKED at {where}" + (f" by {', '.join(codes)}" if codes else "")
    if changing:
        return f"PLAN: {said}. {_steps(changing)} before it would change the cluster."
    return f"PLAN: {said}. The run would stop there, before its first change."


def _steps(steps: Sequence[PlannedStep]) -> str:
    return "1 step" if len(steps) == 1 else f"{len(steps)} steps"


def _findings(findings: Sequence[Finding], never: frozenset[str]) -> Iterator[str]:
    unique = list(dict.fromkeys(findings))
    for finding in (f for f in unique if f.blocks):
        yield ""
        yield f"  BLOCKS    [{finding.code}] {finding.subject}"
        yield f"  seen      {finding.observed}"
        yield f"  expected  {finding.expected}"
        yield f"  to do     {finding.remedy}"
        if finding.code in never:
            yield "  accept    can't be accepted by anybody"
        else:
            target = f"{finding.code}@{finding.subject}=REASON"
            # quoted even where the shell would not ask for it: a reason has blanks
            quoted = shlex.quote(target) if "'" in target else f"'{target}'"
            yield f"  accept    --accept {quoted} --by NAME"
    accepted = [(f, f.accepted) for f in unique if f.accepted is not None]
    if accepted:
        yield ""
    for finding, by in accepted:
        said = acceptance_sentence(by.as_data())
        yield f"  accepted [{finding.code}] {finding.subject}: {finding.observed}; {said}"
    warned: dict[str, list[str]] = {}
    for finding in unique:
        if finding.severity is Severity.WARN:
            warned.setdefault(finding.code, []).append(finding.subject)
    if warned:
        told = (f"{code} ({len(subjects)})" for code, subjects in warned.items())
        yield f"  warnings, see the report: {', '.join(told)}"


def _shortener(names: Sequence[str]) -> Callable[[str], str]:
    """Node names up to the first dot, when that is enough to tell them apart."""
    short = {name: name.partition(".")[0] for name in names}
    if len(set(short.values())) < len(names):
        short = {}
    return lambda name: short.get(name, name)
