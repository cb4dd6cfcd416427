"""In how much memory a run records its observations, and ends.

    python -m bench.journal [--lines 10000 100000 1000000] [--old COMMIT] [--directory DIR]

A run of the engine's own classes records so many answered questions, as a step that asks them
does, without syncing each line, and ends as every run does: reports, summary, hand-over. pytest's
own two reports and the nodes are not in it. Each run is in a process of its own: the memory that it
had at its start, at its peak while it recorded, and at its peak. With --old that commit does the
same, in turn. Ends with 1 when a run of 100 000 lines and more takes 1.5 times what the first one
of them takes beyond its start, or with --old more than a quarter of what the old one takes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

MOST_SHARE, MOST_GROWTH = 0.25, 1.5
LONG = 100_000
"""Lines from which on memory may not grow, and is compared with the old one."""
TEXT = "an output of a question, as long as most of them are. " * 6


class Measured(NamedTuple):
    """What a run's process took, in bytes, and its processor seconds."""

    start: int
    recorded: int
    ended: int
    seconds: float

    @property
    def own(self) -> int:
        """What the run itself took at its peak: the modules are there before it begins."""
        return self.ended - self.start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--old", metavar="COMMIT", help="measure that commit beside this one")
    parser.add_argument("--directory", type=Path, help="where the journals lie meanwhile")
    parser.add_argument("--part", nargs=2, metavar=("LINES", "DIR"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        return run_of(int(given.part[0]), Path(given.part[1]))
    from bench.machine import ROOT, checkout

    good, first = True, 0
    with ExitStack() as stack:
        old = stack.enter_context(checkout(given.old)) if given.old else None
        for count in given.lines:
            before = measured(count, old, given.directory) if old else None
            now = measured(count, ROOT, given.directory)
            print(f"{count} lines: {words(now)}", flush=True)
            if before is not None:
                share = now.own / before.own
                print(f"  before: {words(before)}; ratio {share:.2f}", flush=True)
                good = good and (count < LONG or share <= MOST_SHARE)
            if count >= LONG:
                first = first or now.own
                good = good and now.own <= MOST_GROWTH * first
    return 0 if good else 1


def words(one: Measured) -> str:
    at = f"{one.start >> 20} MiB at its start, {one.recorded >> 20} when all was recorded"
    return f"{at}, {one.ended >> 20} at its end: {one.own >> 20} of its own, {one.seconds:.1f} s"


def measured(count: int, tree: Path, directory: Path | None) -> Measured:
    """By the code of that tree; this file is the same for each."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        done = subprocess.run(
            [sys.executable, Path(__file__).resolve(), "--part", str(count), place],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            check=True,
        )
    start, recorded, ended, seconds = done.stdout.split()
    return Measured(int(start), int(recorded), int(ended), float(seconds))


def run_of(count: int, directory: Path) -> int:
    """One run; prints what it took."""
    from engine.run.ending import finish
    from tests.engine import kit
    from tests.evidence.journals import asked, whole

    os.fsync = lambda descriptor: None
    start = peak()
    run = kit.make_run(directory)
    events = whole()
    for event in events[:4]:
        _record(run, event)
    for number in range(count):
        _record(run, asked(5, question=f"question {number}", output={"text": TEXT}))
    for event in events[4:-1]:
        _record(run, event)
    recorded = peak()
    finish(run, None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(start, recorded, peak(), used.ru_utime + used.ru_stime)
    return 0


def _record(run: object, event: dict[str, object]) -> None:
    fields = {k: v for k, v in event.items() if k not in ("schema", "run", "seq", "time")}
    run.record(fields.pop("event"), **fields)  # type: ignore[attr-defined]


def peak() -> int:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
