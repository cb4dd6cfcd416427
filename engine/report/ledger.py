"""What the end of every run says of temporary changes that are still in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.model.event import stamp
from engine.record.intervals import FENCING, STANDBY, Interval, Key, open_since
from engine.record.memory import LedgerEntry


def open_entries(entries: Iterable[LedgerEntry], restore: str) -> list[str]:
    """The lines for the console: what is in place, since when, what it was before, the way out.

    `restore` is the command that gives it back. Empty when nothing is in place.
    """
    listed = list(entries)
    if not listed:
        return []
    many = f"{len(listed)} temporary change{'s' if len(listed) > 1 else ''}"
    return [
        f"STILL IN PLACE, {many}:",
        *(f"  {entry_text(entry)}" for entry in listed),
        "  the way out: run the upgrade again, it goes on and gives back what it took; or leave it"
        " and give back now:",
        f"    {restore}",
    ]


def not_known(
    why: str, entries: Iterable[LedgerEntry], under_way: Iterable[Mapping[str, Any]]
) -> list[str]:
    """The lines when the run does not know it; what it knew last is told as such."""
    known = last_known(entries, under_way)
    return [
        "NOT KNOWN: what still runs on the cluster, and which temporary changes are in place:",
        f"    {why}",
        *(f"    last known: {text}" for text in known),
    ]


def last_known(entries: Iterable[LedgerEntry], under_way: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each temporary change and each change without an end on record, as a phrase."""
    return [
        *map(entry_text, entries),
        *(f"{change['what']} on {change['node']} since {change['since']}" for change in under_way),
    ]


def as_seen(entries: Iterable[LedgerEntry], intervals: Iterable[Interval]) -> list[LedgerEntry]:
    """Each entry since it was seen; one that nobody saw since the command that may do it."""
    lasting = open_since(intervals)
    return [_as_seen(entry, lasting) for entry in entries]


def _as_seen(entry: LedgerEntry, lasting: Mapping[Key, Interval]) -> LedgerEntry:
    if entry.kind not in (STANDBY, FENCING):
        return entry
    seen = lasting.get((entry.kind, entry.subject))
    return replace(entry, since=stamp(seen.since)) if seen else replace(entry, seen=False)


def entry_text(entry: LedgerEntry) -> str:
    """One entry as a phrase."""
    what = f"{entry.kind} of {entry.subject} since {entry.since}"
    if not entry.seen:
        command = f"a command begun at {entry.since} may do it"
        what = f"{entry.kind} of {entry.subject}: not seen; {command}"
    return f"{what}; it was {entry.former!r} before"
