"""What a row of report.html's table shows: a step, in the words of the runbook. Pure.

pytest-html's own script draws the table. It takes a row's fields from the cells: the text of
`<td class="col-NAME">`, where the head of that column has the class `sortable`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from engine.model.outcomes import IDLE
from engine.report.anchors import step_id

_LOOK = {
    **dict.fromkeys(("done", "SATISFIED", "WILL RUN"), "is-done"),
    **dict.fromkeys((*IDLE, "AFTER"), "is-idle"),
    **dict.fromkeys(("failed", "interrupted", "BLOCKED", "MANUAL"), "is-bad"),
    "not reached": "is-left",
}
"""A class of the style sheet for each outcome, of a run and of a plan."""
_FIRST = ("failed", "interrupted", "BLOCKED", "MANUAL", "not reached", "done", "WILL RUN", "AFTER")
"""Sorted by outcome, these stand first."""

LABELS = {
    "passed": "ended well",
    "failed": "failed",
    "error": "failed before the check",
    "skipped": "not reached",
}
"""What pytest-html's filters are called here; the steps of a run know no other results."""


@dataclass(frozen=True)
class Row:
    """A line of the table. `started` as in the journal, `seconds` as in `step-ended`."""

    outcome: str
    step: str
    intent: str = ""
    node: str = ""
    started: str = ""
    seconds: float | None = None
    anchor: str = ""
    """Id on the page; '' for that of the step."""


def row_of(step: Mapping[str, Any], intent: str) -> Row:
    """Of an entry of the summary, or a `step-ended` event."""
    return Row(
        str(step["outcome"]),
        str(step["name"]),
        intent,
        str(step["node"] or ""),
        str(step["started"] or ""),
        float(step["seconds"]),
    )


_HEAD = {
    "outcome": "Outcome",
    "testId": "Step",
    "intent": "Intent",
    "node": "Node",
    "time": "Time (UTC)",
    "duration": "Seconds",
}
"""Columns by the names that the script sorts by; it knows how to compare a `duration`."""


def head_cells() -> list[str]:
    """The head. Without pytest's own result the script draws nothing, so that is there, hidden.

    pytest-html counts the cells for the width of a row's details: as many as are seen.
    """
    seen = {name: _head(name, title) for name, title in _HEAD.items()}
    seen["testId"] += f'<th scope="col" class="col-intent">{_HEAD["intent"]}</th>'
    del seen["intent"]
    return ['<th class="sortable" data-column-type="result" hidden>Result</th>', *seen.values()]


def _head(name: str, title: str) -> str:
    shown = "step" if name == "testId" else name
    return (
        f'<th scope="col" tabindex="0" class="sortable col-{shown}" data-column-type="{name}">'
        f"{title}</th>"
    )


def cells_of(row: Row, result: str) -> list[str]:
    """A row's cells; `result` is the cell that pytest-html made of pytest's word."""
    seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
    time = Markup('<time datetime="{}">{}</time>').format(row.started, row.started[11:19])
    return [
        result.replace("<td ", "<td hidden ", 1),
        _cell("outcome", _ranked(row.outcome), look=_LOOK.get(row.outcome, "")),
        f'<td class="col-testId" hidden>{row.anchor or step_id(row.step)}</td>'
        + _cell("step", breakable(row.step), more=' tabindex="0"')
        + _cell("intent", _line(row.intent)),
        _cell("node", breakable(row.node)),
        _cell("time", time if row.started else Markup("")),
        _cell("duration", Markup(seconds)),
    ]


def breakable(name: str) -> Markup:
    """The name of a step or node, which a line may end within: behind a dot, before a bracket."""
    parts = re.split(r"(?<=\.)|(?=\[)", name)
    return Markup("<wbr>").join(_line(part) for part in parts)


def fields_of(cells: Iterable[str]) -> dict[str, str]:
    """What the script sorts and filters by, as pytest-html takes it from the cells."""
    found = (re.search(r"col-(\w+).*?>(.*?)</td>", cell) for cell in cells)
    return {match[1]: match[2] for match in found if match}


def _cell(name: str, text: Markup, look: str = "", more: str = "") -> str:
    label = _HEAD.get(name, _HEAD["testId"])
    classes = f"col-{name} {look}".strip()
    return f'<td class="{classes}" data-label="{label}"{more}>{text}</td>'


def _ranked(outcome: str) -> Markup:
    """The word; before it, for the script's sorting, what stands first."""
    rank = _FIRST.index(outcome) if outcome in _FIRST else len(_FIRST)
    return Markup('<span data-rank="{}">{}</span>').format(rank, _line(outcome))


def _line(text: str) -> Markup:
    """On one line: pytest-html finds no field in a cell that has several."""
    return escape(" ".join(text.split()))
