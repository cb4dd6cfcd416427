"""Local files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[tuple[Callable[[bytes], None], Callable[[], None]]]:
    """Write beside `path`, and move there at the end if `keep` was called."""
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:

            def write(chunk: bytes) -> None:
                file.write(chunk)

            yield write, keep
            file.flush()
            os.fsync(file.fileno())
        if kept:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
