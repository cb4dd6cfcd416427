"""How long the reports of a long run take: 10 000 and 100 000 journal lines.

    python -m bench.reports [--lines 10000 100000] [--directory DIR]

The journal is written by the engine's own class, without syncing each line. Every part is measured
in a process of its own, against parsing the journal's lines as JSON and nothing else. Ends with 1
when the audit view has more than 1.5 MB, or the controller takes more than 1 GiB.
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
from pathlib import Path

from engine.prove.anew import Anew, Before
from engine.prove.reseal import look, put
from engine.record.journal import Journal, utc_now
from engine.report.audit.page import NAME, write_page
from engine.report.evidence_files import read_evidence
from engine.report.summary import summary_of
from engine.run.replay import rebuild
from engine.verify import verify
from tests.evidence.journals import long

MOST_PAGE, MOST_MEMORY = 1_500_000, 1 << 30
TEXT = "an output of a question, as long as most of them are. " * 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--directory", type=Path, help="where the journals lie meanwhile")
    parser.add_argument("--part", nargs=2, metavar=("PART", "RUN"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        return measure(given.part[0], Path(given.part[1]))
    good = True
    with tempfile.TemporaryDirectory(dir=given.directory) as place:
        for count in given.lines:
            run = written(Path(place) / f"run-{count}", count)
            size = (run / "journal.jsonl").stat().st_size
            print(f"{count} lines, {size / 1e6:.1f} MB", flush=True)
            measured = [part(name, run) for name in PARTS]
            good = good and all(measured)
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
    write_page(run, evidence.own, evidence.earlier)


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


def part(name: str, run: Path) -> bool:
    """Measure it in a process of its own; False when it took too much."""
    words = [sys.executable, "-m", "bench.reports", "--part", name, str(run)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    seconds, usual, peak = map(float, done.stdout.split())
    print(
        f"  {name:14} {seconds:7.2f} s  {seconds / usual:6.1f} x parsing"
        f"  {peak / (1 << 20):5.0f} MiB",
        flush=True,
    )
    return peak < MOST_MEMORY


def measure(name: str, run: Path) -> int:
    begun = time.perf_counter()
    parse(run)
    usual = time.perf_counter() - begun
    begun = time.perf_counter()
    PARTS[name](run)
    took = time.perf_counter() - begun
    print(took, usual, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
