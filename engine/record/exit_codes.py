"""What each exit code means and what comes next: one table, for card and pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.ending import Ending


class Next(StrEnum):
    """Which command comes next."""

    AGAIN = "again"
    """The same one: it goes on from where the run stopped."""
    ACCEPT = "accept"
    """The same, with what somebody takes upon himself."""
    WATCH = "watch"
    """Nothing is started: another run is at work."""
    VERIFY = "verify"
    """The evidence is checked and handed over."""


@dataclass(frozen=True)
class ExitCode:
    """One code, in words that fit into a row of a table."""

    code: int
    means: str
    next: str
    command: Next

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(ending.value for ending in Ending if ending.code == self.code)


EXIT_CODES = (
    ExitCode(
        0,
        "done and verified; with --plan: nothing blocks; with --until: done up to there",
        "see the open rows; the next night",
        Next.VERIFY,
    ),
    ExitCode(1, "a check or a change failed", "remove the cause, run again", Next.AGAIN),
    ExitCode(2, "Ctrl-C, SIGTERM, SIGHUP; or the run was killed", "run again", Next.AGAIN),
    ExitCode(
        4,
        "command line or inventory is wrong, or evidence that was altered; nothing was changed",
        "correct it, run again",
        Next.AGAIN,
    ),
    ExitCode(
        10,
        "findings block; this run changed nothing",
        "remove the causes or accept them, run again",
        Next.ACCEPT,
    ),
    ExitCode(
        11,
        "a person must decide or look",
        "do what the report says, run again",
        Next.AGAIN,
    ),
    ExitCode(
        12,
        "how a change ended is not known",
        "run again; look at the node if asked to",
        Next.AGAIN,
    ),
    ExitCode(13, "another run holds the cluster", "leave it to that run, or wait", Next.WATCH),
)
