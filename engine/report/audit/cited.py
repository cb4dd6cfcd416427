"""Links within the auditor's page, from what is said of a step or row to its record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.steps import base_of
from engine.report.anchors import step_anchor


@dataclass(frozen=True)
class Cited:
    """Where on the page each step's last record is; templates ask it for links."""

    steps: Mapping[str, str]
    """Name, or bare name of a fan-out, -> anchor."""
    rows: frozenset[str]
    """Ids of the guide's rows that the page shows."""

    def step(self, name: str) -> Markup:
        """The name, linked to the step's last record; plain when no run has one."""
        return _link(self.steps.get(name, ""), name)

    def all_steps(self, names: Iterable[str]) -> list[Markup]:
        """Links to steps by their bare names; a fan-out says how many of its items there are."""
        items = grouped((base_of(name), name) for name in names)
        return [
            self.step(mine[0])
            if len(mine) == 1
            else _link(self.steps.get(bare, ""), bare) + f" ({len(mine)} items)"
            for bare, mine in items.items()
        ]

    def row(self, name: str) -> Markup:
        """A row of the guide, linked to its line; plain when the page shows no such row."""
        return _link(name if name in self.rows else "", name)


def cited_in(events: Iterable[Event], rows: Iterable[str]) -> Cited:
    """Of the events of all runs in order: a later record of a step takes the earlier one's place.

    A bare name of a fan-out leads to the first item that the last run with one has.
    """
    steps: dict[str, str] = {}
    bare: dict[str, tuple[str, str]] = {}
    for event in events:
        if event["event"] == "step-ended":
            run, name = str(event["run"]), str(event["name"])
            steps[name] = step_anchor(run, name)
            if bare.get(base_of(name), ("", ""))[0] != run:
                bare[base_of(name)] = run, steps[name]
    return Cited({**{name: anchor for name, (_, anchor) in bare.items()}, **steps}, frozenset(rows))


def _link(anchor: str, text: str) -> Markup:
    if not anchor:
        return Markup.escape(text)
    return Markup('<a href="#{}">{}</a>').format(anchor, text)
