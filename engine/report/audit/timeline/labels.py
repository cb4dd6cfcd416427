"""The texts of the timeline, and how much room they take. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from engine.judge.text import printable, shortened
from engine.report.audit.timeline.bars import Bar
from engine.report.words import to_the_second

EM = 6.2
"""The width of a character at the size of the drawing's texts: more than most have."""
BOLD = 1.1
"""How much wider a bold one is."""
TITLE = 400


def width_of(text: str) -> float:
    return EM * len(text)


def fitting(labels: Iterable[str], room: float) -> str:
    """The first one for which there is room; empty when there is none."""
    return next((label for label in labels if label and width_of(label) <= room), "")


def short(name: str, room: float) -> str:
    """A name, cut with a mark where it takes more than there is."""
    most = max(1, int(room / EM))
    name = printable(name)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def compact(seconds: float) -> str:
    """How long, in one unit: `0.4 s`, `26 s`, `1.8 min`, `17 min`, `5.5 h`, `2 d`."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    for most, unit, size in ((100, "s", 1), (100, "min", 60), (100, "h", 3600)):
        if round(seconds / size) < most:
            number = f"{seconds / size:.1f}" if unit != "s" and seconds / size < 10 else ""
            return f"{(number or f'{seconds / size:.0f}').removesuffix('.0')} {unit}"
    return f"{seconds / 86400:.0f} d"


def exact(seconds: float) -> str:
    """Hours, minutes and seconds; tenths where there are any.

    >>> exact(0.4), exact(38), exact(29.4)
    ('0.4 s', '0:00:38', '0:00:29.4')
    """
    if 0 < seconds < 10:
        return f"{seconds:.1f} s"
    whole, tenths = divmod(round(seconds * 10), 10)
    return f"{timedelta(seconds=whole)}{f'.{tenths}' if tenths else ''}"


def labels_of(bar: Bar) -> tuple[str, ...]:
    """What may stand in a bar, the best first."""
    long = f"{bar.at_most}{compact(bar.seconds)}"
    if bar.kind == "run":
        outcome = bar.spans[0].outcome or "no end on record"
        return (f"{bar.name}: {outcome}", bar.name, bar.name.removeprefix("run "))
    if bar.kind == "window":
        begin, end = bar.begin, bar.end
        is_one_day = begin.date() == end.date()
        last = f"{end:%H:%M}" if is_one_day else f"{end:%Y-%m-%d %H:%M}"
        whole = f"announced: {begin:%Y-%m-%d %H:%M} to {last}"
        return (whole, f"{begin:%H:%M} to {end:%H:%M}", "window")
    if bar.kind == "outside":
        return (f"{long} outside", "outside", "out")
    if bar.kind in ("wait", "break"):
        return (long, long.replace(" ", ""))
    if bar.kind in ("gap", "unseen", "standby", "off"):
        return (f"{bar.name}, {long}" if len(bar.spans) > 1 else f"{bar.name} {long}", long)
    if bar.kind == "command":
        return (f"{bar.name}, {long}", bar.name, bar.name.split()[-1], long)
    return (printable(bar.name),)


def title_of(bar: Bar) -> str:
    """Everything of it: where, what, begin, end, how long, in which step, and why."""
    said = f"{bar.lane}: {bar.name}, "
    if bar.begin == bar.end:
        said += f"{to_the_second(bar.begin)} UTC"
    else:
        long = f"{bar.at_most}{exact(bar.seconds)}"
        said += f"{to_the_second(bar.begin)} to {to_the_second(bar.end)} UTC ({long})"
    if bar.steps:
        said += f", step {bar.steps[0][1]}"
    return shortened(f"{said}: {bar.detail}" if bar.detail else said, TITLE)
