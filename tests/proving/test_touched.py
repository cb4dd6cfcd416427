"""The tests that a change touches: those that use what is changed, and no others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.proving.touched import ALWAYS, changed, main, touched

FILES = {
    "engine/__init__.py": "",
    "engine/low.py": "",
    "engine/high.py": "from engine import low\n",
    "tests/conftest.py": "",
    "tests/kit.py": "from engine.high import x\n",
    "tests/parse/conftest.py": "",
    "tests/parse/test_low.py": "import engine.low\n\nCASE = 'data/case.txt'\n",
    "tests/plugin/test_high.py": "from tests.kit import anything\n",
    "tests/integration/test_real.py": "import engine.low, engine.high\n",
    "tests/data/case.txt": "",
    "docs/README": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    own = ("-c", "user.name=x", "-c", "user.email=x@example.test")
    git(tmp_path, *own, "commit", "-qm", "first")
    return tmp_path


def git(place: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True)


LOW, HIGH = "tests/parse/test_low.py", "tests/plugin/test_high.py"


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("engine/low.py", [LOW]),
        ("engine/high.py", [HIGH]),
        ("tests/kit.py", [HIGH]),
        ("tests/conftest.py", [LOW, HIGH]),
        ("tests/parse/conftest.py", [LOW]),
        ("tests/data/case.txt", [LOW]),
        (HIGH, [HIGH]),
        ("tests/integration/test_real.py", []),
        ("docs/README", []),
    ],
)
def test_who_uses_what_is_changed_is_touched(project: Path, file: str, found: list[str]) -> None:
    assert touched([file], project) == [*ALWAYS, *found]


def test_a_change_is_what_differs_from_a_commit(project: Path) -> None:
    assert changed(root=project) == []
    (project / "engine" / "low.py").write_text("x = 1\n")
    (project / "tests" / "test_new.py").write_text("")
    assert changed(root=project) == ["engine/low.py", "tests/test_new.py"]


def test_a_commit_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="no-such-commit"):
        main(["no-such-commit"])


def test_of_this_project_it_finds_the_neighbours() -> None:
    found = touched(["engine/parse/drbd.py"])
    assert "tests/parse/test_drbd.py" in found
    assert "tests/judge/test_policy_kernels.py" not in found
