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
TAGS = ("", PYTEST)


def test_what_is_foreign_is_a_finding_each_and_its_end_is_the_way_out(project: Path) -> None:
    """Compiled modules of another text, an edited ini and a conftest, in one run; then the file
    that takes the place of the ini: it alone is told where the others are gone."""
    ini, conftest, toml = (
        project / name for name in ("pytest.ini", "runbook/conftest.py", "pytest.toml")
    )
    text = ini.read_text()
    conftest.write_text("X = 1\n")
    ini.write_text(f"{text}# mine\n")
    compiled = [
        pyc(source, f"{source.read_text()}\nMORE = 1\n", tag)
        for source in (project / name for name in SOURCES)
        for tag in TAGS
    ]

    seen = plan(project)
    found = foreign(seen)
    assert {(one.code, one.subject) for one in found} == {
        ("foreign-code", "__pycache__"),
        ("runbook-edited", "pytest.ini"),
        ("foreign-plugin", str(conftest)),
    }
    assert len(found) == 3
    assert set(seen["compiled"]["unlike"]) == set(SOURCES)

    conftest.unlink()
    ini.write_text(text)
    for path in compiled:
        path.unlink()
    toml.write_text('[pytest]\nrunbook_step = "runbook.to_4_26"\nminversion = "9.0"\n')
    found = foreign(plan(project))
    assert [(one.code, one.subject) for one in found] == [("runbook-edited", str(toml))]
