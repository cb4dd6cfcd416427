"""The times above a drawing: round ones where there is room, and each run's own begin. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from engine.report.audit.timeline.axis import Axis, Stretch
from engine.report.audit.timeline.labels import width_of

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_BETWEEN = 6.0
"""Free space between two texts, at least."""

Texts = list[tuple[float, str]]
"""Left edge and text of each."""


class Row:
    """Texts of one line; a text that would touch another one has no place."""

    def __init__(self, width: float) -> None:
        self._width = width
        self._taken: list[tuple[float, float]] = []

    def take(self, middle: float, text: str) -> float | None:
        """The left edge, moved inwards at the ends of the line; None: there is no room."""
        width = width_of(text)
        left = min(max(middle - width / 2, 0.0), self._width - width)
        right = left + width
        if left < 0 or any(
            left < end + _BETWEEN and begin < right + _BETWEEN for begin, end in self._taken
        ):
            return None
        self._taken.append((left, right))
        return left


def ticks_of(axis: Axis, width: float) -> tuple[Texts, Texts, list[float]]:
    """Dates, times of day, and where lines go down; `width` is that of the whole drawing."""
    dates, times = Row(width), Row(width)
    shown: tuple[Texts, Texts, list[float]] = ([], [], [])
    last = ""
    is_fine = any(_step(stretch) < 60 for stretch in axis.stretches)
    for stretch in axis.stretches:
        begin = stretch.run.begin
        if f"{begin:%Y-%m-%d}" != last:
            last = f"{begin:%Y-%m-%d}"
            _add(shown[0], dates, stretch.left, last)
        _add(shown[1], times, stretch.left, _time(begin, is_fine))
    for stretch in axis.stretches:
        for when in round_times(stretch):
            at = stretch.at(when)
            if _add(shown[1], times, at, _time(when, is_fine)):
                shown[2].append(at)
            if when.hour == when.minute == when.second == 0:
                _add(shown[0], dates, at, f"{when:%Y-%m-%d}")
    return shown


def _add(texts: Texts, row: Row, middle: float, text: str) -> bool:
    left = row.take(middle, text)
    if left is not None:
        texts.append((left, text))
    return left is not None


def _time(when: datetime, is_fine: bool) -> str:
    return f"{when:%H:%M:%S}" if is_fine else f"{when:%H:%M}"


def _step(stretch: Stretch) -> int:
    """Seconds between two round times, so that both have room."""
    scale = (stretch.right - stretch.left) / max(stretch.run.seconds, 0.001)
    wanted = (width_of("00:00:00") + _BETWEEN) / scale
    days = math.ceil(wanted / _STEPS[-1]) * _STEPS[-1]  # of a clock that was years away
    return next((seconds for seconds in _STEPS if seconds >= wanted), days)


def round_times(stretch: Stretch) -> Iterator[datetime]:
    """Those of a run that have room on its part of the line."""
    run, step = stretch.run, _step(stretch)
    first = int(run.begin.timestamp()) // step * step + step
    for second in range(first, int(run.end.timestamp()) + 1, step):
        yield datetime.fromtimestamp(second, run.begin.tzinfo)
