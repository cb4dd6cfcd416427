"""Results of parts, kept by commit and sizes: the command goes on where it was ended.

DIRECTORY/COMMIT/NAME.json    the result: how it was measured, and its rows
DIRECTORY/COMMIT/NAME.log     what the part printed
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.parts import Part, Sizes
from bench.rows import WRITTEN_TO, Row, row_of, rows_in
from bench.state import hold


@dataclass(frozen=True)
class Result:
    """What a part measured."""

    sizes: Sizes
    began: str
    """UTC, to the minute."""
    minutes: float
    load: float
    """Of the machine before it began, over a minute."""
    rows: tuple[Row, ...]


class Failed(Exception):
    """A part has no result; the text says where its log lies."""


@dataclass(frozen=True)
class Kept:
    """The folder of one commit."""

    directory: Path
    commit: str
    root: Path
    """The tree of that commit."""

    @property
    def folder(self) -> Path:
        return self.directory / self.commit[:12]

    def result_of(self, part: Part, sizes: Sizes) -> Result | None:
        """What it measured at these sizes; None when it has not yet."""
        file = self.folder / f"{part.name}.json"
        if not file.exists():
            return None
        kept = json.loads(file.read_text("utf-8"))
        if Sizes(**kept.pop("sizes")) != sizes:
            return None
        rows = tuple(row_of(row) for row in kept.pop("rows"))
        return Result(sizes=sizes, rows=rows, **kept)

    def measure(self, part: Part, sizes: Sizes, environment: Mapping[str, str]) -> Result:
        """Run the part, and keep what it measured.

        Failed when it ends without all of its rows, NotCommitted when the tree is another one then.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        rows_file, log = (self.folder / f"{part.name}{end}" for end in (".rows", ".log"))
        for file in (rows_file, self.folder / f"{part.name}.json"):
            file.unlink(missing_ok=True)
        load, began, clock = os.getloadavg()[0], datetime.now(UTC), time.monotonic()
        code = self._ended(part.arguments(sizes, self.directory), log, rows_file, environment)
        minutes = (time.monotonic() - clock) / 60
        hold(self.root, self.commit)
        rows = tuple(rows_in(rows_file))
        if not rows or code != any(row.is_beyond for row in rows):
            raise Failed(f"{part.name} ended with {code}, its log is {log}")
        result = Result(sizes, f"{began:%Y-%m-%d %H:%M}", minutes, load, rows)
        fresh = self.folder / f"{part.name}.new"
        fresh.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
        fresh.replace(self.folder / f"{part.name}.json")
        rows_file.unlink()
        return result

    def _ended(
        self, arguments: list[str], log: Path, rows: Path, environment: Mapping[str, str]
    ) -> int:
        """The exit code of a module of this tree, in a process of its own."""
        with log.open("wb") as file:
            child = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                env={**environment, WRITTEN_TO: str(rows)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                return child.wait()
            finally:
                child.wait()  # Ctrl-C reaches it, too: it takes its cluster down
