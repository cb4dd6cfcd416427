"""docs/architecture.md names every module of the project, and none that is not there.

A name with a slash is a path of the tree. A name without one belongs to the directory in the
section's heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "architecture.md"
TREES = ("engine", "runbook", "rehearsal")
_HEADING = re.compile(r"#+ .*")
_DIRECTORY = re.compile(r"`([\w./-]+/)`")
_MODULE = re.compile(r"`([\w./*-]+\.py)`")
_TREE = re.compile(r"`((?:engine|runbook|rehearsal|tests|docs|bench)/[\w./-]*)`")


def named_modules(text: str) -> Iterator[str]:
    """Paths of all modules that the text names, patterns such as `runbook/test_*.py` apart."""
    directory = ""
    for line in text.splitlines():
        if _HEADING.fullmatch(line):
            found = _DIRECTORY.search(line)
            directory = found[1] if found else ""
        for name in _MODULE.findall(line):
            if "*" not in name:
                yield name if "/" in name or not directory else directory + name


def modules_of_the_tree() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for tree in TREES
        for path in (ROOT / tree).rglob("*.py")
        if path.name != "__init__.py" and "__pycache__" not in path.parts
    }


def test_every_named_module_exists() -> None:
    gone = sorted({name for name in named_modules(_text()) if not (ROOT / name).is_file()})
    assert gone == [], f"docs/architecture.md names what is not there: {gone}"


def test_every_named_path_exists() -> None:
    gone = sorted({name for name in _TREE.findall(_text()) if not (ROOT / name).exists()})
    assert gone == [], f"docs/architecture.md names what is not there: {gone}"


def test_every_module_is_named() -> None:
    missing = sorted(modules_of_the_tree() - set(named_modules(_text())))
    assert missing == [], (
        f"docs/architecture.md has no line for {missing}; add one to the section of its directory"
    )


def test_a_name_belongs_to_the_directory_of_its_heading() -> None:
    text = "## Values (`engine/model/`)\n| `host.py` |\n## Other\n`engine/cli.py` and `x_*.py`\n"
    assert list(named_modules(text)) == ["engine/model/host.py", "engine/cli.py"]


def test_every_kind_of_event_is_in_the_journals_table() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "engine").rglob("*.py"))
    recorded = set(re.findall(r"(?<!_)record\(\s*\"([a-z-]+)\"", source))
    assert "run-started" in recorded
    missing = sorted(kind for kind in recorded if f"`{kind}`" not in _text())
    assert missing == [], f"the journal's table has no line for {missing}"


def _text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")
