"""How much of the data a twin has: a share of the rows, of which no kind is lost."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from fractions import Fraction
from typing import TypeVar

from rehearsal.errors import UsageError

ALL = Fraction(1)
K = TypeVar("K", bound=Hashable)
_SHARE = re.compile(r"([1-9][0-9]{0,8})(?:/([1-9][0-9]{0,8}))?\Z")


def share(text: str) -> Fraction:
    """What `--rows` says, such as 1/10; raises UsageError unless it is above 0 and at most 1."""
    match = _SHARE.match(text)
    found = Fraction(int(match[1]), int(match[2] or 1)) if match else None
    if found is None or found > 1:
        raise UsageError(f"--rows: {text!r} is no share of the rows, such as 1/10 or 1")
    return found


def scaled(number: int, rows: Fraction) -> int:
    """So many at that scale: none of none, else at least one."""
    return max(1, round(number * rows)) if number else 0


def spread(weights: Mapping[K, int], total: int) -> dict[K, int]:
    """`total` shared out by weight, to the last one; who has no weight gets none.

    >>> spread({"a": 2, "b": 1, "c": 0}, 4)
    {'a': 3, 'b': 1, 'c': 0}
    """
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    found = {key: total * weight // whole for key, weight in weights.items()}
    by_rest = sorted(weights, key=lambda key: -(total * weights[key] % whole))
    for key in by_rest[: total - sum(found.values())]:
        found[key] += 1
    return found
