"""Many questions to a node that is silent: one login is waited for, not one for each of them."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.model.answer import Lost, LostKind
from engine.model.inventory import Host, Role
from engine.transport.connection import Connection

HANGS = 30.0
"""Seconds after which a test that waits is wrong."""


class Silent(Connection):
    """A node of which every login fails as soon as the test lets it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Host("neteye01", Role.OPERATIVE, "127.0.0.1"), directory, "0")
        self.logins = 0
        self.begun, self.over = threading.Event(), threading.Event()

    def _open(self) -> Path:
        self.logins += 1
        self.begun.set()
        assert self.over.wait(HANGS)
        why = f"no ssh connection, try {self.logins}"
        raise Lost(self.host.name, why, LostKind.UNREACHABLE)


class Turns:
    """A lock that tells how many wait for it."""

    def __init__(self, wanted: int) -> None:
        self._lock, self._count = threading.Lock(), threading.Lock()
        self._wanted, self._came = wanted, 0
        self.all_came = threading.Event()

    def __enter__(self) -> None:
        with self._count:
            self._came += 1
            if self._came == self._wanted:
                self.all_came.set()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.fixture
def silent(tmp_path: Path) -> Silent:
    return Silent(tmp_path)


def reached(node: Silent) -> Lost:
    with pytest.raises(Lost) as caught:
        node.reach()
    return caught.value


def test_who_waited_for_a_login_that_failed_does_not_log_in_himself(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(wanted=8)
    monkeypatch.setattr(silent, "_lock", turns)
    with ThreadPoolExecutor(8) as pool:
        asked: list[Future[Lost]] = [pool.submit(reached, silent) for _ in range(8)]
        assert turns.all_came.wait(HANGS)
        assert silent.begun.wait(HANGS)
        silent.over.set()
        lost = [one.result(HANGS) for one in asked]
    assert silent.logins == 1
    assert {(one.node, one.why, one.kind) for one in lost} == {
        ("neteye01", "no ssh connection, try 1", LostKind.UNREACHABLE)
    }
    assert len({id(one) for one in lost}) == 8, "each has a traceback of its own"


def test_the_next_question_logs_in_again(silent: Silent) -> None:
    silent.over.set()
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
