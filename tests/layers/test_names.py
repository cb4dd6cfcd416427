"""A test has one name: workers that share the tests, and reports of two runs, agree on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_another_process_finds_the_same_names(request: pytest.FixtureRequest) -> None:
    """No name has an address, a time, or the order of a set in it.

    Of a part of the tests, as `pytest tests/parse`, the files of that part are compared. Workers
    have compared theirs by now: tests/proving/test_unit.py holds that they do.
    """
    seeds_differ = os.environ.get("PYTHONHASHSEED", "random") == "random"
    if seeds_differ and int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        return
    names = {item.nodeid for item in request.session.items}
    files = sorted({name.partition("::")[0] for name in names})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            *("-p", "no:cacheprovider", "-p", "no:xdist", *files),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert names - set(done.stdout.splitlines()) == set()
