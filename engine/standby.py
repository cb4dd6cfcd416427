"""How long each node was in standby: service is degraded meanwhile (guide row G16)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from engine.errors import RunbookError
from engine.journal import Event

INTERVAL = 5.0
"""Seconds between two looks: the error of the measured times."""


class StandbyWatch:
    """Looks now and then who is in standby and records changes only."""

    def __init__(
        self,
        look: Callable[[], tuple[str, ...]],
        record: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._record = record
        self._clock = clock
        self._next = 0.0
        self._known: set[str] = set()

    def sample(self, *, now: bool = False) -> None:
        """Look if it is time to, or at once; a look that fails is left out, this only measures."""
        if not now and self._clock() < self._next:
            return
        self._next = self._clock() + INTERVAL
        try:
            standby = set(self._look())
        except RunbookError:
            return
        for node in sorted(standby - self._known):
            self._record(node, "entered")
        for node in sorted(self._known - standby):
            self._record(node, "left")
        self._known = standby


def standby_seconds(events: Iterable[Event]) -> dict[str, float]:
    """Node -> seconds in standby, summed over the attempt, from `standby` events."""
    total: dict[str, float] = {}
    since: dict[str, datetime] = {}
    latest = datetime.min.replace(tzinfo=UTC)
    for event in events:
        latest = max(latest, datetime.fromisoformat(event["time"]))
        if event["event"] != "standby":
            continue
        node, moment = event["node"], datetime.fromisoformat(event["time"])
        if event["state"] == "entered":
            since.setdefault(node, moment)
        elif node in since:
            total[node] = total.get(node, 0.0) + (moment - since.pop(node)).total_seconds()
    for node, moment in since.items():
        # still in standby: as long as it has been seen so
        total[node] = total.get(node, 0.0) + (latest - moment).total_seconds()
    return total
