"""Who else changes a node's packages: what a real command looks like in ps is recognised."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.judge.machine import no_command_running
from engine.model.answer import Answer
from engine.model.executed import command_of
from engine.queries.machine import processes
from runbook.cluster.product import OTHER_COMMANDS

QUERY = processes(OTHER_COMMANDS)
# the first is as ps of Debian 12 showed dnf 4.14 at its question; of RHEL 8 the shebang is
# /usr/libexec/platform-python, of RHEL 9 /usr/bin/python3.9
RUNNING = {
    "/usr/bin/python3 /usr/bin/dnf --enablerepo=neteye update": "dnf update",
    "/usr/libexec/platform-python /usr/bin/dnf update": "dnf update",
    "/usr/bin/python3.9 /usr/bin/dnf update -y": "dnf update",
    "/usr/libexec/platform-python /usr/bin/yum update -y --enablerepo=neteye": "yum update",
    "/usr/bin/python3 /usr/bin/dnf-3 -y group install neteye": "dnf-3 group install",
    "/usr/bin/python3 /usr/bin/dnf history undo last": "dnf history undo",
    "/usr/bin/python3 /usr/bin/dnf shell": "dnf shell",
    "sudo dnf --enablerepo neteye upgrade": "dnf upgrade",
    "/usr/bin/python3 /usr/bin/dnf-automatic /etc/dnf/automatic.conf --timer --installupdates": (
        "dnf-automatic --installupdates"
    ),
    "rpm -Uvh /root/x.rpm": "rpm -U",
    "/bin/rpm -e --nodeps x": "rpm -e",
    "/bin/bash /usr/sbin/neteye update": "neteye update",
    "/usr/bin/python3 /usr/sbin/neteye upgrade": "neteye upgrade",
    "/usr/bin/perl -w /usr/sbin/neteye_secure_install": "neteye_secure_install",
}
NOT_MEANT = [
    "/usr/bin/python3 /usr/bin/dnf -q check-update",
    "/usr/bin/python3 /usr/bin/dnf makecache --timer",
    "/usr/libexec/platform-python /usr/bin/dnf -q --enablerepo=neteye repoquery --upgrades",
    "/usr/bin/python3 /usr/bin/dnf history list",
    "/usr/bin/python3 /usr/bin/dnf group list",
    "/usr/bin/python3 /usr/bin/dnf-automatic /etc/dnf/automatic.conf --timer --no-installupdates",
    "rpm -qa --qf %{NAME} --last",
    "rpm -qi bash",
    "rpm -Va",
    "rpm --eval %_dbpath",
    'bash -lc "$@" bash sh -c export LC_ALL=C dnf update',
    "neteye health deep",
    "dnf",
]


@pytest.mark.parametrize(("line", "told"), RUNNING.items())
def test_what_changes_packages_is_recognised(line: str, told: str) -> None:
    assert command_of(line, OTHER_COMMANDS) == told


@pytest.mark.parametrize("line", NOT_MEANT)
def test_what_only_asks_is_not(line: str) -> None:
    assert command_of(line, OTHER_COMMANDS) == ""


def test_what_is_recorded_is_judged_as_it_was() -> None:
    """A run is judged again on what its journal has."""
    lines = [*RUNNING, *NOT_MEANT]
    text = "".join(f"{pid:7} {line}\n" for pid, line in enumerate(lines, 1))
    told = QUERY.parse(Answer(0, text.encode(), b"", 0.0))
    assert QUERY.recorded is not None
    again = QUERY.parse(Answer(0, QUERY.recorded(told).encode(), b"", 0.0))
    found = no_command_running({"n": told}, OTHER_COMMANDS)
    assert found == no_command_running({"n": again}, OTHER_COMMANDS) != ()


@contextmanager
def started(script: Path, *arguments: str) -> Iterator[None]:
    """A script that waits for its standard input, as a command at its question does."""
    with subprocess.Popen(
        [script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.stdin.close()


@pytest.mark.parametrize(
    ("name", "shebang", "body"),
    [
        ("dnf", "/usr/bin/env python3", "print('[y/N]', flush=True); input()"),
        ("neteye", "/bin/bash", "echo '[y/N]'; read -r"),
    ],
)
def test_a_script_is_seen_in_a_real_list(
    tmp_path: Path, name: str, shebang: str, body: str
) -> None:
    script = tmp_path / name
    script.write_text(f"#!{shebang}\n{body}\n")
    script.chmod(0o755)
    with started(script, "update"):
        listed = subprocess.run(QUERY.argv, capture_output=True, check=True).stdout
    seen = [one.command for one in QUERY.parse(Answer(0, listed, b"", 0.0))]
    assert f"{name} update" in {command_of(c, OTHER_COMMANDS) for c in seen if str(script) in c}
