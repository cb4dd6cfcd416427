"""Steps in a row that one line of report.html's table is enough for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from engine.model.outcomes import IDLE
from engine.model.plan import Verdict
from engine.model.steps import base_of, phase_of
from engine.report.anchors import fold_id, step_anchor, step_id
from engine.report.table import Row, cells_of, fields_of

_FOLDED = ("not needed", "not reached", Verdict.AFTER)
_ALL_OF_A_ROUND = ("not reached", Verdict.AFTER, Verdict.SATISFIED)


@dataclass(frozen=True)
class Group:
    """Steps in a row of which one line is enough: `rounds 3 to 5`, and what became of them."""

    label: str
    outcome: str
    steps: tuple[Mapping[str, Any], ...]

    @property
    def row(self) -> Row:
        """Its line: how many steps of which kinds, and why, when that is the same for all."""
        kinds = ", ".join(dict.fromkeys(base_of(str(step["name"])) for step in self.steps))
        reasons = {str(step["reason"]) for step in self.steps}
        why = f"; {reasons.pop()}" if len(reasons) == 1 else ""
        return Row(
            self.outcome,
            self.label,
            f"{len(self.steps)} steps, {self.outcome}: {kinds}{why}",
            started=str(self.steps[0]["started"] or ""),
            seconds=sum(float(step["seconds"]) for step in self.steps),
            anchor=fold_id(str(self.steps[0]["name"])),
        )


def groups_of(steps: Sequence[Mapping[str, Any]]) -> list[Group]:
    """What is folded of the summary's steps: rounds in which nothing was done; what a phase did not
    need or reach, or what a plan knows later; what was there already on several nodes. A step that
    stands alone is none.
    """
    rounds: dict[str, set[str]] = {}
    for step in steps:
        rounds.setdefault(_round_of(step), set()).add(str(step["outcome"]))
    found = []
    for (kind, outcome), those in groupby(steps, lambda step: _kind_of(step, rounds)):
        listed = tuple(those)
        if outcome and len(listed) > 1:
            found.append(
                Group(_rounds(listed) if kind == _ROUNDS else _steps(listed), outcome, listed)
            )
    return found


_ROUNDS = "rounds"


def _round_of(step: Mapping[str, Any]) -> str:
    match = re.search(r"\[(\d+)\]", str(step["name"]))
    return match[1] if match else ""


def _kind_of(step: Mapping[str, Any], rounds: Mapping[str, set[str]]) -> tuple[str, str]:
    """Steps in a row of the same kind are folded; ("", "") stays as it is."""
    number, outcome = _round_of(step), str(step["outcome"])
    if number and rounds[number] <= {*IDLE}:
        return _ROUNDS, "not needed"
    if number and rounds[number] == {outcome} and outcome in _ALL_OF_A_ROUND:
        return _ROUNDS, outcome
    if step["node"] and outcome == "nothing to do":
        return _without_node(step), outcome
    return (phase_of(str(step["name"])), outcome) if outcome in _FOLDED else ("", "")


def _without_node(step: Mapping[str, Any]) -> str:
    return str(step["name"]).removesuffix(f"[{step['node']}]")


def _rounds(steps: Iterable[Mapping[str, Any]]) -> str:
    numbers = sorted({int(_round_of(step)) for step in steps})
    if len(numbers) == 1:
        return f"round {numbers[0]}"
    return f"rounds {numbers[0]} to {numbers[-1]}"


def _steps(steps: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(map(_without_node, steps)))
    if len(names) == 1:
        return f"{names[0]}, {len(steps)} nodes"
    return f"{phase_of(names[0])}, {len(steps)} steps"


Tests = dict[str, list[dict[str, Any]]]
"""pytest-html's own: for each test its rows, as its script gets them."""


def folded(tests: Tests, steps: Sequence[Mapping[str, Any]]) -> Tests:
    """The rows with those of a group in the place of its first one; what each recorded is below it.

    A step that has more than one row, as something failed after its end, is left alone.
    """
    at = {rows[0].get("testId"): nodeid for nodeid, rows in tests.items() if len(rows) == 1}
    kept = dict(tests)
    for group in groups_of([step for step in steps if step_id(str(step["name"])) in at]):
        nodeids = [at[step_id(str(step["name"]))] for step in group.steps]
        first, *others = (tests[nodeid][0] for nodeid in nodeids)
        cells = cells_of(group.row, first["resultsTableRow"][0].replace(" hidden", "", 1))
        below = map(_below, group.steps, (first, *others))
        kept[nodeids[0]] = [
            {**first, **fields_of(cells), "resultsTableRow": cells, "log": "".join(below)}
        ]
        for nodeid in nodeids[1:]:
            del kept[nodeid]
    return kept


def plain_rows(tests: Tests, steps: Sequence[Mapping[str, Any]], run: str) -> list[Markup]:
    """The same rows for a reader without script: cells, and a link to what the step recorded."""
    names = {step_id(str(step["name"])): str(step["name"]) for step in steps}
    firsts = {fold_id(name): name for name in names.values()}
    link = Markup('<td><a href="evidence.html#{}">record</a></td>')
    found = []
    for row in (row for rows in tests.values() for row in rows):
        name = (names | firsts).get(str(row.get("testId")))
        cells = [str(cell).replace(' tabindex="0"', "") for cell in row["resultsTableRow"]]
        more = link.format(step_anchor(run, name)) if name else Markup("<td></td>")
        found.append(Markup("".join(cells)) + more)
    return found


def _below(step: Mapping[str, Any], row: Mapping[str, Any]) -> Markup:
    text = '<details id="{}"><summary>{} <span class="dim">{}</span></summary>{}</details>'
    name = str(step["name"])
    return Markup(text).format(step_id(name), name, step["outcome"], Markup(row["log"]))
