"""The list of an attempt's runs on N: who took the cluster's lock, and who began a journal there.

N itself writes it, with the lock and with a journal's first lines: a run that was killed between
the two is known by it, and a journal that was taken away is missed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.attempt.chains import Altered
from engine.model.event import Event
from engine.verify import Missing, generations_of, lacking, read_json, until_closed

TAKEN, BEGUN = "taken", "journal"
"""`taken GENERATION HOLDER`, `journal NAME`: the two kinds of lines."""


@dataclass(frozen=True)
class Noted:
    """What the list says; empty of an attempt of an older runbook, which kept none."""

    taken: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Generation of the lock -> who took it, as the lock describes a holder."""
    begun: frozenset[str] = frozenset()
    """Names of the journals whose first lines N has had."""


def parse_noted(text: str) -> Noted:
    """The list as N keeps it; ValueError for a line that is none of it."""
    taken: dict[int, Mapping[str, Any]] = {}
    begun = set()
    for number, line in enumerate(text.splitlines(), start=1):
        kind, _, rest = line.partition(" ")
        if kind == TAKEN:
            generation, _, holder = rest.partition(" ")
            described = read_json(holder)
            if not isinstance(described, dict):
                raise ValueError(f"runs:{number}: no holder of a lock: {holder[:80]!r}")
            # of one generation the last counts: who was noted before it never got the lock
            taken[int(generation)] = described
        elif kind == BEGUN and rest:
            begun.add(rest)
        else:
            raise ValueError(f"runs:{number}: no line of a run: {line[:80]!r}")
    return Noted(taken, frozenset(begun))


def refuse_lost(noted: Noted, journals: Iterable[str]) -> None:
    """Raises Altered for a journal that N has had, and has no more."""
    lost = sorted(noted.begun - set(journals))
    if lost:
        raise Altered(f"{lost[0]} is missing: its run had written it there")


def missing_runs(
    noted: Noted, earlier: Iterable[Event], own: str, generation: int | None, at_work: str
) -> list[Missing]:
    """The runs that had the lock within the attempt, and of which N has no journal.

    `earlier` are the events of the journals on N, `own` and `generation` the run that asks;
    `at_work` is the run that holds the lock now, whose journal may be on its way.
    """
    earlier = list(earlier)
    known = {str(event["run"]) for event in earlier} | {own, at_work}
    there = dict(generations_of(earlier))
    named = {number: str(holder.get("run", "")) for number, holder in noted.taken.items()}
    there |= {number: run for number, run in named.items() if run in known}
    if generation is not None:
        there[generation] = own
    missing = {
        number: {key: str(holder[key]) for key in ("run", "who", "host", "since") if key in holder}
        for number, holder in noted.taken.items()
        if number not in there
    }
    last = until_closed(earlier)
    return lacking(there, missing, last)
