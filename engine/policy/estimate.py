"""The time that is announced (guide row G15)."""

from __future__ import annotations

from datetime import timedelta


def announced(node_count: int, base: timedelta, per_node: timedelta) -> timedelta:
    """`base` + `per_node` for each node; downloads and work by hand are not in it.

    >>> announced(5, timedelta(minutes=30), timedelta(minutes=15))
    datetime.timedelta(seconds=6300)
    """
    return base + node_count * per_node
