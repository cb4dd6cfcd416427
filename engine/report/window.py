"""Whether an attempt's changes were made within the window that was named for them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from engine.judge.text import duration
from engine.model.event import Event

INSIDE = "inside the window"
Span = tuple[datetime, datetime]


def window_sentence(change: Sequence[Event]) -> str:
    """`inside the window`, or for how long there were changes outside of it; '' without changes.

    A change lasts from its intent to its result, a long command that a later run followed to the
    end that this one saw; one without an end to the last event. Each run that changed something
    says its own window, as there may be one for each night.
    """
    made = _changes_made(change)
    changed_by = {event["run"] for event in change if event["event"] == "intent"}
    begun = [e for e in change if e["event"] == "run-started" and e["run"] in changed_by]
    if not made:
        return ""
    windows = [_window(str(event.get("window") or "")) for event in begun]
    if not windows or None in windows:
        is_rehearsal = bool(begun) and begun[0].get("environment") == "rehearsal"
        return "" if is_rehearsal else "no window on record"
    allowed = _merged(window for window in windows if window)
    outside = sum((_outside(span, allowed) for span in _merged(made)), timedelta())
    if not outside:
        return INSIDE
    return f"{duration(max(outside, timedelta(seconds=1)))} outside the window"


def _changes_made(change: Sequence[Event]) -> list[Span]:
    """Each change that was started: from when to when."""
    since: dict[str, datetime] = {}
    made: list[Span] = []
    for event in change:
        key = str(event.get("key"))
        if event["event"] == "intent":
            since.setdefault(key, _time(event))
        elif event["event"] == "result" and key in since:
            begun = since.pop(key)
            if not event.get("never_started"):
                made.append((begun, _time(event)))
    return made + [(begun, _time(change[-1])) for begun in since.values()]


def _window(text: str) -> Span | None:
    since, _, until = text.partition(" to ")
    try:
        return datetime.fromisoformat(since), datetime.fromisoformat(until)
    except ValueError:
        return None


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not overlap."""
    found: list[Span] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = found[-1][0], max(until, found[-1][1])
        else:
            found.append((since, until))
    return found


def _outside(span: Span, allowed: Iterable[Span]) -> timedelta:
    """How much of a span lies in none of these."""
    since, until = span
    inside = sum(
        (max(timedelta(), min(until, end) - max(since, begin)) for begin, end in allowed),
        timedelta(),
    )
    return until - since - inside


def _time(event: Event) -> datetime:
    return datetime.fromisoformat(event["time"])
