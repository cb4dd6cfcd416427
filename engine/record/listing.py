"""A long list of the evidence as a CSV file: any number of rows in constant memory.

Its cells hold what others wrote. Nothing in them acts where the file is opened: no control
character reaches a terminal, and no cell is a formula for a spreadsheet.
"""

from __future__ import annotations

import csv
import heapq
import io
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

Cell = str | int | None
Cells = Sequence[Cell]

SORTED_AT_ONCE = 20_000
"""Rows that are sorted in memory; more lie in files without a name until they are merged."""
_MOST_FILES = 100

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20'")
"""A text that begins so gets an apostrophe before it; so does one with an apostrophe of its own."""


def safe(cell: Cell) -> Cell:
    """A cell as it is written. Numbers stay; a text can be read back unambiguously.

    What can't be printed, and a backslash, is escaped as in Python's literals.
    """
    if cell is None or isinstance(cell, int):
        return cell
    shown = cell
    if not cell.isprintable() or "\\" in cell:
        shown = "".join(map(_shown, cell))
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA and shown.strip() else shown


def _shown(char: str) -> str:
    if char.isprintable() and char != "\\":
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def lines(head: Cells, rows: Iterable[Cells], clean: Callable[[str], str]) -> Iterator[bytes]:
    """The file's lines. `clean` masks secrets; it sees a row's cells one a line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    for row in itertools.chain((head,), rows):
        cells = [safe(cell) for cell in row]
        texts = clean("\n".join(str(cell) for cell in cells)).split("\n")
        pairs = zip(cells, texts, strict=True)
        writer.writerow([text if isinstance(cell, str) else cell for cell, text in pairs])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def in_order(
    rows: Iterable[Cells], directory: Path, at_once: int = SORTED_AT_ONCE
) -> Iterator[Cells]:
    """The rows sorted, cell by cell; None comes first. `directory` takes what does not fit.

    A column has values of one type, besides None.
    """
    rows = iter(rows)
    parts: list[IO[str]] = []
    merged: list[IO[str]] = []
    try:
        while part := sorted(itertools.islice(rows, at_once), key=_key):
            parts.append(_kept(part, directory))
            if len(parts) == _MOST_FILES:
                merged.append(_kept(_merged(parts), directory))
                _close(parts)
        yield from _merged(merged + parts)
    finally:
        _close(merged)
        _close(parts)


def _key(row: Cells) -> list[tuple[bool, Cell]]:
    return [(cell is not None, cell) for cell in row]


def _kept(rows: Iterable[Cells], directory: Path) -> IO[str]:
    """The rows in a file that has no name: a run that is killed leaves nothing of it."""
    file = tempfile.TemporaryFile("w+", encoding="ascii", dir=directory)  # noqa: SIM115
    file.writelines(f"{json.dumps(row)}\n" for row in rows)
    file.seek(0)
    return file


def _merged(files: Iterable[IO[str]]) -> Iterator[Cells]:
    return heapq.merge(*(map(json.loads, file) for file in files), key=_key)


def _close(files: list[IO[str]]) -> None:
    for file in files:
        file.close()
    files.clear()
