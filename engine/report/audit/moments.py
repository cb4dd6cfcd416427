"""Moments of an attempt that deserve a mark: no way back, stops, words of people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.model.event import Event, moment
from engine.model.facts import CONFLICTS
from engine.record.no_return import passing_of
from engine.report.spans import Span

NO_RETURN = "point of no return"
KINDS = ("stopped", "settled", "planned stop", "accepted", "lost")
"""The most important one first: of too many moments these are shown."""


@dataclass(frozen=True)
class Moment:
    """When it was, of what kind, what was said of it, and in which step."""

    kind: str
    when: datetime
    what: str
    run: str = ""
    step: str = ""

    def as_span(self) -> Span:
        """For what draws and lists both."""
        return Span(self.kind, self.when, self.when, self.what, run=self.run, step=self.step)


def moments_of(events: Iterable[Event]) -> list[Moment]:
    """All but the point of no return, in the journal's order."""
    found = []
    for event in events:
        kind, what = _kind_of(event)
        if kind:
            step = str(event.get("step") or "")
            found.append(Moment(kind, moment(event), what, str(event["run"]), step))
    return found


def _kind_of(event: Event) -> tuple[str, str]:
    kind = event["event"]
    if kind == "stopped":
        return "stopped", str(event["reason"])
    if kind == "settled":
        return "settled", f"as {event['word']} by {event['by']}: {event['reason']}"
    if kind == "accepted":
        return "accepted", f"{event['code']} of {event['subject']} by {event['by']}"
    if kind == "fact" and str(event["name"]).startswith(CONFLICTS):
        return "planned stop", f"files to migrate on {', '.join(event.get('files', {}))}"
    if kind == "observation" and event.get("problem"):
        return "lost", f"the answer of {event['node']}: {event['problem']}"
    return "", ""


def no_return_of(events: Sequence[Event]) -> Moment | None:
    """When the attempt passed it; None: it did not, or its journals do not name it."""
    passing = passing_of(events)
    if passing is None:
        return None
    what = f"{passing['what']} on {passing['node']}: from here only forward"
    return Moment(NO_RETURN, moment(passing), what, str(passing["run"]), str(passing["step"]))
