"""A machine that lacks what ssh needs: said in words before anybody is asked, or as a lost node."""

from __future__ import annotations

import errno
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.model.answer import Lost, LostKind
from engine.transport import private
from tests.engine.sshd import NODE, Sshd, running

FULL = OSError(errno.ENOSPC, "No space left on device")
MANY = OSError(errno.EMFILE, "Too many open files")


@pytest.fixture
def server() -> Iterator[Sshd]:
    with running() as started:
        yield started


@pytest.fixture
def limit() -> Iterator[tuple[int, int]]:
    """The limits of open files, as they are and will be again."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_limit_that_can_be_raised_is_raised(limit: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, limit[1]))
    private.require(16)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 200


def test_a_limit_that_can_not_be_raised_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private.resource, "getrlimit", lambda _: (24, 24))
    with pytest.raises(UsageError, match=r"24 files here \(ulimit -Hn\), and 124 are needed for 5"):
        private.require(5)


def test_no_directory_is_a_usage_error(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise FULL

    monkeypatch.setattr(private.tempfile, "mkdtemp", refuse)
    with pytest.raises(UsageError, match=r"/tmp: .* \(No space left on device\); nothing was"):
        server.transport()


def test_a_directory_that_takes_nothing_is_a_usage_error_and_does_not_stay(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def full(directory: Path) -> str:
        made.append(directory)
        return "No space left on device"

    monkeypatch.setattr(private, "why_no_room", full)
    with pytest.raises(UsageError, match="No space left on device"):
        server.transport()
    assert not made[0].exists()


def test_words_of_ssh_that_could_not_be_kept_are_said_to_be_lost(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.directory / "authorized_keys").write_text("")
    with server.transport() as door:
        door._connections[NODE]._log = Path("/dev/null")
        monkeypatch.setattr("engine.transport.connection.why_no_room", lambda _: str(FULL.strerror))
        with pytest.raises(Lost) as caught:
            door.run(NODE, ["true"], deadline=20)
    assert "ssh says: nothing; what it said could not be kept in" in str(caught.value)
    assert "No space left on device" in str(caught.value)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_room_is_what_can_be_written(tmp_path: Path) -> None:
    assert private.why_no_room(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
    assert private.why_no_room(tmp_path / "nowhere") == "No such file or directory"


@pytest.mark.parametrize("when", ["login", "session"])
def test_a_client_that_can_not_be_started_is_a_node_that_was_sent_nothing(
    server: Sshd, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    plain = subprocess.Popen

    def refuse(command: Any, *given: Any, **more: Any) -> Any:
        if (when == "login") is ("-f" in command):
            raise MANY
        return plain(command, *given, **more)

    with server.transport() as door:
        monkeypatch.setattr(subprocess, "Popen", refuse)
        before = open_files()
        with pytest.raises(Lost) as caught:
            door.run(NODE, ["true"], deadline=20)
        assert caught.value.kind is LostKind.UNREACHABLE
        assert not caught.value.may_have_run
        assert "could not be started on this machine: Too many open files" in str(caught.value)
        assert open_files() == before
        monkeypatch.undo()
        assert door.run(NODE, ["echo", "on"], deadline=20).text == "on\n"
