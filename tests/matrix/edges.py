"""The edges of a run: every change, and every point around it at which the run can be killed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

START = "start"
STATES: tuple[tuple[str, str], ...] = (
    ("before-round-1", "backup."),
    ("planned-stop", "migration."),
    ("before-reactivation", "reactivation."),
)
"""Saved state -> how the step of the first change begins that is made from there. Before all of
them is START, the fresh cluster."""


class Point(StrEnum):
    """Where around a change the run is killed."""

    BEFORE_INTENT = "before-intent"
    AFTER_INTENT = "after-intent"
    """The intent is here and on N, the command was not started."""
    RUNNING = "running"
    """A detached command was started and lives."""
    AFTER_EFFECT = "after-effect"
    """The command has ended, its result is nowhere on record."""
    AFTER_RESULT = "after-result"


@dataclass(frozen=True)
class Made:
    """A change that an undisturbed run made."""

    key: str
    is_detached: bool


@dataclass(frozen=True)
class Edge:
    """One case of the matrix."""

    key: str
    point: Point
    state: str
    """Label of the saved state it starts from."""

    @property
    def name(self) -> str:
        """Safe as a file name and as a word of a command line."""
        return f"{short_name(self.key)}.{self.point}"

    @property
    def resumes_elsewhere(self) -> bool:
        """Whether the other clone goes on, and the first one runs last; else the reverse."""
        return sha256(self.name.encode()).digest()[0] % 2 == 1


def short_name(key: str) -> str:
    """`migration.files[1][neteye01.neteyelocal]#3` -> `migration.files-1-neteye01-no3`."""
    step, _, number = key.partition("#")
    words = re.sub(r"\[([^\].]*)[^\]]*\]", r"-\1", step)
    return f"{words}-no{number}"


def changes_of(events: Iterable[Mapping[str, Any]]) -> list[Made]:
    """The changes of a run by its journal, in their order."""
    return [
        Made(event["key"], bool(event.get("detached")))
        for event in events
        if event["event"] == "intent"
    ]


def read_changes(text: str) -> list[Made]:
    """The changes of a list as `as_list` writes it."""
    words = (line.split() for line in text.splitlines())
    return [Made(key, is_detached=bool(rest)) for key, *rest in words]


def as_list(changes: Iterable[Made]) -> str:
    """A line a change: its key, and whether it is detached."""
    return "".join(f"{made.key}{' detached' if made.is_detached else ''}\n" for made in changes)


def first_keys(changes: Sequence[Made]) -> dict[str, str]:
    """Saved state -> key of the first change made from it. ValueError when a phase has none."""
    found = {}
    for label, begins in STATES:
        keys = [change.key for change in changes if change.key.startswith(begins)]
        if not keys:
            raise ValueError(f"the undisturbed run made no change of {begins}*: no state {label}")
        found[label] = keys[0]
    return found


def edges(changes: Sequence[Made]) -> list[Edge]:
    """Every edge, tagged with the last saved state before the change."""
    firsts = {key: label for label, key in first_keys(changes).items()}
    made, state = [], START
    for change in changes:
        state = firsts.get(change.key, state)
        points = [p for p in Point if p is not Point.RUNNING or change.is_detached]
        made += [Edge(change.key, point, state) for point in points]
    return made


def problem(edge: Edge, events: Iterable[Mapping[str, Any]], where: str) -> str | None:
    """Why a journal is not that of a run killed at this edge; None when it is."""
    # how far a command had come is told when somebody looked, once or twice or not at all
    kinds = [
        e["event"]
        for e in events
        if e.get("key") == edge.key and e["event"] in ("intent", "result")
    ]
    wanted = {
        Point.BEFORE_INTENT: [],
        Point.AFTER_RESULT: ["intent", "result"],
    }.get(edge.point, ["intent"])
    if kinds == wanted:
        return None
    return f"{where} has {kinds or 'nothing'} of {edge.key}, expected {wanted or 'nothing'}"


LIST = Path(__file__).resolve().parent / "changes.txt"
CHANGES = read_changes(LIST.read_text(encoding="utf-8"))
"""What an undisturbed run does on the cluster of the matrix. By it the edges are known before there
is a cluster; the undisturbed run of every proof is held against it."""
EDGES: dict[str, Edge] = {edge.name: edge for edge in edges(CHANGES)}
