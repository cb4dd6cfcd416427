"""A pytest plugin that kills the run at one edge: SIGKILL to its whole process group.

Loaded with `-p tests.matrix.kill` into the one run that is to be killed, with the edge in the
environment. The run's session is its own (`start_new_session`), so nobody else is hit.
"""

from __future__ import annotations

import inspect
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.edges import Point

KEY, POINT, WITNESS = "MATRIX_KEY", "MATRIX_POINT", "MATRIX_WITNESS"
"""Variables: the change's key, the point, the file that tells that the run was killed there."""


def environment(key: str, point: Point, witness: Path) -> dict[str, str]:
    """What the killed run needs in its environment."""
    return {KEY: key, POINT: point.value, WITNESS: str(witness)}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    """Put the trap where the engine applies changes."""
    # not above: the runbook's own plugins have to be the first to import the engine
    from engine.act import applier, detached

    key, point = os.environ[KEY], Point(os.environ[POINT])
    under_way: list[str] = []

    def begins(seen: str) -> None:
        under_way[:] = [seen]
        if seen == key and point is Point.BEFORE_INTENT:
            die(seen, point)

    def begun(seen: str) -> None:
        if seen == key and point is Point.AFTER_INTENT:
            die(seen, point)

    def ends(seen: str) -> None:
        if seen == key and point is Point.AFTER_EFFECT:
            die(seen, point)

    def ended(seen: str) -> None:
        if seen == key and point is Point.AFTER_RESULT:
            die(seen, point)

    wrap(applier.Applier, "_intent", begins, begun)
    wrap(applier.Applier, "_result", ends, ended)
    if point is Point.RUNNING:
        _watch(detached.Follower, under_way, key)


def wrap(
    owner: type, name: str, before: Callable[[str], None], after: Callable[[str], None]
) -> None:
    """Call `before` and `after` with the change's key around a method that has it as `key`."""
    method = getattr(owner, name)
    signature = inspect.signature(method)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        key = signature.bind(*args, **kwargs).arguments["key"]
        before(key)
        answer = method(*args, **kwargs)
        after(key)
        return answer

    setattr(owner, name, wrapped)


def _watch(follower: Any, under_way: list[str], key: str) -> None:
    """Kill the run when a look at its detached command shows that it lives and has printed."""
    look = follower._look

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen = look(self, *args, **kwargs)
        if under_way == [key] and seen.alive and seen.size > 0:
            die(key, Point.RUNNING)
        return seen

    follower._look = wrapped


def die(key: str, point: Point) -> None:
    """Leave word where the run was killed, then kill the process group at once."""
    with Path(os.environ[WITNESS]).open("w", encoding="utf-8") as witness:
        witness.write(f"{key} {point}\n")
        witness.flush()
        os.fsync(witness.fileno())
    os.killpg(0, signal.SIGKILL)
