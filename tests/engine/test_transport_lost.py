"""No answer: each way to lose one has its kind, names the node, and says what to do."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.model.answer import Answer, Lost, LostKind
from engine.queries.identity import WHO
from engine.transport import connection
from engine.transport.base import in_parallel
from engine.transport.firewall import Firewall
from engine.transport.ssh import SshTransport
from tests.engine.sshd import (
    NODE,
    Sshd,
    children,
    free_port,
    inventory,
    key,
    running,
    this_machine,
    transport,
    write_known_hosts,
)


@pytest.fixture
def server() -> Iterator[Sshd]:
    with running() as started:
        yield started


def lost(server: Sshd, host: object = None) -> Lost:
    with transport(host or server.host()) as door, pytest.raises(Lost) as caught:  # type: ignore[arg-type]
        door.run(NODE, ["true"], deadline=20)
    assert caught.value.node == NODE
    assert str(caught.value).startswith(f"{NODE}: ")
    return caught.value


def test_a_deadline_keeps_what_came(server: Sshd) -> None:
    with server.transport() as door, pytest.raises(Lost) as caught:
        door.run(NODE, ["sh", "-c", "echo part; echo err >&2; exec sleep 4711"], deadline=2.5)
    assert caught.value.kind is LostKind.DEADLINE
    assert caught.value.may_have_run
    assert caught.value.partial is not None
    assert caught.value.partial.stdout == b"part\n"
    assert caught.value.partial.stderr == b"err\n"
    assert "2.5 seconds" in str(caught.value)


def test_a_deadline_ends_the_whole_process_group(server: Sshd) -> None:
    script = "sleep 47110815 & (sleep 47110815; :) & trap '' TERM; sleep 47110815; sleep 47110815"
    with server.transport() as door, pytest.raises(Lost, match="ended"):
        door.run(NODE, ["sh", "-c", script], deadline=1.5)
    assert processes("47110815") == []


def test_the_inventory_limits_every_deadline(server: Sshd, tmp_path: Path) -> None:
    listed = inventory(server.host(NODE))
    listed = replace(listed, settings=replace(listed.settings, command_seconds=1))
    with SshTransport(listed, Firewall(listed), WHO.argv) as door:
        door.confirm(NODE, this_machine())
        for ask in (
            lambda: door.run(NODE, ["sleep", "4712"], deadline=60),
            lambda: door.stream(NODE, ["sleep", "4712"], on_line=str, deadline=60),
            lambda: door.fetch(NODE, ["sleep", "4712"], tmp_path / "copy", deadline=60),
        ):
            with pytest.raises(Lost, match="was not done after 1 second"):
                ask()
        (answer,) = door.ask_batch(NODE, [["sleep", "4712"]], deadline=60)
        assert isinstance(answer, Lost)
        assert answer.kind is LostKind.DEADLINE


def test_an_early_124_is_an_answer(server: Sshd) -> None:
    with server.transport() as door:
        assert door.run(NODE, ["sh", "-c", "exit 124"], deadline=20).code == 124


def test_a_killed_connection_is_no_answer_and_is_opened_anew(server: Sshd) -> None:
    with server.transport() as door:
        killer = threading.Thread(target=kill_when, args=(server, "47110816"))
        killer.start()
        with pytest.raises(Lost) as caught:
            door.run(NODE, ["sh", "-c", "echo part; exec sleep 47110816"], deadline=40)
        killer.join()
        assert caught.value.kind is LostKind.CONNECTION_LOST
        assert caught.value.may_have_run
        assert caught.value.partial is not None
        assert caught.value.partial.stdout == b"part\n"
        assert "lost" in str(caught.value)
        assert door.run(NODE, ["echo", "again"], deadline=20).text == "again\n"
    for pid in processes("47110816"):
        os.kill(pid, signal.SIGKILL)


def test_a_command_that_lost_its_connection_still_ends_at_its_deadline(server: Sshd) -> None:
    with server.transport() as door:
        killer = threading.Thread(target=kill_when, args=(server, "47110817"))
        killer.start()
        with pytest.raises(Lost):
            door.run(NODE, ["sleep", "47110817"], deadline=3)
        killer.join()
    wait_until(lambda: processes("47110817") == [], "the command did not end by itself")


def test_a_connection_killed_between_two_questions_is_not_noticed(server: Sshd) -> None:
    with server.transport() as door:
        for number in range(3):
            assert door.run(NODE, ["echo", str(number)], deadline=20).text == f"{number}\n"
            server.kill_connections()
            control = door._connections[NODE]._control
            assert control is not None
            wait_until(lambda c=control: not connection._accepts(c), "ssh did not notice")


def test_a_node_that_freezes_is_given_up_in_time(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.ssh.NETWORK_MARGIN", 0.5)
    monkeypatch.setattr("engine.transport.answers.KILL_AFTER", 0)
    with server.transport() as door:
        door.run(NODE, ["true"], deadline=20)
        with frozen(server), pytest.raises(Lost) as caught:
            door.run(NODE, ["true"], deadline=0.5)
        assert caught.value.kind is LostKind.DEADLINE
        assert "no sign" in str(caught.value)
        assert door.run(NODE, ["echo", "back"], deadline=20).text == "back\n"


def test_a_login_that_hangs_is_unreachable(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OPEN_DEADLINE", 1.0)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        caught = lost(server)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert caught.kind is LostKind.UNREACHABLE
    assert "hangs" in str(caught)
    assert not caught.may_have_run


def test_an_unknown_host_key(server: Sshd) -> None:
    server.known_hosts.write_text("")
    caught = lost(server)
    assert caught.kind is LostKind.HOST_KEY
    assert "not known" in str(caught)
    assert not caught.may_have_run
    assert server.known_hosts.read_text() == ""


def test_a_changed_host_key(server: Sshd) -> None:
    key(server.directory / "other")
    public = (server.directory / "other.pub").read_text()
    write_known_hosts(server.directory, server.port, public)
    caught = lost(server)
    assert caught.kind is LostKind.HOST_KEY
    assert "has changed" in str(caught)
    assert "known_hosts:1" in str(caught)
    assert not caught.may_have_run


def test_a_wrong_key(server: Sshd) -> None:
    key(server.directory / "other")
    caught = lost(server, replace(server.host(), key_file=server.directory / "other"))
    assert caught.kind is LostKind.AUTHENTICATION
    assert "Login was denied" in str(caught)
    assert "ansible_ssh_private_key_file" in str(caught)
    assert not caught.may_have_run


def test_a_key_that_others_can_read(server: Sshd) -> None:
    (server.directory / "user_key").chmod(0o644)
    caught = lost(server)
    assert caught.kind is LostKind.AUTHENTICATION
    assert "0600" in str(caught)


def test_a_key_file_that_is_not_there(server: Sshd) -> None:
    caught = lost(server, replace(server.host(), key_file=server.directory / "nowhere"))
    assert caught.kind is LostKind.AUTHENTICATION
    assert "nowhere not accessible" in str(caught)


def test_a_port_where_nothing_listens(server: Sshd) -> None:
    port = free_port()
    caught = lost(server, replace(server.host(), port=port))
    assert caught.kind is LostKind.UNREACHABLE
    assert f"port {port}" in str(caught)
    assert "Connection refused" in str(caught)
    assert not caught.may_have_run


def test_a_name_that_can_not_be_resolved(server: Sshd) -> None:
    caught = lost(server, replace(server.host(), address="no-such-node.invalid"))
    assert caught.kind is LostKind.UNREACHABLE
    assert "can't be resolved" in str(caught)


def test_a_jump_host_that_denies_login(server: Sshd) -> None:
    key(server.directory / "other")
    (server.directory / "ssh_config").write_text(
        f"Host jump\n  HostName 127.0.0.1\n  Port {server.port}\n"
        f"  IdentityFile {server.directory}/other\n  IdentitiesOnly yes\n"
        f"Host *\n  UserKnownHostsFile {server.directory}/known_hosts\n  IdentityAgent none\n"
    )
    host = server.host()
    caught = lost(server, replace(host, ssh_args=(*host.ssh_args, "-J", "jump")))
    assert caught.kind is LostKind.AUTHENTICATION


def test_a_jump_host_is_used(server: Sshd) -> None:
    (server.directory / "ssh_config").write_text(
        f"Host jump\n  HostName 127.0.0.1\n  Port {server.port}\n"
        f"  IdentityFile {server.directory}/user_key\n"
        f"Host *\n  UserKnownHostsFile {server.directory}/known_hosts\n  IdentityAgent none\n"
    )
    host = server.host()
    for arguments in (("-J", "jump"), ("-o", "ProxyJump=jump")):
        with transport(replace(host, ssh_args=(*host.ssh_args, *arguments))) as door:
            assert door.run(NODE, ["echo", "via"], deadline=20).text == "via\n"


def test_sudo_that_wants_a_password(tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    sudo.chmod(0o755)
    with running([f"SetEnv PATH={tmp_path}:/usr/bin:/bin SHLVL=2"]) as server:
        caught = lost(server, replace(server.host(), become=True))
    assert caught.kind is LostKind.AUTHENTICATION
    assert "a password is required" in str(caught)
    assert "NOPASSWD" in str(caught)
    assert not caught.may_have_run


def test_sudo_that_wants_a_terminal(tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\necho 'sudo: sorry, you must have a tty to run sudo' >&2\nexit 1\n")
    sudo.chmod(0o755)
    with running([f"SetEnv PATH={tmp_path}:/usr/bin:/bin SHLVL=2"]) as server:
        caught = lost(server, replace(server.host(), become=True))
    assert caught.kind is LostKind.AUTHENTICATION
    assert "Defaults:root !requiretty" in str(caught)
    assert "NOPASSWD" not in str(caught)


@pytest.mark.parametrize("become", [False, True])
def test_an_account_without_a_shell(become: bool) -> None:
    with running(["ForceCommand exec /usr/sbin/nologin"]) as server:
        caught = lost(server, replace(server.host(), become=become))
    assert caught.kind is LostKind.AUTHENTICATION
    assert "login there says: This account is currently not available. The login" in str(caught)
    assert "sudo" not in str(caught)


@pytest.mark.parametrize("become", [False, True])
def test_a_csh_as_login_shell_runs_nothing(become: bool, tmp_path: Path) -> None:
    """It takes each line of a quoted script for a command of its own."""
    made = tmp_path / "made"
    command = ["sh", "-c", f"true\ntouch {made}\ntrue"]
    with running(['ForceCommand exec tcsh -c "$SSH_ORIGINAL_COMMAND"']) as server:
        host = replace(server.host(), become=become)
        with transport(host) as door, pytest.raises(Lost) as caught:
            door.run(NODE, command, deadline=20)
    assert not caught.value.may_have_run
    assert not made.exists()
    assert "The login shell of root is a csh" in str(caught.value)
    assert "sudo" not in str(caught.value)


def test_more_questions_at_once_than_sshd_allows() -> None:
    with running(["MaxSessions 2"]) as server, server.transport() as door:
        names = [str(number) for number in range(12)]
        answers = in_parallel(names, lambda n: door.run(NODE, ["sleep", "0.2"], deadline=60))
        assert [answer.code for answer in answers.values() if isinstance(answer, Answer)] == [
            0
        ] * 12
        assert connections(server) == 1


def test_a_ninth_session_does_not_wait_for_ever(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.ssh.NETWORK_MARGIN", 0.1)
    monkeypatch.setattr("engine.transport.answers.KILL_AFTER", 0)
    with server.transport() as door:
        for _ in range(connection.SESSIONS):
            door._connections[NODE].sessions.acquire()
        with pytest.raises(Lost, match="busy") as caught:
            door.run(NODE, ["true"], deadline=0.2)
    assert not caught.value.may_have_run


def test_without_an_ssh_client_nothing_works(
    server: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="OpenSSH"):
        server.transport()


def test_new_connections_that_are_dropped_are_tried_again() -> None:
    with running(["MaxStartups 1:60:4"]) as server:
        hosts = [server.host(f"node{number}") for number in range(8)]
        with transport(*hosts) as door:
            names = [host.name for host in hosts]
            answers = in_parallel(names, lambda node: door.run(node, ["true"], deadline=60))
    assert all(isinstance(answer, Answer) for answer in answers.values()), answers


def test_a_closed_transport_opens_nothing(server: Sshd) -> None:
    door = server.transport()
    door.close()
    with pytest.raises(Lost, match="closed"):
        door.run(NODE, ["true"], deadline=5)


def test_what_a_killed_run_left_is_swept_up(server: Sshd) -> None:
    program = (
        "import os, sys; from engine.transport.ssh import SshTransport\n"
        "from tests.engine import sshd\n"
        "from dataclasses import replace; from pathlib import Path\n"
        "host = sshd.Sshd(Path(sys.argv[1]), int(sys.argv[2]), None).host()\n"
        "door = sshd.transport(host); door.run(host.name, ['true'], deadline=20)\n"
        "print(door._directory.path, flush=True); os.kill(os.getpid(), 9)\n"
    )
    arguments = [sys.executable, "-c", program, str(server.directory), str(server.port)]
    root = Path(__file__).parents[2]
    done = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    assert done.returncode == -9, done.stderr
    assert left.is_dir()
    assert connection._accepts(left / "0c1")
    assert masters(left) == 1
    with server.transport():
        assert not left.exists()
    wait_until(lambda: masters(left) == 0, "the old connection stayed")


# forwarding


@contextlib.contextmanager
def echo_server(path: Path) -> Iterator[None]:
    """Answers every connection on a Unix socket with what it sends, in upper case."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(client.recv(100).upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def ask(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(b"hello")
        data = client.recv(100)
    if not data:
        raise ConnectionError("the other end closed")
    return data


