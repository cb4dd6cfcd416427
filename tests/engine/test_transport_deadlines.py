"""Deadlines and losses of every way to ask, over a real sshd: ended, kept in part, told apart."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.attempt import remote
from engine.attempt.fencing_token import was_held_back
from engine.model.answer import Answer, Lost, LostKind
from engine.transport import options
from engine.transport.diagnosis import diagnose, how_it_broke
from engine.transport.ssh import SshTransport
from tests.engine.sshd import NODE, Sshd, running
from tests.engine.test_transport_lost import frozen, kill_when, processes, running_sleep, wait_until


@pytest.fixture
def server() -> Iterator[Sshd]:
    with running() as started:
        yield started


@pytest.fixture
def door(server: Sshd) -> Iterator[SshTransport]:
    with server.transport() as opened:
        yield opened


def hanging(word: str) -> list[str]:
    """Prints, starts a child of its own, ignores TERM, hangs."""
    script = "echo part; echo err >&2; sleep $1 & trap '' TERM; sleep $1; sleep $1"
    return ["sh", "-c", script, "sh", word]


def test_a_batch_ends_what_hangs_and_goes_on(door: SshTransport) -> None:
    before, hung, after = door.ask_batch(
        NODE, [["echo", "1"], hanging("47110901"), ["echo", "2"]], deadline=1.5
    )
    assert isinstance(before, Answer)
    assert isinstance(after, Answer)
    assert (before.text, after.text) == ("1\n", "2\n")
    assert isinstance(hung, Lost)
    assert hung.kind is LostKind.DEADLINE
    assert hung.partial is not None
    assert hung.partial.stdout == b"part\n"
    assert hung.partial.stderr.startswith(b"err\n")
    assert processes("47110901") == []


def test_a_stream_has_handed_over_what_came_before_its_deadline(door: SshTransport) -> None:
    lines: list[str] = []
    with pytest.raises(Lost) as caught:
        door.stream(NODE, hanging("47110902"), on_line=lines.append, deadline=1.5)
    assert caught.value.kind is LostKind.DEADLINE
    assert lines == ["part"]
    assert caught.value.partial is not None
    assert caught.value.partial.stderr.startswith(b"err\n")
    assert processes("47110902") == []


def test_a_fetch_leaves_no_file_at_its_deadline(door: SshTransport, tmp_path: Path) -> None:
    with pytest.raises(Lost) as caught:
        door.fetch(NODE, hanging("47110903"), tmp_path / "file", deadline=1.5)
    assert caught.value.kind is LostKind.DEADLINE
    assert list(tmp_path.iterdir()) == []
    assert processes("47110903") == []


def test_a_session_of_its_own_is_left_alone_at_the_deadline(door: SshTransport) -> None:
    """What was detached on purpose goes on: only the process group of the command is ended."""
    script = "setsid --fork sleep $1 </dev/null >/dev/null 2>&1; sleep 4711"
    with pytest.raises(Lost, match="ended"):
        door.run(NODE, ["sh", "-c", script, "sh", "47110904"], deadline=1.0)
    (left,) = processes("47110904")
    os.kill(left, signal.SIGKILL)


Way = Callable[[SshTransport, list[str], Path], object]
WAYS: dict[str, Way] = {
    "run": lambda door, argv, _: door.run(NODE, argv, deadline=40),
    "stream": lambda door, argv, _: door.stream(NODE, argv, on_line=str, deadline=40),
    "fetch": lambda door, argv, path: door.fetch(NODE, argv, path / "file", deadline=40),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_breaks_is_told_by_what_ssh_said(
    server: Sshd, door: SshTransport, way: str, tmp_path: Path
) -> None:
    word = f"4711091{list(WAYS).index(way)}"
    killer = threading.Thread(target=kill_when, args=(server, word))
    killer.start()
    with pytest.raises(Lost) as caught:
        WAYS[way](door, ["sleep", word], tmp_path)
    killer.join()
    for pid in processes(word):
        os.kill(pid, signal.SIGKILL)
    assert caught.value.kind is LostKind.CONNECTION_LOST
    assert "as when sshd or the node is stopped" in caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_exit_255_of_the_command_is_told_from_a_lost_connection(door: SshTransport) -> None:
    first, second = door.ask_batch(NODE, [["sh", "-c", "exit 255"], ["echo", "on"]], deadline=20)
    assert isinstance(first, Answer)
    assert first.code == 255
    assert isinstance(second, Answer)


TOLD = {
    "Timeout, server 192.0.2.1 not responding.": "The node or the network was silent",
    "client_loop: send disconnect: Broken pipe": "The way to the node, or sshd there, broke it",
    "something else": "ssh says: something else",
}


@pytest.mark.parametrize("log", TOLD)
def test_what_ssh_says_about_a_lost_connection_is_explained(log: str) -> None:
    assert how_it_broke(log).startswith(TOLD[log])
    assert f"ssh says: {log}" in how_it_broke(log)


def test_a_network_that_is_cut_is_told_from_a_node_that_ends(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes any more, and nothing says why: ssh gives up after a while."""
    monkeypatch.setitem(options._OPTIONS, "ServerAliveInterval", "2")
    monkeypatch.setitem(options._OPTIONS, "ServerAliveCountMax", "1")
    caught: list[Lost] = []

    def ask(door: SshTransport) -> None:
        with pytest.raises(Lost) as lost:
            door.run(NODE, ["sleep", "47110930"], deadline=300)
        caught.append(lost.value)

    with server.transport() as door:
        asking = threading.Thread(target=ask, args=(door,))
        asking.start()
        wait_until(lambda: running_sleep("47110930"), "the command did not start")
        with frozen(server):
            asking.join(60)
    for pid in processes("47110930"):
        os.kill(pid, signal.SIGKILL)
    assert caught[0].kind is LostKind.CONNECTION_LOST
    assert caught[0].may_have_run
    assert "The node or the network was silent: is the node up" in caught[0].why


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("System is going down. Unprivileged users are not permitted", "shutting down or starting"),
        ("ssh: connect to host 192.0.2.1 port 22: Connection refused", "a reboot takes minutes"),
        ("ssh: connect to host 192.0.2.1 port 22: No route to host", "The node does not react"),
    ],
)
def test_a_node_that_reboots_is_told_from_one_that_is_gone(
    server: Sshd, log: str, told: str
) -> None:
    kind, why = diagnose(server.host(), log, None)
    assert kind is LostKind.UNREACHABLE
    assert told in why


