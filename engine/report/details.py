"""What a row of report.html shows when it is opened: everything that its step recorded.

The tags are in the template, which escapes whatever a node or an operator wrote.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from engine.judge.text import many
from engine.record.changes import since_when
from engine.report.anchors import step_anchor
from engine.report.html import commands_in_lines, template
from engine.report.quoted import NOTHING, Quoted, command_quoted, in_journal, level, output_of

BUDGET = 10_000
"""Characters of HTML for all commands and answers of a step: the page holds the steps of a run, and
is at most 1.5 MB. Short ones are whole, long ones share what is left."""
LEAST = 160
QUESTIONS = 80
"""Answered questions of a step that have a line."""
LEFT_OUT = "left out"
"""In the place of an event: how many more there are."""


@dataclass(frozen=True)
class Line:
    """One event of a step: what was asked or done, by which command, and what came of it."""

    time: str
    head: str
    command: Quoted = NOTHING
    text: Quoted = NOTHING
    kind: str = ""
    is_open: bool = False
    """Shown unfolded: what went wrong is not to be looked for."""
    event: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def shortened(self, most: int) -> Line:
        """Its texts by their two ends, when they are longer, with where the whole of each is."""
        if not self.event:
            return self
        where = in_journal(self.event)
        return replace(
            self, command=self.command.shortened(most, where), text=self.text.shortened(most, where)
        )


def step_details(events: Iterable[Mapping[str, Any]], why: str = "") -> str:
    """Everything recorded for one step: observations, changes, notes; for its row's details.

    `why` is what pytest says of a step that did not pass.
    """
    ends: deque[Mapping[str, Any]] = deque(maxlen=1)
    told = _short(_counted(_together(_with_ends(events, ends))))
    lines = [line for event in told if (line := _line(event))]
    ended = ends[0] if ends else None
    if not lines and not why and ended is None:
        return ""
    costs = (text.cost for line in lines for text in (line.command, line.text))
    most = max(LEAST, level(costs, BUDGET))
    return template("details.html.j2").render(
        lines=[line.shortened(most) for line in lines],
        why=why,
        reason="" if why or ended is None else ended["reason"],
        anchor="" if ended is None else step_anchor(str(ended["run"]), str(ended["name"])),
    )


def _with_ends(
    events: Iterable[Mapping[str, Any]], ends: deque[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """The same events, which are read once; the last end of the step comes into `ends`."""
    for event in events:
        if event["event"] == "step-ended":
            ends.append(event)
        yield event


def _counted(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Of the answered questions the first ones; the rest is counted."""
    shown = left_out = 0
    for event in events:
        if event["event"] == "observation" and not event.get("problem"):
            if shown >= QUESTIONS:
                left_out, last = left_out + 1, event
                continue
            shown += 1
        yield event
    if left_out:
        text = f"{left_out} more questions, in the journal"
        yield {"event": LEFT_OUT, "seq": 0, "time": last["time"], "text": text}


def _line(event: Mapping[str, Any]) -> Line | None:
    if event["event"] == LEFT_OUT:
        return Line(str(event["time"]), str(event["text"]), kind="note")
    made = _line_of(event)
    return replace(made, time=str(event["time"]), event=event) if made else None


def _line_of(event: Mapping[str, Any]) -> Line | None:
    kind = event["event"]
    if kind == "observation":
        head = f"asked {event['node']}: {event['question']}"
        is_open = bool(event.get("problem"))
        return Line("", head, command_quoted(event), _output(event), "question", is_open)
    if kind == "intent":
        head = f"change on {event['node']}: {event['what']}{since_when(event)}"
        return Line("", head, command_quoted(event), kind="change")
    if kind == "result":
        code = event.get("code")
        head = f"result: {event['outcome']}" + (f", exit code {code}" if code is not None else "")
        why = Quoted(str(event.get("reason", "")))
        return Line("", head, why, _output(event), "result", is_open=event["outcome"] != "ok")
    if kind == "finding":
        return Line(
            "",
            f"finding {event['code']} ({event['severity']}) {event['subject']}",
            Quoted(f"{event['observed']}; expected {event['expected']}. {event['remedy']}"),
            Quoted(commands_in_lines((event,))),
            "finding",
            is_open=True,
        )
    if kind == "attachment":
        return Line("", str(event["name"]), text=_output(event), kind="attachment")
    if kind == "note":
        return Line("", f"note: {event['text']}", kind="note")
    return None


def _output(event: Mapping[str, Any]) -> Quoted:
    """What came of it, its problem first; of a list how many rows it has, too."""
    output = event.get("output") or {}
    quoted = output_of(output)
    if "rows" in output:
        where = f", {many(output['rows'], 'row')}{quoted.where}"
        quoted = replace(quoted, where=where, is_list=True)
    problem = str(event.get("problem") or "")
    return replace(quoted, text="\n".join(filter(None, (problem, quoted.text))))


_WORTH = 200
"""Characters that a question and its answer have before they are told once only."""


def _short(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The same events; of the same answers to a question, whoever gave them, the first one."""
    told: dict[str, str] = {}
    for event in events:
        answer = _answer(event)
        if event["event"] != "observation" or len(answer) < _WORTH:
            yield event
        elif answer in told:
            yield {**event, "command": "", "output": {"text": told[answer]}}
        else:
            told[answer] = f"(asked and said as by {event['node']} at {event['time'][11:19]})"
            yield event


def _together(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Nodes that say the same, one after the other, share a line."""
    for _, each in groupby(events, _content):
        same: dict[str, Mapping[str, Any]] = {}
        is_again = False
        for event in each:
            node = str(event.get("node"))
            if not is_again and node in same:
                yield from same.values()
                is_again = True
            if is_again:
                yield event
            else:
                same[node] = event
        if len(same) > 1 and not is_again:
            yield {**next(iter(same.values())), "node": ", ".join(same)}
        elif not is_again:
            yield from same.values()


def _content(event: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same for events that say the same; no other event than an answer does."""
    if event["event"] != "observation":
        return (event["seq"],)
    return tuple(event.get(n) for n in ("question", "command", "output", "code", "problem"))


def _answer(event: Mapping[str, Any]) -> str:
    """The same as a text."""
    return repr([*_content(event)])
