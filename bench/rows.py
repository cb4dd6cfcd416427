"""One line of what a benchmark measured, beside what is asked of it."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WRITTEN_TO = "BENCH_ROWS"
"""Names the file that gets each row as a line of JSON; `python -m bench` sets it."""


@dataclass(frozen=True)
class Row:
    """A measured value, the one it is measured against, and what is asked of both."""

    what: str
    value: float
    against: str
    other: float | None
    """None: it is measured against nothing, only `most` is asked of it."""
    unit: str
    """Of both: s, MiB, or what is counted."""
    asked: float | None = None
    """Of the ratio, at most; None: nothing is asked of it."""
    most: float | None = None
    """Of the value itself, at most, in its unit."""
    ratios: tuple[float, ...] = ()
    """Of each pair; where they are there, their median is the ratio."""

    @classmethod
    def of_pairs(
        cls,
        what: str,
        values: Sequence[float],
        against: str,
        others: Sequence[float],
        unit: str,
        asked: float | None = None,
    ) -> Row:
        """Values that were measured in turn, each with the one beside it: the medians."""
        ratios = tuple(value / other for value, other in zip(values, others, strict=True))
        median = statistics.median
        return cls(what, median(values), against, median(others), unit, asked, ratios=ratios)

    @property
    def ratio(self) -> float | None:
        if self.ratios:
            return statistics.median(self.ratios)
        return None if self.other is None else self.value / self.other

    @property
    def is_beyond(self) -> bool:
        ratio = self.ratio
        too_much = self.asked is not None and ratio is not None and ratio > self.asked
        return too_much or (self.most is not None and self.value > self.most)

    @property
    def has_demand(self) -> bool:
        return self.asked is not None or self.most is not None

    @property
    def demand(self) -> str:
        """What is asked, in words; "" when nothing is."""
        asked = "" if self.asked is None else f"at most {self.asked:.3g}"
        most = "" if self.most is None else f"at most {in_unit(self.most, self.unit)}"
        return " and ".join(filter(None, (asked, most)))

    @property
    def spread(self) -> str:
        """Of how many pairs the ratio is the median, and from which to which they are."""
        if not self.ratios:
            return ""
        least, largest = min(self.ratios), max(self.ratios)
        return f"{in_pairs(len(self.ratios))}, {least:.2f} to {largest:.2f}"

    def __str__(self) -> str:
        parts = [f"{self.what}: {in_unit(self.value, self.unit)}"]
        if self.other is not None:
            parts.append(f"{self.against}: {in_unit(self.other, self.unit)}")
        if self.ratio is not None:
            parts.append(f"ratio {self.ratio:.2f}" + (f" ({self.spread})" if self.ratios else ""))
        return "; ".join(parts) + (f" (asked: {self.demand})" if self.has_demand else "")


def in_unit(value: float, unit: str) -> str:
    """A value with its unit, four digits of it at most.

    >>> in_unit(0.01234567, "s")
    '0.01235 s'
    """
    return f"{value:.4g} {unit}" if abs(value) < 1000 else f"{value:.0f} {unit}"


def in_pairs(number: int) -> str:
    """A number of pairs, in words."""
    return "1 pair" if number == 1 else f"{number} pairs"


def told(rows: Iterable[Row]) -> int:
    """Prints the rows, hands them to `python -m bench`; 1 when one is beyond what is asked.

    Called once, at the end of a part. Either all rows are handed over, or none.
    """
    file, code = os.environ.get(WRITTEN_TO), 0
    for row in list(rows):
        print(row, flush=True)
        code |= row.is_beyond
        if file:
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(row)) + "\n")
    return int(code)


def rows_in(file: Path) -> list[Row]:
    """What a part has handed over."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [row_of(json.loads(line)) for line in lines]


def row_of(fields: dict[str, Any]) -> Row:
    """A row as it was written."""
    return Row(**{**fields, "ratios": tuple(fields["ratios"])})
