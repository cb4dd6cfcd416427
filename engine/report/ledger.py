"""What the end of every run says of temporary changes that are still in place."""

from __future__ import annotations

from collections.abc import Iterable

from engine.attempt.memory import LedgerEntry


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


def entry_text(entry: LedgerEntry) -> str:
    """One entry as a phrase."""
    return f"{entry.kind} of {entry.subject} since {entry.since}; it was {entry.former!r} before"
