"""A session with a node that stays open for questions: each costs one way there and back.

A session of its own costs two, a process here and one of sshd there. A lane runs a shell on the
node that takes question after question from its standard input (`lane_command`). Questions are sent
without waiting for the answers before them; they run one after the other, each with its own frame,
deadline and look at the machine. Only questions go this way: one that was sent and not begun when
the lane broke is asked again in a session of its own, which says what is wrong.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from engine.errors import UsageError
from engine.model.answer import Answer, Known, Lost, LostKind
from engine.transport.answers import Collector
from engine.transport.connection import Connection
from engine.transport.private import not_started
from engine.transport.session import client_process
from engine.transport.wrapper import Demux, lane_command, lane_request, lane_words, new_nonce

MOST = 5
"""Lanes of a node at a time; of its sessions some are left for changes and long answers."""
QUICK = 60.0
"""Seconds of deadline up to which a question may wait behind others of its kind."""
_STUCK = 2.0
"""Seconds after which what is under way counts as slow: questions take another lane."""
_CHUNK = 256 * 1024

Results = list[Answer | Lost]


class NotAsked(Exception):
    """The question was not begun in a lane: a session of its own is to ask it."""


def fits(argv: Sequence[str]) -> bool:
    """Whether a question may share a session: what the start-up files of a login shell leave
    behind could write into the answers that follow."""
    return tuple(argv[:2]) != ("bash", "-lc")


@dataclass(eq=False)
class _Turn:
    """A question on its way. NotAsked when it was not begun and the lane is gone."""

    collector: Collector
    words: list[str]
    out: Demux
    err: Demux
    seconds: float
    """From its turn until it is given up."""
    seen: int
    """What ssh had said of the connection before it."""
    result: Future[Results] = field(default_factory=Future)
    until: float | None = None
    """By `time.monotonic()`, once it is its turn."""

    @property
    def is_over(self) -> bool:
        return self.out.is_over and self.err.is_over


class Lane:
    """One ssh client and the thread that talks with it. OSError when it can't be started."""

    def __init__(
        self,
        client: Sequence[bytes],
        connection: Connection,
        ended: Callable[[], None],
        first: _Turn | None = None,
    ) -> None:
        """`first` is in the client's command. `ended` is called when the session is over."""
        self._connection = connection
        self._ended = ended
        self._lock = threading.Lock()
        self._turns: deque[_Turn] = deque([first] if first else ())
        if first is not None:
            first.until = time.monotonic() + first.seconds
        self._unsent = bytearray()
        self._is_open = True
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            self._process = client_process(client, subprocess.PIPE)
        except OSError:
            os.close(self._wake)
            raise
        name = f"lane-{connection.host.name}"
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def is_free(self) -> bool:
        """Nothing is asked here now."""
        return not self._turns

    def waiting(self) -> int:
        """Questions that have no answer yet."""
        return len(self._turns)

    def is_stuck(self) -> bool:
        """What is under way takes long."""
        with self._lock:
            head = self._turns[0] if self._turns else None
            if head is None or head.until is None:
                return False
            return time.monotonic() > head.until - head.seconds + _STUCK

    def send(self, turn: _Turn) -> bool:
        """Put a question in the queue. False: the lane has ended meanwhile."""
        with self._lock:
            if not self._is_open:
                return False
            self._turns.append(turn)
            self._unsent += lane_request(turn.words)
            if len(self._turns) == 1:
                turn.until = time.monotonic() + turn.seconds
            os.eventfd_write(self._wake, 1)
        return True

    def close(self) -> None:
        """End it, and what runs there; questions under way get no answer."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def join(self) -> None:
        """Wait for its end: ssh's connection holds its streams, until it is over or hears of it."""
        self._thread.join(5.0)

    def _serve(self) -> None:
        """The thread: until the session is over, or its turn's time."""
        code: int | None = None
        try:
            code = self._talk()
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            with self._lock:
                self._is_open = False
                left = list(self._turns)
                self._turns.clear()
                os.close(self._wake)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
            self._ended()
            for number, turn in enumerate(left):
                self._give_up(turn, code, is_first=number == 0)

    def _talk(self) -> int | None:
        """ssh's exit code; None when a question was not answered in its time."""
        process = self._process
        assert process.stdin and process.stdout and process.stderr  # noqa: PT018
        os.set_blocking(process.stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            streams: dict[IO[bytes], Callable[[_Turn], Demux]] = {
                process.stdout: lambda turn: turn.out,
                process.stderr: lambda turn: turn.err,
            }
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)
            while streams:
                if (left := self._left()) is not None and left <= 0:
                    return None
                for key, _ in selector.select(left):
                    if key.fileobj == self._wake:
                        with contextlib.suppress(BlockingIOError):
                            os.eventfd_read(self._wake)
                    elif key.fileobj is not process.stdin and not self._read(key.fileobj, streams):  # type: ignore[arg-type]
                        selector.unregister(key.fileobj)
                self._write(selector, process.stdin)
        return process.wait()

    def _left(self) -> float | None:
        """Seconds of the question whose turn it is; None: there is none."""
        with self._lock:
            until = self._turns[0].until if self._turns else None
        return None if until is None else until - time.monotonic()

    def _read(self, stream: IO[bytes], streams: dict[IO[bytes], Callable[[_Turn], Demux]]) -> bool:
        """False at the end of the stream."""
        chunk = os.read(stream.fileno(), _CHUNK)
        demux_of = streams[stream]
        if not chunk:
            del streams[stream]
            return False
        with self._lock:
            turns = list(self._turns)
        for turn in turns:
            demux = demux_of(turn)
            if not demux.is_over:
                chunk = demux.feed(chunk)
            if not chunk:
                break
        self._finish()
        return True

    def _finish(self) -> None:
        """Hand out what is complete; the next one has its time from now on."""
        while True:
            with self._lock:
                if not self._turns or not self._turns[0].is_over:
                    return
                turn = self._turns.popleft()
                if self._turns:
                    self._turns[0].until = time.monotonic() + self._turns[0].seconds
            turn.result.set_result(turn.collector.results(0, self._connection.host))

    def _write(self, selector: selectors.BaseSelector, stream: IO[bytes]) -> None:
        """Write what fits; the selector tells when more does."""
        is_watched = stream in selector.get_map()
        with self._lock:
            try:
                if self._unsent:
                    del self._unsent[: os.write(stream.fileno(), self._unsent[:65536])]
            except BlockingIOError:
                pass
            except BrokenPipeError:  # the end of its outputs tells how it ended
                self._unsent.clear()
            wanted = bool(self._unsent)
        if wanted and not is_watched:
            selector.register(stream, selectors.EVENT_WRITE)
        elif is_watched and not wanted:
            selector.unregister(stream)

    def _give_up(self, turn: _Turn, code: int | None, *, is_first: bool) -> None:
        turn.out.finish()
        turn.err.finish()
        if not turn.err.begun and not (is_first and code is None):
            turn.result.set_exception(NotAsked())
            return
        said = self._connection.said_since(turn.seen)
        try:
            turn.result.set_result(turn.collector.results(code, self._connection.host, said))
        except Lost as lost:
            turn.result.set_exception(lost)


