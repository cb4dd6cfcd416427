"""Long commands, started once, detached from the connection, followed or read.

A command is done only when its wrapper wrote an exit status beside its log; the connection
may drop at any time.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.attempt import detached_scripts, remote
from engine.attempt.records import RecordsWriter, holder_of
from engine.errors import RunbookError
from engine.model.answer import Answer, Lost, LostKind
from engine.model.query import Query
from engine.record.redact import whole_end
from engine.transport.base import Transport
from engine.waiting import attempts

CHUNK = 1 << 20
CHUNKS = 64
"""Bytes of the log read at a time, and how many times in a row before the deadline is looked at."""
POLL = 1.0


class NotStarted(RunbookError):
    """The command was not started, for certain: the wrapper could not be set up."""


@dataclass(frozen=True)
class Progress:
    """One look at a detached command."""

    exists: bool
    alive: bool
    status: int | None
    size: int
    chunk: bytes = b""
    rebooted: bool = False
    """The node was started anew since the command was: it does not live any more."""
    ago: float | None = None
    """Seconds since it ended, by the node's own clock; None: it has not, or that was not told."""
    took: float | None = None
    """Its own seconds, whoever followed it."""

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
        argv=remote.script(detached_scripts.FOLLOW, base, str(offset), str(most)),
        parse=parse_progress,
        deadline=60.0,
    )


def parse_progress(answer: Answer) -> Progress:
    raw: bytes = getattr(answer, "stdout", b"")
    head, _, chunk = raw.partition(b"\n")
    # what an older runbook asked and put on record has no times
    alive, status, size, *times = head.decode().split()
    now, ended, begun = map(float, times) if times else (None, None, None)
    return Progress(
        exists=alive != "absent",
        alive=alive == "alive",
        status=int(status) if status.lstrip("-").isdigit() else None,
        size=int(size),
        chunk=chunk,
        rebooted=alive == "rebooted",
        # a clock that was set meanwhile makes neither negative
        ago=max(0.0, now - ended) if now is not None and ended is not None else None,
        took=max(0.0, ended - begun) if ended is not None and begun is not None else None,
    )


def start(
    transport: Transport, node: str, base: str, argv: Sequence[str], records: RecordsWriter
) -> None:
    """Start the command, under the lock's fencing token.

    NotStarted when it can't be started, LockLost when the lock is another run's, Lost when it
    is not known. A command that was started before is left as it is.
    """
    words = remote.script(detached_scripts.START, remote.ROOT, records.fencing_token, base, *argv)
    answer = transport.run(node, words, deadline=60.0)
    if answer.code == remote.SUPERSEDED:
        raise records.lost(holder_of(answer.text.split("\n")))
    if answer.code not in (0, remote.STARTED_BEFORE):
        raise NotStarted(
            f"{node}: {' '.join(argv)!r} was not started: its directory {base} could not be set up"
            f" (exit code {answer.code}: {whole_end(answer.errors)}). Expected free space and"
            " a file system that can be written there"
        )


def look_at(transport: Transport, node: str, base: str, offset: int = 0, most: int = 0) -> Progress:
    """One look, with at most so many bytes of the log. Raises Lost, also when it tells no state."""
    query = progress_query(base, offset, most)
    answer = transport.run(node, query.argv, deadline=query.deadline)
    if answer.code in query.ok_codes:
        with contextlib.suppress(ValueError):
            return query.parse(answer)
    # no state can be read from it: as if it had not come
    why = f"how it stands can't be told now (exit code {answer.code}: "
    why += f"{answer.errors.strip()[-200:]})"
    raise Lost(node, why, LostKind.CONNECTION_LOST)


@dataclass
class Follower:
    """Follows the log until there is an exit status, the process is gone, or time is up."""

    transport: Transport
    node: str
    base: str
    on_output: Callable[[bytes], None]
    on_idle: Callable[[str], None]
    """Called at every look with a word on the connection, for the progress line and the lease."""
    patience: float
    """Seconds for which N may be out of reach."""
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep

    def follow(self, deadline: float) -> Progress:
        """The last look: with an exit status, interrupted, or alive when the deadline is over.

        Raises Lost when N is out of reach for longer than `patience` seconds, or when another
        machine answers for it.
        """
        last_seen = self.clock()
        self._offset = 0
        seen: Progress | None = None
        for _ in attempts(deadline, every=POLL, clock=self.clock, wait=self.wait):
            try:
                seen = self._read_on()
            except Lost as lost:
                if lost.kind is LostKind.IDENTITY or self.clock() - last_seen > self.patience:
                    raise
                self.on_idle(f"{self.node} is out of reach ({lost.why}); trying again")
                continue
            last_seen = self.clock()
            is_over = seen.has_ended or seen.is_interrupted or not seen.exists
            if is_over and self._is_read_to_its_end(seen):
                return seen
            self.on_idle("")
        if seen is None:
            why = f"it did not answer within {deadline:.0f} seconds"
            raise Lost(self.node, why, LostKind.CONNECTION_LOST)
        return seen

    def _read_on(self) -> Progress:
        """Look, and take what is new of the log up to its end at that moment."""
        for _ in range(CHUNKS):
            seen = self._look(self._offset)
            if seen.chunk:
                self._offset += len(seen.chunk)
                self.on_output(seen.chunk)
            if self._is_read_to_its_end(seen):
                break
            # so much at once may take longer than a part of the lease
            self.on_idle("")
        return seen

    def _is_read_to_its_end(self, seen: Progress) -> bool:
        return not seen.chunk or self._offset >= seen.size

    def _look(self, offset: int) -> Progress:
        return look_at(self.transport, self.node, self.base, offset, CHUNK)
