"""An inventory that Ansible uses: its other names and groups of groups are read, the rest told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.model.inventory import Inventory, Role
from engine.parse.inventory_ini import parse_inventory

from .inventories import GOOD

PATH = Path("prod.ini")
SETTINGS = GOOD[GOOD.index("[all:vars]") :]
COMMON = """
ansible_connection=ssh
ansible_python_interpreter=/usr/bin/python3.9
ansible_ssh_user=admin
ansible_ssh_port=2222
ansible_become=yes
ansible_become_method=sudo
ansible_become_user=root
ansible_ssh_pipelining=true
ansible_ssh_extra_args='-J jump.example'
"""


def read(text: str) -> Inventory:
    return parse_inventory(text, PATH)


def refused(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(text)
    return str(caught.value).split("\n")


def test_the_common_variables_are_read_or_ignored_with_a_warning() -> None:
    found = read(GOOD + COMMON)
    for host in found.hosts:
        assert (host.user, host.port, host.become) == ("admin", 2222, True)
        assert host.ssh_args == ("-J", "jump.example")
    told = "\n".join(found.warnings)
    for name in (
        *("ansible_connection", "ansible_python_interpreter", "ansible_become_method"),
        *("ansible_become_user", "ansible_ssh_pipelining"),
    ):
        assert told.count(f" {name} ") == 1
    assert found.warnings[0].startswith("prod.ini:")
    assert "ansible_ssh_user" not in told


def test_without_them_nothing_is_warned_of() -> None:
    assert read(GOOD).warnings == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ansible_connection=local", "reaches its nodes by ssh only"),
        ("ansible_connection=docker", "reaches its nodes by ssh only"),
        ("ansible_become_method=su", "by `sudo -n` only"),
        ("ansible_become_user=oracle", "becomes root only"),
        ("ansible_become_exe=/opt/pbrun", "calls `sudo` only"),
        ("ansible_ssh_executable=/opt/ssh", "calls `ssh` only"),
        ("ansible_shell_type=powershell", "a POSIX shell"),
        ("ansible_become_password=hunter2", "no passwords in an inventory"),
        ("ansible_ssh_pass=hunter2", "no passwords in an inventory"),
        ("ansible_ssh_extra_args='-o StrictHostKeyChecking=no'", "allowed are only -J HOST"),
        ("ansible_pyton_interpreter=x", "did you mean"),
    ],
)
def test_what_would_change_something_is_an_error_that_says_so(line: str, why: str) -> None:
    (problem,) = set(refused(f"{GOOD}{line}\n"))
    assert problem.startswith("prod.ini:")
    assert line.partition("=")[0] in problem
    assert why in problem
    assert "hunter2" not in problem


def test_the_nearer_name_counts_whatever_its_form() -> None:
    hosts = "[operative]\na ansible_ssh_host=192.0.2.1\nb ansible_user=two\n"
    a, b = read(f"{hosts}{SETTINGS}ansible_ssh_user=one\n").hosts
    assert (a.address, a.user, b.user) == ("192.0.2.1", "one", "two")


def test_two_names_that_contradict_are_told() -> None:
    text = f"[operative]\na ansible_user=one ansible_ssh_user=two\nb\n{SETTINGS}"
    assert "ansible_ssh_user says something else than ansible_user in line 2" in refused(text)[0]


NESTED = """\
[dc1]
a ansible_user=own
b

[dc2]
c

[operative:children]
dc1
dc2

[voting_only]
v

[neteye:children]
operative   # all of it
voting_only

[neteye:vars]
ansible_user=top
ansible_port=2201

[operative:vars]
ansible_port=2202

[dc2:vars]
ansible_user=two

"""


def test_groups_of_groups_give_roles_and_variables() -> None:
    found = read(NESTED + SETTINGS)
    assert [(h.name, h.role, h.user, h.port) for h in found.hosts] == [
        ("a", Role.OPERATIVE, "own", 2202),
        ("b", Role.OPERATIVE, "top", 2202),
        ("c", Role.OPERATIVE, "two", 2202),
        ("v", Role.VOTING_ONLY, "top", 2201),
    ]


@pytest.mark.parametrize(
    ("more", "line", "problem"),
    [
        ("[x:children]\nnowhere\n", 2, "there is no group 'nowhere' for [x:children]"),
        ("[x:children]\noperativ\n", 2, "did you mean 'operative'?"),
        ("[x:children]\ny\n[y:children]\nx\n", 2, "[x:children] has 'y', which is above it"),
        ("[x:children]\nx\n", 2, "[x:children] has 'x', which is above it"),
        ("[elastic_only:children]\noperative\n", None, "a host has one role"),
        ("[x:children]\noperative voting\n", 2, "expected one group in a line"),
        ("[dc9]\nz\n", 1, "unknown group 'dc9'"),
        ("[dc9:vars]\nansible_user=z\n", 1, "unknown group 'dc9'"),
        ("[x:children]\nall\n", 2, "[all] is above every group already"),
    ],
)
def test_what_is_wrong_with_groups_is_told(more: str, line: int | None, problem: str) -> None:
    found = refused(f"{more}[operative]\na\nb\n{SETTINGS}")
    assert any(problem in told for told in found)
    assert line is None or any(told.startswith(f"prod.ini:{line}:") for told in found)
