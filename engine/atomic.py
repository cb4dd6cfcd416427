"""Files of a run that are there whole (0600), or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its place; a killed process may leave it there."""
    return path.with_name(f".{path.name}.part")


@contextlib.contextmanager
def atomic_write(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file beside `path`, which takes its place when the block has ended well; OSError.

    Not `durable`: whole for who reads it, but a power loss may take it.
    """
    part = part_of(path)
    try:
        with _opened(part, durable=durable) as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write it beside `path` first, then in its place; raises OSError."""
    with atomic_write(path) as file:
        file.write(content)


def replace_all(directory: Path, files: Mapping[str, bytes | None]) -> None:
    """Each of these files of `directory` gets this content, None: it is removed; in this order.

    All of them are on the disk beside their places before the first one takes its own: a disk that
    is full changes nothing. Whoever is killed between two leaves the first ones new, the others
    old, each of them whole. OSError names the file that could not be written.
    """
    path = directory
    try:
        for name, content in files.items():
            path = directory / name
            part_of(path).unlink(missing_ok=True)
            if content is not None:
                with _opened(part_of(path)) as file:
                    file.write(content)
        for name, content in files.items():
            path = directory / name
            if content is None:
                path.unlink(missing_ok=True)
            else:
                part_of(path).replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        for name in files:
            part_of(directory / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(part: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
        yield file
        file.flush()
        if durable:
            os.fsync(file.fileno())
