"""Who is in standby, and whether fencing is off: service is degraded meanwhile.

Every look at the cluster's status counts; while a long command is followed, some are made for this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from engine.errors import RunbookError
from engine.model.cluster import ClusterStatus
from engine.model.event import Event, stamp
from engine.record.intervals import (
    CLUSTER,
    FENCING,
    STANDBY,
    Key,
    intervals_of,
    last_look,
    open_since,
)

INTERVAL = 5.0
"""Seconds between two looks that nobody else makes: the error of what is measured then."""
_BEGAN = {STANDBY: "entered", FENCING: "off"}
_ENDED = {STANDBY: "left", FENCING: "on"}


class Record(Protocol):
    def __call__(self, event: str, **fields: str | None) -> Event: ...


class StateWatch:
    """Records when a state is first seen, when no more, and when it was looked before that."""

    def __init__(
        self,
        look: Callable[[], ClusterStatus],
        record: Record,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._record = record
        self._now = now
        self._clock = clock
        self._next = 0.0
        self._known: set[Key] = set()
        self._looked: datetime | None = None
        self._own: datetime | None = None
        """The last look of this run."""

    def go_on_from(self, earlier: Sequence[Event]) -> None:
        """What the attempt's runs before this one have seen; what they saw last still lasts."""
        lasting = open_since(intervals_of(earlier))
        for (kind, subject), one in sorted(lasting.items()):
            self._record("lasting", kind=kind, subject=subject, since=stamp(one.since))
        self._known = set(lasting)
        self._looked = last_look(earlier)

    def sample(self, *, now: bool = False) -> None:
        """Look if it is time to, or at once; a look that fails is left out, this only measures."""
        if not now and self._clock() < self._next:
            return
        self._next = self._clock() + INTERVAL
        asked = self._now()
        try:
            status = self._look()
        except RunbookError:
            return
        self.see(status, asked)

    def see(self, status: ClusterStatus, asked: datetime) -> None:
        """Somebody has looked; `asked` is when the question was sent. A look that was asked before
        the last one tells nothing new.

        A node that is away says nothing of its standby: what was seen of it last still counts.
        """
        if self._own is not None and asked < self._own:
            return
        self._own = asked
        seen = {(STANDBY, node) for node in status.standby_nodes}
        seen |= self._known & {(STANDBY, node.name) for node in status.nodes if not node.online}
        if not status.options.stonith_enabled:
            seen.add((FENCING, CLUSTER))
        other = stamp(self._looked) if self._looked else None
        for key in sorted(seen - self._known):
            self._tell(key, _BEGAN, other)
        for key in sorted(self._known - seen):
            self._tell(key, _ENDED, other)
        self._known, self._looked = seen, asked

    def _tell(self, key: Key, words: dict[str, str], other: str | None) -> None:
        kind, subject = key
        of_node = {"node": subject} if kind == STANDBY else {}
        self._record(kind, **of_node, state=words[kind], other=other)
