"""How long the reports of a long run take, and in how much memory.

    python -m bench.reports [--lines 10000 100000 1000000] [--old COMMIT] [--directory DIR]

The journals are written by the engine's own class, without syncing each line. Every part is
measured in a process of its own: processor seconds, the memory at its peak, and the seconds against
those of parsing the journal's lines as JSON and nothing else. With --old the first journal is read
by that commit, too, in turn. Ends with 1 when the audit view has more than 1.5 MB, a part takes
more than 145 MiB, or of the longest journal more than 1.5 times what it takes of the first one of
100 000 lines and more.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.machine import ROOT, checkout
from engine.prove.anew import Anew, Before
from engine.prove.reseal import look, put
from engine.record.journal import Journal, utc_now
from engine.report.audit.page import NAME, write_page
from engine.report.evidence_files import read_evidence
from engine.report.summary import summary_of
from engine.run.replay import rebuild
from engine.verify import verify
from tests.evidence.journals import long

MOST_PAGE, MOST_MEMORY, MOST_GROWTH = 1_500_000, 145 << 20, 1.5
LONG = 100_000
"""Lines from which on memory may not grow."""
THIS = (sys.executable, "-m", "bench.reports")
TEXT = "an output of a question, as long as most of them are. " * 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--old", metavar="COMMIT", help="measure that commit beside this one")
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
        return beside(Path(place), given.lines, old)


def beside(place: Path, lines: list[int], old: Path | None) -> int:
    """All parts of journals of so many lines; the exit code."""
    good, first = True, dict[str, int]()
    for count in lines:
        run = place / f"run-{count}"
        # the peak of a process begins at that of the one that starts it: this one stays small
        subprocess.run([*THIS, "--write", str(count), str(run)], check=True)
        size = (run / "journal.jsonl").stat().st_size
        print(f"{count} lines, {size / 1e6:.1f} MB", flush=True)
        for name in PARTS:
            before = part(name, run, old) if old and count == lines[0] else None
            now = part(name, run, ROOT)
            told(name, before, now)
            most = MOST_MEMORY if count <= LONG else MOST_GROWTH * first.get(name, MOST_MEMORY)
            good = good and now.peak <= most
            if count >= LONG:
                first.setdefault(name, now.peak)
        page = (run / NAME).stat().st_size
        print(f"  {NAME}: {page / 1e6:.2f} MB", flush=True)
        good = good and page < MOST_PAGE
    return 0 if good else 1


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
    "all reports": all_reports,
    "manifest": sealed,
    "verify": verified,
}


class Measured(NamedTuple):
    """What a part took."""

    seconds: float
    """Of the processors, those of starting Python and of parsing once among them."""
    ratio: float
    """Its own seconds by those of parsing."""
    peak: int
    """Bytes."""


def part(name: str, run: Path, tree: Path) -> Measured:
    """Measure it in a process of its own, by the code of that tree."""
    begun = spent()
    done = subprocess.run(
        [*THIS, "--part", name, str(run)], cwd=tree, capture_output=True, text=True, check=True
    )
    took, usual, peak = map(float, done.stdout.split())
    return Measured(spent() - begun, took / usual, int(peak))


def told(name: str, before: Measured | None, now: Measured) -> None:
    line = f"  {name:14} {now.seconds:7.2f} s  {now.ratio:5.1f} x parsing {now.peak >> 20:5} MiB"
    if before is not None:
        seconds, peak = now.seconds / before.seconds, now.peak / before.peak
        line += f"; before {before.seconds:7.2f} s {before.peak >> 20:5} MiB"
        line += f", ratios {seconds:.2f} {peak:.2f}"
    print(line, flush=True)


def spent() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(name: str, run: Path) -> int:
    begun = time.process_time()
    parse(run)
    usual = time.process_time() - begun
    begun = time.process_time()
    PARTS[name](run)
    took = time.process_time() - begun
    print(took, usual, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
