"""From answers to gaps: when a service stopped answering, and when it answered again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.model.event import stamp


class Seen(StrEnum):
    """What one question came to."""

    ANSWER = "answer"
    NONE = "none"
    """The service does not answer: a gap."""
    UNSEEN = "unseen"
    """The way to it is not there: of the service nothing is known meanwhile."""


@dataclass
class Gap:
    """A time without answers, from the first question without one to the first answer after it."""

    since: datetime
    unseen: bool
    why: str
    steps: list[str] = field(default_factory=list)


@dataclass
class GapFold:
    """One target's answers in their order; tells what is to be recorded."""

    target: str
    has_answered: bool = False
    open: Gap | None = None

    def feed(
        self, seen: Seen, *, asked: datetime, told: datetime, step: str, why: str = ""
    ) -> list[dict[str, Any]]:
        """Fields of the `service-gap` events that this answer makes.

        `asked` and `told` are when the question was asked and its end known. Before the first
        answer there is no gap: what never answered from here was not measured.
        """
        if not self.has_answered:
            self.has_answered = seen is Seen.ANSWER
            return []
        events = []
        gap = self.open
        if gap is not None and (seen is Seen.ANSWER or gap.unseen != (seen is Seen.UNSEEN)):
            events.append(self.end(told if seen is Seen.ANSWER else asked))
        if seen is Seen.ANSWER:
            return events
        if self.open is None:
            self.open = Gap(asked, seen is Seen.UNSEEN, why, [step])
            events.append({**self._fields(self.open), "state": "began"})
        elif step not in self.open.steps:
            self.open.steps.append(step)
        return events

    def end(self, when: datetime, *, still: bool = False) -> dict[str, Any]:
        """The open gap ends, or the measurement does (`still`)."""
        assert self.open is not None
        gap, self.open = self.open, None
        return {
            **self._fields(gap),
            "state": "ended",
            "until": stamp(when),
            "seconds": round(max(0.0, (when - gap.since).total_seconds()), 1),
            "steps": gap.steps,
            **({"still": True} if still else {}),
        }

    def _fields(self, gap: Gap) -> dict[str, Any]:
        return {
            "target": self.target,
            "since": stamp(gap.since),
            "why": gap.why,
            "unseen": gap.unseen,
        }
