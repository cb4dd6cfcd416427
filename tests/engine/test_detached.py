"""Following a detached command through lost connections and reboots, without waiting for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.act.detached import (
    Follower,
    NotStarted,
    Progress,
    directory,
    parse_progress,
    progress_query,
    start,
)
from engine.attempt import detached_scripts, remote
from engine.attempt.records import LockLost, RecordsWriter
from engine.model.answer import Answer, Lost, LostKind
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said

BASE = directory("A1", "upgrade-1")
LOG = b"TASK [one]\nTASK [two]\nTASK [three]\n"


class LongCommand(FakeTransport):
    """A detached command on a node: `at(seconds)` says how it stands, or that it is lost."""

    def __init__(self, time: kit.FakeTime, at: Callable[[float], Progress | Lost]) -> None:
        super().__init__({})
        self.time, self.at = time, at
        self.offsets: list[int] = []

    def _reply(self, node: str, argv: tuple[str, ...], stdin: object) -> Answer | Lost:
        assert (node, argv[:5]) == (kit.N, remote.script(detached_scripts.FOLLOW, BASE))
        offset, most = int(argv[5]), int(argv[6])
        self.offsets.append(offset)
        seen = self.at(self.time.clock())
        if isinstance(seen, Lost):
            return seen
        alive = ("alive" if seen.alive else "dead") if seen.exists else "absent"
        status = "-" if seen.status is None else str(seen.status)
        head = f"{alive} {status} {len(seen.chunk)}\n".encode()
        return said(head + seen.chunk[offset : offset + most])


def living(log: bytes) -> Progress:
    return Progress(exists=True, alive=True, status=None, size=len(log), chunk=log)


def over(status: int | None, log: bytes = LOG) -> Progress:
    return Progress(exists=True, alive=False, status=status, size=len(log), chunk=log)


class Following:
    """A follower with its command, what it handed over and what it said."""

    def __init__(self, at: Callable[[float], Progress | Lost], patience: float = 900) -> None:
        self.time = kit.FakeTime()
        self.node = LongCommand(self.time, at)
        self.output = b""
        self.words: list[str] = []
        self.follower = Follower(
            self.node,
            kit.N,
            BASE,
            self._take,
            self.words.append,
            patience,
            self.time.clock,
            self.time.wait,
        )

    def _take(self, chunk: bytes) -> None:
        self.output += chunk


def test_the_log_comes_in_order_and_once_until_the_status_is_there() -> None:
    def at(seconds: float) -> Progress:
        return over(0) if seconds >= 3 else living(LOG[: int(seconds) * 11])

    following = Following(at)
    assert following.follower.follow(60).status == 0
    assert following.output == LOG
    assert following.node.offsets == [0, 0, 11, 22, 35][: len(following.node.offsets)]


def test_a_status_of_another_kind_is_an_end_too() -> None:
    assert Following(lambda _: over(4)).follower.follow(60).status == 4


def test_a_long_log_is_read_to_its_end_after_the_command_has_ended() -> None:
    long = b"x" * (3 << 20)
    following = Following(lambda _: over(0, long))
    assert following.follower.follow(60).status == 0
    assert len(following.output) == len(long)
    assert following.time.waits == []


def test_a_process_gone_without_a_status_is_interrupted() -> None:
    last = Following(lambda _: over(None)).follower.follow(60)
    assert last.is_interrupted


def test_what_was_never_started_is_no_interrupted_command() -> None:
    absent = Progress(exists=False, alive=False, status=None, size=0)
    last = Following(lambda _: absent).follower.follow(60)
    assert not last.exists
    assert not last.is_interrupted


def test_a_connection_lost_and_back_loses_nothing_of_the_log() -> None:
    def at(seconds: float) -> Progress | Lost:
        if 2 <= seconds < 500:
            return kit.unreachable()
        return over(0) if seconds >= 500 else living(LOG[:11])

    following = Following(at)
    assert following.follower.follow(3600).status == 0
    assert following.output == LOG
    assert any("out of reach (no route to host)" in word for word in following.words)


NO_ANSWERS = {
    "no process": said(code=254, stderr="sh: fork: Cannot allocate memory"),
    "nothing": said(),
    "half a line": said("alive -\n"),
    "a word too many": said("alive - 3 4\n"),
    "no number": said("alive - x\n"),
    "an answer with a code that is none": said("dead - 0\n", code=1),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_a_look_that_is_no_answer_is_tried_again(what: str) -> None:
    """The node has no memory for a moment: that says nothing of the command."""
    following = Following(lambda _: over(0))
    plain, none = following.node._reply, [NO_ANSWERS[what]] * 3

    def reply(*asked: Any) -> Answer | Lost:
        return none.pop() if none else plain(*asked)

    following.node._reply = reply  # type: ignore[method-assign]
    assert following.follower.follow(60).status == 0
    assert following.output == LOG
    assert following.words[0].startswith(f"{kit.N} is out of reach (how it stands can't be told")


def test_a_node_that_can_not_tell_for_longer_than_our_patience_is_lost() -> None:
    following = Following(lambda _: over(None), patience=10)
    following.node._reply = lambda *_: NO_ANSWERS["no process"]  # type: ignore[method-assign]
    with pytest.raises(Lost, match="254: sh: fork: Cannot allocate memory") as lost:
        following.follower.follow(3600)
    assert lost.value.may_have_run


def test_patience_counts_from_the_last_answer() -> None:
    def at(seconds: float) -> Progress | Lost:
        # away for 8 seconds, an answer, away for good
        return living(LOG[:11]) if seconds in (0.0, 9.0) else kit.unreachable()

    following = Following(at, patience=10)
    with pytest.raises(Lost, match="no route to host"):
        following.follower.follow(3600)
    assert 19 <= following.time.clock() <= 21


def test_another_machine_in_the_place_of_n_is_not_asked_again() -> None:
    stranger = Lost(kit.N, "it is another machine now", LostKind.IDENTITY)
    following = Following(lambda seconds: stranger if seconds >= 5 else living(LOG[:11]))
    with pytest.raises(Lost, match="another machine"):
        following.follower.follow(3600)
    assert following.time.clock() == 5


def test_a_command_that_lives_longer_than_its_deadline_has_no_status() -> None:
    following = Following(lambda _: living(LOG))
    last = following.follower.follow(30)
    assert (last.alive, last.status) == (True, None)
    assert 30 <= following.time.clock() <= 33


def test_each_look_is_followed_by_a_word_for_lease_and_progress() -> None:
    def at(seconds: float) -> Progress:
        return over(0) if seconds >= 5 else living(b"")

    following = Following(at)
    following.follower.follow(60)
    assert following.words == [""] * 5


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"alive - 12", Progress(True, True, None, 12)),
        (b"dead 0 12", Progress(True, False, 0, 12)),
        (b"dead 0 12 90.5 60.5 20", Progress(True, False, 0, 12, ago=30.0, took=40.5)),
        (b"dead 0 12 50.0 60.0 70.0", Progress(True, False, 0, 12, ago=0.0, took=0.0)),
        (b"alive 137 12", Progress(True, True, 137, 12)),
        (b"absent - 0", Progress(False, False, None, 0)),
        (b"rebooted -        3", Progress(True, False, None, 3, rebooted=True)),
    ],
)
def test_the_states_as_they_are_printed(head: bytes, expected: Progress) -> None:
    assert parse_progress(said(head + b"\n")) == expected


def test_the_log_is_bytes_of_any_kind() -> None:
    seen = parse_progress(said(b"alive - 9\n\n\xff\x00\nabc"))
    assert seen.chunk == b"\n\xff\x00\nabc"


def test_the_question_only_reads() -> None:
    query = progress_query(BASE, 5, 7)
    assert query.argv == remote.script(detached_scripts.FOLLOW, BASE, "5", "7")


def starting(answer: Answer) -> None:
    """`start` on a node that gives this answer to it."""

    class Starts(kit.Node):
        def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
            if argv[2] != detached_scripts.START.strip():
                return super()._reply(node, argv, stdin)
            assert argv[4:] == (remote.ROOT, "1", BASE, "neteye", "upgrade")
            return answer

    with tempfile.TemporaryDirectory() as root:
        node = Starts(Path(root))
        records = RecordsWriter(node, kit.N, {"who": "test"})
        records.acquire()
        start(node, kit.N, BASE, ("neteye", "upgrade"), records)


@pytest.mark.parametrize("code", [0, remote.STARTED_BEFORE])
def test_started_before_is_started(code: int) -> None:
    starting(said(code=code))


def test_a_wrapper_that_does_not_start_is_named() -> None:
    with pytest.raises(NotStarted, match=rf"{kit.N}: .*'neteye upgrade'.*1: mkdir: Read-only"):
        starting(said(code=1, stderr="mkdir: Read-only file system"))


def test_a_start_under_an_older_generation_names_who_has_the_cluster() -> None:
    lock = '2\nheld\n{"who": "B. Bianchi", "run": "R2"}\n'
    with pytest.raises(LockLost, match=r"took the cluster over \(who B. Bianchi, run R2\)"):
        starting(said(lock, code=remote.SUPERSEDED))
