"""The cluster before the first change and after the last one, side by side. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.event import Event
from engine.model.facts import AFTER, BEFORE, IN_CONFIGURATION, PACKAGES


@dataclass(frozen=True)
class Compared:
    """One thing before and after; an empty text was not observed."""

    what: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class States:
    """Everything that is compared, and when each side was observed."""

    before: str
    after: str
    groups: tuple[tuple[str, tuple[Compared, ...]], ...]
    packages: tuple[Mapping[str, Any], ...] | None
    """Name, before, after, nodes; None when nobody compared."""
    configuration: tuple[Event, ...]


def states_of(events: Sequence[Event]) -> States:
    """The first state before, the last one after, and what changed between."""
    facts = [event for event in events if event["event"] == "fact"]
    before = next((event for event in facts if event["name"] == BEFORE), None)
    after = next((event for event in reversed(facts) if event["name"] == AFTER), None)
    changed = next((event for event in reversed(facts) if event["name"] == PACKAGES), None)
    groups = []
    for group in ("versions", "nodes", "resources", "cluster"):
        one, other = (side.get(group, {}) if side else {} for side in (before, after))
        rows = tuple(
            Compared(name, str(one.get(name, "")), str(other.get(name, "")))
            for name in dict.fromkeys([*one, *other])
        )
        if rows:
            groups.append((group, rows))
    return States(
        str(before["time"]) if before else "",
        str(after["time"]) if after else "",
        tuple(groups),
        tuple(changed["changes"]) if changed else None,
        differences_in(events),
    )


def differences_in(events: Sequence[Event]) -> tuple[Event, ...]:
    """The attachments with what changed in a configuration file, in the order of the page."""
    return tuple(
        event
        for event in events
        if event["event"] == "attachment" and _about(event) == IN_CONFIGURATION
    )


def _about(attachment: Event) -> str:
    """Older journals have it in the name alone."""
    named = str(attachment["name"]).startswith("what changed in ")
    return str(attachment.get("about", IN_CONFIGURATION if named else ""))
