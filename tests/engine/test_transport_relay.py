"""The database and other sockets where ssh forwards none: a relay through a real sshd and sudo."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from engine.errors import Unanswered
from engine.model.answer import Known, Lost, LostKind
from engine.model.login import SocketWay
from engine.transport.database import connect
from engine.transport.forwarding import try_socket
from tests.engine.mysqld import Answers, Mysqld, serving
from tests.engine.sshd import (
    ANYTHING,
    NODE,
    SUDOER,
    Sshd,
    running,
    stranger_transport,
    this_machine,
    transport,
)
from tests.engine.test_relay import hold, path_with, served

BIG = ["x" * 250] * 20_000
ANSWERS: Answers = {
    "SELECT value FROM t": [f"row {number}" for number in range(1000)],
    "SELECT big": BIG,
    "SELECT half": ["row 0", None],
    "SELECT crash": 0,
}
NEEDED = ("cat", "readlink", "timeout")
"""What the transport itself runs, to see whether somebody serves a socket."""
FORWARDS_NONE = "AllowStreamLocalForwarding no"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mysqld]:
    with serving(tmp_path / "db", {"root": ""}, ANSWERS) as started:
        started.path.chmod(0o600)  # as for the database: who is not root gets no further
        yield started


@pytest.fixture(params=["Defaults use_pty", "Defaults !use_pty"])
def sudoer(request: pytest.FixtureRequest) -> Iterator[Sshd]:
    with running(sudoers=[request.param, ANYTHING]) as started:
        yield started


def relays(path: Path) -> list[str]:
    """Processes of relays to this socket, sudo among them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().split(b"\0")
            if str(path).encode() in words and b"ssh" not in words:
                found.append(words[0].decode())
    return found


def until_none(path: Path) -> None:
    until = time.monotonic() + 30
    while left := relays(path):
        assert time.monotonic() < until, f"still there: {left}"
        time.sleep(0.05)


def test_the_database_by_sudo(sudoer: Sshd, server: Mysqld) -> None:
    ways: list[SocketWay] = []
    with transport(sudoer.sudoer()) as door:
        door.on_socket = ways.append
        for _ in range(2):
            with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
                with connection.cursor() as cursor:
                    assert cursor.execute("SELECT value FROM t") == 1000
                    assert cursor.execute("SELECT big") == len(BIG)
                    assert "perl" in " ".join(relays(server.path))
            until_none(server.path)
    assert ways == [SocketWay(NODE, str(server.path), "relay", "perl", become=True)] * 2
    assert server.users == ["root"] * 2


def test_without_the_relay_only_root_gets_to_the_socket(sudoer: Sshd, server: Mysqld) -> None:
    host = replace(sudoer.sudoer(), become=False)
    with transport(host) as door, pytest.raises(Unanswered, match="2013"):
        with connect(door, NODE, socket_path=str(server.path), database=None):
            pass


@pytest.mark.parametrize("option", [FORWARDS_NONE, "DisableForwarding yes"])
def test_root_where_sshd_forwards_to_no_socket(option: str, server: Mysqld) -> None:
    ways: list[SocketWay] = []
    with running([option]) as sshd, sshd.transport() as door:
        door.on_socket = ways.append
        for _ in range(2):
            with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
                assert connection.cursor().execute("SELECT value FROM t") == 1000
    assert [(way.by, way.program, way.become) for way in ways] == [("relay", "perl", False)] * 2
    assert "AllowStreamLocalForwarding" in ways[0].why
    assert len(server.users) == 2, "what is refused once is not tried again"


def test_where_sshd_forwards_that_is_the_way(server: Mysqld) -> None:
    ways: list[SocketWay] = []
    with running() as sshd, sshd.transport() as door:
        door.on_socket = ways.append
        with connect(door, NODE, socket_path=str(server.path), database=None):
            assert relays(server.path) == []
    assert ways == [SocketWay(NODE, str(server.path), "forwarding")]


def test_the_socket_of_no_server(sudoer: Sshd, tmp_path: Path) -> None:
    with transport(sudoer.sudoer()) as door:
        with pytest.raises(Unanswered, match=r"No such file or directory\. .* its resource runs"):
            with connect(door, NODE, socket_path=str(tmp_path / "s"), database=None):
                pass
        assert door.run(NODE, ["echo", "on"], deadline=20).text == "on\n"


@pytest.mark.parametrize("statement", ["SELECT half", "SELECT crash"])
def test_a_server_that_is_lost_in_mid_answer(sudoer: Sshd, server: Mysqld, statement: str) -> None:
    with transport(sudoer.sudoer()) as door, pytest.raises(Unanswered, match="error 2013"):
        with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
            connection.cursor().execute(statement)
    until_none(server.path)


def test_a_server_that_does_not_answer_in_time(sudoer: Sshd, tmp_path: Path) -> None:
    with served(tmp_path / "s", hold), transport(sudoer.sudoer()) as door:
        with door.dial(NODE, str(tmp_path / "s")) as ours:
            ours.settimeout(0.5)
            with pytest.raises(TimeoutError):
                ours.recv(1)
        until_none(tmp_path / "s")


def cut_off_and_ask(sshd: Sshd, connection: Connection[DictCursor]) -> None:
    sshd.kill_connections()
    connection.cursor().execute("SELECT value FROM t")


