"""When services were asked, and when nobody asked them though the change had begun. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from engine.model.ending import Ending
from engine.model.event import Event, moment
from engine.model.groups import grouped
from engine.record.changes import changes_of

KNOWN = ("began", "answers")
"""States of probing that name the way on which a service is known to answer."""
_BLIND = 2.0
"""Seconds by which the length of what was measured is wrong at its two ends: less is not told."""


@dataclass(frozen=True)
class Asked:
    """When a run asked a service, from where it is known to answer on to the end of asking."""

    target: str
    begin: datetime
    end: datetime
    way: str
    run: str
    step: str


@dataclass(frozen=True)
class NotAsked:
    """A time between the attempt's first change and its end in which nobody asked a service."""

    target: str
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


def asked_of(events: Iterable[Event]) -> list[Asked]:
    """By service, each run in which its gaps are known: it answered, or had in an earlier one."""
    found: dict[str, list[Asked]] = {}
    open_ones: dict[tuple[str, str], Asked] = {}
    last: dict[str, datetime] = {}
    for event in events:
        run, when = str(event["run"]), moment(event)
        last[run] = when
        if event["event"] != "probing":
            continue
        target, way = str(event["target"]), str(event.get("way") or "")
        key = run, target
        # what has answered an earlier run has its way from the begin
        if way and event["state"] in KNOWN:
            new = Asked(target, when, when, way, run, str(event.get("step") or ""))
            open_ones[key] = replace(open_ones.get(key, new), way=way)
        elif event["state"] in ("ended", "broken") and key in open_ones:
            found.setdefault(target, []).append(replace(open_ones.pop(key), end=when))
    for one in open_ones.values():
        found.setdefault(one.target, []).append(replace(one, end=last[one.run]))
    return [one for each in found.values() for one in sorted(each, key=lambda one: one.begin)]


def not_asked_of(events: Sequence[Event]) -> list[NotAsked]:
    """By service, when nobody asked it though the change had begun.

    What never answered is left out. The change lasts from its first intent to the end of what it
    did last, or of asking. It is not under way between nights, behind a run that ended as asked.
    """
    known: dict[str, None] = {}
    found = []
    for night in _nights_of(events):
        asked = grouped((one.target, one) for one in asked_of(night))
        known |= dict.fromkeys(asked)
        found += _not_asked_in(night, {name: asked.get(name, []) for name in known})
    return found


def _nights_of(events: Sequence[Event]) -> list[Sequence[Event]]:
    """The events up to the end of each run that ended as it was asked to, and the rest."""
    ends = [
        number
        for number, event in enumerate(events, 1)
        if event["event"] == "run-ended" and event.get("outcome") == Ending.AS_ASKED
    ]
    return [events[begin:end] for begin, end in pairwise([0, *ends, len(events)])]


def _not_asked_in(
    night: Sequence[Event], by_service: Mapping[str, Sequence[Asked]]
) -> list[NotAsked]:
    made = [one for one in changes_of(night) if one.was_started]
    if not made:
        return []
    ends = [one.end for each in by_service.values() for one in each]
    until = max([*ends, *(one.until for one in made)])
    found = []
    for target, spans in by_service.items():
        since = min(one.begin for one in made)
        for span in spans:
            found.append(NotAsked(target, since, span.begin))
            since = max(since, span.end)
        found.append(NotAsked(target, since, until))
    return [one for one in found if one.seconds > _BLIND]


def answered_from(events: Iterable[Event], host: str) -> set[tuple[str, str]]:
    """Service and way, of all that have answered runs on that machine."""
    runs = {e["run"] for e in events if e["event"] == "run-started" and e.get("host") == host}
    return {
        (str(event["target"]), str(event["way"]))
        for event in events
        if event["event"] == "probing" and event["state"] == "answers" and event["run"] in runs
    }
