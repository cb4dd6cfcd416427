"""What runs on a node is run by the Python of its base, the oldest of which is 3.9.

Syntax is held by the parser, names of the standard library by vermin, which knows since when each
is there.
"""

import ast
import builtins
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import image, step

TREE = Path(__file__).resolve().parents[2]
OLDEST = (3, 9)
STEPS = (step.DEFAULT, "tests.next_step.rehearsal")
_MODULES = f"""
import sys
import rehearsal.inside.prepare, rehearsal.packages.build, {", ".join(STEPS)}
print(*filter(None, (getattr(module, "__file__", None) for module in sys.modules.values())))
"""
_VERMIN = "from vermin import main; main()"


def in_the_image() -> set[Path]:
    """Everything that the build copies and Python reads."""
    files = {path for name in STEPS for path in image.input_files(step.load(name)).values()}
    return {path.resolve() for path in files if is_python(path)}


def is_python(path: Path) -> bool:
    first = path.read_bytes().partition(b"\n")[0]
    return path.suffix == ".py" or (first.startswith(b"#!") and b"python3" in first)


def in_the_preparing_container() -> set[Path]:
    """What `rehearsal.inside.prepare` loads, which runs in a container of the image."""
    command = [sys.executable, "-c", _MODULES]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True)
    loaded = {Path(word).resolve() for word in done.stdout.split()}
    return {path for path in loaded if path.is_relative_to(TREE / "rehearsal")}


FILES = sorted(in_the_image() | in_the_preparing_container())


def too_new(path: Path) -> list[str]:
    """Unions with `|` that are evaluated: Python 3.10 has them. SyntaxError for newer syntax."""
    tree = ast.parse(path.read_text(encoding="utf-8"), path.name, feature_version=OLDEST)
    delayed = {id(node) for part in _annotations(tree) for node in ast.walk(part)}
    if not _delays_annotations(tree):
        delayed = set()
    return [
        f"{path.name}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and id(node) not in delayed and _is_union(node)
    ]


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            part = getattr(node, field, None)
            if part is not None:
                yield part


def _delays_annotations(tree: ast.Module) -> bool:
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return any(node.module == "__future__" for node in imports)


def _is_union(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.BitOr) and any(map(_is_type, (node.left, node.right)))


def _is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return isinstance(node, ast.Name) and isinstance(getattr(builtins, node.id, None), type)


def names_too_new(*files: Path) -> str:
    """What vermin says of them; empty when all names are in the oldest Python."""
    version = ".".join(map(str, OLDEST))
    options = [f"-t={version}-", "--violations", "--no-tips", "--eval-annotations", "-vvv"]
    command = [sys.executable, "-c", _VERMIN, *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_files_are_those_of_nodes_and_of_the_preparing_container() -> None:
    names = {
        path.relative_to(TREE / "rehearsal").as_posix()
        for path in FILES
        if "tests" not in path.parts
    }
    assert len(names) > 60
    assert names >= {
        "image/rootfs/usr/sbin/fence_rehearsal",
        "image/rootfs/usr/lib/neteye-rehearsal/boot.py",
        "standins/rootfs/usr/sbin/neteye",
        "to_4_26/image/database/sample_data.py",
        "to_4_26/ocs_conf.py",
        "inside/prepare.py",
        "packages/build.py",
        "topology.py",
    }


def test_syntax_is_that_of_the_oldest_python() -> None:
    assert [found for path in FILES for found in too_new(path)] == []


def test_names_are_in_the_oldest_python() -> None:
    assert names_too_new(*FILES) == ""


@pytest.mark.parametrize(
    "text",
    [
        "def f(a: int | None) -> None: ...\n",
        "def f() -> 'str' | None: ...\n",
        "from __future__ import annotations\nA = int | str\n",
        "from __future__ import annotations\nisinstance(3, str | list)\n",
    ],
)
def test_newer_syntax_is_found(text: str, tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    path.write_text(text)
    assert too_new(path) != []


def test_syntax_that_the_oldest_parser_does_not_know_is_found(tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    path.write_text("match 1:\n    case 1:\n        pass\n")
    with pytest.raises(SyntaxError, match="Pattern matching is only supported"):
        too_new(path)


@pytest.mark.parametrize(
    "text",
    [
        "list(zip([1], [2], strict=True))\n",
        "from datetime import UTC\n",
        "from enum import StrEnum\n",
        "from pathlib import Path\nPath('x').write_text('y', newline='')\n",
        "from itertools import pairwise\n",
        "import tomllib\n",
        "from dataclasses import dataclass\n@dataclass(slots=True)\nclass A:\n    b: int\n",
    ],
)
def test_newer_names_are_found(text: str, tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    path.write_text(text)
    assert "Target versions not met" in names_too_new(path)


def test_what_only_looks_new_is_not(tmp_path: Path) -> None:
    path = tmp_path / "old.py"
    path.write_text(
        "from __future__ import annotations\nimport fcntl\n"
        "def f(a: int | None) -> str | None: ...\nfcntl.LOCK_EX | fcntl.LOCK_NB\nb = {1} | {2}\n"
    )
    assert (too_new(path), names_too_new(path)) == ([], "")
