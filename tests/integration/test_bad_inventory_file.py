"""A bad inventory is a usage error: file and line, what is wrong, what is allowed; exit code 4."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.invocation import Project

pytestmark = pytest.mark.integration

GOOD = """\
[operative]
neteye01.lan ansible_host=192.0.2.1
neteye02.lan ansible_host=192.0.2.2

[voting_only]
neteye05.lan ansible_host=192.0.2.5

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = production
"""
CASES = {
    # name -> (what is replaced, by what, line of the error, texts of the message)
    "syntax": ("[operative]", "[operative", 1, ("[operative", "no section", "allowed")),
    "no key": (
        "runbook_cluster = neteye.example.test",
        "runbook_cluster neteye.example.test",
        9,
        ("runbook_cluster", "no value", "NAME = VALUE"),
    ),
    "unknown group": ("[voting_only]", "[votingonly]", 5, ("votingonly", "voting_only")),
    "unknown variable": (
        "ansible_host=192.0.2.2",
        "ansible_hots=192.0.2.2",
        3,
        ("ansible_hots", "ansible_host"),
    ),
    "unknown setting": (
        "runbook_cluster =",
        "runbook_clutser =",
        9,
        ("runbook_clutser", "runbook_cluster"),
    ),
    "unknown environment": (
        "= production",
        "= prod",
        10,
        ("prod", "rehearsal", "staging", "production"),
    ),
    "host twice": ("neteye02.lan", "neteye01.lan", 3, ("neteye01.lan", "twice", "line 2")),
    "short name of another": ("neteye02.lan", "neteye01", 3, ("neteye01", "twice", "line 2")),
    "address twice": ("192.0.2.2", "192.0.2.1", 3, ("192.0.2.1", "neteye01.lan", "line 2")),
    "one operative node": (
        "neteye02.lan ansible_host=192.0.2.2\n",
        "",
        1,
        ("1 operative node,", "at least 2"),
    ),
    "two voting nodes": (
        "neteye05.lan ansible_host=192.0.2.5",
        "neteye05.lan ansible_host=192.0.2.5\nneteye06.lan ansible_host=192.0.2.6",
        7,
        ("neteye06.lan", "neteye05.lan", "at most 1"),
    ),
    "HTML in a name": ("neteye02.lan", "<b>neteye02</b>", 3, ("<b>neteye02</b>", "letters")),
    "shell in a name": ("neteye02.lan", "$(reboot)", 3, ("$(reboot)", "letters")),
    "an option as a name": ("neteye02.lan", "-oProxyCommand", 3, ("-oProxyCommand", "letters")),
    "a password": (
        "ansible_host=192.0.2.2",
        "ansible_host=192.0.2.2 ansible_password=hunter2",
        3,
        ("ansible_password", "by key"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_inventory_is_refused_with_file_and_line(
    case: str, project: Project, tmp_path: Path
) -> None:
    old, new, line, texts = CASES[case]
    assert old in GOOD
    inventory = tmp_path / "prod.ini"
    inventory.write_text(GOOD.replace(old, new, 1))
    before = sorted(project.evidence())
    ran = project.execute(inventory)
    assert ran.code == 4, ran.console
    message = next((m for m in ran.console.splitlines() if f"{inventory}:{line}: " in m), None)
    assert message is not None, ran.console
    for text in texts:
        assert text in message
    assert "hunter2" not in ran.console
    assert "Traceback" not in ran.console
    assert sorted(project.evidence()) == before, "a usage error leaves no run directory"


def test_an_inventory_that_is_not_there_is_named_with_the_way_out(
    project: Project, tmp_path: Path
) -> None:
    ran = project.execute(tmp_path / "missing.ini")
    assert ran.code == 4, ran.console
    assert f"{tmp_path / 'missing.ini'}: no such inventory" in ran.console
    assert "--inventory FILE" in ran.console
    assert "Traceback" not in ran.console


def test_a_directory_is_no_inventory(project: Project, tmp_path: Path) -> None:
    ran = project.execute(tmp_path)
    assert ran.code == 4, ran.console
    assert str(tmp_path) in ran.console
    assert "Traceback" not in ran.console


def test_no_operative_node_at_all(project: Project, tmp_path: Path) -> None:
    inventory = tmp_path / "prod.ini"
    inventory.write_text(GOOD[GOOD.index("[voting_only]") :])
    ran = project.execute(inventory)
    assert ran.code == 4, ran.console
    assert "no operative node" in ran.console


def test_all_that_is_wrong_is_told_at_once(project: Project, tmp_path: Path) -> None:
    inventory = tmp_path / "prod.ini"
    text = GOOD.replace("neteye02.lan", "neteye01.lan").replace("= production", "= x")
    inventory.write_text(text)
    ran = project.execute(inventory)
    assert ran.code == 4
    assert f"{inventory}:3: " in ran.console
    assert f"{inventory}:10: " in ran.console
