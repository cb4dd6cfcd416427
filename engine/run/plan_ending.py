"""How a plan ends: its record in the journal, plan.json, and what the console shows of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.judge.text import duration, quoted
from engine.judge.ways import command_lines, commands_of, consequence
from engine.judge.ways import folded as folded_findings
from engine.model.change import Change
from engine.model.definition import short
from engine.model.ending import Ending
from engine.model.event import stamp
from engine.model.finding import Finding, Severity, acceptance_sentence
from engine.model.groups import grouped
from engine.model.plan import PlannedStep, Verdict
from engine.model.steps import phase_of
from engine.plan.table import counted_only, folded, rendered, table
from engine.plan.timeline import Timeline, timeline, timeline_lines
from engine.record.evidence import as_data
from engine.record.journal import cleaned
from engine.record.material import material_hash, material_of
from engine.record.position import Position
from engine.record.run import Run
from engine.report.console import columns, in_columns
from engine.report.predicted import Beside, data_of, plan_lines_of
from engine.report.summary import write_summary
from engine.run.session import Session

NAME = "plan.json"
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
    predicted = session.steps.foretold.planned(session.planner.steps)
    data = plan_data(run, session, ending, times)
    run.record("plan", **data, predicted=data_of(predicted) if predicted else None)
    lines = [*plan_lines(run, session, ending, times), *_predicted(predicted, run)]
    return [run.redactor.clean_output(line) for line in lines]


def _predicted(found: Beside | None, run: Run) -> Iterator[str]:
    """What a rehearsal predicts beside the plan; a change that both show is one of many there."""
    count = len(run.inventory.hosts)
    stages = [(s.title, s.phases, s.takes(count) / _MINUTE) for s in run.release.stages]
    for line in plan_lines_of(found, stages) if found is not None else ():
        yield from in_columns(line, columns(), "    ")


_MINUTE = timedelta(minutes=1)


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
        write_summary(directory / NAME, plan)


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
    material = cleaned(material, run.redactor.clean_output)
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


def is_past(run: Run) -> bool:
    """The point of no return is behind."""
    return any(
        str(record.intent["step"]).startswith(f"{run.release.no_return}[")
        for record in run.memory.changes.values()
    )


def plan_lines(run: Run, session: Session, ending: Ending, times: Timeline | None) -> Iterator[str]:
    """What the console shows of it, as wide as the terminal: a sentence, what blocks, what acts."""
    steps = session.planner.steps
    width = columns()
    # before it is wrapped: a secret on two lines would not be known as one
    clean = run.redactor.clean_output
    yield from in_columns(_first_sentences(steps, ending, times), width, "      ")
    for head, text in _findings(run.judge.findings, run.release.severities.never_acceptable):
        yield from _in_two_columns(head, clean(text), width)
    yield ""
    no_return = "" if is_past(run) else run.release.no_return
    shown, others = (steps, []) if run.shows_everything else folded(steps)
    lines = table(shown, no_return=no_return, shorten=_shortener(run.inventory.names))
    if lines:
        yield from rendered((replace(line, text=clean(line.text)) for line in lines), width)
    yield from in_columns(counted_only(others, len(steps)), width, "  ")
    yield ""
    if times is not None:
        yield from timeline_lines(times)
        announced = (
            f"announced by the guide: {run.release.estimate_base} minutes and"
            f" {run.release.estimate_per_node} for each of {len(run.inventory.hosts)} nodes;"
            " downloads and work by hand are not in it"
        )
        yield from in_columns(announced, width, "  ")
        if is_past(run):
            yield "the point of no return is behind: the first round was started"
    yield f"plan: {run.directory / 'plan.json'}"


_PASTED = ("", "accept")
"""Heads of lines that are pasted into a shell: they stay whole, however long."""


def _in_two_columns(head: str, text: str, width: int) -> Iterator[str]:
    """A line of a finding, its text in a column of its own."""
    if not head and not text:
        yield ""
    elif head in _PASTED:
        yield f"  {head:<10}{text}"
    else:
        yield from in_columns(f"  {head:<9} {text}", width, " " * 12)


def _first_sentences(steps: Sequence[PlannedStep], ending: Ending, times: Timeline | None) -> str:
    """What will happen and how long that takes, in the first line where nothing blocks."""
    changing = [step for step in steps if step.changes]
    took = f" in about {duration(times.ends - times.begins)}" if times is not None else ""
    if ending is Ending.PLANNED:
        if not changing:
            return "PLAN: nothing blocks, and there is nothing to change."
        said = f"PLAN: nothing blocks. {_steps(changing)} would change the cluster"
        return f"{said}{took}.{_more(steps)}"
    roots = [s for s in steps if s.verdict.is_in_the_way and not s.blocked_by]
    codes = dict.fromkeys(f.code for step in roots for f in step.findings)
    where = ", ".join(step.name for step in roots[:3]) + (" ..." if len(roots) > 3 else "")
    said = f"BLOCKED at {where}" + (f" by {', '.join(codes)}" if codes else "")
    if changing:
        return f"PLAN: {said}. {_steps(changing)} before it would change the cluster."
    return f"PLAN: {said}. The run would stop there, before its first change."


def _more(steps: Sequence[PlannedStep]) -> str:
    """Those of every round and node that may have something to do: few of them will."""
    later = [step.base for step in steps if step.verdict is Verdict.AFTER and step.expected]
    kinds = len(set(later))
    if len(later) == kinds:
        return f" {kinds} more if they have to." if kinds else ""
    return f" {kinds} more if they have to ({len(later)}, a step for each round and node)."


def _steps(steps: Sequence[PlannedStep]) -> str:
    return "1 step" if len(steps) == 1 else f"{len(steps)} steps"


def _findings(findings: Sequence[Finding], never: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(head, text) of each line; what has no head is a command."""
    unique = list(dict.fromkeys(findings))
    for finding, below in folded_findings([f for f in unique if f.blocks]):
        yield "", ""
        yield "BLOCKS", f"[{finding.code}] {finding.subject}"
        yield "seen", finding.observed
        if below:
            yield "so", consequence(below)
        yield "expected", finding.expected
        yield "to do", finding.remedy
        yield from (("", line) for line in command_lines(commands_of((finding, *below))))
        given = dict.fromkeys(_acceptance(one, never) for one in (finding, *below))
        yield "accept", f"{' '.join(given)}{' --by NAME' if _NOBODY not in given else ''}"
    accepted = [(f, f.accepted) for f in unique if f.accepted is not None]
    if accepted:
        yield "", ""
    for finding, by in accepted:
        said = acceptance_sentence(by.as_data())
        yield "accepted", f"[{finding.code}] {finding.subject}: {finding.observed}; {said}"
    warned = grouped((f.code, f.subject) for f in unique if f.severity is Severity.WARN)
    if warned:
        told = (f"{code} ({len(subjects)})" for code, subjects in warned.items())
        yield "warnings", f"see the report: {', '.join(told)}"


_NOBODY = "can't be accepted by anybody"


def _acceptance(finding: Finding, never: frozenset[str]) -> str:
    return _NOBODY if finding.code in never else f"--accept {quoted(f'{finding.target}=REASON')}"


def _shortener(names: Sequence[str]) -> Callable[[str], str]:
    """Node names up to the first dot, when that is enough to tell them apart."""
    brief = {name: short(name) for name in names}
    if len(set(brief.values())) < len(names):
        brief = {}
    return lambda name: brief.get(name, name)
