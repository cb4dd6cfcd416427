"""docs/architecture.md names every folder of the project, and nothing that is not there."""

from __future__ import annotations

import re

from tests.layers.markdown import PAGES, ROOT, prose_of
from tests.layers.test_imports import ORDER

TREES = ("engine", "runbook", "rehearsal")
_PATH = re.compile(r"`((?:engine|runbook|rehearsal|tests|docs|bench|findings)/[\w./-]*)`")


def _text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def folders_of_the_tree() -> set[str]:
    """Those with modules in them."""
    found = (path.parent for tree in TREES for path in (ROOT / tree).rglob("*.py"))
    return {f"{path.relative_to(ROOT).as_posix()}/" for path in found} - {"engine/", "runbook/"}


def test_every_folder_has_a_line() -> None:
    missing = sorted(folders_of_the_tree() - set(_PATH.findall(_text("architecture.md"))))
    assert missing == [], f"the folders' table of docs/architecture.md has no line for {missing}"


def test_the_folders_of_the_engine_stand_in_the_order_of_their_imports() -> None:
    named = re.findall(r"^\| `engine/(\w+)/`", _text("architecture.md"), re.MULTILINE)
    assert named == [name for name in ORDER if name in named]
    assert set(ORDER) - set(named) == {"cli"}


def test_every_path_that_is_named_is_there() -> None:
    named = {(page.name, path) for page in PAGES for path in _PATH.findall(prose_of(page))}
    gone = sorted((page, path) for page, path in named if not (ROOT / path).exists())
    assert gone == []


def test_every_hook_that_is_named_is_declared() -> None:
    declared = "\n".join(
        (ROOT / path).read_text()
        for path in ("engine/run/version_step.py", "runbook/cluster/hooks.py")
    )
    named = {name for page in PAGES for name in re.findall(r"pytest_runbook_\w+", page.read_text())}
    assert named
    assert sorted(name for name in named if f"def {name}(" not in declared) == []


def test_every_kind_of_event_is_in_the_journals_table() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "engine").rglob("*.py"))
    recorded = set(re.findall(r"(?<!_)record\(\s*\"([a-z-]+)\"", source))
    assert "run-started" in recorded
    missing = sorted(kind for kind in recorded if f"`{kind}`" not in _text("journal.md"))
    assert missing == [], f"docs/journal.md has no line for {missing}"
