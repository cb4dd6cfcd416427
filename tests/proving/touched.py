"""`python -m tests.proving.touched [COMMIT]`: the test modules that a change touches, a line each.

The change is what differs from COMMIT (HEAD unless given), files that git does not know yet among
it. A test module is touched when it, or a helper among the tests that it uses, is changed, imports
a changed module of the project, or names a changed file that is no module. The structural tests
are always among them. This is a first answer in little time; all tests decide.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.proving.results import ROOT

ALWAYS = ("tests/layers",)
"""Tests that read the whole tree: a change of any file can be theirs."""
_NEEDS_A_CLUSTER = ("tests/integration/",)


def changed(commit: str = "HEAD", root: Path = ROOT) -> list[str]:
    """Files that differ from that commit, below `root`."""
    since = _git(root, "diff", "--name-only", "--relative", commit, "--")
    return sorted({*since, *_git(root, "ls-files", "--others", "--exclude-standard")})


def _git(root: Path, *words: str) -> list[str]:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        sys.exit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def touched(files: Collection[str], root: Path = ROOT) -> list[str]:
    """The paths to hand to pytest for a change of these files."""
    tests = sorted(str(path.relative_to(root)) for path in (root / "tests").rglob("test_*.py"))
    near = [path for path in tests if not path.startswith((*_NEEDS_A_CLUSTER, *ALWAYS))]
    return [*ALWAYS, *(path for path in near if _used_by(path, root) & set(files))]


@cache
def _used_by(path: str, root: Path) -> frozenset[str]:
    """The files that a test module uses: itself, its helpers, and what these import or name."""
    found, ahead = {path, *_conftests(path, root)}, [path, *_conftests(path, root)]
    while ahead:
        used = _imported(ahead.pop(), root)
        # beyond the tests only what is imported directly: all of the engine hangs together
        ahead += [o for o in used - found if o.startswith("tests/") and o.endswith(".py")]
        found |= used
    return frozenset(found)


def _conftests(path: str, root: Path) -> Iterator[str]:
    for folder in Path(path).parents:
        if (root / folder / "conftest.py").exists():
            yield str(folder / "conftest.py")


@cache
def _imported(path: str, root: Path) -> frozenset[str]:
    """The files of the project that a module imports anywhere in it, or names in a string."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((root / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {file for alias in node.names for file in _files(alias.name, root)}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                own = set(_files(f"{node.module}.{alias.name}", root))
                found |= own or set(_files(node.module, root))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(_named(node.value, root))
    return frozenset(found)


def _files(module: str, root: Path) -> Iterator[str]:
    place = module.replace(".", "/")
    for file in (f"{place}.py", f"{place}/__init__.py"):
        if (root / file).is_file():
            yield file


def _named(text: str, root: Path) -> Iterator[str]:
    """Files that are no modules, such as those of `tests/data`, by their own names."""
    return iter(_others(root).get(text.rpartition("/")[2], ()))


@cache
def _others(root: Path) -> dict[str, list[str]]:
    """Name -> files of that name that are no modules."""
    found: dict[str, list[str]] = {}
    for file in _git(root, "ls-files", "--cached", "--others", "--exclude-standard"):
        if not file.endswith(".py"):
            found.setdefault(Path(file).name, []).append(file)
    return found


def main(words: Sequence[str]) -> int:
    print("\n".join(touched(changed(*words))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
