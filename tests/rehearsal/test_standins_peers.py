"""Members of the stand-ins' clusters see each other, on machines that are busy as well."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from neteye_standin import elastic_state, peers
from neteye_standin.context import Node

HERE = "127.0.0.1"


@contextlib.contextmanager
def serving(say: Callable[[], Any]) -> Iterator[int]:
    with peers.Server((HERE, 0), say) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_many_members_that_begin_at_one_moment_are_all_taken() -> None:
    with contextlib.ExitStack() as held:
        server = held.enter_context(peers.Server((HERE, 0), dict))  # too busy to take one up
        for _ in range(18 * 2):
            held.enter_context(socket.create_connection(server.server_address[:2], timeout=0.5))


def test_a_member_that_answers_late_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "CONNECT_DEADLINE", 0.05)
    late = threading.Event()

    def say() -> dict[str, str]:
        late.wait(0.2)
        return {"name": "neteye02"}

    with serving(say) as port:
        assert peers.ask(HERE, port) == {"name": "neteye02"}


def test_a_member_that_stays_silent_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "ANSWER_DEADLINE", 0.05)
    with peers.Server((HERE, 0), dict) as server:
        assert peers.ask(HERE, server.server_address[1]) is None


@pytest.mark.parametrize("said", [["no", "object"], "", None, 4])
def test_what_is_no_answer_of_a_member_is_none(said: Any) -> None:
    with serving(lambda: said) as port:
        assert peers.ask(HERE, port) is None


def test_a_member_that_is_gone_is_not_waited_for() -> None:
    with peers.Server((HERE, 0), dict) as server:
        port = server.server_address[1]
    assert peers.ask(HERE, port) is None


def test_an_elasticsearch_that_tells_no_version_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = Node("neteye01.example.test", HERE, "operative", 1)
    with serving(lambda: {"other": "words"}) as port:
        monkeypatch.setattr(elastic_state, "TRANSPORT_PORT", port)
        assert elastic_state.ask(node) is None
