"""testinfra's host over our look: each command is evidence, and no answer of it misleads."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.ask.host import Host
from engine.ask.look import Look
from engine.errors import Unanswered, UsageError
from engine.model.answer import Answer
from engine.model.names import names_of
from engine.record.run import Run
from engine.secrets import Secret
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said

SHOW = ("systemctl", "show", "--property=Id,LoadState,ActiveState,UnitFileState", "--")


class Here(FakeTransport):
    """The commands run on this machine."""

    def __init__(self) -> None:
        super().__init__({})

    def _reply(self, node: str, argv: tuple[str, ...], stdin: object) -> Answer:
        done = subprocess.run(argv, capture_output=True, check=False, env={**os.environ})
        return Answer(done.returncode, done.stdout, done.stderr, 0.0)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path / "run")


@pytest.fixture
def host(run: Run) -> Host:
    return Look(run, Here(), names_of(run.inventory, None)).host(kit.N)


def told(run: Run, answers: Mapping[Any, Any]) -> Host:
    asked = {
        (kit.N, argv if isinstance(argv, tuple) else ("sh", "-c", argv)): answer
        for argv, answer in answers.items()
    }
    return Look(run, FakeTransport(asked), names_of(run.inventory, None)).host(kit.N)


def observations(run: Run) -> list[Mapping[str, Any]]:
    return [event for event in run.journal if event["event"] == "observation"]


def test_each_command_is_an_observation_of_its_step(run: Run, host: Host) -> None:
    assert host.file("/").is_directory
    (seen,) = observations(run)
    assert (seen["step"], seen["node"], seen["code"]) == ("phase.step", kit.N, 0)
    assert seen["question"] == "test -d /"
    assert seen["command"] == "sh -c 'test -d /'"


def test_what_it_reads_is_masked_on_record(run: Run, host: Host, tmp_path: Path) -> None:
    run.redactor.learn(Secret("hunter22"))
    (tmp_path / "file").write_text("x hunter22\n")
    assert host.file(str(tmp_path / "file")).content_string == "x hunter22\n"
    assert "hunter22" not in run.journal.path.read_text()
    assert "hunter22" not in repr(host.file("/")._host.run("echo hunter22"))


@pytest.mark.parametrize(
    "reply", [kit.unreachable(kit.N), kit.lost_connection(kit.N), said(code=127, stderr="no stat")]
)
def test_what_is_no_answer_is_unanswered(run: Run, reply: Any) -> None:
    host = told(run, {"stat -c %a -- /etc/passwd": reply})
    with pytest.raises(Unanswered):
        assert host.file("/etc/passwd").mode
    assert observations(run)[0]["problem"]


def test_several_are_asked_at_once_and_who_is_silent_is_named(run: Run) -> None:
    answers = {
        (kit.N, ("sh", "-c", "test -d /x")): said(),
        (kit.SECOND, ("sh", "-c", "test -d /x")): kit.unreachable(kit.SECOND),
    }
    look = Look(run, FakeTransport(answers), names_of(run.inventory, None))
    asked = look.on_each((kit.N, kit.SECOND), "/x", lambda host: host.file("/x").is_directory)
    assert asked.question == "/x"
    assert asked.values == {kit.N: True}
    assert set(asked.unanswered) == {kit.SECOND}


def test_a_file(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "it's ümlaut -x"
    path.write_bytes("grün".encode() + b"\xff")
    path.chmod(0o640)
    file = host.file(str(path))
    assert (file.exists, file.is_file, file.mode, file.size) == (True, True, 0o640, 6)
    assert file.content_string == "grün\\xff"
    assert file.content == "grün".encode() + b"\xff"
    assert (file.user, file.sha256sum[:8]) == (path.owner(), "8344ad10")
    assert not host.file(str(tmp_path / "none")).exists


def test_a_link_is_itself_and_one_that_leads_nowhere_is_there(host: Host, tmp_path: Path) -> None:
    """testinfra's mode is that of the file behind it, and it does not see a dangling one."""
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("none")
    assert host.file(str(tmp_path / "link")).mode == 0o777
    assert host.file(str(tmp_path / "nowhere")).exists


@pytest.mark.parametrize("name", ["content_string", "sha256sum", "mode", "user", "size"])
def test_of_a_file_that_is_not_there_nothing_is_told(host: Host, tmp_path: Path, name: str) -> None:
    """testinfra's sha256sum is an empty word then, as a pipe loses the exit code."""
    with pytest.raises(Unanswered, match="is no answer"):
        getattr(host.file(str(tmp_path / "none")), name)


def block(load: str, active: str, enabled: str, name: str = "a.service") -> str:
    return f"Id={name}\nLoadState={load}\nActiveState={active}\nUnitFileState={enabled}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (block("loaded", "active", "enabled"), (True, True, True, False)),
        (block("loaded", "reloading", "disabled"), (True, True, False, False)),
        (block("loaded", "failed", "enabled"), (True, False, True, False)),
        # until the next start only, which testinfra takes for enabled
        (block("loaded", "active", "enabled-runtime"), (True, True, False, False)),
        # of a masked one, and of one that is not there, testinfra raises RuntimeError
        (block("masked", "inactive", "masked"), (True, False, False, True)),
        (block("not-found", "inactive", ""), (False, False, False, False)),
    ],
)
def test_a_service(run: Run, text: str, expected: tuple[bool, ...]) -> None:
    service = told(run, {(*SHOW, "a.service"): said(text)}).service("a.service")
    found = (service.exists, service.is_running, service.is_enabled, service.is_masked)
    assert found == expected


