"""Waiting is polling with a deadline, never a fixed sleep; and the clock that leases count by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")

EVERY = 1.0
"""Seconds between two looks."""


def attempts(
    deadline: float,
    *,
    every: float | None = None,
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
        wait(min(EVERY if every is None else every, left))
        number += 1


def poll(
    look: Callable[[], T],
    is_good: Callable[[T], bool],
    is_over: Callable[[T], bool] = lambda _: False,
    *,
    deadline: float,
    times: int = 1,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> T:
    """The last look: after `times` good ones in a row, or when `deadline` seconds are over.

    A row of good looks that has begun may go on beyond the deadline. A look that `is_over` ends
    the waiting, as it won't become good.
    """
    begun, good = clock(), 0
    while True:
        seen = look()
        good = good + 1 if is_good(seen) else 0
        late = clock() - begun >= deadline
        if good >= times or (not good and (late or is_over(seen))):
            return seen
        wait(EVERY)


def within(seconds: float, tasks: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """What each task returns, all at the same time; those that take longer are left out.

    What a task raises is raised here. One that is left out goes on, and nobody hears of it.
    """
    found: dict[str, T] = {}
    raised: list[BaseException] = []

    def keep(name: str, task: Callable[[], T]) -> None:
        try:
            found[name] = task()
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            raised.append(error)

    threads = [
        threading.Thread(target=keep, args=each, name=f"within {each[0]}", daemon=True)
        for each in tasks.items()
    ]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if raised:
        raise raised[0]
    return dict(found)


def boottime() -> float:
    """Seconds that go on while the machine sleeps, and that nobody sets (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
