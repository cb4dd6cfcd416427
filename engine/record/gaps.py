"""Service gaps, from the journals of an attempt: how long each service did not answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from engine.judge.text import duration, many, seconds_between, tenths
from engine.model.event import Event, moment, stamp
from engine.model.groups import grouped
from engine.record.asked import KNOWN, Asked, asked_of, not_asked_of
from engine.record.changes import MadeChange, changes_of, long_ones
from engine.record.reach import CutOff, cut_offs_of, node_of

_SLOW = 1.5
"""Seconds between two questions that are no longer told as one."""
_LONG = 600.0
"""Seconds that are told as hours and minutes from here on."""
_NEAR = 4.0
"""Seconds by which two questions of one second end apart, when one waits for an answer in vain."""
_SILENT = ("no answer within", "No route to host", "Network is unreachable")
"""Begins of reasons that the service, and the way to it, may have: nobody has answered."""


@dataclass(frozen=True)
class ServiceGap:
    """A time in which a service did not answer, or could not be seen (`unseen`)."""

    target: str
    begin: datetime
    end: datetime
    steps: tuple[str, ...]
    """Those under way, and before them those whose long command was at work meanwhile."""
    why: str
    unseen: bool
    still: bool
    """It lasted when the measurement ended, or when the journal did."""
    run: str

    @property
    def seconds(self) -> float:
        return seconds_between(self.begin, self.end)

    def as_data(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "since": stamp(self.begin),
            "until": stamp(self.end),
            "seconds": self.seconds,
            "steps": list(self.steps),
            "why": self.why,
            "unseen": self.unseen,
            "still": self.still,
        }


def gaps_of(events: Sequence[Event]) -> list[ServiceGap]:
    """All gaps, in the order in which they began; what has no end lasts to its run's last event."""
    found: list[ServiceGap] = []
    open_ones: dict[tuple[str, str], Event] = {}
    last: dict[str, Event] = {}
    for event in events:
        last[event["run"]] = event
        if event["event"] != "service-gap":
            continue
        key = str(event["run"]), str(event["target"])
        if event["state"] == "began":
            open_ones[key] = event
        else:
            open_ones.pop(key, None)
            found.append(
                _gap(event, datetime.fromisoformat(event["until"]), bool(event.get("still")))
            )
    found += [_gap(event, moment(last[run]), True) for (run, _), event in open_ones.items()]
    found = _as_known(found, events)
    commands = long_ones(changes_of(events))
    return sorted(
        (replace(gap, steps=_with_makers(gap, commands)) for gap in found),
        key=lambda gap: (gap.begin, gap.target),
    )


def _as_known(gaps: Iterable[ServiceGap], events: Sequence[Event]) -> list[ServiceGap]:
    """Where the way to the carrying node was gone, too, nobody knows whether the service was."""
    cut_offs = cut_offs_of(events)
    if not cut_offs:
        return list(gaps)
    spans = {(one.run, one.target): one for one in asked_of(events)}
    carriers = _carriers(events)
    found = []
    for gap in gaps:
        asked = spans.get((gap.run, gap.target))
        own = node_of(asked.way) if asked else ""
        mine = [one for one in cut_offs if one.run == gap.run]
        if gap.unseen and asked:
            found.append(_since_cut_off(gap, asked, [one for one in mine if one.node == own]))
        elif not gap.unseen and not own:
            found += _split(gap, [one for one in mine if one.node in carriers[gap.run]])
        else:
            found.append(gap)
    return found


def blinding_of(events: Sequence[Event]) -> list[CutOff]:
    """The cut-offs during which a service could not be seen."""
    unseen = [gap for gap in gaps_of(events) if gap.unseen]
    return [
        one
        for one in cut_offs_of(events)
        if any(g.run == one.run and g.begin < one.end and one.begin < g.end for g in unseen)
    ]


def _carriers(events: Iterable[Event]) -> dict[str, set[str]]:
    """By run, the nodes by which its services are asked when they are not asked directly."""
    found: dict[str, set[str]] = {}
    for event in events:
        if event["event"] == "probing":
            ways = [*event.get("ways", ()), str(event.get("way") or "")]
            found.setdefault(str(event["run"]), set()).update(filter(None, map(node_of, ways)))
    return found


def _since_cut_off(gap: ServiceGap, asked: Asked, cut_offs: Iterable[CutOff]) -> ServiceGap:
    """ssh takes a while to tell that the way is gone; until then a forward looks open."""
    begins = [c.begin for c in cut_offs if c.begin < gap.begin <= c.end]
    return replace(gap, begin=max(asked.begin, min([gap.begin, *begins])))


def _split(gap: ServiceGap, cut_offs: Iterable[CutOff]) -> Iterable[ServiceGap]:
    near = timedelta(seconds=_NEAR)
    for one in cut_offs:
        if one.end <= gap.begin or gap.end <= one.begin:
            continue
        is_within = gap.begin >= one.begin - near
        if is_within and not gap.why.startswith(_SILENT):
            continue  # refused, say: the way was there
        begin = gap.begin if is_within else one.begin
        end = gap.end if gap.end <= one.end + near else one.end
        if gap.begin < begin:
            yield replace(gap, end=begin, still=False)
        why = f"not known: the machine of the run did not reach {one.node} either; {gap.why}"
        is_last = end == gap.end
        yield replace(gap, begin=begin, end=end, why=why, unseen=True, still=gap.still and is_last)
        if is_last:
            return
        gap = replace(gap, begin=end)
    yield gap


def _with_makers(gap: ServiceGap, commands: Iterable[MadeChange]) -> tuple[str, ...]:
    """A command works on while a later run asks other things first."""
    working = (c for c in commands if c.begin < gap.end and gap.begin < c.until)
    return tuple(dict.fromkeys([*(str(c.intent["step"]) for c in working), *gap.steps]))


