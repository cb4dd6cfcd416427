"""Many questions to a node that is silent: one login is waited for, not one for each of them."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.model.answer import Lost, LostKind
from engine.model.inventory import Host, Role
from engine.transport import connection
from engine.transport.connection import Connection

HANGS = 30.0
"""Seconds after which a test that waits is wrong."""


class Silent(Connection):
    """A node of which every login fails as soon as the test lets it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Host("neteye01", Role.OPERATIVE, "127.0.0.1"), directory, "0")
        self.logins = 0
        self.begun, self.over, self.over_again = (threading.Event() for _ in range(3))

    def _open(self) -> Path:
        self.logins += 1
        self.begun.set()
        assert (self.over if self.logins == 1 else self.over_again).wait(HANGS)
        why = f"no ssh connection, try {self.logins}"
        raise Lost(self.host.name, why, LostKind.UNREACHABLE)


class Awaited(Future[Path]):
    """A login that tells how many wait for it."""

    wanted, came = 0, 0
    all_wait = threading.Event()

    def result(self, timeout: float | None = None) -> Path:
        type(self).came += 1
        if self.came == self.wanted:
            self.all_wait.set()
        return super().result(timeout)


@pytest.fixture
def awaited(monkeypatch: pytest.MonkeyPatch) -> type[Awaited]:
    class One(Awaited):
        all_wait = threading.Event()

    monkeypatch.setattr(connection, "Future", One)
    return One


@pytest.fixture
def silent(tmp_path: Path) -> Silent:
    return Silent(tmp_path)


def reached(node: Silent) -> Lost:
    with pytest.raises(Lost) as caught:
        node.reach()
    return caught.value


def test_who_waited_for_a_login_that_failed_does_not_log_in_himself(
    silent: Silent, awaited: type[Awaited]
) -> None:
    awaited.wanted = 7
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(reached, silent) for _ in range(8)]
        assert awaited.all_wait.wait(HANGS)
        silent.over.set()
        lost = [one.result(HANGS) for one in asked]
    assert silent.logins == 1
    assert {(one.node, one.why, one.kind) for one in lost} == {
        ("neteye01", "no ssh connection, try 1", LostKind.UNREACHABLE)
    }
    assert len({id(one) for one in lost}) == 8, "each has a traceback of its own"


def test_who_asks_again_at_once_does_not_go_before_those_who_wait(
    silent: Silent, awaited: type[Awaited]
) -> None:
    awaited.wanted = 1

    def asks_and_asks_again() -> None:
        reached(silent)
        reached(silent)

    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(asks_and_asks_again)
        assert silent.begun.wait(HANGS)
        waiting = pool.submit(reached, silent)
        assert awaited.all_wait.wait(HANGS)
        silent.over.set()
        assert waiting.result(HANGS).why == "no ssh connection, try 1"
        silent.over_again.set()
        busy.result(HANGS)


def test_who_is_interrupted_leaves_nobody_waiting(
    silent: Silent, awaited: type[Awaited], monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited.wanted = 1

    def interrupted() -> Path:
        silent.begun.set()
        assert awaited.all_wait.wait(HANGS)
        raise KeyboardInterrupt

    monkeypatch.setattr(silent, "_open", interrupted)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(silent.reach)
        assert silent.begun.wait(HANGS)
        second = pool.submit(reached, silent)
        assert second.result(HANGS).why == "the login was broken off"
        assert isinstance(first.exception(HANGS), KeyboardInterrupt)
    monkeypatch.setattr(silent, "_open", lambda: Path("control"))
    assert silent.reach() == Path("control")


def test_the_next_question_logs_in_again(silent: Silent) -> None:
    silent.over.set()
    silent.over_again.set()
    assert [reached(silent).why for _ in range(2)] == [
        "no ssh connection, try 1",
        "no ssh connection, try 2",
    ]


def test_a_login_that_works_after_one_that_failed_is_used(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent.over.set()
    reached(silent)
    monkeypatch.setattr(silent, "_open", lambda: Path("control"))
    assert silent.reach() == Path("control")
