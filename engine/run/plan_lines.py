"""What the console shows of a plan: whether it blocks, findings, table, times."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from engine.judge.text import quoted
from engine.model.definition import short
from engine.model.finding import Finding, Severity, acceptance_sentence
from engine.model.folding import consequence, folded
from engine.model.plan import PlannedStep, Verdict
from engine.plan.table import WIDTH, rendered, table
from engine.plan.timeline import Timeline, timeline_lines
from engine.record.run import Ending, Run
from engine.run.session import Session


def is_past(run: Run) -> bool:
    """The point of no return is behind."""
    return any(
        str(record.intent["step"]).startswith(f"{run.release.no_return}[")
        for record in run.memory.changes.values()
    )


def plan_lines(run: Run, session: Session, ending: Ending, times: Timeline | None) -> Iterator[str]:
    steps = session.planner.steps
    yield _first_line(steps, ending)
    yield from _findings(run.judge.findings, run.release.severities.never_acceptable)
    yield ""
    width = max(shutil.get_terminal_size((WIDTH, 24)).columns, 60)
    no_return = "" if is_past(run) else run.release.no_return
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
        if is_past(run):
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
    roots = [s for s in steps if s.verdict.is_in_the_way and not s.blocked_by]
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
    for finding, below in folded([f for f in unique if f.blocks]):
        yield ""
        yield f"  BLOCKS    [{finding.code}] {finding.subject}"
        yield f"  seen      {finding.observed}"
        if below:
            yield f"  so        {consequence(below)}"
        yield f"  expected  {finding.expected}"
        yield f"  to do     {finding.remedy}"
        given = dict.fromkeys(_acceptance(one, never) for one in (finding, *below))
        yield f"  accept    {' '.join(given)}{' --by NAME' if _NOBODY not in given else ''}"
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


_NOBODY = "can't be accepted by anybody"


def _acceptance(finding: Finding, never: frozenset[str]) -> str:
    return _NOBODY if finding.code in never else f"--accept {quoted(f'{finding.target}=REASON')}"


def _shortener(names: Sequence[str]) -> Callable[[str], str]:
    """Node names up to the first dot, when that is enough to tell them apart."""
    brief = {name: short(name) for name in names}
    if len(set(brief.values())) < len(names):
        brief = {}
    return lambda name: brief.get(name, name)
