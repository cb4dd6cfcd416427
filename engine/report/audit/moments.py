"""Moments of an attempt that deserve a mark: no way back, stops, words of people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.model.event import Event, moment
from engine.model.facts import CONFLICTS
from engine.model.steps import base_of
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
    """The first intent of the step from which on there is no way back but the fallback.

    None: it was not reached, or the journal is older than the field that names the step. An intent
    whose command never started counts as none.
    """
    unmade = {
        (str(event["run"]), str(event["key"]))
        for event in events
        if event["event"] == "result" and event.get("never_started")
    }
    base = ""
    for event in events:
        if event["event"] == "run-started":
            base = _named(event) or base
        elif event["event"] == "intent" and base and base_of(str(event["step"])) == base:
            run, key = str(event["run"]), str(event["key"])
            if (run, key) not in unmade:
                what = f"{event['what']} on {event['node']}: from here only forward"
                return Moment(NO_RETURN, moment(event), what, run, str(event["step"]))
    return None


def _named(begun: Mapping[str, object]) -> str:
    return str(begun.get("no_return") or "")
