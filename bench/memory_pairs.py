"""`ocsweb.memories` by an old commit and by this one, in turn on one table.

    python -m bench.memory_pairs --directory DIR [--rows 10000000] [--rounds 3] [--old COMMIT]

One server, one table: each round does a part by the old commit, then by this one, so both have the
same rows, the same disk and the same writer beside them. Each is a part of `bench.memories`, in a
process of its own. What changes the table is done once, by this commit. Everything lies in the
folder `memories` of DIR (8 GB for ten million rows), which is made anew, and gone at the end.
Ends with 1 when the classification takes more than a quarter of the old commit's time, the
verification more than a third, the dump more than 1.15 times `mysqldump | gzip -1`, or the
controller more than 200 MiB.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT, checkout
from bench.mariadb import Server, running
from bench.memories import Writer, say
from bench.memories_table import SLOTS, make
from bench.rows import Row, told

MOST_MEMORY = 200
"""MiB of the controller."""
ONCE = ("proof", "fetch", "conversion")
"""Behind classification and dump: what the verification needs, and what changes the table."""
ASKED = {"classification": 1 / 4, "verification": 1 / 3}
ASKED_OF_DUMP = 1.15
MENDED = {
    "from runbook.to_4_26.names import": "from runbook.to_4_26.memories.loss import Limit\n"
    "from runbook.to_4_26.names import",
    "capacity_before(part.look)": "capacity_before(part.look, Limit(1, blocks=False))",
}
"""In the benchmark of commits up to 6f51b55a, whose own code asked for a limit already."""


@dataclass(frozen=True)
class Done:
    """What a part took."""

    seconds: float
    baseline: float
    """Seconds of what `bench.memories` measures it against."""
    against: str
    mib: float
    """Of the controller, at the peak."""
    longest: float
    """Seconds of the longest write meanwhile."""


@dataclass(frozen=True)
class Table:
    """The table on its server, and who does parts with it."""

    server: Server
    rows: int

    def do(self, name: str, tree: Path) -> Done:
        """A part by the code of that tree, while a writer replaces rows."""
        command = ["-m", "bench.memories", "--part", name, "--runs", "1"]
        place = ["--directory", str(self.server.directory), "--container", self.server.name]
        writer = Writer(self.server, self.rows // SLOTS, name)
        with writer.writing():
            done = subprocess.run(
                [sys.executable, *command, *place],
                cwd=tree,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        which = "new" if tree == ROOT else "old"
        if done.returncode != 0:
            raise SystemExit(f"{name}, {which}: ended with {done.returncode}")
        said = json.loads(done.stdout.splitlines()[-1])
        longest = max(writer.seconds, default=0.0)
        say(f"{which}: {name}: {said['seconds']:.1f} s, longest write {longest:.3f} s")
        return Done(said["seconds"], said["baseline"], said["against"], said["mib"], longest)


Both = tuple[Done | None, Done]
"""By the old commit, if one is named, and by this one."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--old", metavar="COMMIT", help="measure that commit beside this one")
    options = parser.parse_args()
    place = options.directory.resolve() / "memories"
    shutil.rmtree(place, ignore_errors=True)  # its table may be converted already
    with mended(options.old) as tree, running(place) as server:
        make(server, options.rows, say)
        found = dict(measured(Table(server, options.rows), tree, options.rounds))
    shutil.rmtree(place)
    return told(rows_of(found, options.rows))


def measured(table: Table, old: Path | None, rounds: int) -> Iterator[tuple[str, list[Both]]]:
    """Each part, and its rounds."""

    def both(name: str) -> Both:
        return (table.do(name, old) if old else None), table.do(name, ROOT)

    for name in ("classification", "dump"):
        yield name, [both(name) for _ in range(rounds)]
    for name in ONCE:
        yield name, [(None, table.do(name, ROOT))]
    yield "verification", [both("verification") for _ in range(rounds)]
    yield "verification, all wrong", [both("verification, all wrong")]


def rows_of(found: dict[str, list[Both]], rows: int) -> Iterator[Row]:
    """What is asked of the rounds."""
    for name, rounds in found.items():
        if name == "conversion":  # the product's own: it keeps writes waiting, and is not ours
            continue
        new = [after for _, after in rounds]
        old = [before for before, _ in rounds if before is not None]
        yield from _rows_of_part(f"{name}, {rows} rows", name, old, new)


def _rows_of_part(what: str, name: str, old: Sequence[Done], new: Sequence[Done]) -> Iterator[Row]:
    took = [done.seconds for done in new]
    if old:
        others = [done.seconds for done in old]
        yield Row.of_pairs(what, took, "the old commit's", others, "s", ASKED.get(name))
    asked = ASKED_OF_DUMP if name == "dump" else None
    baseline = [done.baseline for done in new]
    yield Row.of_pairs(what, took, new[0].against.replace("\\|", "|"), baseline, "s", asked)
    peak = max(done.mib for done in new)
    yield Row(f"{what}: peak of the controller", peak, "", None, "MiB", most=MOST_MEMORY)
    longest, before = (max((done.longest for done in side), default=0) for side in (new, old))
    yield Row(f"{what}: longest write meanwhile", 1000 * longest, "", None, "ms")
    if old:
        yield Row(f"{what}: longest write, the old commit", 1000 * before, "", None, "ms")


@contextmanager
def mended(commit: str | None) -> Iterator[Path | None]:
    """A tree of the commit whose benchmark can be run; None without one."""
    with checkout(commit) if commit else nullcontext() as tree:
        if tree is not None:
            file = tree / "bench/memories.py"
            text = file.read_text("utf-8")
            if "capacity_before(part.look)" in text:
                for wrong, right in MENDED.items():
                    text = text.replace(wrong, right, 1)
                file.write_text(text, encoding="utf-8")
        yield tree


if __name__ == "__main__":
    sys.exit(main())