class Lanes:
    """The lanes of one node, opened when they are needed. Thread-safe."""

    def __init__(self, connection: Connection, margin: float) -> None:
        self._connection = connection
        self._margin = margin
        self._lock = threading.Lock()
        self._lanes: list[Lane] = []

    def ask(self, collector: Collector, known: Known | None) -> Results:
        """The results of a question. NotAsked; Lost when the node can't be reached."""
        connection = self._connection
        control = connection.reach()
        nonce = new_nonce()
        if known is not None and not connection.is_new(control):
            known = replace(known, member="")  # pacemaker's name is asked once a connection
        words = lane_words(nonce, collector.sent, collector.deadline, known)
        out, err = collector.demuxes(nonce, shared=True)
        seconds = collector.longest + self._margin
        turn = _Turn(collector, words, out, err, seconds, connection.log_size())
        with self._lock:
            if not self._put(turn, control, is_quick=collector.deadline <= QUICK):
                raise NotAsked
        results = turn.result.result()
        if err.begun:
            connection.recognise(control)
        return results

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            for lane in self._lanes:
                lane.close()

    def join(self) -> None:
        """Wait for their end."""
        with self._lock:
            for lane in self._lanes:
                lane.join()

    def _put(self, turn: _Turn, control: Path, *, is_quick: bool) -> bool:
        """Into a lane: a quick question waits behind others, another one for none if possible.

        One lane is kept free for the next that is not quick.
        """
        self._lanes = [lane for lane in self._lanes if lane.is_open]
        fit = [one for one in self._lanes if (not one.is_stuck() if is_quick else one.is_free)]
        # those that are busy first: a free one is kept
        for lane in sorted(fit, key=lambda lane: lane.is_free):
            if lane.send(turn):
                break
        else:
            if (opened := self._open(turn, control)) is None:
                return any(lane.send(turn) for lane in sorted(self._lanes, key=Lane.waiting))
            self._lanes.append(opened)
        if not any(lane.is_free for lane in self._lanes):
            spare = self._open(None, control)
            self._lanes += [spare] if spare else []
        return True

    def _open(self, turn: _Turn | None, control: Path) -> Lane | None:
        """A lane whose first question this is. None: the node has no session left for it."""
        if len(self._lanes) >= MOST:
            return None
        connection = self._connection
        sessions, become = connection.sessions, connection.host.become
        try:
            command = lane_command(turn.words if turn else [], become)
        except UsageError:  # with the frame it is too long for a command
            return None
        if not sessions.acquire(blocking=False):
            return None
        try:
            return Lane(connection.client(control, command), connection, sessions.release, turn)
        except OSError as error:
            sessions.release()
            raise Lost(connection.host.name, not_started(error), LostKind.UNREACHABLE) from error
