"""When a node was out of reach of the machine of the run, by whatever tells it. Pure.

Not only a question that got no answer does: so do a change whose answer was lost, what could not
be handed over to the node, and a service that could not be seen through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.model.change import Outcome
from engine.model.event import Event, moment
from engine.report.words import many

_LOST = (": no ssh connection", ": the connection was lost", " did not answer")
"""How a reason that names the node goes on where nothing came from it."""
_WORDS = {
    "observation": "question without an answer",
    "result": "change without an answer",
    "bookkeeping": "time not handed over",
    "service-gap": "service not seen through it",
}


@dataclass
class Away:
    """From the first sign that a node was out of reach to the last; then it answered again, or the
    record ends."""

    node: str
    begin: datetime
    end: datetime
    why: str
    """Of the first sign."""
    kinds: list[str]

    @property
    def counted(self) -> str:
        """`4 questions without an answer, 1 change without an answer`."""
        return ", ".join(
            _many(self.kinds.count(kind), words)
            for kind, words in _WORDS.items()
            if kind in self.kinds
        )


def away_of(events: Sequence[Event]) -> list[Away]:
    """In the order in which they began."""
    nodes = {str(node) for event in events for node in event.get("nodes") or ()}
    nodes |= {str(event["node"]) for event in events if event["event"] == "observation"}
    found: list[Away] = []
    open_ones: dict[str, Away] = {}
    for event in events:
        if event["event"] == "observation" and not event.get("lost"):
            open_ones.pop(str(event["node"]), None)
        for node, why in _signs(event, nodes):
            begin, end = _when(event)
            if node not in open_ones:
                open_ones[node] = Away(node, begin, end, why, [])
                found.append(open_ones[node])
            away = open_ones[node]
            away.begin, away.end = min(away.begin, begin), max(away.end, end)
            if event.get("state") != "ended":
                away.kinds.append(event["event"])
    return sorted(found, key=lambda away: away.begin)


def _signs(event: Event, nodes: set[str]) -> Iterator[tuple[str, str]]:
    """Nodes that were out of reach by this event, and why."""
    text = ""
    if event["event"] == "observation" and event.get("problem") and event.get("lost"):
        yield str(event["node"]), str(event["problem"])
    elif event["event"] == "bookkeeping":
        text = str(event["problem"])
    elif event["event"] == "result" and event["outcome"] == Outcome.UNKNOWN:
        text = f"{event['node']}: {event['reason']}"
    elif event["event"] == "service-gap" and event["unseen"] and _is_away_then(event):
        text = str(event["why"])
    for node in nodes:
        if any(f"{node}{lost}" in text for lost in _LOST):
            yield node, text


def _is_away_then(gap: Event) -> bool:
    """A gap that has ended otherwise than with its run ended when the node was back."""
    return gap["state"] == "began" or bool(gap.get("still"))


def _when(event: Event) -> tuple[datetime, datetime]:
    """A service's gap is told later than it began."""
    when = moment(event)
    is_gap = event["event"] == "service-gap"
    return datetime.fromisoformat(event["since"]) if is_gap else when, when


def _many(number: int, words: str) -> str:
    noun, _, rest = words.partition(" ")
    return f"{many(number, noun)} {rest}"
