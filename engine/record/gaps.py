"""Service gaps, from the journals of an attempt: how long each service did not answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.judge.text import seconds_between, tenths
from engine.model.event import Event, moment, stamp

HOW = "asked once a second from the machine of the run: a gap's length is right to about a second"


@dataclass(frozen=True)
class ServiceGap:
    """A time in which a service did not answer, or could not be seen (`unseen`)."""

    target: str
    begin: datetime
    end: datetime
    steps: tuple[str, ...]
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
    return sorted(found, key=lambda gap: (gap.begin, gap.target))


def _gap(event: Event, end: datetime, still: bool) -> ServiceGap:
    return ServiceGap(
        target=str(event["target"]),
        begin=datetime.fromisoformat(event["since"]),
        end=end,
        steps=tuple(event.get("steps") or (str(event.get("step", "")),)),
        why=str(event["why"]),
        unseen=bool(event["unseen"]),
        still=still,
        run=str(event["run"]),
    )


def totals_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    """For each service: how it was asked, for how long, its gaps and their seconds."""
    gaps = gaps_of(events)
    totals: dict[str, dict[str, Any]] = {}
    for name, way, seconds in _measured(events):
        total = totals.setdefault(name, {"target": name, "way": "", "measured": 0.0})
        total["way"] = way or total["way"]
        total["measured"] = round(total["measured"] + seconds, 1)
    for name, total in totals.items():
        mine = [gap.seconds for gap in gaps if gap.target == name and not gap.unseen]
        unseen = sum(gap.seconds for gap in gaps if gap.target == name and gap.unseen)
        total |= {
            "gaps": len(mine),
            "seconds": round(sum(mine), 1),
            "longest": max(mine, default=0.0),
            "unseen": round(unseen, 1),
        }
    return list(totals.values())


def seen_now(events: Sequence[Event], target: str) -> str:
    """How a service looked last where it is measured, with that place; empty when it is not."""
    way, gap = "", None
    for event in events:
        if event.get("target") != target:
            continue
        if event["event"] == "probing":
            way = str(event["way"]) if event["state"] == "answers" else ""
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
    said = "none"
    if total["gaps"]:
        number = "1 gap" if total["gaps"] == 1 else f"{total['gaps']} gaps"
        said = f"{number}, {tenths(total['seconds'])} s"
        if total["gaps"] > 1:
            said += f" (longest {tenths(total['longest'])} s)"
    return f"{said}, not seen for {tenths(total['unseen'])} s" if total["unseen"] else said


def _measured(events: Iterable[Event]) -> list[tuple[str, str, float]]:
    """Service, way, and seconds from its first answer to the end of asking, for each run."""
    spans: dict[tuple[str, str], tuple[str, datetime | None, datetime | None]] = {}
    last: dict[str, Event] = {}
    for event in events:
        last[event["run"]] = event
        if event["event"] != "probing":
            continue
        key, when = (str(event["run"]), str(event["target"])), moment(event)
        way, since, until = spans.get(key, ("", None, None))
        if event["state"] == "answers":
            way, since = str(event["way"]), since or when
        elif event["state"] in ("ended", "broken"):
            until = until or when
        spans[key] = way, since, until
    found = []
    for (run, name), (way, since, until) in spans.items():
        seconds = ((until or moment(last[run])) - since).total_seconds() if since else 0.0
        found.append((name, way, max(0.0, seconds)))
    return found
