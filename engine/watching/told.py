"""The values of what is shown of a run: lines with a tone, the same on a terminal and on a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.report.console import clean_line


class Life(StrEnum):
    """Whether the run's process is there; a run that ended well is not, and need not be."""

    THERE = "there"
    GONE = "gone"
    ELSEWHERE = "elsewhere"
    """It works on another machine: from here nobody can tell."""


class Tone(StrEnum):
    """How a line is to be taken."""

    PLAIN = ""
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


STEPS = "steps"
"""Label of the line that counts them: it changes with each."""


@dataclass(frozen=True)
class Line:
    """One thing that is known."""

    label: str
    text: str
    """Stays while nothing happens."""
    ticking: str = ""
    """Goes on with the clock."""
    tone: Tone = Tone.PLAIN

    def __str__(self) -> str:
        return f"{self.label}: {self.text}" + (f" ({self.ticking})" if self.ticking else "")


def line(label: str, text: str, ticking: str = "", tone: Tone = Tone.PLAIN) -> Line:
    """A line of printable text, whatever a node or an operator wrote."""
    label, text, ticking = (clean_line(" ".join(part.split())) for part in (label, text, ticking))
    return Line(label, text, ticking, tone)


@dataclass(frozen=True)
class StageLine:
    """One announced stage: what is behind, under way, or ahead."""

    title: str
    state: str
    """`behind`, `now`, `stopped` in it, `ahead`."""
    text: str


@dataclass(frozen=True)
class Told:
    """All that is shown."""

    title: str
    verdict: Line
    """How the run is."""
    person: Line
    """Whether anything waits for a person."""
    now: tuple[Line, ...]
    about: tuple[Line, ...]
    """Of the run: what one need not see at each look."""
    stages: tuple[StageLine, ...]
    nodes: tuple[Line, ...]
    services: tuple[Line, ...]
    share: float | None
    """Of the announced time, from 0 to 1; None: nothing is announced."""

    def lines(self) -> list[Line]:
        """All of it, one below the other."""
        return [
            *(self.verdict, self.person, *self.now),
            *(*self.about, *self.nodes, *self.services),
        ]
