"""The page that a whole proof leaves under `docs/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proving.kind import Kind
from tests.proving.results import Result


@dataclass(frozen=True)
class Page:
    """Which page a whole proof leaves under `docs/`, and what it says of itself."""

    name: str
    command: str
    heading: str
    introduction: str


PROOF = Page(
    "proof",
    "make proof",
    "The whole proof",
    """
Made by `make proof`, which runs the runbook on rehearsal clusters until every case below has ended
green on one state of the code: what has changed since a case was run is nothing that it is made of.
It is written whole or not at all.
""",
)


def cell(text: str) -> str:
    """Text that stays in its cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def page(commit: str, parts: Sequence[tuple[Kind, Mapping[str, Result]]], of: Page = PROOF) -> str:
    """The page of results that are all there and green, a line a case."""
    every = [result for kind, found in parts for result in map(found.get, kind.groups)]
    results = [result for result in every if result is not None and result.is_green]
    if len(results) != len(every):
        raise ValueError(f"{len(every) - len(results)} of {len(every)} cases are not green")
    dates = sorted(result.started[:10] for result in results)
    when = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    facts = f"Commit `{commit}`, run {when}: all {len(results)} cases green.\n"
    head = f"# {of.heading}\n\n{of.introduction.strip()}\n\n{facts}"
    return head + "".join(_section(kind, found) for kind, found in parts)


def _section(kind: Kind, results: Mapping[str, Result]) -> str:
    rows = [
        [name, *(results[name].columns.get(c, "") for c in kind.columns), _seconds(results[name])]
        for name in kind.groups
    ]
    text = table(["case", *kind.columns, "seconds"], rows)
    return f"\n## {kind.heading}\n\n{kind.introduction.strip()}\n\n{text}"


def _seconds(result: Result) -> str:
    return f"{result.seconds:.0f}"


def write(path: Path, text: str) -> None:
    """Replace the page, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
