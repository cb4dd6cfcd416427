"""What pytest-html's report shows beyond its table: the guide's rows, findings, how it ended.

The tags are in the templates, which escape whatever a node or an operator wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from engine.judge.ways import command_lines, commands_of, consequence, folded
from engine.model.finding import Way, acceptance_sentence
from engine.model.steps import base_of
from engine.record.gaps import HOW, sentence
from engine.report.last_lines import next_commands, way_of
from engine.report.losses import loss_lines

_COLOURS = {
    "fulfilled": "#1a7f37",
    "not needed": "#57606a",
    "not applicable": "#57606a",
    "open": "#9a6700",
    "failed": "#cf222e",
    "block": "#cf222e",
    "warn": "#9a6700",
    "info": "#57606a",
}


def render_summary(summary: Mapping[str, Any]) -> str:
    """The first screen of the report, from summary.json's data."""
    return template("summary.html.j2").render(
        summary=summary,
        next_commands=next_commands(summary),
        losses=loss_lines(summary.get("losses", ())),
        facts=_facts(summary),
        steps_of=_steps,
        folded=folded,
        consequence=consequence,
        commands=commands_in_lines,
        to_run=to_run(summary),
        accepted_as=acceptance_sentence,
        colours=_COLOURS,
    )


def commands_in_lines(findings: Iterable[Mapping[str, Any]]) -> str:
    """What the remedies do, as it is copied from a page; '' when it is not given as commands."""
    return "\n".join(command_lines(commands_of(findings)))


def to_run(summary: Mapping[str, Any]) -> str:
    """The commands of all that stopped the run; none beside a call for support."""
    if way_of(summary) == Way.SUPPORT:
        return ""
    stops = (one for one in summary["findings"] if one["severity"] == "block")
    return commands_in_lines(one for one in stops if not one["accepted"])


def _facts(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    labels = {
        "cluster": "Cluster",
        "environment": "Environment",
        "mode": "Mode",
        "source": "From",
        "target": "To",
        "change_id": "Change",
        "window": "Window",
        "operator": "Operator",
        "position": "Position found",
        "attempt": "Attempt",
        "run_id": "Run",
        "started": "Started (UTC)",
        "finished": "Finished (UTC)",
        "announced": "Announced time",
        "taken": "Time taken (all runs)",
        "taken_by_run": "Time taken by this run",
        "standby": "In standby",
        "fencing_off": "Without fencing",
    }
    for key, label in labels.items():
        if summary.get(key):
            yield label, str(summary[key])
    if totals := sentence(summary.get("service_gaps", {}).get("totals", ())):
        yield "Service gaps", f"{totals} ({HOW})"


def _steps(names: Iterable[str]) -> str:
    """Steps by their bare names; a fan-out says how many of its items recorded something."""
    counts = Counter(map(base_of, names))
    return ", ".join(f"{bare} ({n} items)" if n > 1 else bare for bare, n in counts.items())


@dataclass(frozen=True)
class Line:
    """One event of a step: what was asked or done, by which command, and what came of it."""

    time: str
    head: str
    command: str
    text: str


def step_details(events: Iterable[Mapping[str, Any]]) -> str:
    """Everything recorded for one step: observations, changes, notes; for its row's details."""
    lines = [line for event in events if (line := _line(event))]
    return template("details.html.j2").render(lines=lines) if lines else ""


def _line(event: Mapping[str, Any]) -> Line | None:
    kind, time = event["event"], str(event["time"])
    if kind == "observation":
        head = f"asked {event['node']}: {event['question']}"
        return Line(time, head, _command(event), _output(event))
    if kind == "intent":
        return Line(time, f"change on {event['node']}: {event['what']}", _command(event), "")
    if kind == "result":
        code = event.get("code")
        head = f"result: {event['outcome']}" + (f", exit code {code}" if code is not None else "")
        return Line(time, head, event.get("reason", ""), _output(event))
    if kind == "finding":
        return Line(
            time,
            f"finding {event['code']} ({event['severity']}) {event['subject']}",
            f"{event['observed']}; expected {event['expected']}. {event['remedy']}",
            commands_in_lines((event,)),
        )
    if kind == "attachment":
        return Line(time, event["name"], "", _output(event))
    if kind == "note":
        return Line(time, "note", event["text"], "")
    return None


def _command(event: Mapping[str, Any]) -> str:
    """The command; of a long one head, tail, and where the whole of it is."""
    text, whole = str(event.get("command", "")), event.get("whole") or {}
    if whole.get("not_kept"):
        text += f"\n({whole['not_kept']})"
    elif whole.get("file"):
        text += f"\n(whole: {whole['file']}, {whole['size']} bytes, sha256 {whole['sha256']})"
    return text


def _output(event: Mapping[str, Any]) -> str:
    output = event.get("output") or {}
    text = str(output.get("text", ""))
    if output.get("file"):
        rows = f"{output['rows']} rows, " if "rows" in output else ""
        size = f"{output['size']} bytes, " if "size" in output else ""
        text += f"\n(whole text: {output['file']}, {rows}{size}sha256 {output['sha256']})"
    elif output.get("not_kept"):
        text += f"\n({output['not_kept']})"
    problem = f"{event['problem']}\n" if event.get("problem") else ""
    return problem + text


@cache
def template(path: str) -> Template:
    """The template of that path below this folder; a field that it lacks is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path)
