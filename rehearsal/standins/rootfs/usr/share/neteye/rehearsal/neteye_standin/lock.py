"""One `neteye` command at a time: a lock on this node, and a look at the other operative nodes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neteye_standin.context import Context
from neteye_standin.remote import in_parallel, run_on

LOCK = Path("/run/neteye-command.lock")
_HELD = 75


class Locked(Exception):
    """Another command runs; `node` is where."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(node)


@contextmanager
def command_lock(context: Context) -> Iterator[None]:
    """Hold the lock as long as the process lives. Raises Locked."""
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(context.me.name) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        others = [node for node in context.cluster.operative if node != context.me]
        probe = ["flock", "-n", "-E", str(_HELD), str(LOCK), "true"]
        answers = in_parallel(others, lambda node: run_on(node, context.me, probe))
        for node, answer in zip(others, answers, strict=True):
            if answer.rc == _HELD:
                raise Locked(node.name)
        yield
