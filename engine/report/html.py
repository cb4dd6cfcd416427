"""What pytest-html's report shows beyond its table: the guide's rows, findings, how it ended.

The tags are in the templates, which escape whatever a node or an operator wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from engine.judge.text import counted
from engine.judge.ways import command_lines, commands_of, consequence, folded
from engine.model.finding import Way, acceptance_sentence
from engine.model.groups import grouped
from engine.model.steps import base_of
from engine.record.gaps import HOW, sentence
from engine.report.last_lines import next_commands, way_of
from engine.report.table import step_anchor, step_id


def render_summary(summary: Mapping[str, Any]) -> str:
    """The first screen of the report, from summary.json's data."""
    return template("summary.html.j2").render(
        summary=summary,
        next_commands=next_commands(summary),
        facts=_facts(summary),
        steps_of=_steps,
        findings=folded(sorted(summary["findings"], key=_is_no_stop)),
        consequence=consequence,
        commands=commands_in_lines,
        to_run=to_run(summary),
        accepted_as=acceptance_sentence,
        guide_counted=counted(row["state"] for row in summary["guide"]),
        is_guide_open=any(row["state"] == "failed" for row in summary["guide"]),
    )


def render_table_head(styles: Iterable[str]) -> str:
    """What stands above the table of steps; `styles` are of the operator, after all others."""
    return template("table.html.j2").render(styles=styles)


def commands_in_lines(findings: Iterable[Mapping[str, Any]]) -> str:
    """What the remedies do, as it is copied from a page; '' when it is not given as commands."""
    return "\n".join(command_lines(commands_of(findings)))


def to_run(summary: Mapping[str, Any]) -> str:
    """The commands of all that stopped the run; none beside a call for support."""
    if way_of(summary) == Way.SUPPORT:
        return ""
    stops = (one for one in summary["findings"] if one["severity"] == "block")
    return commands_in_lines(one for one in stops if not one["accepted"])


def _is_no_stop(finding: Mapping[str, Any]) -> bool:
    return finding["severity"] != "block" or bool(finding["accepted"])


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


def _steps(names: Iterable[str]) -> Markup:
    """Steps by their bare names, linked to the first item of each; how many recorded something."""
    items = grouped((base_of(name), name) for name in names)
    link = Markup('<a href="#{}">{}</a>{}')
    return Markup(", ").join(
        link.format(step_id(those[0]), bare, f" ({len(those)} items)" if len(those) > 1 else "")
        for bare, those in items.items()
    )


@dataclass(frozen=True)
class Line:
    """One event of a step: what was asked or done, by which command, and what came of it."""

    time: str
    head: str
    command: str
    text: str
    kind: str = ""
    is_open: bool = False
    """Shown unfolded: what went wrong is not to be looked for."""


def step_details(events: Sequence[Mapping[str, Any]], why: str = "") -> str:
    """Everything recorded for one step: observations, changes, notes; for its row's details.

    `why` is what pytest says of a step that did not pass.
    """
    lines = [line for event in events if (line := _line(event))]
    ended = next((event for event in reversed(events) if event["event"] == "step-ended"), None)
    if not lines and not why and ended is None:
        return ""
    return template("details.html.j2").render(
        lines=lines,
        why=why,
        reason="" if why or ended is None else ended["reason"],
        anchor="" if ended is None else step_anchor(str(ended["run"]), str(ended["name"])),
    )


def _line(event: Mapping[str, Any]) -> Line | None:
    kind, time = event["event"], str(event["time"])
    if kind == "observation":
        head = f"asked {event['node']}: {event['question']}"
        is_open = bool(event.get("problem"))
        return Line(time, head, _command(event), _output(event), "question", is_open)
    if kind == "intent":
        head = f"change on {event['node']}: {event['what']}"
        return Line(time, head, _command(event), "", "change")
    if kind == "result":
        code = event.get("code")
        head = f"result: {event['outcome']}" + (f", exit code {code}" if code is not None else "")
        is_open = event["outcome"] != "ok"
        return Line(time, head, event.get("reason", ""), _output(event), "result", is_open)
    if kind == "finding":
        return Line(
            time,
            f"finding {event['code']} ({event['severity']}) {event['subject']}",
            f"{event['observed']}; expected {event['expected']}. {event['remedy']}",
            commands_in_lines((event,)),
            "finding",
            is_open=True,
        )
    if kind == "attachment":
        return Line(time, event["name"], "", _output(event), "attachment")
    if kind == "note":
        return Line(time, f"note: {event['text']}", "", "", "note")
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
