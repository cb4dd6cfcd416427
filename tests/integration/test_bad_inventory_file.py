"""A bad inventory is a usage error of `pytest runbook`, told before any node is asked.

What each bad line is told is held by tests/parse/test_inventory_errors.py, what a usage error
leaves by tests/plugin/test_plugin_usage.py; here the command is typed as a user types it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.invocation import Project, Ran, copy_project

BAD = """\
[operative]
neteye01.lan ansible_host=192.0.2.1
neteye02.lan ansible_host=192.0.2.2 ansible_password=hunter2
neteye03.lan ansible_hots=192.0.2.3

[votingonly]
neteye05.lan

[all:vars]
runbook_cluster neteye.example.test
runbook_environment = production
"""
TOLD = {
    3: "ansible_password: no passwords in an inventory; log in by key, become by sudo -n",
    4: "unknown variable 'ansible_hots', did you mean 'ansible_host'? allowed here are ",
    6: "unknown group 'votingonly', did you mean 'voting_only'? allowed are [operative], ",
    10: "'runbook_cluster' has no value, expected NAME = VALUE",
}


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project in which no run has begun yet."""
    return Project(copy_project(tmp_path_factory.mktemp("project") / "copy"))


def assert_a_usage_error(ran: Ran, project: Project) -> None:
    assert ran.code == 4, ran.console
    assert "Traceback" not in ran.console
    assert list(project.evidence()) == []


def test_all_that_is_wrong_is_told_at_once_with_file_and_line(
    unused: Project, tmp_path: Path
) -> None:
    inventory = tmp_path / "prod.ini"
    inventory.write_text(BAD)
    ran = unused.execute(inventory)
    assert_a_usage_error(ran, unused)
    lines = [line for line in ran.console.splitlines() if str(inventory) in line]
    assert len(lines) == len(TOLD), ran.console
    for line, (number, text) in zip(lines, TOLD.items(), strict=True):
        assert f"{inventory}:{number}: {text}" in line
    assert "hunter2" not in ran.console


def test_an_inventory_that_is_not_there_is_named_with_the_way_out(
    unused: Project, tmp_path: Path
) -> None:
    ran = unused.execute(tmp_path / "missing.ini")
    assert_a_usage_error(ran, unused)
    assert f"{tmp_path / 'missing.ini'}: no such inventory" in ran.console
    assert "--inventory FILE" in ran.console