def test_a_socket_is_forwarded_while_the_block_lasts(server: Sshd, tmp_path: Path) -> None:
    with echo_server(tmp_path / "s"), server.transport() as door:
        for _ in range(3):
            with door.forward(NODE, str(tmp_path / "s")) as local:
                assert local.stat().st_mode & 0o077 == 0
                assert [ask(local), ask(local)] == [b"HELLO", b"HELLO"]
            assert not local.exists()


def test_two_forwards_at_once(server: Sshd, tmp_path: Path) -> None:
    with echo_server(tmp_path / "s"), server.transport() as door:
        with (
            door.forward(NODE, str(tmp_path / "s")) as one,
            door.forward(NODE, str(tmp_path / "s")) as two,
        ):
            assert [ask(one), ask(two)] == [b"HELLO", b"HELLO"]


def test_forwarding_switched_off_is_named(tmp_path: Path) -> None:
    with running(["AllowStreamLocalForwarding no"]) as server, server.transport() as door:
        with echo_server(tmp_path / "s"), pytest.raises(Lost) as caught:
            with door.forward(NODE, str(tmp_path / "s")) as local:
                ask(local)
    assert caught.value.kind is LostKind.FORWARDING
    assert "AllowStreamLocalForwarding" in str(caught.value)
    assert not caught.value.may_have_run


