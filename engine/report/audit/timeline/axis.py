"""Where a moment of an attempt lies on a line of a drawing. Pure.

Each run has a stretch of the line, as long as it took; between two of them is a break, of one width
however long it lasted. A short run gets a least width, so that it can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.report.spans import Span

BREAK, LEAST = 44.0, 24.0
_OF_BREAKS, _OF_LEAST = 0.4, 0.5
"""What all breaks, and all least widths, may take at most of the line when there are many runs."""


@dataclass(frozen=True)
class Stretch:
    """The part of the line that a run has."""

    run: Span
    left: float
    right: float

    def at(self, when: datetime) -> float:
        return _between(when, self.run.begin, self.run.end, self.left, self.right)


@dataclass(frozen=True)
class Axis:
    """Stretches from left to right; there is at least one."""

    stretches: tuple[Stretch, ...]

    @property
    def left(self) -> float:
        return self.stretches[0].left

    @property
    def right(self) -> float:
        return self.stretches[-1].right

    @property
    def breaks(self) -> list[tuple[float, float]]:
        """Left and right edge of each, one fewer than there are runs."""
        pairs = zip(self.stretches, self.stretches[1:], strict=False)
        return [(one.right, other.left) for one, other in pairs]

    def at(self, when: datetime) -> float:
        """Within the line, whatever the moment is; in a break in proportion to its time."""
        before = None
        for stretch in self.stretches:
            if when < stretch.run.begin:
                if before is None:
                    return stretch.left
                since, until = before.run.end, stretch.run.begin
                return _between(when, since, until, before.right, stretch.left)
            if when <= stretch.run.end:
                return stretch.at(when)
            before = stretch
        return self.right


def axis_of(runs: Sequence[Span], left: float, right: float) -> Axis:
    """The line from `left` to `right` for these runs, oldest first."""
    room, count = right - left, len(runs)
    gap = min(BREAK, room * _OF_BREAKS / (count - 1)) if count > 1 else 0.0
    room -= gap * (count - 1)
    least = min(LEAST, room * _OF_LEAST / count)
    # a run that ended in the moment it began has a length too
    seconds = [max(run.seconds, 0.001) for run in runs]
    scale = (room - least * count) / sum(seconds)
    stretches, at = [], left
    for run, took in zip(runs, seconds, strict=True):
        width = least + took * scale
        stretches.append(Stretch(run, at, min(at + width, right)))
        at += width + gap
    return Axis(tuple(stretches))


def _between(when: datetime, begin: datetime, end: datetime, left: float, right: float) -> float:
    whole = (end - begin).total_seconds()
    share = (when - begin).total_seconds() / whole if whole > 0 else 0.0
    return left + min(max(share, 0.0), 1.0) * (right - left)
