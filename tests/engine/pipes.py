"""Named pipes between a test and what it started; never waits for ever for the other side."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_SECONDS = 60.0
_POLL = 0.01


@contextmanager
def writer_to(fifo: Path, seconds: float = _SECONDS) -> Iterator[BinaryIO]:
    """The writing end of a pipe, once somebody has come to read; TimeoutError when nobody does."""
    end = time.monotonic() + seconds
    while (descriptor := _opened(fifo)) is None:
        if time.monotonic() >= end:
            raise TimeoutError(f"nobody reads from {fifo.name} within {seconds} s")
        time.sleep(_POLL)
    with os.fdopen(descriptor, "wb", buffering=0) as writer:
        yield writer


def let_go(fifo: Path) -> None:
    """Let the one who waits at a pipe go on."""
    with writer_to(fifo) as writer:
        writer.write(b"go\n")


def _opened(fifo: Path) -> int | None:
    # a plain open would wait until somebody reads
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None
