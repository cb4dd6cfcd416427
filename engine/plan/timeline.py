"""When each phase is expected to begin and to end, and whether the window holds it.

An announcement, not a promise: the shares are data of the release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.judge.text import duration
from engine.model.inventory import Settings
from engine.model.release import Stage


@dataclass(frozen=True)
class Stretch:
    """One stage of the timeline. One without anything left to do takes no time."""

    title: str
    begins: datetime
    ends: datetime
    has_no_return: bool = False
    """The point of no return lies at its beginning."""

    @property
    def takes(self) -> timedelta:
        return self.ends - self.begins


@dataclass(frozen=True)
class Timeline:
    """Stretches in order, and the window of the inventory. All moments carry a zone."""

    stretches: tuple[Stretch, ...]
    window_start: datetime | None = None
    window_end: datetime | None = None

    @property
    def begins(self) -> datetime:
        return self.stretches[0].begins

    @property
    def ends(self) -> datetime:
        return self.stretches[-1].ends

    @property
    def spare(self) -> timedelta | None:
        """From the expected end to the window's; negative: what is missing. None: no window."""
        return None if self.window_end is None else self.window_end - self.ends

    def as_data(self) -> dict[str, Any]:
        """As plan.json has it; times ISO 8601."""
        spare = self.spare
        return {
            "begins": self.begins.isoformat(),
            "ends": self.ends.isoformat(),
            "window_start": self.window_start and self.window_start.isoformat(),
            "window_end": self.window_end and self.window_end.isoformat(),
            "fits": None if spare is None else spare >= timedelta(),
            "spare_minutes": None if spare is None else spare.total_seconds() // 60,
            "stages": [
                {
                    "title": stretch.title,
                    "begins": stretch.begins.isoformat(),
                    "ends": stretch.ends.isoformat(),
                    "point_of_no_return": stretch.has_no_return,
                }
                for stretch in self.stretches
            ],
        }


def timeline(
    stages: Sequence[Stage],
    *,
    node_count: int,
    settings: Settings,
    now: datetime,
    left: Collection[str],
    no_return: str = "",
) -> Timeline | None:
    """The stages one after the other, from the window's start, or from now when that is over.

    `left` are phases with something left to do, a stage without any takes no time; `no_return` is
    the phase whose stage begins with the point of no return, '' when that is behind. None: the
    release has no stages.
    """
    if not stages:
        return None
    start, end = settings.window_start, settings.window_end
    zone = (start or end or now).tzinfo
    moment = now.astimezone(zone)
    if start is not None and start > now:
        moment = start
    stretches = []
    for stage in stages:
        takes = stage.takes(node_count) if set(stage.phases) & set(left) else timedelta()
        is_marked = bool(takes) and no_return in stage.phases
        stretches.append(Stretch(stage.title, moment, moment + takes, is_marked))
        moment += takes
    return Timeline(tuple(stretches), start, end)


def timeline_lines(line: Timeline) -> Iterator[str]:
    """The timeline for the console."""
    offset = line.begins.strftime("%z")
    zone = f"UTC{offset[:3]}:{offset[3:]}" if offset.strip("+0") else "UTC"
    yield f"expected times ({zone}), from {_day(line.begins)}:"
    for stretch in line.stretches:
        if not stretch.takes:
            yield f"  {'-':^13}  {stretch.title}: nothing left to do"
            continue
        if stretch.has_no_return:
            yield f"  {_clock(stretch.begins)}           POINT OF NO RETURN"
        span = f"{_clock(stretch.begins)} to {_clock(stretch.ends)}"
        yield f"  {span}  {stretch.title} ({duration(stretch.takes)})"
    yield f"  end at {_day(line.ends)}, {duration(line.ends - line.begins)} from its begin"
    yield _window(line)


def _window(line: Timeline) -> str:
    spare = line.spare
    if spare is None or line.window_end is None:
        return "window: none is given in the inventory"
    start = "now" if line.window_start is None else _day(line.window_start)
    head = f"window: {start} to {_day(line.window_end)}"
    if line.begins >= line.window_end:
        return f"{head} IS OVER"
    if spare < timedelta():
        return f"{head} DOES NOT HOLD THIS: {duration(-spare)} are missing"
    left = f"{spare.days} days" if spare.days > 1 else duration(spare)
    return f"{head} holds it, {left} to spare"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"
