"""A version step is a folder: the tiny one of tests/next_step in the place of the runbook's own."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.invocation import ROOT, copy_project

STEP = "runbook_step=tests.next_step.to_4_27"
# nobody listens there: a plan of nodes out of reach
INVENTORY = """\
[operative]
neteye01.example.test ansible_host=127.0.0.1 ansible_port=9
neteye02.example.test ansible_host=127.0.0.1 ansible_port=10

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = staging
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_project(tmp_path_factory.mktemp("project") / "copy")
    shutil.copytree(ROOT / "tests" / "next_step", made / "tests" / "next_step")
    (made / "prod.ini").write_text(INVENTORY)
    return made


def run(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "runbook", "--inventory", "prod.ini", *options]
    return subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=120)


def events(project: Path) -> dict[str, dict[str, Any]]:
    lines = (project / "reports" / "latest" / "journal.jsonl").read_text().splitlines()
    return {event["event"]: event for event in reversed(list(map(json.loads, lines)))}


@pytest.fixture(scope="module")
def planned(project: Path) -> dict[str, dict[str, Any]]:
    """The first event of each kind of its plan."""
    ran = run(project, "-o", STEP, "--plan")
    assert ran.returncode == 10, ran.stdout + ran.stderr
    return events(project)


def test_its_steps_run_among_those_of_the_procedure(planned: dict[str, dict[str, Any]]) -> None:
    begun = planned["run-started"]
    assert (begun["source"], begun["target"]) == ("4.26", "4.27")
    assert begun["guide"]["G01"] == "Versions are never skipped: 4.27 is reached only from 4.26"
    assert {"G03", "G13", "G30"} & set(begun["guide"]) == {"G30"}
    steps = [step["of"] for step in planned["steps"]["steps"]]
    phases = list(dict.fromkeys(name.partition(".")[0] for name in steps))
    assert phases == [
        *("preflight", "baseline", "update", "again", "upgrade", "verification"),
        *("reactivation", "closing"),
    ]
    own = steps.index("verification.tornado")
    assert steps.index("verification.mid_upgrade") < own < steps.index("verification.done")


def test_what_to_type_next_names_the_step_again(planned: dict[str, dict[str, Any]]) -> None:
    for command in planned["run-started"]["commands"].values():
        words = shlex.split(command)
        assert words[words.index("-o") + 1] == STEP, command


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--step", STEP.partition("=")[2]), 0, "the same findings"),
        ((), 4, "a run of the upgrade 4.26 -> 4.27, but this is the runbook of 4.25 -> 4.26"),
    ],
    ids=["its step", "the default one"],
)
def test_its_run_is_judged_again_by_its_step(
    project: Path, options: tuple[str, ...], code: int, told: str
) -> None:
    argv = [sys.executable, "-m", "engine", "judge", "reports/latest", *options]
    ran = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, told in ran.stdout + ran.stderr) == (code, True), (
        ran.stdout + ran.stderr
    )
    if not code:
        assert "the same as in the run" in ran.stdout


def test_it_is_part_of_the_runbook_whose_hash_is_on_record(
    planned: dict[str, dict[str, Any]], project: Path
) -> None:
    (project / "tests" / "next_step" / "to_4_27" / "more.py").write_text("")
    run(project, "-o", STEP, "--plan")
    assert events(project)["run-started"]["runbook"] != planned["run-started"]["runbook"]


def test_a_package_that_is_not_there_is_a_usage_error(project: Path) -> None:
    """What else is no step: test_plugin_step_named.py."""
    ran = run(project, "-o", "runbook_step=mine")
    assert ran.returncode == 4
    assert "ERROR: runbook_step = mine (pytest.ini, or -o on the command line): " in ran.stderr
    assert "ModuleNotFoundError: No module named 'mine'" in ran.stderr
    assert "INTERNALERROR" not in ran.stderr


def test_its_phases_are_no_tests() -> None:
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/next_step"]
    found = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "no tests collected" in found.stdout