def _gap(event: Event, end: datetime, still: bool) -> ServiceGap:
    return ServiceGap(
        target=str(event["target"]),
        begin=datetime.fromisoformat(event["since"]),
        end=end,
        # before a run's first step there is none
        steps=tuple(filter(None, event.get("steps") or (str(event.get("step", "")),))),
        why=str(event["why"]),
        unseen=bool(event["unseen"]),
        still=still,
        run=str(event["run"]),
    )


def totals_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    """For each service: how it was asked, for how long, its gaps and their seconds.

    `events` are those of the whole attempt. `at_least`: it may have been away for longer, as it was
    not seen all the time, or did not answer when the asking ended.
    """
    gaps, asked, not_asked = gaps_of(events), asked_of(events), not_asked_of(events)
    totals, intervals, ways = [], _intervals(events), _ways(events)
    for name in dict.fromkeys(str(e["target"]) for e in events if e["event"] == "probing"):
        mine = [gap for gap in gaps if gap.target == name]
        seconds = [gap.seconds for gap in mine if not gap.unseen]
        unseen = sum(gap.seconds for gap in mine if gap.unseen)
        watched = sum(
            (span.end - span.begin).total_seconds() for span in asked if span.target == name
        )
        silent = sum(one.seconds for one in not_asked if one.target == name)
        spans = [one for one in asked if one.target == name]
        totals.append(
            {
                "target": name,
                "way": spans[-1].way if spans else "",
                "earlier_ways": ways.get(name, [])[:-1],
                "measured": round(max(0.0, watched - unseen), 1),
                "gaps": len(seconds),
                "seconds": round(sum(seconds), 1),
                "longest": round(max(seconds, default=0.0), 1),
                "unseen": round(unseen, 1),
                "not_asked": round(silent, 1),
                "at_least": bool(unseen or silent or any(gap.still for gap in mine)),
                "interval": intervals.get(name, 0.0),
            }
        )
    return totals


def _ways(events: Iterable[Event]) -> dict[str, list[str]]:
    """By service, the ways on which it has answered, the last one at the end."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event["event"] == "probing" and event.get("way") and event["state"] in KNOWN:
            mine, way = found.setdefault(str(event["target"]), []), str(event["way"])
            if way in mine:
                mine.remove(way)
            mine.append(way)
    return found


def _intervals(events: Iterable[Event]) -> dict[str, float]:
    """By service, the seconds between two questions; of several runs the one that asked least."""
    found: dict[str, float] = {}
    began: dict[tuple[str, str], datetime] = {}
    for event in events:
        if event["event"] != "probing":
            continue
        target = str(event["target"])
        key = str(event["run"]), target
        if event["state"] == "began":
            began[key] = moment(event)
        elif event["state"] == "ended" and key in began and event.get("questions"):
            seconds = (moment(event) - began[key]).total_seconds() / int(event["questions"])
            found[target] = max(found.get(target, 0.0), round(seconds, 1))
    return found


def how_asked(totals: Iterable[Mapping[str, Any]]) -> str:
    """How often services were asked, and so how exact a gap's length is."""
    slow = grouped(
        (round(float(total["interval"])), str(total["target"]))
        for total in totals
        if total["way"] and total.get("interval", 0.0) >= _SLOW
    )
    plain = "asked once a second from the machine of the run"
    if not slow:
        return f"{plain}: a gap's length is right to about a second"
    each = "; ".join(f"{', '.join(names)} every {length} s" for length, names in slow.items())
    return (
        f"{plain}, less often while there was no answer (in the run that asked least, on the"
        f" average: {each}): a gap's length is right to about that"
    )


def seen_now(events: Sequence[Event], target: str) -> str:
    """How a service looked last where it is measured, with that place; empty when it is not."""
    way, gap = "", None
    for event in events:
        if event.get("target") != target:
            continue
        if event["event"] == "probing":
            way = str(event.get("way") or "") if event["state"] in KNOWN else ""
        elif event["event"] == "service-gap":
            gap = event if event["state"] == "began" else None
    if not way:
        return ""
    if gap is None:
        return f"{way}: answers"
    word = "not seen" if gap["unseen"] else "no answer"
    return f"{way}: {word} since {gap['since']} ({gap['why']})"


def sentence(totals: Iterable[Mapping[str, Any]]) -> str:
    """The totals in one line; empty when nothing was measured."""
    return "; ".join(f"{_named(total)} {_gaps_in_words(total)}" for total in totals)


def _named(total: Mapping[str, Any]) -> str:
    """With where it is asked: a service may have other addresses, too."""
    return f"{total['target']} ({total['way']})" if total["way"] else str(total["target"])


def _gaps_in_words(total: Mapping[str, Any]) -> str:
    if not total["way"]:
        return "never answered here, so not measured"
    said = "none seen" if total["at_least"] else "none"
    if total["gaps"]:
        number = many(total["gaps"], "gap")
        least = "at least " if total["at_least"] else ""
        said = f"{number}, {least}{tenths(total['seconds'])} s"
        if total["gaps"] > 1:
            said += f" (longest {tenths(total['longest'])} s)"
    unseen = not_seen(total)
    return f"{said}, not seen for {in_words(unseen)}" if unseen else said


def not_seen(total: Mapping[str, Any]) -> float:
    """Seconds of the change in which nobody knows whether it answered."""
    return float(total["unseen"] + total["not_asked"])


def in_words(seconds: float) -> str:
    """`312 s`, `22 h 05 min`."""
    return f"{tenths(seconds)} s" if seconds < _LONG else duration(timedelta(seconds=seconds))
