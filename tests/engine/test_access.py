"""Asking what a node reaches: the scripts run for real, sockets by a real sshd."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import ParseError
from engine.model.answer import Lost
from engine.model.host import Login
from engine.model.query import Query
from engine.parse.access import parse_listening, parse_logins
from engine.queries.access import LISTENING, addresses_of, logins_to, served_one
from engine.transport import forwarding
from engine.transport.forwarding import try_socket
from tests.engine.sshd import NODE, running
from tests.engine.test_relay import path_with

SSH = """#!/bin/sh
for last; do host=$before before=$last; done
case $host in
  root@good) exit 0 ;;
  root@slow) exec sleep 60 ;;
  *) printf 'first\\nroot@bad: Permission\\tdenied.\\nlast words' >&2; exit 255 ;;
esac
"""


def asked(query: Query[object], path: str) -> object:
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"}
    done = subprocess.run(query.argv, capture_output=True, text=True, env=environment, check=True)
    return query.parse(SimpleNamespace(code=0, text=done.stdout, errors=done.stderr))


def test_n_tries_all_logins_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    query = logins_to(["good", "slow", "bad"])
    script = query.argv[2].replace("timeout 20", "timeout 0.5")
    quick = Query(query.name, (*query.argv[:2], script, *query.argv[3:]), query.parse)
    assert asked(quick, str(tmp_path)) == {
        "good": Login(0, ""),
        "slow": Login(124, ""),
        "bad": Login(255, "root@bad: Permission denied. last words"),
    }


def test_a_login_is_by_key_and_asks_nothing(tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nprintf "%s " "$@"\nexit 1\n')
    ssh.chmod(0o755)
    said = asked(logins_to(["n2"]), str(tmp_path))["n2"].said  # type: ignore[index]
    assert "-o BatchMode=yes" in said
    assert said.startswith("-n ")
    assert said.endswith("root@n2 true")


def test_an_answer_without_an_exit_code_is_none() -> None:
    with pytest.raises(ParseError, match="has no exit code"):
        parse_logins("n2\tPermission denied\n")


def test_names_are_looked_up_as_the_node_does() -> None:
    seen = asked(addresses_of(["localhost", "no-such-node.invalid"]), "/bin")
    assert seen["no-such-node.invalid"] == ()  # type: ignore[index]
    assert {"127.0.0.1", "::1"} & set(seen["localhost"])  # type: ignore[index]


TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20001 /run/dbus/system_bus_socket
0000000000000000: 00000002 00000000 00010000 0005 01 20002 /run/udev/control
0000000000000000: 00000003 00000000 00000000 0001 03 20003 /run/systemd/journal/stdout
0000000000000000: 00000002 00000000 00010000 0001 01 20004 /var/lib/a b/s
0000000000000000: 00000002 00000000 00010000 0001 01 20005
"""


def test_only_listening_stream_sockets_with_a_name_are_served() -> None:
    assert parse_listening(TABLE) == ("/run/dbus/system_bus_socket", "/var/lib/a b/s")
    assert served_one(parse_listening(TABLE)) == "/run/dbus/system_bus_socket"
    assert served_one(["/var/lib/a b/s"]) == ""


def test_only_sockets_that_could_be_tried_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "unix").write_text(TABLE)
    argv = [*LISTENING.argv[:-1], str(tmp_path / "unix")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 2, "the one that listens, and a connection"
    assert parse_listening(done.stdout) == ("/run/dbus/system_bus_socket",)
    assert LISTENING.ok_codes == (0, 1), "none of them is an answer, too"


@contextlib.contextmanager
def server(path: Path, *, closes: bool) -> Iterator[None]:
    """A server that says nothing; it closes when the other side has, or never."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        held: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    held.append(client)
                    if closes:
                        client.recv(1)
                        client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield
        for client in held:
            client.close()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("closes", [True, False])
def test_a_socket_that_is_forwarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closes: bool
) -> None:
    monkeypatch.setattr(forwarding, "LIMIT", 5.0 if closes else 0.5)
    path = tmp_path / "s"
    with running() as sshd, sshd.transport() as door, server(path, closes=closes):
        table = door.run(NODE, ["cat", "/proc/net/unix"], deadline=20).text
        assert str(path) in parse_listening(table)
        try_socket(door, NODE, str(path))


@pytest.mark.parametrize("option", ["AllowStreamLocalForwarding no", "DisableForwarding yes"])
def test_an_sshd_that_forwards_no_sockets(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    with running([option]) as sshd, sshd.transport() as door, server(path, closes=True):
        try_socket(door, NODE, str(path))
        monkeypatch.setattr("engine.transport.wrapper.SAFE_PATH", path_with(tmp_path / "bin"))
        with pytest.raises(Lost, match="neither perl nor") as caught:
            try_socket(door, NODE, str(path))
    assert caught.value.is_refusal
