"""Measures all that is asked of the speed, and writes docs/benchmarks.md.

    python -m bench [--only plan,memories] [--old COMMIT] [--pairs 3] [--rows 10000000]
                    [--nodes operative=16,elastic=1,voting=1] [--directory DIR] [--again]

One part after the other, each in a process of its own; nothing else may run on the machine. The
page is of one commit and whole, or it is not written. What is done is kept in the directory, by
commit and sizes: the same command goes on where it was ended. With smaller sizes than what is asked
for, the page is written there, and not into docs/. With `--only` no page is written.

Exit status: 0 all is reached; 1 something is not; 2 usage; 3 a part failed, and the others went on;
4 files differ from the commit, or began to while it was measured.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import facts
from bench.kept import Failed, Kept, Result
from bench.machine import ROOT
from bench.page import page
from bench.parts import NODES, OLD, PAIRS, PARTS, ROWS, Part, Sizes, named
from bench.state import NotCommitted, commit_of
from tests.proving.table import write

PAGE = Path("docs/benchmarks.md")
_COMPILES_ANEW = "PYTHONDONTWRITEBYTECODE"
NOT_REACHED, FAILED, REFUSED = 1, 3, 4


def parser() -> argparse.ArgumentParser:
    hours = ", ".join(f"{part.name} {part.minutes}" for part in PARTS if not part.by_default)
    made = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Parts that are done only by name, with their minutes: {hours}.",
    )
    there = ", ".join(part.name for part in PARTS)
    made.add_argument("--only", metavar="PARTS", help=f"some of {there}; no page is written")
    made.add_argument("--old", default=OLD, metavar="COMMIT", help="measured beside this one")
    made.add_argument("--pairs", type=int, default=PAIRS, help="how often each is measured")
    made.add_argument("--rows", type=int, default=ROWS, help="of the table of memories")
    made.add_argument("--nodes", default=NODES, metavar="ROLES", help="of the large cluster")
    made.add_argument(
        "--directory", type=Path, default=Path("/var/tmp/runbook-bench"), metavar="DIR",
        help="results, logs, the peers; 10 GB for ten million rows",
    )  # fmt: skip
    made.add_argument("--again", action="store_true", help="what is done is done again")
    return made


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    options = parser().parse_args(arguments)
    sizes = Sizes(options.old, options.pairs, options.rows, options.nodes)
    try:
        parts = named(options.only)
    except ValueError as error:
        parser().error(str(error))
    try:
        kept = Kept(options.directory.resolve(), commit_of(root), root)
        results, failed = measured(parts, sizes, kept, again=options.again)
    except NotCommitted as error:
        print(f"{error}. All figures are of one commit", file=sys.stderr)
        return REFUSED
    if failed:
        print(f"no page: {'; '.join(failed)}", file=sys.stderr)
        return FAILED
    if options.only is None:
        path = root / PAGE if sizes.is_full else kept.folder / PAGE.name
        write(path, page(kept.commit, sizes, results, facts.machine(), facts.versions()))
        print(f"written: {path}")
    rows = [row for result in results.values() for row in result.rows]
    return NOT_REACHED if any(row.is_beyond for row in rows) else 0


def measured(
    parts: Sequence[Part], sizes: Sizes, kept: Kept, *, again: bool
) -> tuple[dict[str, Result], list[str]]:
    """Results by name, and what failed. Rows are printed as they come."""
    results, failed = dict[str, Result](), list[str]()
    for part in parts:
        result = None if again else kept.result_of(part, sizes)
        if result is None:
            print(f"{part.name}: about {part.minutes} minutes at full size ...", flush=True)
            try:
                result = kept.measure(part, sizes, environment())
            except Failed as error:
                failed.append(str(error))
                print(error, file=sys.stderr, flush=True)
                continue
        else:
            print(f"{part.name}: measured {result.began}", flush=True)
        results[part.name] = result
        for row in result.rows:
            print(f"  {row}", flush=True)
    return results, failed


def environment() -> dict[str, str]:
    """Of each part: compiled modules are kept, as an operator's Python does."""
    return {name: text for name, text in os.environ.items() if name != _COMPILES_ANEW}


if __name__ == "__main__":
    sys.exit(main())
