"""What a run was made of, in words that name no node, and where two runs differ.

It has the form of a rehearsal's prediction: a place for a node, a step without its node. It is
made of the journal alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.model.prediction import Places

Event = Mapping[str, Any]
APART: Mapping[str, str] = {
    "active-node-load": "how busy the machine is at that moment",
    "active-node-memory": "how much memory the machine has left at that moment",
}
"""Codes of findings that no twin can have, and why."""
QUESTIONS = frozenset({"ocs-merge-undecided"})
_CONFLICTS = "conflicts-"


class Kind(StrEnum):
    """What is compared."""

    END = "end"
    FINDING = "finding"
    QUESTION = "question of the merge"
    STOP = "planned stop"
    LOSS = "values that become NULL"
    ROUND = "round"
    CHANGE = "change"


@dataclass(frozen=True, order=True)
class Item:
    """One thing that a run found or did; `of` is the plan or the run."""

    of: str
    kind: Kind
    step: str
    place: str
    what: str

    @property
    def in_words(self) -> str:
        step = f"{self.step}: " if self.step else ""
        where = f" on {self.place}" if self.place else ""
        return f"{self.of}, {step}{self.kind} {self.what}{where}"


@dataclass
class Course:
    """All that runs of one cluster have found and done, each as often as it came."""

    items: Counter[Item] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    """Code -> findings that no twin can have."""

    def add(self, of: str, code: int, events: Iterable[Event]) -> None:
        """A run with its exit code."""
        reader = _Reader(of, self)
        self.items[Item(of, Kind.END, "", "", f"with exit code {code}")] += 1
        for event in events:
            reader.read(event)

    def count(self, kind: Kind, of: str) -> int:
        """How many different things of a kind."""
        return sum(1 for item in self.items if item.kind is kind and item.of == of)


@dataclass(frozen=True)
class Difference:
    """`cluster` and `twin`: how often it came in each."""

    item: Item
    cluster: int
    twin: int

    @property
    def in_words(self) -> str:
        return f"{self.item.in_words}: {self.cluster} in the cluster, {self.twin} in its twin"


def differences(cluster: Course, twin: Course) -> list[Difference]:
    """Each of them, in the order plan, run, and by step."""
    every = sorted({*cluster.items, *twin.items})
    return [
        Difference(item, cluster.items[item], twin.items[item])
        for item in every
        if cluster.items[item] != twin.items[item]
    ]


class _Reader:
    """Reads the events of one run; what comes twice of the same subject counts once."""

    def __init__(self, of: str, course: Course) -> None:
        self._of = of
        self._course = course
        self._places = Places({})
        self._cluster = ""
        self._seen: set[tuple[str, ...]] = set()

    def read(self, event: Event) -> None:
        handler = _HANDLERS.get(str(event["event"]))
        if handler is not None:
            handler(self, event)

    def _on_started(self, event: Event) -> None:
        self._cluster = str(event["cluster"])
        # in the inventory's order: which of the nodes is N is compared, too
        self._places = Places(event["nodes"])

    def _on_finding(self, event: Event) -> None:
        code, subject, step = event["code"], str(event["subject"]), str(event.get("step") or "")
        if event["severity"] == "info" or not self._is_new("finding", step, code, subject):
            return
        if code in APART:
            self._course.apart[code] += 1
            return
        kind = Kind.QUESTION if code in QUESTIONS else Kind.FINDING
        self._add(kind, step, self._places.named_in(subject), f"{code} ({event['severity']})")

    def _on_fact(self, event: Event) -> None:
        if not str(event["name"]).startswith(_CONFLICTS):
            return
        for node, paths in event["files"].items():
            for path in paths:
                if self._is_new("stop", str(event["name"]), node, path):
                    place = self._places.place(node)
                    self._add(Kind.STOP, str(event.get("step") or ""), place, path)

    def _on_loss(self, event: Event) -> None:
        told = (f"{event['of']}, {event['what']}", event["state"])
        number = f"{event['count']} of {event['total']}"
        if self._is_new("loss", str(event.get("step")), *told, number):
            text = f"{told[0]}, {told[1]}: {number}"
            self._add(Kind.LOSS, str(event.get("step") or ""), "", text)

    def _on_intent(self, event: Event) -> None:
        step, node = str(event.get("step") or ""), self._places.place(str(event["node"]))
        command = str(event.get("detached") or "")
        if command:
            self._add(Kind.ROUND, step, node, command.rpartition("-")[0] or command)
        self._add(Kind.CHANGE, step, node, self._worded(str(event["what"])))

    def _add(self, kind: Kind, step: str, place: str, what: str) -> None:
        step, of_step = self._places.apart(step)
        self._course.items[Item(self._of, kind, step, place or of_step, what)] += 1

    def _is_new(self, *words: str) -> bool:
        is_new = words not in self._seen
        self._seen.add(words)
        return is_new

    def _worded(self, text: str) -> str:
        return self._places.worded(text).replace(self._cluster, "the cluster")


_HANDLERS = {
    "run-started": _Reader._on_started,
    "finding": _Reader._on_finding,
    "fact": _Reader._on_fact,
    "loss": _Reader._on_loss,
    "intent": _Reader._on_intent,
}
