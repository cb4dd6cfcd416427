"""When services were not asked though the change had begun: why, what worked meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.model.event import Event, stamp
from engine.record.asked import NotAsked, not_asked_of
from engine.record.changes import MadeChange, changes_of, long_ones
from engine.record.gaps import in_words
from engine.report.spans import Span, runs_of

_NEAR = 5.0
"""Seconds by which the first answers of one run lie apart: services that differ by more are told
apart."""


@dataclass(frozen=True)
class Unasked:
    """A time in which these services were not asked."""

    services: tuple[str, ...]
    begin: datetime
    """Of the one that was asked longest."""
    end: datetime
    """Of the one that was asked again last."""
    why: str
    least: float
    """Seconds of the one that was asked again soonest: of each, its own are what counts."""

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()

    def as_data(self) -> dict[str, Any]:
        """As summary.json has it."""
        return {
            "services": list(self.services),
            "since": stamp(self.begin),
            "until": stamp(self.end),
            "seconds": round(self.seconds, 1),
            "least": round(self.least, 1),
            "why": self.why,
        }


def unasked_of(events: Sequence[Event]) -> list[Unasked]:
    """In order of time; `events` are those of the whole attempt."""
    runs = runs_of(events)
    works = long_ones(changes_of(events))
    found = []
    for group in _together(not_asked_of(events)):
        begin, end = min(one.begin for one in group), max(one.end for one in group)
        least = min(one.seconds for one in group)
        why = "; ".join([*_without_asking(begin, end, runs), *_at_work(begin, end, works)])
        found.append(Unasked(tuple(one.target for one in group), begin, end, why, least))
    return found


def _together(spans: Iterable[NotAsked]) -> list[list[NotAsked]]:
    """Those of one time."""
    groups: list[list[NotAsked]] = []
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        mine = next((group for group in groups if _is_near(group[0], span)), None)
        if mine is None:
            groups.append([span])
        else:
            mine.append(span)
    return groups


def _is_near(one: NotAsked, other: NotAsked) -> bool:
    apart = (one.begin - other.begin, one.end - other.end)
    return all(abs(each.total_seconds()) <= _NEAR for each in apart)


def _without_asking(begin: datetime, end: datetime, runs: Sequence[Span]) -> Iterator[str]:
    """`no run for 250 s; run 2 did not ask for 63 s`."""
    of_run = [(number, _common(begin, end, run)) for number, run in enumerate(runs, 1)]
    without = (end - begin).total_seconds() - sum(seconds for _, seconds in of_run)
    if without >= 1:
        yield f"no run for {in_words(without)}"
    for number, seconds in of_run:
        if seconds >= 1:
            yield f"run {number} did not ask for {in_words(seconds)}"


def _at_work(begin: datetime, end: datetime, works: Iterable[MadeChange]) -> Iterator[str]:
    for work in works:
        name = f"{work.intent['what']} on {work.intent['node']}"
        seconds = _common(begin, end, Span(name, work.begin, work.until))
        if seconds < 1:
            continue
        # who finds it ended does not know since when
        is_known = work.end is not None and work.is_end_told
        word = "was at work for" if is_known else "may have been at work for up to"
        yield f"{name} {word} {in_words(seconds)} of it"


def _common(begin: datetime, end: datetime, span: Span) -> float:
    both = min(end, span.end) - max(begin, span.begin)
    return max(0.0, both.total_seconds())
