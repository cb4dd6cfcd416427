"""Two runs side by side: what they were, their steps, durations, findings. Pure.

A rehearsal beside the real upgrade, or this year's beside last year's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.judge.text import counted
from engine.model.groups import grouped

_FACTS = (
    *("run_id", "cluster", "environment", "mode", "source", "target", "change_id", "operator"),
    *("position", "position_at_end", "started", "taken", "outcome", "exit_code", "standby"),
    "head",
)
SLOWER, LEAST = 1.5, 5.0
"""A step took longer when it took this many times as long, and this many seconds more."""


@dataclass(frozen=True)
class Line:
    """One thing in both runs; an empty text is not there."""

    name: str
    one: str
    other: str
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What is shown, in this order."""

    facts: tuple[Line, ...]
    steps: tuple[Line, ...]
    findings: tuple[Line, ...]
    rows: tuple[Line, ...]


def compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> Comparison:
    """Two summaries (`summary.json`), each with the `head` of the journal that it was made of.

    Nodes are compared by their place: the names may differ.
    """
    return Comparison(
        tuple(
            Line(name, _text(one.get(name)), _text(other.get(name)))
            for name in _FACTS
            if one.get(name) not in (None, "") or other.get(name) not in (None, "")
        ),
        tuple(_steps(one, other)),
        tuple(_findings(one, other)),
        tuple(_rows(one, other)),
    )


def lines_of(found: Comparison, *, everything: bool = False) -> list[str]:
    """The comparison for a terminal; what is the same in both is left out, but for the facts."""
    steps = [line for line in found.steps if everything or line.note]
    same = len(found.steps) - len(steps)
    return [
        *_table(("", "first", "second"), [(f.name, f.one, f.other) for f in found.facts]),
        "",
        *_section("steps", steps, f"{same} steps the same", "every step the same"),
        *_section("findings", found.findings, "", "the same findings"),
        *_section("rows of the guide", found.rows, "", "the same rows"),
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _steps(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Line]:
    mine, theirs = _by_place(one), _by_place(other)
    for name in dict.fromkeys([*mine, *theirs]):
        left, right = mine.get(name), theirs.get(name)
        if left is None or right is None:
            yield Line(name, _step(left), _step(right), "only in one")
            continue
        notes = []
        if left["outcome"] != right["outcome"]:
            notes.append("another outcome")
        if _is_longer(left["seconds"], right["seconds"]):
            notes.append("took longer in the second")
        elif _is_longer(right["seconds"], left["seconds"]):
            notes.append("took longer in the first")
        yield Line(name, _step(left), _step(right), ", ".join(notes))


def _by_place(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Steps by name; the nodes of a fan-out by their number within it."""
    found: dict[str, Mapping[str, Any]] = {}
    counted: dict[str, int] = {}
    for step in summary["steps"]:
        name = str(step["name"])
        if step["node"]:
            bare = name.replace(f"[{step['node']}]", "")
            counted[bare] = counted.get(bare, 0) + 1
            name = f"{bare}[node {counted[bare]}]"
        found[name] = step
    return found


def _step(step: Mapping[str, Any] | None) -> str:
    return f"{step['outcome']}, {step['seconds']:.1f} s" if step else ""


def _is_longer(before: float, now: float) -> bool:
    return now > before * SLOWER and now - before > LEAST


def _findings(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Line]:
    """Findings by code, with number and weight; their subjects name nodes of two clusters."""
    mine, theirs = _counted(one), _counted(other)
    for code in dict.fromkeys([*mine, *theirs]):
        if mine.get(code) != theirs.get(code):
            yield Line(code, mine.get(code, ""), theirs.get(code, ""), "differs")


def _counted(summary: Mapping[str, Any]) -> dict[str, str]:
    weights = grouped(
        (finding["code"], "accepted" if finding["accepted"] else finding["severity"])
        for finding in summary["findings"]
    )
    return {code: counted(sorted(each)) for code, each in sorted(weights.items())}


def _rows(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Line]:
    mine, theirs = ({row["id"]: row["state"] for row in s["guide"]} for s in (one, other))
    for row in dict.fromkeys([*mine, *theirs]):
        if mine.get(row) != theirs.get(row):
            yield Line(row, mine.get(row, ""), theirs.get(row, ""), "differs")


def _section(title: str, lines: Iterable[Line], rest: str, none: str) -> list[str]:
    rows = [(line.name, line.one or "-", line.other or "-", line.note) for line in lines]
    if not rows:
        return [f"{title}: {none}"]
    told = [f"{title}:", *_table(("", "first", "second", ""), rows)]
    return [*told, f"  {rest}"] if rest and not rest.startswith("0 ") else told


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    listed = [head, *rows]
    widths = [max(len(row[column]) for row in listed) for column in range(len(head))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in listed
    ]
