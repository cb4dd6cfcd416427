"""What a row of report.html shows when it is opened: everything that its step recorded.

The tags are in the template, which escapes whatever a node or an operator wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.record.changes import since_when
from engine.report.anchors import step_anchor
from engine.report.html import commands_in_lines, template


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
    file: str = ""
    """Where the whole text is, in the run's directory."""


def step_details(events: Sequence[Mapping[str, Any]], why: str = "") -> str:
    """Everything recorded for one step: observations, changes, notes; for its row's details.

    `why` is what pytest says of a step that did not pass.
    """
    lines = [
        replace(line, file=_file_of(event)) for event in _short(events) if (line := _line(event))
    ]
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
        head = f"change on {event['node']}: {event['what']}{since_when(event)}"
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


def _file_of(event: Mapping[str, Any]) -> str:
    """The file of an output; '' when there is none, or its name is not one that a run gives."""
    file = str((event.get("output") or {}).get("file", ""))
    return file if re.fullmatch(r"outputs/[\w./-]+", file) else ""


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


_WORTH = 200
"""Characters that a question and its answer have before they are told once only."""


def _short(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The same events; of the same answers to a question, whoever gave them, the first one."""
    told: dict[str, str] = {}
    same = ("question", "command", "output", "code", "problem")
    for event in events:
        answer = repr([event.get(name) for name in same])
        if event["event"] != "observation" or len(answer) < _WORTH:
            yield event
        elif answer in told:
            yield {**event, "command": "", "output": {"text": told[answer]}}
        else:
            told[answer] = f"(asked and said as by {event['node']} at {event['time'][11:19]})"
            yield event
