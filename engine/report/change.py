"""What belongs to the change itself: the attempt's runs up to the one that closed it. Pure.

A run after that only looks. Reports show it, and no number of the change counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from engine.model.event import Event, moment
from engine.model.facts import TAKEN


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


def span_of(change: Sequence[Event], now: datetime | None = None) -> tuple[datetime, datetime]:
    """From the begin of its first run to its end, else to its last event, or to `now`."""
    facts = [e for e in change if e["event"] == "fact" and e["name"] == TAKEN]
    fact = facts[-1] if facts else None
    if fact is not None and closing_of(change) is not None:
        return datetime.fromisoformat(fact["since"]), datetime.fromisoformat(fact["until"])
    first = change[0]
    ended = [e for e in change if e["event"] in ("run-ended", "attempt-closed")]
    last = change[-1] if not ended or ended[-1]["run"] != change[-1]["run"] else ended[-1]
    until = now or moment(last)
    return datetime.fromisoformat(first.get("started", first["time"])), until


def taken_by(change: Sequence[Event], now: datetime | None = None) -> timedelta:
    """Hours, minutes and seconds, whole."""
    since, until = span_of(change, now)
    return max(timedelta(), until.replace(microsecond=0) - since.replace(microsecond=0))
