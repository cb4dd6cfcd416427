"""The announced window, and what of the change lies outside of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from engine.model.event import Event
from engine.report.audit.runs import Span, runs_of
from engine.report.change import of_change

_CHANGING = ("execute", "restore")
"""Modes of the runs that a window is for."""


def windows_of(events: Sequence[Event]) -> list[tuple[Span, Span]]:
    """Each window as announced, and the time of the runs that it was announced for."""
    found = []
    for _, each in groupby(_announced(events), key=lambda pair: pair[0]):
        pairs = list(each)
        runs = [run for _, run in pairs]
        found.append((pairs[0][0], Span("runs", runs[0].begin, max(run.end for run in runs))))
    return found


def outside_of(events: Sequence[Event]) -> list[Span]:
    """The parts of runs before their window's begin and after its end."""
    found = []
    for window, run in _announced(events):
        if run.begin < window.begin:
            end = min(run.end, window.begin)
            told = "before the window's begin"
            found.append(Span("outside the window", run.begin, end, told, run=run.run))
        if run.end > window.end:
            begin = max(run.begin, window.end)
            told = "after the window's end"
            found.append(Span("outside the window", begin, run.end, told, run=run.run))
    return sorted(found, key=lambda span: span.begin)


def _announced(events: Sequence[Event]) -> list[tuple[Span, Span]]:
    """Window and run, for each run of the change that had a window."""
    change = of_change(events)
    begun = {
        str(event["run"]): event
        for event in change
        if event["event"] == "run-started" and event["mode"] in _CHANGING
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
