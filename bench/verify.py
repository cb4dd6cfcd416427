"""How long `verify.py` takes of a long run, beside that of an older commit.

    python -m bench.verify [--against COMMIT] [--lines 100000] [--times 7] [--directory DIR]

Both verifiers look at the same directory in turn, each time in a process of its own, as a stranger
runs them: one file, no project. What counts is the ratio of the medians of processor seconds, which
other work on the machine changes little; above 1.5 it ends with 1.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.reports import sealed, written
from bench.rows import Row, told

PROJECT = Path(__file__).resolve().parents[1]
BEFORE = "254ec1b4"
"""The commit before everything that reads a run checked it first."""
MOST = 1.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="COMMIT", default=BEFORE)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--directory", type=Path, help="where the run lies meanwhile")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as place:
        run = written(Path(place) / "run", given.lines)
        sealed(run)
        old = Path(place) / "old.py"
        old.write_bytes(text_of(given.against))
        new = Path(place) / "new.py"
        new.write_bytes((PROJECT / "engine" / "verify.py").read_bytes())
        took: dict[Path, list[float]] = {old: [], new: []}
        for _ in range(given.times):
            for verifier, seconds in took.items():
                seconds.append(measured(verifier, run))
    before, now = took.values()
    what = f"`verify.py`, {given.lines} lines, processor seconds"
    return told([Row.of_pairs(what, now, f"that of {given.against}", before, "s", MOST)])


def text_of(commit: str) -> bytes:
    """Its verifier."""
    words = ["git", "-C", str(PROJECT), "show", f"{commit}:engine/verify.py"]
    return subprocess.run(words, capture_output=True, check=True).stdout


def measured(verifier: Path, run: Path) -> float:
    """Processor seconds of one look, which has to find nothing wrong."""
    begun = spent()
    words = [sys.executable, "-I", str(verifier), str(run)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        raise SystemExit(f"{verifier.name}: exit code {done.returncode}: {done.stdout}")
    return spent() - begun


def spent() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
