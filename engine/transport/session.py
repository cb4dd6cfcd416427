"""One local ssh client process: feed it, read it, give up on it in time.

Constant memory whatever the command prints; no thread; the process is gone when this returns.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import IO

from engine.model.answer import OUTPUT_LIMIT
from engine.transport.wrapper import Demux

_CHUNK = 256 * 1024
_EXIT_GRACE = 0.2


def ssh_environment() -> dict[str, str]:
    """The operator's environment (agent, home), with messages in English and nothing that asks."""
    return {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


def client_process(command: Sequence[str | bytes], stdin: int) -> subprocess.Popen[bytes]:
    """A started client of ssh in a session of its own. Raises OSError.

    So an interrupt from the keyboard is for the runbook, not for ssh.
    """
    return subprocess.Popen(
        list(command),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ssh_environment(),
        start_new_session=True,
        bufsize=0,
    )


class Kept:
    """The beginning of an output, up to a limit."""

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self.data = bytearray()
        self.truncated = False
        self._limit = limit

    def add(self, chunk: bytes) -> None:
        room = self._limit - len(self.data)
        if len(chunk) > room:
            self.truncated = True
            chunk = chunk[:room]
        self.data += chunk


class Session:
    """A running ssh client whose two streams are taken apart by one `Demux` each.

    OSError when it could not be started.
    """

    def __init__(self, command: Sequence[bytes], stdin: bytes | None, out: Demux, err: Demux):
        self._out, self._err = out, err
        self._input = memoryview(stdin or b"")
        # before the client: once it runs, nothing of ours may be missing
        self._selector = selectors.DefaultSelector()
        try:
            way = subprocess.DEVNULL if stdin is None else subprocess.PIPE
            self._process = client_process(command, way)
        except OSError:
            self._selector.close()
            raise

    def converse(self, commands: int, until: float) -> int | None:
        """Work until both streams have the marks of all `commands`, or are over.

        Returns ssh's own exit code; None when `until` (time.monotonic) came first, or when the
        answer was complete and ssh had to be ended because the streams are still held open.
        """
        try:
            with self._selector as selector:
                self._register(selector)
                while not self._complete(commands):
                    left = until - time.monotonic()
                    if left <= 0:
                        return None
                    if not self._reads(selector):
                        break
                    for key, _ in selector.select(left):
                        self._serve(selector, key)
            self._out.finish()
            self._err.finish()
            return self._leave()
        finally:
            self._end()

    def _complete(self, commands: int) -> bool:
        return self._out.ended >= commands and self._err.ended >= commands

    def _register(self, selector: selectors.BaseSelector) -> None:
        process = self._process
        for stream, demux in ((process.stdout, self._out), (process.stderr, self._err)):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ, demux.feed)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)

    @staticmethod
    def _reads(selector: selectors.BaseSelector) -> bool:
        return any(key.events & selectors.EVENT_READ for key in selector.get_map().values())

    def _serve(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
        if key.events & selectors.EVENT_WRITE:
            over = self._write(stream)
        else:
            feed: Callable[[bytes], None] = key.data
            chunk = os.read(stream.fileno(), _CHUNK)
            over = not chunk
            if chunk:
                feed(chunk)
        if over:
            selector.unregister(stream)
            stream.close()

    def _write(self, stream: IO[bytes]) -> bool:
        """Write what fits; True when nothing is left or nobody reads any more."""
        try:
            if self._input:
                self._input = self._input[os.write(stream.fileno(), self._input[:65536]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True
        return not self._input

    def _leave(self) -> int | None:
        # Complete answers need no end of the streams: a background process may hold them open.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_EXIT_GRACE)
        return None

    def _end(self) -> None:
        process = self._process
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
