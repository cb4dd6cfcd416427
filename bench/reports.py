"""How long the reports of a long run take, and in how much memory.

    python -m bench.reports [--lines 10000 100000 1000000] [--old COMMIT] [--rounds 1]

The journals are written by the engine's own class, without syncing each line. Every part is
measured in a process of its own: processor seconds and the memory at its peak. With --old the first
journal is read by that commit, too, in turn, as often as the rounds say. Ends with 1 when the audit
view has more than 1.5 MB, a part takes more than 145 MiB, all reports more than a quarter of the
memory that the old commit takes, or a part of a longer journal more than 1.5 times what it takes of
the first one of 100 000 lines and more.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.machine import ROOT, checkout
from bench.rows import Row, told
from engine.prove.anew import Anew, Before
from engine.prove.reseal import look, put
from engine.record.journal import Journal, utc_now
from engine.report.audit.page import NAME, write_page
from engine.report.evidence_files import read_evidence
from engine.report.summary import summary_of
from engine.run.replay import rebuild
from engine.verify import verify
from tests.evidence.journals import long

MOST_PAGE = 1_500_000
"""Bytes."""
MOST_MEMORY, MOST_GROWTH, MOST_OF_OLD = 145, 1.5, 0.25
"""MiB, ratios."""
ALL = "all reports"
LONG = 100_000
"""Lines from which on memory may not grow."""
THIS = (sys.executable, "-m", "bench.reports")
TEXT = "an output of a question, as long as most of them are. " * 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--old", metavar="COMMIT", help="measure that commit beside this one")
    parser.add_argument("--rounds", type=int, default=1, help="pairs with that commit")
    parser.add_argument("--directory", type=Path, help="where the journals lie meanwhile")
    parser.add_argument("--part", nargs=2, metavar=("PART", "RUN"), help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, metavar=("LINES", "RUN"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        return measure(given.part[0], Path(given.part[1]))
    if given.write:
        written(Path(given.write[1]), int(given.write[0]))
        return 0
    with tempfile.TemporaryDirectory(dir=given.directory) as place, ExitStack() as stack:
        old = stack.enter_context(checkout(given.old)) if given.old else None
        return told(beside(Path(place), given.lines, old, given.rounds))


def beside(place: Path, lines: list[int], old: Path | None, rounds: int) -> Iterator[Row]:
    """All parts of journals of so many lines."""
    first = dict[str, float]()
    for count in lines:
        run = place / f"run-{count}"
        # the peak of a process begins at that of the one that starts it: this one stays small
        subprocess.run([*THIS, "--write", str(count), str(run)], check=True)
        size = (run / "journal.jsonl").stat().st_size
        of = f"{count} lines ({size / 1e6:.1f} MB)"
        for name in PARTS:
            if old and count == lines[0]:
                both = [(part(name, run, old), part(name, run, ROOT)) for _ in range(rounds)]
                yield from compared(f"{name}, {of}", name, both)
                peak = max(now.peak for _, now in both)
            else:
                peak = part(name, run, ROOT).peak
                row = Row(f"{name}, {of}: peak", peak, "", None, "MiB", most=MOST_MEMORY)
                if name in first:
                    shortest = f"of {min(number for number in lines if number >= LONG)} lines"
                    row = replace(row, against=shortest, other=first[name], asked=MOST_GROWTH)
                yield row
            if count >= LONG:
                first.setdefault(name, peak)
        page = (run / NAME).stat().st_size / 1e6
        yield Row(f"`{NAME}` of {of}", page, "", None, "MB", most=MOST_PAGE / 1e6)


def compared(what: str, name: str, both: Sequence[tuple[Measured, Measured]]) -> Iterator[Row]:
    """Rows of one part by the old commit and by this one."""
    old, new = zip(*both, strict=True)
    against = "the old commit's"
    peaks = ([one.peak for one in new], against, [one.peak for one in old])
    asked = MOST_OF_OLD if name == ALL else None
    yield replace(Row.of_pairs(f"{what}: peak", *peaks, "MiB", asked), most=MOST_MEMORY)
    seconds = ([one.seconds for one in new], against, [one.seconds for one in old])
    yield Row.of_pairs(f"{what}: processor seconds", *seconds, "s")


def written(run: Path, count: int) -> Path:
    """A run's directory with a journal of about that many lines, each chained to the one before."""
    (run / "outputs").mkdir(parents=True)
    journal = Journal(run / "journal.jsonl", "bench-run", lambda text: text)
    keep, os.fsync = os.fsync, lambda descriptor: None
    try:
        for event in long(count, TEXT):
            fields = {k: v for k, v in event.items() if k not in ("schema", "run", "seq", "time")}
            journal.record(fields.pop("event"), **fields)
    finally:
        os.fsync = keep
    journal.close()
    return run


def parse(run: Path) -> None:
    for line in (run / "journal.jsonl").open(encoding="utf-8"):
        json.loads(line)


def summarise(run: Path) -> None:
    evidence = read_evidence(run)
    summary_of(evidence.own, evidence.earlier)


def draw(run: Path) -> None:
    evidence = read_evidence(run)
    write_page(run, evidence.own, evidence.earlier, evidence.of_step)


def all_reports(run: Path) -> None:
    rebuild(read_evidence(run), Anew(Before(run, "bench-run", 1), utc_now(), "", ""))


def sealed(run: Path) -> None:
    put(Anew(look(run, ()), utc_now(), "", ""), {}, None)


def verified(run: Path) -> None:
    assert verify(run).code != 1


PARTS: dict[str, Callable[[Path], None]] = {
    "parsing only": parse,
    "summary": summarise,
    "audit view": draw,
    ALL: all_reports,
    "manifest": sealed,
    "verify": verified,
}


class Measured(NamedTuple):
    """What a part took."""

    seconds: float
    """Of the processors, those of starting Python among them."""
    peak: float
    """MiB."""


def part(name: str, run: Path, tree: Path) -> Measured:
    """Measure it in a process of its own, by the code of that tree."""
    begun = spent()
    done = subprocess.run(
        [*THIS, "--part", name, str(run)], cwd=tree, capture_output=True, text=True, check=True
    )
    # an old commit says more of itself before
    found = Measured(spent() - begun, float(done.stdout.split()[-1]) / (1 << 20))
    which = "new" if tree == ROOT else "old"
    print(f"{which}: {name}: {found.seconds:.2f} s, {found.peak:.0f} MiB", flush=True)
    return found


def spent() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(name: str, run: Path) -> int:
    PARTS[name](run)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
