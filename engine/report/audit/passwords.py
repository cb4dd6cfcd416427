"""Which passwords were reset or moved, where each lies, which old copies remain. Pure.

Never a value: the facts have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.model.event import Event
from engine.model.facts import PASSWORD
from engine.report.audit.places import Place, places_of


@dataclass(frozen=True)
class Password:
    """One password and what became of it, as it was seen last."""

    of: str
    what: str
    seen: str
    lies_in: tuple[Place, ...]
    old_copies: tuple[Place, ...]
    searched: str
    """Where old copies were looked for; empty: nowhere."""


def passwords_of(events: Iterable[Event]) -> tuple[Password, ...]:
    """Each once: a later run has looked again."""
    last: dict[str, Event] = {}
    for event in events:
        if event["event"] == "fact" and event["name"] == PASSWORD:
            last[str(event["of"])] = event
    return tuple(
        Password(
            of,
            str(event["what"]),
            str(event["time"]),
            places_of(event.get("lies_in", ())),
            places_of(event.get("old_copies", ())),
            str(event.get("searched", "")),
        )
        for of, event in last.items()
    )
