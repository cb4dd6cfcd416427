"""The cluster before the first change and after the last one, side by side. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.change import Move
from engine.model.event import Event
from engine.model.facts import AFTER, BEFORE, IN_CONFIGURATION, PACKAGES
from engine.model.groups import grouped
from engine.report.audit.placement import Comment, Course, comment_of
from engine.report.quoted import Quoted, in_journal, level, output_of

RESOURCES = "resources"
GROUPS = {
    "versions": "version",
    "nodes": "node",
    RESOURCES: "resource",
    "cluster": "property of the cluster",
}
"""What is compared, in this order, and what one of it is called."""
PACKAGES_SHOWN = 400
DIFFS = 60_000
"""Characters of HTML for the diffs of all files."""


@dataclass(frozen=True)
class Compared:
    """One thing before and after; an empty text was not observed."""

    what: str
    before: str
    after: str
    is_compared: bool = True
    """Both sides were observed."""
    moves: tuple[Move, ...] = ()
    """The runbook's own, of a resource."""

    @property
    def differs(self) -> bool:
        return self.is_compared and self.before != self.after


@dataclass(frozen=True)
class Alike:
    """Things that have the same before and after."""

    names: tuple[str, ...]
    before: str
    after: str
    comment: Comment | None = None
    """Of resources that differ."""

    @property
    def count(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class FileDiff:
    """What the runbook changed in a configuration file, secrets masked."""

    name: str
    said: str
    """How many lines came and left."""
    text: Quoted


@dataclass(frozen=True)
class States:
    """Everything that is compared, and when each side was observed."""

    before: str
    after: str
    groups: tuple[tuple[str, tuple[Compared, ...]], ...]
    packages: tuple[Mapping[str, Any], ...] | None
    """Name, before, after, nodes, the first ones; None when nobody compared."""
    packages_count: int
    packages_whole: str
    """Where the list is whole."""
    configuration: tuple[FileDiff, ...]
    course: Course

    @property
    def is_compared(self) -> bool:
        return bool(self.before and self.after)

    @property
    def differing(self) -> list[tuple[str, list[Alike]]]:
        """By group, with those that changed in the same way together."""
        return self._grouped(True)

    @property
    def alike(self) -> list[tuple[str, list[Alike]]]:
        """By group, with those of the same state together."""
        return self._grouped(False)

    def _grouped(self, differs: bool) -> list[tuple[str, list[Alike]]]:
        found = []
        for group, rows in self.groups:
            same = grouped(
                ((row.before, row.after, row.moves if differs else ()), row.what)
                for row in rows
                if row.differs is differs
            )
            is_told = differs and group == RESOURCES
            alike = []
            for (before, after, moves), names in same.items():
                why = comment_of(before, after, self.course, moves, len(names)) if is_told else None
                alike.append(Alike(tuple(names), before, after, why))
            if alike:
                found.append((GROUPS[group], alike))
        return found


def states_of(events: Sequence[Event]) -> States:
    """The first state before, the last one after, and what changed between."""
    facts = [event for event in events if event["event"] == "fact"]
    before = next((event for event in facts if event["name"] == BEFORE), None)
    after = next((event for event in reversed(facts) if event["name"] == AFTER), None)
    changed = next((event for event in reversed(facts) if event["name"] == PACKAGES), None)
    course = Course.of(events, (after or {}).get("nodes", {}))
    groups = []
    for group in GROUPS:
        one, other = (side.get(group, {}) if side else {} for side in (before, after))
        rows = tuple(
            _compared(group, name, one, other, course) for name in dict.fromkeys([*one, *other])
        )
        if rows:
            groups.append((group, rows))
    return States(
        str(before["time"]) if before else "",
        str(after["time"]) if after else "",
        tuple(groups),
        tuple(changed["changes"][:PACKAGES_SHOWN]) if changed else None,
        len(changed["changes"]) if changed else 0,
        in_journal(changed) if changed else "",
        _diffs(events),
        course,
    )


def differences_in(events: Sequence[Event]) -> tuple[Event, ...]:
    """The attachments with what changed in a configuration file, in the order of the page."""
    return tuple(
        event
        for event in events
        if event["event"] == "attachment" and _about(event) == IN_CONFIGURATION
    )


def _compared(
    group: str, name: str, one: Mapping[str, Any], other: Mapping[str, Any], course: Course
) -> Compared:
    before, after = str(one.get(name, "")), str(other.get(name, ""))
    moves = course.moves_of(name) if group == RESOURCES else ()
    return Compared(name, before, after, bool(one and other), moves)


def _diffs(events: Sequence[Event]) -> tuple[FileDiff, ...]:
    files = differences_in(events)
    texts = [output_of(event.get("output")) for event in files]
    most = level((text.cost for text in texts), DIFFS)
    return tuple(
        FileDiff(str(event["name"]), _lines(text.text), text.shortened(most, in_journal(event)))
        for event, text in zip(files, texts, strict=True)
    )


def _lines(diff: str) -> str:
    """`3 lines came, 1 left`; of what is cut, at least."""
    came, left = (
        sum(line.startswith(sign) and not line.startswith(sign * 3) for line in diff.splitlines())
        for sign in "+-"
    )
    return f"{came} line{'' if came == 1 else 's'} came, {left} left" if came or left else ""


def _about(attachment: Event) -> str:
    """Older journals have it in the name alone."""
    named = str(attachment["name"]).startswith("what changed in ")
    return str(attachment.get("about", IN_CONFIGURATION if named else ""))
