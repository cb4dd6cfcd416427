"""Which runbook each run was: an attempt may go on with another one than it began with. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.judge.text import many
from engine.model.event import Event
from engine.model.groups import grouped

SHOWN = 16
"""Digits of a runbook's hash that are shown beside others."""
UNKNOWN = "unknown"


def runbooks_of(begun: Sequence[Event]) -> dict[str, list[int]]:
    """The hash of each runbook -> the numbers of its runs; `begun` are the `run-started` of all."""
    return grouped(
        (str(one.get("runbook") or UNKNOWN), number) for number, one in enumerate(begun, 1)
    )


def sentence(begun: Sequence[Event]) -> str:
    """`runbook aaaa`, or which runs were which when it has changed on the way."""
    found = runbooks_of(begun)
    if len(found) == 1:
        return f"runbook {next(iter(found))[:SHOWN]}"
    told = [f"{one[:SHOWN]} (run {', '.join(map(str, runs))})" for one, runs in found.items()]
    return f"{many(len(found), 'runbook')}, changed on the way: {', then '.join(told)}"
