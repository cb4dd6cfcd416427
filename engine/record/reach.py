"""When the machine of a run could not reach a node, from the journals of an attempt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from engine.model.answer import LostKind
from engine.model.event import Event, moment
from engine.model.groups import grouped

_OF_THE_WAY = (LostKind.UNREACHABLE, LostKind.CONNECTION_LOST)
"""Of the other kinds the node has been reached."""


@dataclass(frozen=True)
class CutOff:
    """A time in which a run did not reach a node."""

    node: str
    begin: datetime
    """When the first question in vain was asked."""
    end: datetime
    """When it was reached again; if it was not, the run's last event."""
    run: str
    step: str
    why: str
    still: bool = False
    """It was not reached again in that run."""

    def sentence(self) -> str:
        """`the machine of the run was cut off from N from 00:00:30 to 00:01:10`."""
        return (
            f"the machine of the run was cut off from {self.node} from"
            f" {self.begin:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S}"
            f"{' and longer' if self.still else ''}"
        )


class Word(StrEnum):
    """What an event tells of the way to a node."""

    REACHED = "reached"
    SUSPECT = "suspect"
    """A service could not be asked by way of it: it is lost only if it does not answer itself."""
    LOST = "lost"


@dataclass(frozen=True)
class Sign:
    """What one event tells of the way to a node."""

    node: str
    when: datetime
    word: Word
    why: str
    step: str


def cut_offs_of(events: Sequence[Event]) -> list[CutOff]:
    """By run, node and time; a run that never asked a node is not cut off from it."""
    found: list[CutOff] = []
    for run, each in groupby(events, key=lambda event: str(event["run"])):
        mine = list(each)
        by_node = grouped((sign.node, sign) for _, sign in signs_of(mine))
        for node, signs in by_node.items():
            found += _of_node(run, node, signs, moment(mine[-1]))
    return found


def node_of(way: str) -> str:
    """The node by whose ssh connection a service is asked; empty: it is asked directly."""
    return next((way.partition(word)[2] for word in _BY if word in way), "")


_BY = (" through ", "database on ")


def _of_node(run: str, node: str, signs: Iterable[Sign], last: datetime) -> Iterator[CutOff]:
    first: Sign | None = None
    is_lost = False
    # a question in vain is on record after its answer was waited for
    for sign in sorted(signs, key=lambda sign: sign.when):
        if sign.word is Word.REACHED:
            if is_lost and first is not None:
                yield CutOff(node, first.when, sign.when, run, first.step, first.why)
            first, is_lost = None, False
        else:
            first = first or sign
            is_lost = is_lost or sign.word is Word.LOST
    if is_lost and first is not None:
        yield CutOff(node, first.when, last, run, first.step, first.why, still=True)


def signs_of(events: Iterable[Event]) -> Iterator[tuple[Event, Sign]]:
    """Those of one run, each beside the event that tells it."""
    ways: dict[str, str] = {}
    for event in events:
        if event["event"] == "probing" and event.get("way"):
            ways[str(event["target"])] = node_of(str(event["way"]))
        yield from ((event, sign) for sign in _of_event(event, ways))


def _of_event(event: Event, ways: Mapping[str, str]) -> Iterator[Sign]:
    kind, when, step = event["event"], moment(event), str(event.get("step") or "")
    if kind == "observation" and event.get("node"):
        node, why = str(event["node"]), str(event.get("problem") or "")
        if event.get("lost") in _OF_THE_WAY:
            yield Sign(node, when, Word.LOST, why, step)
        elif event.get("code") is not None:
            yield Sign(node, when, Word.REACHED, "", step)
    elif kind == "connection":
        word = Word.LOST if event["state"] == "lost" else Word.REACHED
        yield Sign(str(event["node"]), when, word, str(event["why"]), step)
    elif kind == "probing" and event["state"] == "answers":
        if node := node_of(str(event["way"])):
            yield Sign(node, when, Word.REACHED, "", step)
    elif kind == "service-gap" and event["unseen"]:
        told, by = str(event.get("node") or ""), ways.get(str(event["target"]), "")
        if event["state"] == "began" and (told or by):
            since = datetime.fromisoformat(event["since"])
            word = Word.LOST if told else Word.SUSPECT
            yield Sign(told or by, since, word, str(event["why"]), step)
        elif event["state"] == "ended" and not event.get("still") and by:
            yield Sign(by, datetime.fromisoformat(event["until"]), Word.REACHED, "", step)
