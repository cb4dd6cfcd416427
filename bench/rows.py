"""One line of what a benchmark measured: a ratio in one run, beside what is asked of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

WRITTEN_TO = "BENCH_ROWS"
"""Names the file that gets each row as a line of JSON; `python -m bench` sets it."""


@dataclass(frozen=True)
class Row:
    """A measured value, the one it is measured against, and what is asked of their ratio."""

    what: str
    value: float
    against: str
    other: float
    unit: str
    """Of both: s, MiB, or what is counted."""
    asked: float | None = None
    """At most; None: nothing is asked of it."""

    @property
    def ratio(self) -> float:
        return self.value / self.other

    @property
    def is_beyond(self) -> bool:
        return self.asked is not None and self.ratio > self.asked

    def __str__(self) -> str:
        asked = "" if self.asked is None else f" (asked: at most {self.asked:g})"
        return (
            f"{self.what}: {self.value:.4g} {self.unit}; {self.against}: {self.other:.4g}"
            f" {self.unit}; ratio {self.ratio:.2f}{asked}"
        )


def told(rows: Iterable[Row]) -> int:
    """Prints the rows, hands them to `python -m bench`; 1 when one is beyond what is asked."""
    file, code = os.environ.get(WRITTEN_TO), 0
    for row in rows:
        print(row, flush=True)
        code |= row.is_beyond
        if file:
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(row)) + "\n")
    return int(code)


def rows_in(file: Path) -> list[Row]:
    """What a part has handed over."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [Row(**json.loads(line)) for line in lines]
