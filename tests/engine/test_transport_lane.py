"""Questions that share a session: each has its own answer, whatever becomes of the others."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import Refused, UsageError
from engine.model.answer import Answer, Lost, LostKind
from engine.model.inventory import Role
from engine.transport.base import in_parallel
from engine.transport.ssh import SshTransport
from tests.engine.sshd import ANYTHING, NODE, Sshd, children, running

SHELL = ["sh", "-c", 'ps -o ppid= "$PPID"']
"""The shell around a question: that of the lane, or of a session of its own."""


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    # a login shell of this machine's user does what its files say, and may wait for something
    elsewhere = ["SetEnv HOME=/nonexistent"]
    with running(elsewhere, sudoers=[ANYTHING] if os.getuid() == 0 else ()) as started:
        yield started


@pytest.fixture
def door(server: Sshd) -> Iterator[SshTransport]:
    with server.transport() as opened:
        yield opened


def asked(door: SshTransport, *argv: str, deadline: float = 20.0) -> Answer | Lost:
    try:
        return door.ask(NODE, argv, deadline=deadline)
    except Lost as lost:
        return lost


def together(door: SshTransport, *argvs: list[str], deadline: float = 20.0) -> list[object]:
    """All of them at once, in this order."""
    names = {str(number): argv for number, argv in enumerate(argvs)}
    found = in_parallel(names, lambda name: asked(door, *names[name], deadline=deadline))
    return list(found.values())


def test_each_has_its_own_code_outputs_and_time(door: SshTransport) -> None:
    def one(number: int) -> list[str]:
        script = 'cat; echo "out $1"; echo "err $1" >&2; sleep 0.0$1; exit $1'
        return ["sh", "-c", script, "sh", str(number)]

    answers = together(door, *map(one, range(10)))
    for number, answer in enumerate(answers):
        assert isinstance(answer, Answer)
        assert answer.code == number
        assert (answer.text, answer.errors) == (f"out {number}\n", f"err {number}\n")
        assert answer.seconds < 5


def test_they_share_a_session(door: SshTransport) -> None:
    shells = {door.ask(NODE, SHELL, deadline=20).text for _ in range(10)}
    shells |= {str(answer.text) for answer in together(door, *[SHELL] * 20)}  # type: ignore[attr-defined]
    assert len(shells) == 1


def test_a_login_shell_has_a_session_of_its_own(door: SshTransport) -> None:
    shells = {door.ask(NODE, ["bash", "-lc", *SHELL[2:]], deadline=20).text for _ in range(2)}
    assert len(shells) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["a b", "", "it's", "two\nlines\n", "\n", "\\n$HOME`id`", "-n", "\udce4\udcff\x1e"],
        ["x" * 70_000, "y\n" * 5_000],
    ],
)
def test_words_arrive_as_they_are(door: SshTransport, words: list[str]) -> None:
    answer = door.ask(NODE, ["printf", "%s\\0", *words], deadline=20)
    sent = "\0".join([*words, ""]).encode("utf-8", "surrogateescape")
    assert answer.stdout == sent


def test_outputs_arrive_as_they_are(door: SshTransport) -> None:
    script = "printf '\\036no mark:0:1\\n\\000\\377'; head -c 2000000 /dev/zero; printf '\\036'"
    first, second = together(door, ["sh", "-c", script], ["echo", "behind it"])
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.stdout == b"\x1eno mark:0:1\n\0\xff" + bytes(2_000_000) + b"\x1e"
    assert second.text == "behind it\n"


def test_a_deadline_is_that_of_one_question(door: SshTransport) -> None:
    hanging = ["sh", "-c", "echo part; exec sleep 4711"]
    threads = []
    found: dict[int, Answer | Lost] = {}

    def ask(number: int, *argv: str) -> None:
        found[number] = asked(door, *argv, deadline=1.5)

    for number, argv in enumerate([["true"], hanging, ["echo", "a"], ["echo", "b"]]):
        threads.append(threading.Thread(target=ask, args=(number, *argv)))
        threads[-1].start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    late = found[1]
    assert isinstance(late, Lost)
    assert late.kind is LostKind.DEADLINE
    assert late.partial is not None
    assert late.partial.text == "part\n"
    assert [found[number].text for number in (2, 3)] == ["a\n", "b\n"]  # type: ignore[union-attr]


def test_a_slow_one_holds_up_those_for_two_seconds_at_most(door: SshTransport) -> None:
    slow = threading.Thread(target=asked, args=(door, "sleep", "6"))
    slow.start()
    time.sleep(2.3)
    begun = time.monotonic()
    assert door.ask(NODE, ["echo", "quick"], deadline=20).text == "quick\n"
    assert time.monotonic() - begun < 2
    slow.join()


def test_one_that_kills_the_session_has_no_answer_and_the_others_have(door: SshTransport) -> None:
    kill = ["sh", "-c", 'echo part; kill -9 $(ps -o ppid= "$PPID"); exec sleep 1']
    before, killer, *behind = together(door, ["echo", "0"], kill, ["echo", "2"], ["echo", "3"])
    assert isinstance(killer, Lost)
    assert killer.kind is LostKind.CONNECTION_LOST
    assert killer.partial is not None
    assert killer.partial.text == "part\n"
    for number, answer in ((0, before), *enumerate(behind, 2)):
        assert isinstance(answer, Answer)
        assert answer.text == f"{number}\n"


def test_a_connection_that_was_cut_is_opened_anew(server: Sshd, door: SshTransport) -> None:
    assert door.ask(NODE, ["echo", "1"], deadline=20).text == "1\n"
    server.kill_connections()
    assert door.ask(NODE, ["echo", "2"], deadline=20).text == "2\n"


def test_a_node_that_freezes_is_given_up_in_time(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.ssh.NETWORK_MARGIN", 0.5)
    monkeypatch.setattr("engine.transport.answers.KILL_AFTER", 0)
    with server.transport() as door:
        door.ask(NODE, ["true"], deadline=20)
        frozen = [pid for one in children(server.process.pid) for pid in (one, *children(one))]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            answer = asked(door, "true", deadline=0.5)
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
    assert isinstance(answer, Lost)
    assert answer.kind is LostKind.DEADLINE


def test_the_firewall_looks_at_each(server: Sshd) -> None:
    with (
        server.transport(server.host(role=Role.VOTING_ONLY)) as door,
        pytest.raises(Refused, match="neteye update"),
    ):
        door.ask(NODE, ["neteye", "update"], deadline=20)


def test_what_no_command_can_carry_is_refused(door: SshTransport) -> None:
    with pytest.raises(UsageError, match="without NUL"):
        door.ask(NODE, ["echo", "a\0b"], deadline=20)


def test_no_session_is_left_on_the_node(server: Sshd, tmp_path: Path) -> None:
    with server.transport() as door:
        shell = int(door.ask(NODE, SHELL, deadline=20).text)
        assert Path(f"/proc/{shell}").exists()
    until = time.monotonic() + 10
    while Path(f"/proc/{shell}").exists():
        assert time.monotonic() < until, "the shell of the lane is still there"
        time.sleep(0.02)


@pytest.mark.skipif(os.getuid() != 0, reason="sudo with rules of its own needs root")
def test_by_sudo_too(server: Sshd) -> None:
    with server.transport(server.sudoer()) as door:
        assert [door.ask(NODE, ["id", "-u"], deadline=20).text for _ in range(2)] == ["0\n"] * 2
