"""Tables for people's spreadsheets: written row by row, whole or not at all, safe to open.

What stands in a cell may come from anybody's machine. A spreadsheet takes a cell that begins with
one of `=+-@` for a formula and runs it: such a cell gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

SHOWN = 20
"""Rows that are shown where the table is only mentioned."""
_FORMULA = tuple("=+-@")


@dataclass(frozen=True)
class Table:
    """What was written."""

    rows: int
    size: int
    sha256: str
    head: str
    """The header and the first rows, as they are in the file."""

    def described(self) -> dict[str, Any]:
        """For the journal, beside the file's place."""
        more = f"[... {self.rows - SHOWN} more rows ...]\n" if self.rows > SHOWN else ""
        return {"text": self.head + more, "size": self.size, "sha256": self.sha256}


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    clean: Callable[[str], str],
) -> Table:
    """Write the table (0600), in constant memory; raises OSError.

    `clean` masks secrets in each cell. Of rows that raise on the way no file is left.
    """
    fresh = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            table = _write(file, header, rows, clean)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return table


def _write(
    file: io.BufferedWriter,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    clean: Callable[[str], str],
) -> Table:
    digest, size, number, head = hashlib.sha256(), 0, 0, ""
    cells = ([safe_cell(clean(_told(value))) for value in row] for row in rows)
    for number, row in enumerate(chain([header], cells)):  # the header is 0
        text = _line(row)
        raw = text.encode("utf-8", "backslashreplace")
        file.write(raw)
        digest.update(raw)
        size += len(raw)
        head += text if number <= SHOWN else ""
    return Table(number, size, digest.hexdigest(), head)


def _told(value: object) -> str:
    return "" if value is None else str(value)


def safe_cell(text: str) -> str:
    """Printable on one line, and no formula wherever it is opened."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _line(cells: Sequence[str]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerow(cells)
    return made.getvalue()
