"""Waiting is polling with a deadline, never a fixed sleep; and the clock that leases count by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

EVERY = 1.0
"""Seconds between two looks."""


def attempts(
    deadline: float,
    *,
    every: float = EVERY,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Numbers of looks: the first at once, the last when `deadline` seconds are over.

    >>> list(attempts(0))
    [0]
    """
    begun, number = clock(), 0
    while True:
        yield number
        left = deadline - (clock() - begun)
        if left <= 0:
            return
        wait(min(every, left))
        number += 1


def boottime() -> float:
    """Seconds that go on while the machine sleeps, and that nobody sets (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
