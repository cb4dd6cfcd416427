"""`make unit`: how its tests are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.proving.results import ROOT

TESTS = """
import time

import pytest


@pytest.mark.parametrize("number", range(8))
def test_fine(number):
    pass


def test_hangs():
    time.sleep(60)
"""

OTHER_NAMES = """
import os

import pytest


@pytest.mark.parametrize("number", [1, 2], ids=["one", f"two-{os.getpid()}"])
def test_fine(number):
    pass
"""


def command(target: str = "unit") -> list[str]:
    """The words of `make unit` that start pytest."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    told = subprocess.run(
        ["make", "-n", target], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout
    words = shlex.split(told[told.rindex(".venv/bin/pytest") :])
    if "-n" in words:  # one worker that does what the others have to stand is enough
        words[words.index("-n") + 1] = "2"
    return [str(ROOT / word) if word.startswith(".venv/") else word for word in words]


def run(words: list[str], place: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """The same for tests of their own."""
    (place / "pytest.ini").write_text("[pytest]\nmarkers =\n    integration: none here\n")
    (place / "test_some.py").write_text(tests)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        words, cwd=place, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def test_one_that_hangs_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    words = [word.replace("timeout=900", "timeout=2") for word in command()]
    assert "faulthandler_timeout=2" in words
    done = run(words, tmp_path, TESTS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "crashed while running 'test_some.py::test_hangs'" in done.stdout
    # one that was given to the worker already may go with it: xdist gives a test away for good
    told = re.search(r"1 failed, (\d) passed", done.stdout)
    assert told is not None, done.stdout
    assert int(told[1]) >= 6
    assert "in test_hangs" in done.stderr, "the place where it hung"


def test_none_runs_when_one_has_another_name_in_each_worker(tmp_path: Path) -> None:
    done = run(command(), tmp_path, OTHER_NAMES)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Different tests were collected between gw" in done.stdout
    assert re.search(r"^\+test_some.py::test_fine\[two-\d+\]$", done.stdout, re.MULTILINE)
    assert "passed" not in done.stdout


def test_what_is_patient_and_what_is_connected_are_all_of_them() -> None:
    patient = [word for word in command("patient") if word.startswith("tests/")]
    ignored = [word for word in command("connected") if word.startswith("--ignore=")]
    assert ignored == [f"--ignore={folder}" for folder in patient]
    for folder in patient:
        assert any((ROOT / folder).glob("test_*.py")), folder
