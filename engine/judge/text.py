"""Small helpers for the sentences of findings: lists, sizes, durations. No judgement here."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from engine.model.groups import grouped


def listed(items: Iterable[object], limit: int = 12) -> str:
    """`a, b, c`; beyond `limit` items the number of the others; `none` when there is none."""
    texts = [printable(str(item)) for item in items]
    shown = ", ".join(texts[:limit])
    rest = len(texts) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown or "none"


def counted(words: Iterable[object]) -> str:
    """`3 done, 1 failed`: how many there are of each, the first that came first."""
    return ", ".join(f"{number} {word}" for word, number in Counter(words).items())


FEW = 5
"""So many nodes are told one by one."""


def on_nodes(nodes: Collection[str]) -> str:
    """The nodes of which something is told that the reader can look up; beyond a few the number."""
    return many(len(nodes), "node") if len(nodes) > FEW else ", ".join(nodes) or "no node"


def by_value(values: Mapping[str, object], between: str = " ", apart: str = ", ") -> str:
    """`ne01 4, ne02 5`. Of many nodes what most have is told once, the others by name.

    >>> by_value({"ne01": 4, "ne02": 5})
    'ne01 4, ne02 5'
    >>> by_value({**{f"ne{i:02}": 4 for i in range(1, 17)}, "ne17": 5, "ne18": 5})
    '4 on 16 of 18 nodes; 5 on ne17, ne18'
    """
    if len(values) <= FEW:
        return apart.join(f"{node}{between}{value}" for node, value in values.items())
    same = grouped((str(value), node) for node, value in values.items())
    (most, nodes), *others = sorted(same.items(), key=lambda item: -len(item[1]))
    share = f"all {len(values)}" if not others else f"{len(nodes)} of {len(values)}"
    told = [f"{most} on {share} nodes"] if len(nodes) > 1 else [f"{most} on {nodes[0]}"]
    return "; ".join([*told, *(f"{value} on {', '.join(those)}" for value, those in others)])


def many(number: int, what: str) -> str:
    """`1 node`, `5 nodes`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def printable(text: str) -> str:
    """`text` itself, or with escapes when it holds line breaks or control characters."""
    return text if text.isprintable() else repr(text)


def shortened(text: str, limit: int = 160) -> str:
    """One line of at most `limit` characters."""
    return cut_at_word(printable(" ".join(text.split())), limit)


def cut_at_word(text: str, limit: int) -> str:
    """At most `limit` characters; what is longer ends behind a word, with a mark. A word that takes
    more than half of it is cut itself.

    >>> cut_at_word("neteye03 did not answer", 18), cut_at_word("0123456789", 6)
    ('neteye03 did not…', '01234…')
    """
    if len(text) <= limit:
        return text
    kept = text[:limit]  # with the blank behind a word that just fits
    words = kept[: max(kept.rfind(" "), kept.rfind("\n"))].rstrip()
    return f"{words if 2 * len(words) >= limit else text[: limit - 1]}…"


def ends_of(text: str, limit: int) -> str:
    """One line of at most `limit` characters; of what is longer the begin and the end, at words.

    In `X: Y: Z` the first says where, the last says why.

    >>> ends_of("no answer to 'a very long question': Connection refused", 40)
    "no answer to 'a … Connection refused"
    """
    line = printable(" ".join(text.split()))
    if len(line) <= limit:
        return line
    half = (limit - 3) // 2
    begin, end = line[: half + 1], line[-half - 1 :]
    begin, end = begin.rpartition(" ")[0] or begin[:-1], end.partition(" ")[2] or end[1:]
    return f"{begin} … {end}"


def quoted(text: str) -> str:
    """As a shell takes it, in quotes even where it needs none."""
    return shlex.quote(text) if "'" in text else f"'{text}'"


def size(amount: float) -> str:
    """Bytes for people: `3.0 GiB`, `150 MiB`."""
    for unit, factor in (("TiB", 2**40), ("GiB", 2**30)):
        if abs(amount) >= factor:
            return f"{amount / factor:.1f} {unit}"
    return f"{amount / 2**20:.0f} MiB"


def tenths(seconds: float) -> str:
    """`26`, `94.7`."""
    return f"{seconds:.1f}".removesuffix(".0")


def seconds_between(begin: datetime, end: datetime) -> float:
    """To the tenth, as they are told: what is told of all is the sum of what is told of each."""
    return round(max(0.0, (end - begin).total_seconds()), 1)


def duration(span: timedelta) -> str:
    """`2 h 05 min`, `45 min`, `2 min 26 s`, `26 s`; a minus sign when it is negative."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    if seconds < 600 and seconds % 60:
        return f"{sign}{seconds // 60} min {seconds % 60:02d} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{sign}{hours} h {minutes:02d} min" if hours else f"{sign}{minutes} min"
