"""Small helpers for the sentences of findings: lists, sizes, durations. No judgement here."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta


def listed(items: Iterable[object], limit: int = 12) -> str:
    """`a, b, c`; beyond `limit` items the number of the others; `none` when there is none."""
    texts = [printable(str(item)) for item in items]
    shown = ", ".join(texts[:limit])
    rest = len(texts) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown or "none"


def counted(words: Iterable[object]) -> str:
    """`3 done, 1 failed`: how many there are of each, the first that came first."""
    return ", ".join(f"{number} {word}" for word, number in Counter(words).items())


def printable(text: str) -> str:
    """`text` itself, or with escapes when it holds line breaks or control characters."""
    return text if text.isprintable() else repr(text)


def shortened(text: str, limit: int = 160) -> str:
    """One line of at most `limit` characters."""
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def quoted(text: str) -> str:
    """As a shell takes it, in quotes even where it needs none."""
    return shlex.quote(text) if "'" in text else f"'{text}'"


def size(amount: float) -> str:
    """Bytes for people: `3.0 GiB`, `150 MiB`."""
    for unit, factor in (("TiB", 2**40), ("GiB", 2**30)):
        if abs(amount) >= factor:
            return f"{amount / factor:.1f} {unit}"
    return f"{amount / 2**20:.0f} MiB"


def duration(span: timedelta) -> str:
    """`2 h 05 min`, `45 min`; less than a minute in seconds; a minus sign when it is negative."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{sign}{hours} h {minutes:02d} min" if hours else f"{sign}{minutes} min"
