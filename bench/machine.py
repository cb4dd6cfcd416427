"""What benchmarks of whole commands share: another commit's tree, and how busy the machine was."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv/bin/python"
SEED = "16"
"""What is drawn for a cluster: the same each time."""
TICK = 100.0
"""Units of /proc/stat in a second."""


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """A worktree of a commit, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="bench-commit-") as place:
        tree = Path(place) / "tree"
        git = ["git", "-C", ROOT, "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", tree, commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", tree], check=True)


@contextmanager
def cluster(name: str, nodes: str, there: Path | None = None) -> Iterator[Path]:
    """The inventory of a rehearsal cluster of that name, as long as the block runs; or `there`."""
    if there:
        yield there
        return
    _rehearsal("up", "--name", name, "--nodes", nodes, "--seed", SEED)
    try:
        yield Path(f"/var/lib/neteye-rehearsal/{name}/inventory.ini")
    finally:
        _rehearsal("down", "--name", name)


def _rehearsal(*words: str) -> None:
    subprocess.run([PYTHON, "-m", "rehearsal", *words], cwd=ROOT, check=True)


def make_image(tree: Path, python: Path) -> None:
    """The node image of that commit, and what a bare machine lacks for it.

    Only a cluster's start does both, on old commits too.
    """
    cluster = [python, "-m", "rehearsal"]
    name = ["--name", "bench-image"]
    subprocess.run([*cluster, "up", *name, "--nodes", "operative=2"], cwd=tree, check=True)
    subprocess.run([*cluster, "down", *name], cwd=tree, check=True)


def busy() -> float:
    """Seconds that the machine's processors have worked."""
    words = Path("/proc/stat").read_text("ascii").partition("\n")[0].split()[1:9]
    values = [int(word) for word in words]
    idle, waiting = values[3:5]
    return (sum(values) - idle - waiting) / TICK