def test_a_service_that_systemd_does_not_tell_of_is_unanswered(run: Run) -> None:
    for answer in (said(code=1, stderr="Failed to connect to bus"), said("what?")):
        with pytest.raises(Unanswered):
            assert told(run, {(*SHOW, "a.service"): answer}).service("a.service").is_running


def test_a_package_is_asked_of_rpm_whatever_else_is_there(run: Run) -> None:
    host = told(
        run,
        {
            "rpm -q -- httpd": said("httpd-2.4.37-65.x86_64\n"),
            "rpm -q -- nothing": said("package nothing is not installed\n", 1, "warning: x"),
            "rpm -q --queryformat '%{VERSION}\\n' -- httpd": said("2.4.37\n"),
            "rpm -q --queryformat '%{RELEASE}\\n' -- httpd": said("65\n"),
        },
    )
    assert host.package("httpd").is_installed
    assert (host.package("httpd").version, host.package("httpd").release) == ("2.4.37", "65")
    assert not host.package("nothing").is_installed


def test_a_database_of_rpm_that_can_not_be_read_tells_of_no_package(run: Run) -> None:
    broken = said("package a is not installed\n", code=1, stderr="error: cannot open Packages")
    with pytest.raises(Unanswered, match="cannot open Packages"):
        assert told(run, {"rpm -q -- a": broken}).package("a").is_installed


def test_a_package_that_is_there_twice_has_no_version(run: Run) -> None:
    """testinfra's would be 4.184.19."""
    host = told(run, {"rpm -q --queryformat '%{VERSION}\\n' -- kernel": said("4.18\n4.19\n")})
    with pytest.raises(Unanswered, match=r"more than once: 4\.18, 4\.19"):
        assert host.package("kernel").version


def test_a_mount_point_is_asked_at_each_look(run: Run) -> None:
    """testinfra's object keeps its first answer, and takes what is hidden below another mount."""
    mounts = iter(["", "/dev/a /m xfs ro 0 0\n", "/dev/a /m xfs ro 0 0\n/dev/b /m ext4 rw 0 0\n"])
    host = told(run, {"cat /proc/mounts": lambda: said(next(mounts))})
    point = host.mount_point("/m")
    assert not point.exists
    assert point.options == ["ro"]
    assert point.device == "/dev/b"


def test_processes_have_no_arguments(run: Run, host: Host) -> None:
    """testinfra asks for the arguments of all processes, which may be passwords."""
    mine = host.process.filter(pid=os.getpid())
    assert mine[0]["ppid"] == os.getppid()
    assert "args" not in observations(run)[0]["command"]
    with pytest.raises(UsageError, match="args is not asked for"):
        host.process.filter(args="x")
    with pytest.raises(AttributeError, match="no args"):
        assert mine[0].args


def test_a_name_with_spaces_moves_no_other_column(run: Run) -> None:
    table = " 7 1 root tmux: server\n 8 7 apache httpd\n 9 7 root \n"
    host = told(run, {"ps -A -o pid=,ppid=,user:64=,comm=": said(table)})
    assert [one["pid"] for one in host.process.filter(user="root", comm="tmux: server")] == [7]
    assert host.process.get(comm="httpd")["user"] == "apache"


SS = """State  Recv-Q Send-Q Local Address:Port Peer Address:Port
LISTEN 0      128             [::]:443           [::]:*
LISTEN 0      128        127.0.0.1:3306       0.0.0.0:*
"""


def test_a_port_listens_whatever_its_address(run: Run) -> None:
    """testinfra does not see one that listens by IPv4 alone."""
    host = told(run, {"ss --numeric --listening --tcp": said(SS)})
    found = {port: host.socket(f"tcp://{port}").is_listening for port in (443, 3306, 80)}
    assert found == {443: True, 3306: True, 80: False}


@pytest.mark.parametrize("spec", ["tcp://0.0.0.0:443", "tcp://127.0.0.1:443", "tcp://:::443"])
def test_a_socket_by_its_address_is_refused(host: Host, spec: str) -> None:
    """testinfra: 0.0.0.0:443 where [::]:443 listens alone, no 127.0.0.1:443 where 0.0.0.0 does."""
    with pytest.raises(UsageError, match="tcp://443"):
        host.socket(spec)


def test_without_ss_nothing_is_told_of_sockets(run: Run) -> None:
    host = told(run, {"ss --numeric --listening --tcp": said(code=127, stderr="ss: not found")})
    with pytest.raises(Unanswered):
        assert host.socket("tcp://443").is_listening


MISNAMED: dict[str, Callable[[Host], object]] = {
    "a service without its kind": lambda host: host.service("sshd"),
    "an attribute of all processes": lambda host: host.process.filter(pcpu=0),
}


@pytest.mark.parametrize("ask", MISNAMED.values(), ids=MISNAMED)
def test_what_would_mislead_is_refused(host: Host, ask: Callable[[Host], object]) -> None:
    with pytest.raises(UsageError):
        ask(host)
