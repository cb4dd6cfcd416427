"""The command lines of every process of this machine, sampled while something runs.

The nodes of a rehearsal cluster are containers: their processes are processes of this machine.
What lives for less than the time between two looks can be missed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

BETWEEN = 0.02
"""Seconds between two looks."""


class Cmdlines:
    """Samples `/proc/*/cmdline` in a thread of its own, as long as the block lasts."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        """Every command line, its arguments separated by blanks."""
        self.looks = 0
        self._ended = threading.Event()
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def until_seen(self, text: bytes, seconds: float = 60.0) -> bool:
        """Wait until a command line with this text was seen."""
        with self._news:
            return self._news.wait_for(lambda: self.has(text), seconds)

    def has(self, text: bytes) -> bool:
        return any(text in line for line in self.seen)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Each command line, with its program as the place."""
        for line in sorted(self.seen):
            yield f"command line of {line.split(b' ')[0].decode(errors='replace')}", line

    def _sample(self) -> None:
        while not self._ended.is_set():
            fresh = set(_now()) - self.seen
            with self._news:
                self.seen |= fresh
                self.looks += 1
                self._news.notify_all()
            self._ended.wait(BETWEEN)


def _now() -> Iterator[bytes]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield (entry / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
