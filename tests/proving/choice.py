"""Which cases of a long proof are run now: a shard, some by name, a few rotated by commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """One of several parts, counted from 1, that together have every case once."""

    number: int
    of: int

    def pick(self, names: Sequence[str]) -> list[str]:
        """Every `of`-th case: neighbours, which are alike and alike slow, go to different parts."""
        return list(names[self.number - 1 :: self.of])


def shard(text: str) -> Shard:
    """`2/6`: the second of six. Raises ValueError with what is allowed."""
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Shard(int(number), int(of))
    raise ValueError(f"shard {text!r}: expected NUMBER/OF, for example 2/6, with 1 <= 2 <= 6")


def words(text: str) -> list[str]:
    """Those of a list separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def rotated(names: Sequence[str], count: int, commit: str) -> list[str]:
    """`count` neighbouring cases of a ring; the commit id says where they begin.

    The same commit always gets the same ones, and over many commits each one has its turn.
    """
    if not names:
        return []
    first = int(hashlib.sha256(commit.encode()).hexdigest(), 16) % len(names)
    ring = [*names[first:], *names[:first]]
    return ring[: max(0, min(count, len(ring)))]


def named(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those with these names, in the order of all. Raises ValueError for a name there is not."""
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise ValueError(f"no case {', '.join(map(repr, unknown))}; there are: {', '.join(names)}")
    return [name for name in names if name in set(wanted)]
