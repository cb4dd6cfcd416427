"""The runs of an attempt and their phases, with when each began and ended."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from engine.model.event import Event
from engine.model.facts import CONFLICTS
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.record.intervals import FENCING, STANDBY, intervals_of, length


@dataclass(frozen=True)
class Span:
    """Something that lasted: what, and from when to when."""

    name: str
    begin: datetime
    end: datetime
    detail: str = ""
    outcome: str = ""
    """Of a run: how it ended."""

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
        outcome = str(last.get("outcome", "")) if ended else ""
        spans.append(Span(str(run), moment(listed[0]), moment(last), how, outcome))
    return spans


_WAITED = {
    "stopped": "it had stopped for a person",
    "unknown": "a person had to look how a change had ended",
    "blocked": "findings blocked it",
    "failed": "it had failed",
    "interrupted": "it had been interrupted",
    "locked": "another run held the cluster",
    "done": "it was done",
}


def pauses_of(events: Sequence[Event]) -> list[Span]:
    """The time between two runs: why there was none, and what went on meanwhile."""
    runs = runs_of(events)
    under_way = [(node, one) for node, spans in commands_of(events).items() for one in spans]
    pauses = []
    for run, following in itertools.pairwise(runs):
        why = _WAITED.get(run.outcome, "it had ended without a word (killed, power loss)")
        meanwhile = [
            f"{one.name} on {node}"
            for node, one in under_way
            if one.begin < run.end and one.end > following.begin
        ]
        if meanwhile:
            why += f"; on record as under way: {', '.join(meanwhile)}"
        pauses.append(Span("no run", run.end, following.begin, why))
    return pauses


def phases_of(events: Iterable[Event]) -> list[Span]:
    """One span for each phase of each run: the part of a step's name before the dot."""
    mine = grouped(
        ((str(event["run"]), phase_of(str(event["step"]))), moment(event))
        for event in events
        if event["event"] in ("step-started", "step-ended")
    )
    return [Span(phase, min(times), max(times)) for (_, phase), times in mine.items()]


def states_lasting(events: Iterable[Event]) -> dict[str, list[Span]]:
    """Node, or `fencing` -> when it was in standby, or off, as it was seen."""
    found = []
    for one in intervals_of(events):
        lane, name = (one.subject, "standby") if one.kind == STANDBY else (FENCING, "off")
        found.append((lane, Span(name, one.since, one.end, length([one]))))
    return grouped(found)


def losses_of(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Node -> when a long command there was out of reach, and followed again afterwards."""
    found: list[tuple[Event, Event]] = []
    since: dict[str, Event] = {}
    for event in events:
        if event["event"] != "connection":
            continue
        node = str(event["node"])
        if event["state"] == "lost":
            since.setdefault(node, event)
        elif node in since:
            found.append((since.pop(node), event))
    found += [(begun, events[-1]) for begun in since.values()]
    return grouped(
        (str(begun["node"]), Span("out of reach", moment(begun), moment(end), str(begun["why"])))
        for begun, end in found
    )


def commands_of(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Node -> the long commands that ran there, each until its result, or the last event."""
    found: list[tuple[Event, Event, str]] = []
    open_ones: dict[str, Event] = {}
    for event in events:
        if event["event"] == "intent" and event.get("detached"):
            open_ones.setdefault(str(event["key"]), event)
        elif event["event"] == "result" and event.get("key") in open_ones:
            code = event.get("code")
            said = f"exit code {code}" if code is not None else str(event["outcome"])
            found.append((open_ones.pop(str(event["key"])), event, said))
    found += [(intent, events[-1], "its end is not on record") for intent in open_ones.values()]
    return grouped(
        (str(intent["node"]), Span(str(intent["what"]), moment(intent), moment(end), said))
        for intent, end, said in found
    )


def marks_of(events: Iterable[Event]) -> list[tuple[datetime, str, str]]:
    """Moments worth a mark: when, kind (`planned stop`, `stopped`, `lost`), what."""
    marks = []
    for event in events:
        kind = event["event"]
        if kind == "fact" and str(event["name"]).startswith(CONFLICTS):
            nodes = ", ".join(event.get("files", {}))
            marks.append((moment(event), "planned stop", f"files to migrate on {nodes}"))
        elif kind == "stopped":
            marks.append((moment(event), "stopped", str(event["reason"])))
        elif kind == "observation" and event.get("problem"):
            marks.append((moment(event), "lost", f"{event['node']}: {event['problem']}"))
    return marks
