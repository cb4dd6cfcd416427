"""Links within the auditor's page, from what is said of a step or row to its record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.steps import base_of
from engine.report.anchors import step_anchor


@dataclass(frozen=True)
class Cited:
    """Where on the page each step's records are; templates ask it for links."""

    steps: Mapping[tuple[str, str], str]
    """Run and name -> anchor; with no run that of the last one."""
    rows: frozenset[str]
    """Ids of the guide's rows that the page shows."""

    def step(self, name: str, run: str) -> Markup:
        """The name, linked to the step's record in that run, else to its last one."""
        return _link(self._anchor(name, run), name)

    def all_steps(self, names: Iterable[str], run: str) -> list[Markup]:
        """Links to steps by their bare names; a fan-out says how many of its items are meant, and
        leads to the first of these."""
        return self._links((name, run) for name in names)

    def proof(self, row: Mapping[str, Any]) -> list[Markup]:
        """Links to the steps of a row as summary.json has it, each to the record that counts."""
        return self._links(zip(row["steps"], row["runs"], strict=True))

    def _links(self, steps: Iterable[tuple[str, str]]) -> list[Markup]:
        items = grouped(((base_of(name), run), name) for name, run in steps)
        return [
            self.step(mine[0], run)
            if len(mine) == 1
            else _link(self._anchor(mine[0], run), bare) + f" ({len(mine)} items)"
            for (bare, run), mine in items.items()
        ]

    def _anchor(self, name: str, run: str) -> str:
        return self.steps.get((run, name)) or self.steps.get(("", name), "")

    def row(self, name: str) -> Markup:
        """A row of the guide, linked to its line; plain when the page shows no such row."""
        return _link(name if name in self.rows else "", name)


def cited_in(events: Iterable[Event], rows: Iterable[str]) -> Cited:
    """Of the events of all runs in order: a later record of a step takes the earlier one's place.

    A step that has no end on record is linked in its own run only: it proves nothing.
    """
    steps: dict[tuple[str, str], str] = {}
    for event in events:
        run = str(event["run"])
        if event["event"] == "step-started":
            name = str(event["step"])
            steps[run, name] = step_anchor(run, name)
        elif event["event"] == "step-ended":
            name = str(event["name"])
            steps[run, name] = steps["", name] = step_anchor(run, name)
    return Cited(steps, frozenset(rows))


def _link(anchor: str, text: str) -> Markup:
    if not anchor:
        return Markup.escape(text)
    return Markup('<a href="#{}">{}</a>').format(anchor, text)
