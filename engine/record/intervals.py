"""How long a temporary state lasted, as it was seen: standby of a node, fencing off. Pure.

Every report takes its numbers from here. The cluster is looked at now and then. A state began
between the last look that did not see it and the first that did, and ended likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.judge.text import seconds_between, tenths
from engine.model.event import Event, moment
from engine.model.facts import AFTER, BEFORE
from engine.model.groups import grouped
from engine.queries.pacemaker import STATUS

STANDBY, FENCING = "standby", "fencing"
CLUSTER = "cluster"
_VAGUE = 60.0
"""Seconds that its least and its most may lie apart."""
Key = tuple[str, str]


@dataclass(frozen=True)
class Interval:
    """A time in which a node was in standby, or the cluster without fencing."""

    kind: str
    subject: str
    earliest: datetime | None
    """The last look that did not see it yet; None: it was so when it was first looked."""
    since: datetime
    """The first look that saw it."""
    seen: datetime
    """The last look that still saw it."""
    until: datetime | None = None
    """The first look that did not see it any more; None: it was so when it was last looked."""

    @property
    def key(self) -> Key:
        return self.kind, self.subject

    @property
    def end(self) -> datetime:
        return self.until or self.seen

    @property
    def seconds(self) -> float:
        """From the first look that saw it to the first that did not."""
        return seconds_between(self.since, self.end)

    @property
    def least(self) -> float:
        return seconds_between(self.since, self.seen)

    @property
    def most(self) -> float:
        return seconds_between(self.earliest or self.since, self.end)

    @property
    def is_vague(self) -> bool:
        """Nobody looked for so long that the moments of the looks are no measure of it."""
        return self.most - self.least > _VAGUE

    @property
    def begins_vaguely(self) -> bool:
        """The same of its begin alone: it may have been so long before it was seen."""
        return self.earliest is not None and seconds_between(self.earliest, self.since) > _VAGUE


def intervals_of(events: Iterable[Event]) -> list[Interval]:
    """All of an attempt, in the order in which they ended; then those that still last."""
    ended: list[Interval] = []
    lasting: dict[Key, Interval] = {}
    looked = before = None
    for event in events:
        if is_look(event):
            before, looked = looked, moment(event)
        for key, is_so, other, when in _sightings(event, looked, before):
            if is_so:
                # a run that finds it so has not seen it begin
                lasting.setdefault(key, Interval(*key, other, when, when))
            elif key in lasting:
                one = lasting.pop(key)
                ended.append(replace(one, seen=max(one.since, other or one.since), until=when))
    return [
        *ended,
        *(replace(one, seen=max(one.since, looked or one.since)) for one in lasting.values()),
    ]


_Sighting = tuple[Key, bool, datetime | None, datetime]
"""What, whether it is so, when it was last seen otherwise, and when it was seen."""


def _sightings(
    event: Event, looked: datetime | None, before: datetime | None
) -> Iterator[_Sighting]:
    """What an event tells of the states. `looked`, `before`: the last look until then, and the
    one before it."""
    if event["event"] in (STANDBY, FENCING):
        key = (STANDBY, str(event["node"])) if event["event"] == STANDBY else (FENCING, CLUSTER)
        # older journals do not say when it was looked before: the last answer on record tells
        other = _time(event["other"]) if "other" in event else looked
        yield key, event["state"] in ("entered", "off"), other, moment(event)
    elif event["event"] == "fact" and event["name"] in (BEFORE, AFTER):
        when = looked or moment(event)
        for key, is_so in _told_by(event).items():
            yield key, is_so, before, when


def _told_by(fact: Event) -> dict[Key, bool]:
    """What one of the two facts says of the states, which no event of their own may have told.

    A node that is away says nothing of its standby.
    """
    nodes: Mapping[str, str] = fact.get("nodes") or {}
    told = {
        (STANDBY, node): STANDBY in words
        for node, words in nodes.items()
        if words.startswith("online")
    }
    fencing = (fact.get("cluster") or {}).get("fencing")
    return told | ({(FENCING, CLUSTER): fencing == "off"} if fencing else {})


def last_look(events: Iterable[Event]) -> datetime | None:
    """When the cluster's status was last asked and told."""
    times = [event["time"] for event in events if is_look(event)]
    return datetime.fromisoformat(times[-1]) if times else None


def is_look(event: Event) -> bool:
    """It is an answer to the question for the cluster's status."""
    is_status = event["event"] == "observation" and event.get("question") == STATUS.name
    return is_status and not event.get("problem")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def made_by_the_change(intervals: Iterable[Interval]) -> list[Interval]:
    """Those that were seen to begin: a state that the first look found was there before."""
    return [one for one in intervals if one.earliest is not None]


def in_words(intervals: Iterable[Interval]) -> str:
    """In words: by subject its time in all, with its least and its most."""
    by_subject = grouped((one.subject, one) for one in made_by_the_change(intervals))
    return "; ".join(f"{subject} {length(each)}" for subject, each in by_subject.items())


def length(intervals: Sequence[Interval]) -> str:
    """`312 s (307 s to 318 s)`: as measured, and between what it can have been.

    When nobody looked for a minute only that is told: `between 100 s and 391 s`.
    What still lasts is longer with each look: the last one is told, to which it is measured.
    """
    seconds, least, most = (
        tenths(sum(getattr(one, name) for one in intervals))
        for name in ("seconds", "least", "most")
    )
    lasting = [one for one in intervals if one.until is None]
    still = f", and longer: last seen so at {lasting[-1].seen:%H:%M:%S} UTC" if lasting else ""
    if any(one.is_vague for one in intervals):
        return f"between {least} s and {most} s{still}"
    bounds = f" ({least} s to {most} s)" if (least, most) != (seconds, seconds) else ""
    return f"{seconds} s{bounds}{still}"


def of_kind(intervals: Iterable[Interval], kind: str) -> list[Interval]:
    return [one for one in intervals if one.kind == kind]


def open_since(intervals: Iterable[Interval]) -> Mapping[Key, Interval]:
    """Those that still last, by kind and subject."""
    return {one.key: one for one in intervals if one.until is None}
