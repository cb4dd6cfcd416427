"""The time that is announced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from engine.model.release import Stage


def announced(node_count: int, base: timedelta, per_node: timedelta) -> timedelta:
    """`base` + `per_node` for each node; downloads and work by hand are not in it.

    >>> announced(5, timedelta(minutes=30), timedelta(minutes=15))
    datetime.timedelta(seconds=6300)
    """
    return base + node_count * per_node


def remaining(stages: Sequence[Stage], phase: str, node_count: int) -> timedelta:
    """What the stage of `phase` and all later ones take together; all of it for an unknown phase.

    >>> stages = (Stage("first", ("a", "b"), 10, 1), Stage("second", ("c",), 5, 2))
    >>> remaining(stages, "c", 3), remaining(stages, "b", 3)
    (datetime.timedelta(seconds=660), datetime.timedelta(seconds=1440))
    """
    titles = [stage.phases for stage in stages]
    first = next((number for number, phases in enumerate(titles) if phase in phases), 0)
    return sum((stage.takes(node_count) for stage in stages[first:]), timedelta())
