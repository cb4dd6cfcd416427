"""What a run in production says of what it ran with, started as an operator starts it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.judge.ran_with import foreign
from tests.engine.test_startup import PYTEST, pyc
from tests.integration.invocation import Project, copy_project, environment

INVENTORY = """\
[operative]
neteye01.neteyelocal ansible_host=127.0.0.1 ansible_port=1
neteye02.neteyelocal ansible_host=127.0.0.1 ansible_port=2

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = production
runbook_probes =
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that has been run before, so that all compiled modules lie there."""
    made = copy_project(tmp_path_factory.mktemp("ran") / "project")
    (made / "prod.ini").write_text(INVENTORY)
    plan(made)
    return made


def plan(project: Path) -> dict[str, Any]:
    """What a plan has on record of what it ran with; no node answers."""
    command = Project(project).command("--inventory", "prod.ini", "--plan")
    done = subprocess.run(
        command, cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 10, done.stdout + done.stderr
    first, *rest = (project / "reports" / "latest" / "journal.jsonl").read_text().splitlines()
    blocking = {
        (event["code"], event["subject"])
        for event in map(json.loads, rest)
        if event["event"] == "finding" and event["step"] == "preflight.runbook"
    }
    found: dict[str, Any] = json.loads(first)["ran_with"]
    assert blocking == {(one.code, one.subject) for one in foreign(found)}
    return found


def test_what_production_runs_with_is_its_own(project: Path) -> None:
    """Also when all that pytest and Python have compiled lies there."""
    assert list((project / "runbook" / "phases" / "__pycache__").glob(f"test_10*{PYTEST}.pyc"))
    assert foreign(plan(project)) == ()


SOURCES = ("conftest.py", "engine/model/finding.py", "runbook/phases/test_12_preflight_firewall.py")


@pytest.mark.parametrize("name", SOURCES)
def test_a_compiled_module_of_another_text_is_a_finding(project: Path, name: str) -> None:
    source = project / name
    for tag in ("", PYTEST):
        pyc(source, f"{source.read_text()}\nMORE = 1\n", tag)
    try:
        (found,) = foreign(plan(project))
    finally:
        for compiled in source.parent.glob(f"__pycache__/{source.stem}.*"):
            compiled.unlink()
    assert (found.code, found.subject) == ("foreign-code", "__pycache__")
    assert name in found.observed
    assert foreign(plan(project)) == (), "the way out"


def test_an_edited_ini_is_a_finding(project: Path) -> None:
    ini = project / "pytest.ini"
    text = ini.read_text()
    ini.write_text(f"{text}# mine\n")
    try:
        (found,) = foreign(plan(project))
    finally:
        ini.write_text(text)
    assert (found.code, found.subject) == ("runbook-edited", "pytest.ini")


def test_a_configuration_that_takes_the_place_of_the_ini_is_a_finding(project: Path) -> None:
    other = project / "pytest.toml"
    other.write_text('[pytest]\nrunbook_step = "runbook.to_4_26"\nminversion = "9.0"\n')
    try:
        found = foreign(plan(project))
    finally:
        other.unlink()
    assert [(one.code, one.subject) for one in found] == [("runbook-edited", str(other))]


def test_another_conftest_is_a_finding(project: Path) -> None:
    other = project / "runbook" / "conftest.py"
    other.write_text("X = 1\n")
    try:
        found = foreign(plan(project))
    finally:
        other.unlink()
    assert [(one.code, one.subject) for one in found] == [("foreign-plugin", str(other))]