# what goes before a command


def gate(root: Path, generation: str = "1") -> tuple[str, ...]:
    (root / ".flock").touch()
    (root / "lock").write_text('1\nheld\n{"who": "me"}\n')
    return remote.script(remote.GUARD, str(root), generation)


def test_the_gate_runs_the_command_as_it_is(door: SshTransport, tmp_path: Path) -> None:
    words = ["sh", "-c", 'cat; printf "<%s>" "$@"; exit 3', "sh", "a b", "'", ""]
    answer = door.run(NODE, words, stdin=b"in ", deadline=20, gate=gate(tmp_path))
    assert (answer.text, answer.code, answer.errors) == ("in <a b><'><>", 3, "")


def test_the_gate_holds_back_what_is_not_ours_any_more(door: SshTransport, tmp_path: Path) -> None:
    words = ["touch", str(tmp_path / "ran")]
    answer = door.run(NODE, words, deadline=20, gate=gate(tmp_path, "0"))
    assert was_held_back(answer)
    assert not (tmp_path / "ran").exists()


def test_a_command_behind_the_gate_is_ended_at_its_deadline(
    door: SshTransport, tmp_path: Path
) -> None:
    with pytest.raises(Lost) as caught:
        door.run(NODE, hanging("47110920"), deadline=1.5, gate=gate(tmp_path))
    assert caught.value.partial is not None
    assert caught.value.partial.stdout == b"part\n"
    assert "neteye-runbook" not in caught.value.why  # the gate is not what was asked
    wait_until(lambda: processes("47110920") == [], "the command was not ended")
