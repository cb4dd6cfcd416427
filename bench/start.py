"""What a plan takes until its first question is on the wire: starting Python, imports, collection.

    python -m bench.start [--old COMMIT] [--times 5]

`pytest runbook --plan` in a worktree of HEAD, and of that commit in turn, with an `ssh` in the path
that notes the processor seconds of the process that calls it first, and answers nothing. Medians;
the first start of each, which compiles the modules, does not count. More than a third of what the
old commit takes ends with 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.machine import TICK, checkout
from bench.rows import Row, told

MOST = 1 / 3
SSH = """#!/bin/sh
# -G only reads the configuration; of the others the first one is it: mkdir succeeds once
case " $* " in
    *" -G "*) exec /usr/bin/ssh "$@" ;;
esac
mkdir "$BENCH_START/called" 2>/dev/null && cat "/proc/$PPID/stat" > "$BENCH_START/stat"
exit 255
"""
INVENTORY = """
[operative]
neteye01 ansible_host=127.0.0.1
neteye02 ansible_host=127.0.0.2

[all:vars]
runbook_cluster=bench.example.test
runbook_environment=staging
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", metavar="COMMIT")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    commits = [*filter(None, [given.old]), "HEAD"]
    with ExitStack() as stack:
        trees = {commit: stack.enter_context(checkout(commit)) for commit in commits}
        took: dict[str, list[float]] = {commit: [] for commit in commits}
        for number in range(given.times + 1):
            for commit, tree in trees.items():
                seconds = until_first_question(tree)
                took[commit] += [seconds] if number else []
    what, now = "until the first question, processor seconds", took["HEAD"]
    if given.old:
        return told([Row.of_pairs(what, now, "the old commit's", took[given.old], "s", MOST)])
    return told([Row(what, statistics.median(now), "", None, "s")])


def until_first_question(tree: Path) -> float:
    """Processor seconds of the run, system calls included."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as name:
        place = Path(name)
        (place / "ssh").write_text(SSH, encoding="ascii")
        (place / "ssh").chmod(0o755)
        inventory = place / "prod.ini"
        inventory.write_text(INVENTORY, encoding="ascii")
        # compiled modules are kept, as an operator's Python does
        environ = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
        path = f"{place}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "runbook", "--inventory", str(inventory), "--plan"],
            cwd=tree,
            env={**environ, "PATH": path, "BENCH_START": name},
            capture_output=True,
            text=True,
            check=False,
        )
        stat = place / "stat"
        if not stat.exists():
            raise SystemExit(f"nobody was asked: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        # the name, in brackets, may hold blanks: user and system are the 14th and 15th field
        fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


if __name__ == "__main__":
    sys.exit(main())
