"""The relay alone: each of its two programs between a socket pair and a server of the test's."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.transport.relay import relay_argv

PROGRAMS = ("perl", "python")
Serve = Callable[[socket.socket], None]
BIG = 32 * 1024 * 1024


@contextlib.contextmanager
def served(path: Path, serve: Serve) -> Iterator[None]:
    """A server that gives each connection to `serve`, and closes it then."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, contextlib.suppress(OSError):
                    serve(client)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)


def path_with(directory: Path, *programs: str) -> str:
    """A PATH with a shell and these programs only."""
    directory.mkdir()
    for name in ("sh", *programs):
        target = sys.executable if name == "python3" else shutil.which(name)
        assert target
        (directory / name).symlink_to(target)
    return str(directory)


class Started:
    """A relay, and our end of its streams."""

    def __init__(self, path: Path, search: str, **seconds: int) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(30)
        with theirs:
            self.process = subprocess.Popen(
                relay_argv(str(path), **seconds),
                stdin=theirs,
                stdout=theirs,
                stderr=subprocess.PIPE,
                env={"PATH": search, "LC_ALL": "C"},
            )

    def status(self) -> str:
        line = b""
        while not line.endswith(b"\n") and (byte := self.socket.recv(1)):
            line += byte
        return line.decode().strip()

    def rest(self) -> bytes:
        data = b""
        while chunk := self.socket.recv(1 << 16):
            data += chunk
        return data


@contextlib.contextmanager
def relay(path: Path, search: str, **seconds: int) -> Iterator[Started]:
    started = Started(path, search, **seconds)
    try:
        yield started
        started.socket.close()
        started.process.wait(20)
        assert started.process.stderr is not None
        assert started.process.stderr.read() == b""
    finally:
        started.process.kill()
        started.process.communicate()
        started.socket.close()


@pytest.fixture(params=PROGRAMS)
def search(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the relay finds this one of its programs and not the other."""
    if request.param == "python" and Path("/usr/libexec/platform-python").exists():
        pytest.skip("a platform-python is found by its path")  # pragma: no cover
    return path_with(tmp_path / "bin", {"python": "python3"}.get(request.param, request.param))


def echo(client: socket.socket) -> None:
    while data := client.recv(1 << 16):
        client.sendall(data)


def test_it_says_that_it_is_connected_and_by_what(tmp_path: Path, search: str) -> None:
    with served(tmp_path / "s", echo), relay(tmp_path / "s", search) as started:
        assert started.status() == ("+perl" if Path(search, "perl").exists() else "+python")
        for number in range(200):
            started.socket.sendall(b"%d\0\xff\n" % number)
            assert started.socket.recv(100) == b"%d\0\xff\n" % number


def test_perl_comes_first(tmp_path: Path) -> None:
    search = path_with(tmp_path / "bin", "perl", "python3")
    with served(tmp_path / "s", echo), relay(tmp_path / "s", search) as started:
        assert started.status() == "+perl"


def test_without_either_it_says_what_was_looked_for(tmp_path: Path) -> None:
    with relay(tmp_path / "s", path_with(tmp_path / "bin")) as started:
        said = "!neither perl nor /usr/libexec/platform-python nor python3 is there"
        assert started.status() == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [("missing", "No such file or directory"), ("left", "Connection refused")],
)
def test_a_socket_that_nobody_serves(tmp_path: Path, search: str, kind: str, said: str) -> None:
    if kind == "left":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / "s"))
    with relay(tmp_path / "s", search) as started:
        assert started.status() == f"-{said}"
        assert started.rest() == b""


def test_a_server_that_lets_nobody_in_is_not_waited_for(
    tmp_path: Path, search: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.relay.CONNECT", 1)
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as held:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        queued = held.enter_context(socket.socket(socket.AF_UNIX))
        queued.connect(str(tmp_path / "s"))
        with relay(tmp_path / "s", search) as started:
            assert started.status() == "-not connected after 1 seconds"
            assert started.process.wait(20) == 3


def test_much_at_once_both_ways(tmp_path: Path, search: str) -> None:
    """Each side writes before it reads: who holds one way up for the other never ends."""
    data = os.urandom(BIG // 8)
    with served(tmp_path / "s", echo), relay(tmp_path / "s", search) as started:
        started.status()
        sender = threading.Thread(target=started.socket.sendall, args=(data,))
        sender.start()
        came = b""
        while len(came) < len(data):
            came += started.socket.recv(1 << 16)
        sender.join()
        assert came == data


def test_the_rest_of_an_answer_comes_when_we_have_said_all(tmp_path: Path, search: str) -> None:
    def answer_at_the_end(client: socket.socket) -> None:
        asked = b""
        while data := client.recv(1 << 16):
            asked += data
        client.sendall(asked.upper() * 100_000)

    with served(tmp_path / "s", answer_at_the_end), relay(tmp_path / "s", search) as started:
        started.status()
        started.socket.sendall(b"question")
        started.socket.shutdown(socket.SHUT_WR)
        assert started.rest() == b"QUESTION" * 100_000
        assert started.process.wait(20) == 0


def test_a_server_that_is_gone_in_mid_answer_is_an_end(tmp_path: Path, search: str) -> None:
    with served(tmp_path / "s", lambda client: client.sendall(b"half")):
        with relay(tmp_path / "s", search) as started:
            started.status()
            assert started.rest() == b"half"
            assert started.process.wait(20) == 0


def test_what_nobody_reads_is_not_held_in_memory(tmp_path: Path, search: str) -> None:
    sent, is_over = [0], threading.Event()

    def pour(client: socket.socket) -> None:
        client.settimeout(1)
        try:
            while sent[0] < BIG:
                sent[0] += client.send(bytes(65536))
        finally:
            is_over.set()

    with served(tmp_path / "s", pour), relay(tmp_path / "s", search) as started:
        started.status()
        assert is_over.wait(30)
        assert sent[0] < BIG // 8


def hold(client: socket.socket) -> None:
    """Says nothing and goes on when its asker has gone, as with a statement that takes its time."""
    gone = select.poll()
    gone.register(client, 0)
    gone.poll(30_000)


def test_it_ends_with_its_asker(tmp_path: Path, search: str) -> None:
    with served(tmp_path / "s", hold), relay(tmp_path / "s", search, drain=1) as started:
        started.status()
        started.socket.close()
        assert started.process.wait(20) == 4


def test_it_ends_after_a_long_silence(tmp_path: Path, search: str) -> None:
    """When sshd does not notice that the controller is gone, its input never ends."""
    with served(tmp_path / "s", hold), relay(tmp_path / "s", search, silence=1) as started:
        started.status()
        assert started.process.wait(20) == 4