def test_a_connection_that_is_cut_off_is_lost(sudoer: Sshd, server: Mysqld) -> None:
    with transport(sudoer.sudoer()) as door:
        opened = connect(door, NODE, socket_path=str(server.path), database=None)
        with pytest.raises(Unanswered, match="error 20"), opened as connection:
            cut_off_and_ask(sudoer, connection)
    until_none(server.path)


def test_nothing_stays_when_the_controller_is_killed(sudoer: Sshd, tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from tests.engine import sshd\n"
        "host = sshd.Sshd(Path(sys.argv[1]), int(sys.argv[2]), None).sudoer()\n"
        "with sshd.transport(host).dial(host.name, sys.argv[3]):\n"
        "    print('dialled', flush=True); sys.stdin.read()\n"
    )
    path = tmp_path / "s"
    with served(path, hold):
        words = [sys.executable, "-c", program, str(sudoer.directory), str(sudoer.port), str(path)]
        killed = subprocess.Popen(
            words, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"dialled\n"
        assert relays(path)
        killed.kill()
        killed.communicate()
        until_none(path)


REFUSED = {
    "a password": ([f"{SUDOER} ALL=(ALL) ALL"], "NOPASSWD for all commands"),
    "a terminal": (["Defaults requiretty", ANYTHING], "!requiretty"),
    "no other command": ([f"{ANYTHING}, !/usr/bin/env"], "run some commands only"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_sudo_refuses_is_named(case: str, server: Mysqld) -> None:
    sudoers, sentence = REFUSED[case]
    with running(sudoers=sudoers) as sshd, transport(sshd.sudoer()) as door:
        with pytest.raises(Lost) as caught, door.dial(NODE, str(server.path)):
            pass
    assert caught.value.kind is LostKind.AUTHENTICATION
    assert sentence in caught.value.why


def test_without_a_program_it_says_what_was_looked_for(
    server: Mysqld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.wrapper.SAFE_PATH", path_with(tmp_path / "bin", *NEEDED))
    with running([FORWARDS_NONE]) as sshd:
        for host in (sshd.host(), replace(sshd.host(), become=True)):
            is_asked_of_sshd = not host.become
            with transport(host) as door, pytest.raises(Lost) as caught:
                with connect(door, NODE, socket_path=str(server.path), database=None):
                    pass
            assert caught.value.is_refusal
            assert "neither perl nor /usr/libexec/platform-python nor python3" in caught.value.why
            assert ("AllowStreamLocalForwarding" in caught.value.why) is is_asked_of_sshd


def test_a_relay_that_breaks_is_told_in_its_words(
    server: Mysqld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Path(path_with(tmp_path / "bin", *NEEDED))
    (search / "perl").write_text("#!/bin/sh\necho 'no such module' >&2\nexit 2\n")
    (search / "perl").chmod(0o755)
    monkeypatch.setattr("engine.transport.wrapper.SAFE_PATH", str(search))
    with running([FORWARDS_NONE]) as sshd, sshd.transport() as door:
        with pytest.raises(Lost, match="no such module") as caught:
            with connect(door, NODE, socket_path=str(server.path), database=None):
                pass
    assert caught.value.is_refusal


def test_python_where_there_is_no_perl(
    server: Mysqld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[SocketWay] = []
    search = path_with(tmp_path / "bin", *NEEDED, "python3")
    monkeypatch.setattr("engine.transport.wrapper.SAFE_PATH", search)
    with running([FORWARDS_NONE]) as sshd, sshd.transport() as door:
        door.on_socket = ways.append
        with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
            assert connection.cursor().execute("SELECT big") == len(BIG)
    assert [way.program for way in ways] == ["python"]


def test_another_machine_gets_nothing(server: Mysqld) -> None:
    meant = Known("0" * 32, "elsewhere")
    with running(sudoers=[ANYTHING]) as sshd:
        door = stranger_transport(sshd.sudoer())
        with contextlib.closing(door):
            with pytest.raises(Lost, match="not been confirmed"), door.dial(NODE, "/run/s"):
                pass
            door.confirm(NODE, meant)
            with pytest.raises(Lost) as caught, door.dial(NODE, str(server.path)):
                pass
    assert caught.value.kind is LostKind.IDENTITY
    assert caught.value.seen is not None
    assert caught.value.seen.is_same_as(this_machine())
    assert server.users == []


def test_what_start_up_files_print_does_not_disturb(server: Mysqld) -> None:
    noise = 'ForceCommand echo noise; echo more >&2; eval "$SSH_ORIGINAL_COMMAND"'
    with running([noise, FORWARDS_NONE]) as sshd, sshd.transport() as door:
        with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
            assert connection.cursor().execute("SELECT value FROM t") == 1000


def test_more_relays_at_once_than_sshd_has_sessions(server: Mysqld) -> None:
    with running(["MaxSessions 2", FORWARDS_NONE]) as sshd, sshd.transport() as door:
        done: list[int] = []

        def ask() -> None:
            with connect(door, NODE, socket_path=str(server.path), database=None) as connection:
                done.append(connection.cursor().execute("SELECT value FROM t"))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert done == [1000] * 6


def test_a_served_socket_is_tried_without_a_word(sudoer: Sshd, tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listen(client: socket.socket) -> None:
        heard.append(client.recv(100))

    with served(tmp_path / "s", listen), transport(sudoer.sudoer()) as door:
        try_socket(door, NODE, str(tmp_path / "s"))
    assert heard == [b""]
