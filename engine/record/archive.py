"""Writes the archive: the same content gives the same bytes, whole (0600) or not at all."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from engine.atomic import atomic_write


@dataclass(frozen=True)
class Entry:
    """A file of the archive: its content, or the file that has it."""

    path: str
    source: bytes | Path

    @property
    def size(self) -> int:
        """Bytes; raises OSError when the file can't be read any more."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size


def write_archive(path: Path, top: str, entries: Iterable[Entry], moment: datetime) -> None:
    """Write the entries below the directory `top` ('': none), in their order, of that moment.

    Files are streamed: their size does not count. Raises OSError; nothing is left then.
    """
    seconds = int(moment.timestamp())
    with (
        atomic_write(path) as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for entry in entries:
            with _opened(entry) as (content, size):
                info = tarfile.TarInfo(f"{top}/{entry.path}" if top else entry.path)
                info.size, info.mtime, info.mode = size, seconds, 0o600
                archive.addfile(info, content)


@contextlib.contextmanager
def _opened(entry: Entry) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(entry.source, bytes):
        yield io.BytesIO(entry.source), len(entry.source)
        return
    descriptor = os.open(entry.source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def name_of(run_id: str) -> str:
    """A bundle's name in its run's directory."""
    return f"support-{run_id}.tar.gz"
