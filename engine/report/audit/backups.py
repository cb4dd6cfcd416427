"""Backups that the runbook made: where they lie, how proved, what a restore does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.model.event import Event
from engine.model.facts import BACK_OUT, BACKUP, FETCHED
from engine.report.audit.places import Place, places_of


@dataclass(frozen=True)
class Backup:
    """One backup, as it was proved last."""

    of: str
    node: str
    file: str
    size: int
    sha256: str
    taken: str
    proved: str
    restore: str
    restore_on: str
    """Where that command is given."""
    brings: tuple[str, ...]
    leaves: tuple[str, ...]
    """What a restore does not bring back."""
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Copy:
    """A copy that a run fetched into its own directory."""

    run: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Backups:
    """What is on record of them."""

    backups: tuple[Backup, ...]
    copies: tuple[Copy, ...]
    ways_back: tuple[str, ...]
    """What the steps said of the way back: all that an older runbook recorded."""


def backups_of(events: Iterable[Event]) -> Backups:
    """Each backup once; a copy that a later run fetched into its directory is one more."""
    last: dict[str, Event] = {}
    copies: dict[tuple[str, str], Copy] = {}
    said: dict[str, None] = {}
    for event in events:
        if event["event"] == "note" and event.get("about") == BACK_OUT:
            said[str(event["text"])] = None
        elif event["event"] == "fact" and event["name"] == BACKUP:
            last[str(event["of"])] = event
        elif event["event"] == "fact" and event["name"] == FETCHED:
            copy = Copy(str(event["run"]), str(event["file"]), str(event["sha256"]))
            copies[copy.run, copy.file] = copy
    made = tuple(_backup(of, event) for of, event in last.items())
    return Backups(made, tuple(copies.values()), tuple(said))


def _backup(of: str, fact: Event) -> Backup:
    return Backup(
        of,
        str(fact["node"]),
        str(fact["file"]),
        int(fact["size"]),
        str(fact["sha256"]),
        str(fact["taken"]),
        str(fact["proved"]),
        str(fact["restore"]),
        str(fact.get("restore_on", "")),
        _texts(fact.get("brings", ())),
        _texts(fact.get("leaves", ())),
        places_of(fact.get("places", ())),
    )


def _texts(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(one) for one in told)
