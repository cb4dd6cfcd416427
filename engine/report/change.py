"""What belongs to the change itself: the attempt's runs up to the one that closed it. Pure.

A run after that only looks. Reports show it, and no number of the change counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.model.event import Event, moment, stamp
from engine.model.facts import TAKEN
from engine.report.words import at


def of_change(events: Iterable[Event]) -> list[Event]:
    """All events but those of runs that began when the attempt was closed."""
    closed, late = False, set[str]()
    kept = []
    for event in events:
        if event["event"] == "attempt-opened":
            closed = False
        elif event["event"] == "run-started" and closed:
            late.add(str(event["run"]))
        if str(event["run"]) not in late:
            kept.append(event)
        closed = closed or event["event"] == "attempt-closed"
    return kept


def closing_of(events: Sequence[Event]) -> Event | None:
    """The event that closed the attempt."""
    return next((e for e in reversed(events) if e["event"] == "attempt-closed"), None)


@dataclass(frozen=True)
class Taken:
    """The time that a change took. Whoever tells it tells from when to when it was."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """Of the ends as they are told, in whole seconds: who subtracts them gets the same."""
        since, until = (end.replace(microsecond=0) for end in (self.since, self.until))
        return max(timedelta(), until - since)

    @property
    def ends(self) -> str:
        """`2026-11-02 00:00:00 to 01:17:41 UTC`."""
        return at(f"{stamp(self.since)} to {stamp(self.until)}")

    def __str__(self) -> str:
        return f"{self.length} ({self.ends})"


def taken_by(change: Sequence[Event], now: datetime | None = None) -> Taken:
    """From the begin of its first run to its end, else to its last event, or to `now`.

    Its end is when `closing.time` told it: what comes after that only closes the attempt.
    """
    facts = [e for e in change if e["event"] == "fact" and e["name"] == TAKEN]
    fact = facts[-1] if facts else None
    if fact is not None and closing_of(change) is not None:
        return Taken(datetime.fromisoformat(fact["since"]), datetime.fromisoformat(fact["until"]))
    first = change[0]
    ended = [e for e in change if e["event"] in ("run-ended", "attempt-closed")]
    last = change[-1] if not ended or ended[-1]["run"] != change[-1]["run"] else ended[-1]
    until = now or moment(last)
    return Taken(datetime.fromisoformat(first.get("started", first["time"])), until)
