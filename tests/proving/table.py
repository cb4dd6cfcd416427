"""The table that a proof leaves under `docs/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.proving.results import Result


def cell(text: str) -> str:
    """Text that stays in its cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def page(
    heading: str,
    introduction: str,
    commit: str,
    columns: Sequence[str],
    names: Sequence[str],
    results: Mapping[str, Result],
) -> str:
    """The whole page: every case has a row, also those not run yet on this commit."""
    rows = []
    for name in names:
        result = results.get(name)
        if result is None:
            rows.append([name, *[""] * len(columns), "not run", ""])
            continue
        word = "green" if result.is_green else f"RED: {result.problem[:200]}"
        said = [result.columns.get(column, "") for column in columns]
        rows.append([name, *said, word, f"{result.seconds:.0f}"])
    green = sum(1 for name in names if name in results and results[name].is_green)
    dates = sorted(results[name].started[:10] for name in names if name in results)
    when = "never" if not dates else " to ".join(dict.fromkeys((dates[0], dates[-1])))
    head = f"# {heading}\n\n{introduction.strip()}\n\n"
    facts = f"Commit `{commit}`, run {when}: {green} of {len(names)} green.\n\n"
    return head + facts + table(["case", *columns, "result", "seconds"], rows)


def write(path: Path, text: str) -> None:
    """Replace the page, whole or not at all: shards may write at the same time."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
