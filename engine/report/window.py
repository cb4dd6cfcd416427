"""The announced window, and what of the change lies outside of it. Pure.

A change lasts from its intent to its end (`engine.record.changes`); a long command without one to
the last event. Each run that changed something has its own window, as there may be one for each
night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from engine.judge.text import duration
from engine.model.event import Event
from engine.record.changes import MadeChange, changes_of
from engine.report.change import of_change
from engine.report.spans import Span, runs_of

INSIDE = "inside the window"
_CHANGING = ("execute", "restore")
"""Modes of the runs that a window is for."""


def window_sentence(events: Sequence[Event]) -> str:
    """`inside the window`, or for how long there were changes outside of it; '' without changes."""
    change = of_change(events)
    if not _changes(change):
        return ""
    if _windows_of_changes(change) is None:
        begun = next((event for event in change if event["event"] == "run-started"), None)
        is_rehearsal = begun is not None and begun.get("environment") == "rehearsal"
        return "" if is_rehearsal else "no window on record"
    outside = sum((part.end - part.begin for part in outside_of(change)), timedelta())
    if not outside:
        return INSIDE
    return f"{duration(max(outside, timedelta(seconds=1)))} outside the window"


def outside_of(events: Sequence[Event]) -> list[Span]:
    """When something was changed outside of the windows of the runs that changed something.

    Nothing when one of these runs had no window: the sentence tells that.
    """
    change = of_change(events)
    allowed = _windows_of_changes(change)
    if allowed is None:
        return []
    return [part for made in _changes(change) for part in _without(made, allowed)]


def windows_of(events: Sequence[Event]) -> list[tuple[Span, Span]]:
    """Each window as announced, and the time of the runs that it was announced for."""
    found = []
    for window, each in groupby(_announced(events), key=lambda pair: pair[0]):
        runs = [run for _, run in each]
        found.append((window, Span("runs", runs[0].begin, max(run.end for run in runs))))
    return found


def beyond_of(events: Sequence[Event]) -> list[Span]:
    """The parts of runs outside of their windows, whatever they did then."""
    return [part for window, run in _announced(events) for part in _without(run, [window])]


def _changes(change: Sequence[Event]) -> list[Span]:
    """When changes were made, however many at once; those that never started were none."""
    return _merged(_change(one) for one in changes_of(change) if one.was_started)


def _change(one: MadeChange) -> Span:
    run, step = str(one.intent["run"]), str(one.intent["step"])
    return Span("a change outside the window", one.begin, one.until, "", run=run, step=step)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not overlap."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        if found and span.begin <= found[-1].end:
            found[-1] = _part(found[-1], found[-1].begin, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _without(span: Span, windows: Iterable[Span]) -> list[Span]:
    """What of it lies in none of these windows; the detail says on which side."""
    parts, begin, last = [], span.begin, ""
    for window in _merged(windows):
        end = min(span.end, window.begin)
        if begin < end:
            parts.append(_part(span, begin, end, f"the window begins at {_clock(window.begin)}"))
        begin, last = max(begin, window.end), f"the window ended at {_clock(window.end)}"
    if begin < span.end:
        parts.append(_part(span, begin, span.end, last))
    return parts


def _part(span: Span, begin: datetime, end: datetime, detail: str = "") -> Span:
    return Span(span.name, begin, end, detail, run=span.run, step=span.step)


def _windows_of_changes(change: Sequence[Event]) -> list[Span] | None:
    """Those of the runs that changed something; None when one of them had none."""
    changed_by = {str(event["run"]) for event in change if event["event"] == "intent"}
    announced = {run.run: window for window, run in _announced(change)}
    if not changed_by <= set(announced):
        return None
    return [announced[run] for run in sorted(changed_by)]


def _announced(events: Sequence[Event]) -> list[tuple[Span, Span]]:
    """Window and run, for each run of the change that had a window."""
    change = of_change(events)
    begun = {
        str(event["run"]): event
        for event in change
        if event["event"] == "run-started" and event.get("mode") in _CHANGING
    }
    windows = {run: _window(event) for run, event in begun.items()}
    return [
        (window, run) for run in runs_of(change) if (window := windows.get(run.run)) is not None
    ]


def _window(begun: Mapping[str, object]) -> Span | None:
    """`2026-11-02T00:00:00Z to 2026-11-02T08:00:00Z`; None when there is none, or no such text."""
    first, _, last = str(begun.get("window") or "").partition(" to ")
    try:
        begin, end = (_moment(text) for text in (first, last))
    except ValueError:
        return None
    return Span("window", begin, end, "as announced")


def _moment(text: str) -> datetime:
    """An older journal has it without a zone."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _clock(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"
