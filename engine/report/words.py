"""Days, times, lengths and lists as a person says them, the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from engine.judge.text import duration, shortened

_NAMED = 3
"""Things that are named one by one."""
# not by the locale of whoever makes the report
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_MINUTES = re.compile(r"(\d+) minutes")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def day_in_words(day: str, beside: str = "") -> str:
    """`12 December 2026`; without the year of a day beside it; a text that is no day as it is.

    >>> day_in_words("2026-12-12"), day_in_words("2026-12-12", "2026-11-28")
    ('12 December 2026', '12 December')
    """
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    year = "" if beside[:4] == day[:4] else f" {found.year}"
    return f"{found.day} {_MONTHS[found.month - 1]}{year}"


def clock_in_words(moment: datetime) -> str:
    """To the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def to_the_second(moment: datetime) -> str:
    """`2026-11-02 00:00:00`; pages say that all times are UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def at(text: str) -> str:
    """A time, or a span, to the second and with UTC at its end; a second date only if it is one.

    >>> at("2026-11-02T00:00:00Z to 2026-11-02T01:17:41.250Z")
    '2026-11-02 00:00:00 to 01:17:41 UTC'
    """
    times = _STAMP.findall(text)
    if not times:
        return text
    day = times[0][0]
    told = [clock if date == day else f"{date} {clock}" for date, clock in times]
    return f"{day} {' to '.join(told)} UTC"


def length_in_words(seconds: float) -> str:
    """Up to two minutes in seconds; never less than one.

    >>> length_in_words(26.4), length_in_words(0.2), length_in_words(3720)
    ('26 s', '1 s', '1 h 02 min')
    """
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 120 else duration(timedelta(seconds=whole))


def named(names: Iterable[str]) -> str:
    """The first few by name, of the rest how many."""
    listed = [shortened(name, 60) for name in names]
    rest = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def announced_minutes(text: str) -> int:
    """Of `105 minutes (30 + 15 for each of 5 nodes)`; 0: nothing is announced."""
    found = _MINUTES.match(text)
    return int(found[1]) if found else 0


def number_in_words(number: int) -> str:
    """Up to ten as a word."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)
