"""What a run may do, and how it ends: outcomes, exit codes, and what stopped it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.finding import Way


class Mode(StrEnum):
    EXECUTE = "execute"
    PLAN = "plan"
    RESTORE = "restore"
    FOLLOW_UP = "follow-up"

    @property
    def changes(self) -> bool:
        """It takes the lock and may change the cluster."""
        return self in (Mode.EXECUTE, Mode.RESTORE)


class Ending(StrEnum):
    """How a run ended; the contract's outcomes and their exit codes."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    USAGE = "usage"
    BLOCKED = "blocked"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    LOCKED = "locked"
    PLANNED = "planned"
    AS_ASKED = "stopped as asked"
    """Behind the phase that `--until` named: neither failed nor complete."""

    @property
    def code(self) -> int:
        return _CODES[self]


_CODES = {
    Ending.DONE: 0,
    Ending.PLANNED: 0,
    Ending.AS_ASKED: 0,
    Ending.FAILED: 1,
    Ending.INTERRUPTED: 2,
    Ending.USAGE: 4,
    Ending.BLOCKED: 10,
    Ending.STOPPED: 11,
    Ending.UNKNOWN: 12,
    Ending.LOCKED: 13,
}


@dataclass(frozen=True)
class Stop:
    """The first event that stopped the run; what is seen later does not change it."""

    ending: Ending
    reason: str
    what_to_do: str
    way: Way = Way.AGAIN
    """Where that leads."""