def test_a_socket_that_nobody_serves_is_the_callers_error(server: Sshd, tmp_path: Path) -> None:
    with server.transport() as door, pytest.raises(ConnectionError):
        with door.forward(NODE, str(tmp_path / "nobody")) as local:
            ask(local)


# helpers


def processes(word: str) -> list[int]:
    """Pids with this word in their arguments, our ssh clients left out."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            arguments = file.read_bytes().split(b"\0")
            if word.encode() in arguments and b"ssh" not in arguments:
                found.append(int(file.parent.name))
    return found


def masters(directory: Path) -> int:
    """Processes that name a file of the directory in their title."""
    count = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            count += str(directory).encode() in file.read_bytes()
    return count


def kill_when(server: Sshd, word: str) -> None:
    wait_until(lambda: ["sleep"] and running_sleep(word), f"no process with {word} came")
    server.kill_connections()


def running_sleep(word: str) -> bool:
    for pid in processes(word):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "sleep":
                return True
    return False


def wait_until(is_so: object, complaint: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < until, complaint
        time.sleep(0.02)


def connections(server: Sshd) -> int:
    log = (server.directory / "log").read_text()
    return log.count("Accepted publickey")


@contextlib.contextmanager
def frozen(server: Sshd) -> Iterator[None]:
    """All processes of sshd stopped."""
    pids = [server.process.pid]
    for pid in pids:
        pids += children(pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
