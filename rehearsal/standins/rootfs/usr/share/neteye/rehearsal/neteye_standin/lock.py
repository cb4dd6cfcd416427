"""One `neteye` command at a time: a lock on this node, and a look at the other operative nodes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from neteye_standin.context import Context
from neteye_standin.remote import in_parallel, run_on

LOCK = Path("/run/neteye-command.lock")
_HELD = 75
_PATIENCE = 1.0  # seconds
_POLL = 0.05


class Locked(Exception):
    """Another command runs; `node` is where."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(node)


@contextmanager
def command_lock(context: Context) -> Iterator[None]:
    """Hold the lock as long as the process lives. Raises Locked."""
    with LOCK.open("a+") as file:
        if not _taken(file):
            raise Locked(context.me.name)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        others = [node for node in context.cluster.operative if node != context.me]
        probe = ["flock", "--shared", "-n", "-E", str(_HELD), str(LOCK), "true"]
        answers = in_parallel(others, lambda node: run_on(node, context.me, probe))
        for node, answer in zip(others, answers):
            if answer.rc == _HELD:
                raise Locked(node.name)
        yield


def _taken(file: IO[str]) -> bool:
    """Take the lock; somebody's look at it, which lasts milliseconds, is waited for."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        time.sleep(_POLL)
