"""`docs/benchmarks.md`, made of what the parts measured and of the words beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.kept import Result
from bench.parts import Sizes
from bench.rows import Row, in_pairs, in_unit
from tests.proving.table import table

WORDS = Path(__file__).with_name("words")
ROWS = "{rows}\n"
"""Stands in a part's words where its table goes; without it the table goes to their end."""
HEAD = ("what", "measured", "measured against", "ratio", "pairs", "asked", "reached")


def page(
    commit: str,
    sizes: Sizes,
    results: Mapping[str, Result],
    machine: Mapping[str, str],
    versions: Mapping[str, str],
) -> str:
    """The whole page; `results` by the names of the parts, in the order of the page."""
    demands = [row for result in results.values() for row in result.rows if is_in_first_table(row)]
    return "\n".join(
        [
            _words("introduction").rstrip("\n") + "\n",
            table(HEAD, [cells(row) for row in demands]),
            "## Of what\n",
            _facts(commit, sizes, results),
            *(f"- {name}: {text}" for name, text in machine.items()),
            f"- {', '.join(f'{name} {text}' for name, text in versions.items())}\n",
            *(section(_words(name), result.rows) for name, result in results.items()),
            _words("once"),
        ]
    )


def section(words: str, rows: Iterable[Row]) -> str:
    """A part's words, with its table where they want it."""
    before, _, after = (text.strip("\n") for text in words.partition(ROWS))
    parts = (before, table(HEAD, [cells(row) for row in rows]).rstrip("\n"), after)
    return "\n\n".join(filter(None, parts)) + "\n"


def is_in_first_table(row: Row) -> bool:
    """What is asked beside something else; of limits that a value has, those that it is beyond."""
    return row.is_beyond or (row.has_demand and row.other is not None)


def cells(row: Row) -> list[str]:
    """A row's line of a table."""
    other = "" if row.other is None else f"{row.against}: {in_unit(row.other, row.unit)}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    reached = ("no" if row.is_beyond else "yes") if row.has_demand else ""
    return [row.what, in_unit(row.value, row.unit), other, ratio, row.spread, row.demand, reached]


def _facts(commit: str, sizes: Sizes, results: Mapping[str, Result]) -> str:
    loads = [result.load for result in results.values()]
    began = sorted(result.began for result in results.values())
    took = ", ".join(f"{name} {result.minutes:.0f}" for name, result in results.items())
    return "\n".join(
        [
            f"- commit `{commit}`; the old one is `{sizes.old}`",
            f"- begun {began[0]} to {began[-1]} (UTC), at a load of {min(loads):.1f} to"
            f" {max(loads):.1f} before each part",
            f"- minutes of each part: {took}",
            f"- {in_pairs(sizes.pairs)}, {sizes.rows} rows, {sizes.nodes}",
        ]
    )


def _words(name: str) -> str:
    return (WORDS / f"{name}.md").read_text("utf-8")
