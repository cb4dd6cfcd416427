"""testinfra's modules over our transport; nothing of an output in logs or failed assertions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import Refused
from engine.model.answer import Lost, LostKind
from engine.model.inventory import Role
from engine.transport.scripted import FakeTransport, said
from engine.transport.ssh import SshTransport
from engine.transport.testinfra_backend import TransportBackend, testinfra_host
from tests.engine.sshd import NODE, running


@pytest.fixture(scope="module")
def door() -> Iterator[SshTransport]:
    with running() as server, server.transport() as opened:
        yield opened


def test_files(door: SshTransport, tmp_path: Path) -> None:
    host = testinfra_host(door, NODE)
    path = tmp_path / "it's ümlaut"
    path.write_bytes("grün".encode() + b"\xff")
    path.chmod(0o640)
    file = host.file(str(path))
    assert (file.exists, file.is_file, file.mode, file.size) == (True, True, 0o640, 6)
    assert file.content_string == "grün\\xff"
    assert file.user == "root"
    assert not host.file(str(tmp_path / "none")).exists


def test_mounts_and_commands(door: SshTransport) -> None:
    host = testinfra_host(door, NODE)
    assert host.mount_point("/proc").filesystem == "proc"
    assert host.exists("sh")
    assert not host.exists("no-such-command")
    assert host.run("exit 255").rc == 255
    assert repr(host) == f"<testinfra.host.Host neteye-runbook://{NODE}>"


def test_a_package_is_asked_of_rpm_whatever_else_is_there() -> None:
    """A node's packages are rpm's; on a machine with dpkg too, testinfra would ask that."""
    asked = {
        "rpm -q --quiet httpd 2>&1": said(),
        "rpm -q --quiet nothing 2>&1": said(code=1),
        'rpm -q --queryformat="%{VERSION}" httpd': said("2.4.37"),
    }
    door = FakeTransport({(NODE, ("sh", "-c", line)): answer for line, answer in asked.items()})
    package = testinfra_host(door, NODE).package
    assert package("httpd").is_installed
    assert package("httpd").version == "2.4.37"
    assert not package("nothing").is_installed


def test_a_service_is_asked_by_systemctl() -> None:
    asked = {
        "uname -s": said("Linux\n"),
        "cat /etc/os-release": said('ID="rhel"\nVERSION_ID="8.10"\n'),
        "uname -m": said("x86_64\n"),
        "test -d /run/systemd/system/": said(),
        "systemctl is-active pcsd": said("active"),
        "systemctl is-enabled pcsd": said("disabled", code=1),
    }
    door = FakeTransport({(NODE, ("sh", "-c", line)): answer for line, answer in asked.items()})
    service = testinfra_host(door, NODE).service("pcsd")
    assert service.is_running
    assert not service.is_enabled


def test_no_output_in_logs_or_assertions(
    door: SshTransport, caplog: pytest.LogCaptureFixture
) -> None:
    host = testinfra_host(door, NODE)
    with caplog.at_level(logging.DEBUG):
        result = host.run("echo s3cr3t; echo s3cr3t >&2; exit 3")
        with pytest.raises(AssertionError) as caught:
            host.check_output("printf 's3%scr3t' ''; exit 4")
    assert result.stdout == "s3cr3t\n"
    for text in (repr(result), str(result), str(caught.value), caplog.text):
        assert "s3cr3t" not in text
    assert "rc=4" in str(caught.value)


def test_deadline_and_firewall_hold_here_too(door: SshTransport) -> None:
    with pytest.raises(Lost) as caught:
        TransportBackend(door, NODE, deadline=0.3).run("sleep 60")
    assert caught.value.kind is LostKind.DEADLINE
    with pytest.raises(Lost, match=r"0\.3") as caught:
        testinfra_host(door, NODE).run("sleep 60", timeout=0.3)
    assert caught.value.kind is LostKind.DEADLINE
    with running() as server, server.transport(server.host(role=Role.VOTING_ONLY)) as voting:
        with pytest.raises(Refused):
            testinfra_host(voting, NODE).run("nohup neteye upgrade")


def test_a_word_that_the_door_does_not_know_is_refused(door: SshTransport) -> None:
    with pytest.raises(TypeError, match="check"):
        testinfra_host(door, NODE).run("true", check=True)


def test_nothing_runs_on_the_operators_machine(door: SshTransport) -> None:
    with pytest.raises(NotImplementedError):
        TransportBackend(door, NODE).run_local("true")
