"""Ask many nodes at the same time, one thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.errors import RunbookError

T = TypeVar("T")


def in_parallel(
    nodes: Iterable[str], fn: Callable[[str], T], limit: int = 32
) -> dict[str, T | RunbookError]:
    """`fn(node)` for each node, in threads; the result in the order of `nodes`.

    A RunbookError (`Lost`, `Refused`, `Unanswered` ...) is that node's result; any other
    exception is an error of the program and is raised, when all threads have ended.
    """
    names = tuple(dict.fromkeys(nodes))

    def guarded(node: str) -> T | RunbookError:
        try:
            return fn(node)
        except RunbookError as error:
            return error

    if not names:
        return {}
    with ThreadPoolExecutor(max_workers=min(limit, len(names))) as pool:
        return dict(zip(names, pool.map(guarded, names), strict=True))
