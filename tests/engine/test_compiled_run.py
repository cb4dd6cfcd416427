"""`pytest runbook` runs the text of its modules, whatever compiled module lies beside it."""

from __future__ import annotations

import json
import shutil
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


def plan(project: Path, name: str = "runbook") -> dict[str, Any]:
    """What a plan has on record of what it ran with; no node answers."""
    command = Project(project).command("--inventory", "prod.ini", "--plan")
    command[command.index("runbook")] = name
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


@pytest.mark.parametrize("name", ["runbook", "./runbook/"])
def test_what_production_runs_with_is_its_own(project: Path, name: str) -> None:
    """Also at the second run: pytest has compiled conftest.py by then."""
    assert list((project / "__pycache__").glob(f"conftest.*{PYTEST}.pyc"))
    assert foreign(plan(project, name)) == ()


def test_a_run_that_takes_compiled_modules_says_so(project: Path) -> None:
    """Its folder is named in a way that conftest.py does not know."""
    (project / "steps").symlink_to("runbook")
    try:
        (found,) = foreign(plan(project, "steps"))
    finally:
        (project / "steps").unlink()
    assert (found.code, found.subject) == ("foreign-code", "__pycache__")


def test_a_compiled_module_of_the_runbook_is_not_run(project: Path) -> None:
    marked = project / "evil"
    evil = f"open({str(marked)!r}, 'w')\nraise SystemExit\n"
    sources = ("engine/run/plugin.py", "engine/model/finding.py", "runbook/to_4_26/release.py")
    for source in (project / name for name in sources):
        for tag in ("", PYTEST):
            pyc(source, evil, tag)
    assert foreign(plan(project)) == ()
    assert not marked.exists()
    for folder in project.rglob("__pycache__"):
        shutil.rmtree(folder)


def test_a_compiled_conftest_of_another_text_is_a_finding(project: Path) -> None:
    """pytest reads it before anything of the runbook runs: it is told, not kept from running."""
    source = project / "conftest.py"
    compiled = pyc(source, f"EVIL = 1\n{source.read_text()}", PYTEST)
    try:
        (found,) = foreign(plan(project))
    finally:
        compiled.unlink()
    assert (found.code, found.subject) == ("foreign-code", "__pycache__")
    assert "conftest.py" in found.observed


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
