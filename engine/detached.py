"""Long commands, started once, detached from the connection, followed or read (guide row G18).

A command is done only when its wrapper wrote an exit status beside its log; the connection
may drop at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import remote
from engine.errors import RunbookError
from engine.queries import AnswerLike, Query
from engine.transport.base import Lost, Transport

CHUNK = 1 << 20
POLL = 1.0
PATIENCE = 900.0
"""Seconds for which N may be out of reach while its command runs (a reboot takes minutes)."""


@dataclass(frozen=True)
class Progress:
    """One look at a detached command."""

    exists: bool
    alive: bool
    status: int | None
    size: int
    chunk: bytes = b""

    @property
    def has_ended(self) -> bool:
        return self.status is not None

    @property
    def is_interrupted(self) -> bool:
        """It was started, does not live any more, and left no exit status."""
        return self.exists and not self.alive and self.status is None


def directory(attempt: str, name: str) -> str:
    """Where the wrapper keeps log, pid and exit status of the command on N."""
    return f"{remote.ROOT}/attempts/{attempt}/commands/{name}"


def progress_query(base: str, offset: int = 0, most: int = 0) -> Query[Progress]:
    """Asks whether the command exists, lives, has ended, and for its log from `offset` on."""
    return Query(
        name="state of the detached command",
        argv=remote.script(remote.FOLLOW, base, str(offset), str(most)),
        parse=parse_progress,
        deadline=60.0,
    )


def parse_progress(answer: AnswerLike) -> Progress:
    raw: bytes = getattr(answer, "stdout", b"")
    head, _, chunk = raw.partition(b"\n")
    alive, status, size = head.decode().split()
    return Progress(
        exists=alive != "absent",
        alive=alive == "alive",
        status=int(status) if status.lstrip("-").isdigit() else None,
        size=int(size),
        chunk=chunk,
    )


def start(transport: Transport, node: str, base: str, argv: Sequence[str]) -> None:
    """Start the command; RunbookError when it can't be started, Lost when it is not known."""
    answer = transport.run(node, remote.script(remote.START, base, *argv), deadline=60.0)
    if answer.code == remote.STARTED_BEFORE:
        return
    if answer.code != 0:
        raise RunbookError(
            f"{node}: the wrapper of {' '.join(argv)!r} did not start"
            f" (exit code {answer.code}: {answer.errors.strip()[-300:]})"
        )


@dataclass
class Follower:
    """Follows the log until there is an exit status, the process is gone, or time is up."""

    transport: Transport
    node: str
    base: str
    on_output: Callable[[bytes], None]
    on_idle: Callable[[str], None]
    """Called at every look with a word on the connection, for the progress line and the lease."""
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    patience: float = PATIENCE

    def follow(self, deadline: float) -> Progress:
        """The last look: with an exit status, or interrupted.

        Raises Lost when N is out of reach for longer than `patience` seconds or when the
        command still lives after `deadline` seconds.
        """
        offset, started, last_seen = 0, self.clock(), self.clock()
        while True:
            try:
                seen = self._look(offset)
            except Lost as lost:
                if self.clock() - last_seen > self.patience:
                    raise
                self.on_idle(f"{self.node} is out of reach ({lost.why}); trying again")
                self.wait(POLL)
                continue
            last_seen = self.clock()
            if seen.chunk:
                offset += len(seen.chunk)
                self.on_output(seen.chunk)
            if offset >= seen.size and (seen.has_ended or seen.is_interrupted or not seen.exists):
                return seen
            if self.clock() - started > deadline:
                return seen
            self.on_idle("")
            if len(seen.chunk) < CHUNK:
                self.wait(POLL)

    def _look(self, offset: int) -> Progress:
        query = progress_query(self.base, offset, CHUNK)
        return query.parse(self.transport.run(self.node, query.argv, deadline=query.deadline))
