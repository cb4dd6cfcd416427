"""The runs of an attempt and their phases, with when each began and ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from engine.journal import Event


@dataclass(frozen=True)
class Span:
    """Something that lasted: what, and from when to when."""

    name: str
    begin: datetime
    end: datetime
    detail: str = ""

    @property
    def seconds(self) -> float:
        return max(0.0, (self.end - self.begin).total_seconds())


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["time"])


def runs_of(events: Sequence[Event]) -> list[Span]:
    """One span a run, oldest first; the detail is how it ended."""
    spans = []
    for run, mine in groupby(events, key=lambda event: event["run"]):
        listed = list(mine)
        ended = [event for event in listed if event["event"] == "run-ended"]
        last = ended[-1] if ended else listed[-1]
        how = f"{last['outcome']}, exit code {last['exit_code']}" if ended else "without a word"
        spans.append(Span(str(run), moment(listed[0]), moment(last), how))
    return spans


def phases_of(events: Iterable[Event]) -> list[Span]:
    """One span for each phase of each run: the part of a step's name before the dot."""
    spans: list[Span] = []
    mine: dict[tuple[str, str], list[datetime]] = {}
    for event in events:
        if event["event"] not in ("step-started", "step-ended"):
            continue
        phase = str(event["step"]).partition(".")[0]
        mine.setdefault((str(event["run"]), phase), []).append(moment(event))
    for (_, phase), times in mine.items():
        spans.append(Span(phase, min(times), max(times)))
    return spans


def standbys_of(events: Iterable[Event]) -> dict[str, list[Span]]:
    """Node -> when it was in standby; what never ended lasts to the last event."""
    found: dict[str, list[Span]] = {}
    since: dict[str, datetime] = {}
    latest: datetime | None = None
    for event in events:
        latest = moment(event)
        if event["event"] != "standby":
            continue
        node = str(event["node"])
        if event["state"] == "entered":
            since.setdefault(node, latest)
        elif node in since:
            found.setdefault(node, []).append(Span("standby", since.pop(node), latest))
    for node, begin in since.items():
        assert latest is not None
        found.setdefault(node, []).append(Span("standby", begin, latest))
    return found


def losses_of(events: Iterable[Event]) -> dict[str, list[Span]]:
    """Node -> when a long command there was out of reach, and followed again afterwards."""
    found: dict[str, list[Span]] = {}
    since: dict[str, Event] = {}
    latest: datetime | None = None
    for event in events:
        latest = moment(event)
        if event["event"] != "connection":
            continue
        node = str(event["node"])
        if event["state"] == "lost":
            since.setdefault(node, event)
        elif node in since:
            begun = since.pop(node)
            span = Span("out of reach", moment(begun), latest, str(begun["why"]))
            found.setdefault(node, []).append(span)
    for node, begun in since.items():
        assert latest is not None
        span = Span("out of reach", moment(begun), latest, str(begun["why"]))
        found.setdefault(node, []).append(span)
    return found


def commands_of(events: Iterable[Event]) -> dict[str, list[Span]]:
    """Node -> the long commands that ran there, each until its result, or the last event."""
    found: dict[str, list[Span]] = {}
    open_ones: dict[str, Event] = {}
    latest: datetime | None = None
    for event in events:
        latest = moment(event)
        if event["event"] == "intent" and event.get("detached"):
            open_ones.setdefault(str(event["key"]), event)
        elif event["event"] == "result" and event.get("key") in open_ones:
            intent = open_ones.pop(str(event["key"]))
            code = event.get("code")
            said = f"exit code {code}" if code is not None else str(event["outcome"])
            found.setdefault(str(intent["node"]), []).append(
                Span(str(intent["what"]), moment(intent), latest, said)
            )
    for intent in open_ones.values():
        assert latest is not None
        span = Span(str(intent["what"]), moment(intent), latest, "its end is not on record")
        found.setdefault(str(intent["node"]), []).append(span)
    return found


def marks_of(events: Iterable[Event]) -> list[tuple[datetime, str, str]]:
    """Moments worth a mark: when, kind (`planned stop`, `stopped`, `lost`), what."""
    marks = []
    for event in events:
        kind = event["event"]
        if kind == "fact" and str(event["name"]).startswith("conflicts-"):
            nodes = ", ".join(event.get("files", {}))
            marks.append((moment(event), "planned stop", f"files to migrate on {nodes}"))
        elif kind == "stopped":
            marks.append((moment(event), "stopped", str(event["reason"])))
        elif kind == "observation" and event.get("problem"):
            marks.append((moment(event), "lost", f"{event['node']}: {event['problem']}"))
    return marks
