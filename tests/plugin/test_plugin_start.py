"""A run in a process of its own: what its start leaves, and what its end finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.invocation import copy_project

# nobody listens there: a plan of nodes out of reach
INVENTORY = """\
[operative]
neteye01.example.test ansible_host=127.0.0.1 ansible_port=9
neteye02.example.test ansible_host=127.0.0.1 ansible_port=10

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = staging
"""
SEEN = """\
import gc

import pytest


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    print(f"left to the end: {gc.get_freeze_count()} of {len(gc.get_objects())}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_project(tmp_path_factory.mktemp("project") / "copy")
    (made / "prod.ini").write_text(INVENTORY)
    (made / "seen.py").write_text(SEEN)
    return made


def planned(project: Path, **environment: str) -> str:
    """What a plan prints, with the plugin that looks at its end."""
    argv = [sys.executable, "-m", "pytest", "-p", "seen", "runbook", "--inventory", "prod.ini"]
    environ = {n: v for n, v in os.environ.items() if n != "PYTEST_CURRENT_TEST"} | environment
    ran = subprocess.run(
        [*argv, "--plan"], cwd=project, env=environ, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 10, ran.stdout + ran.stderr
    return ran.stdout


def test_garbage_is_not_looked_for_in_what_stays_until_the_end(project: Path) -> None:
    kept, _, others = planned(project).partition("left to the end: ")[2].partition(" of ")
    assert int(kept) > int(others.split()[0])


def test_a_pytest_that_is_not_alone_in_its_process_leaves_garbage_to_be_found(
    project: Path,
) -> None:
    assert "left to the end: 0 of " in planned(project, PYTEST_CURRENT_TEST="tests/a.py::b (call)")
