"""Where the answers of a look come from: the nodes themselves, or what was asked of them ahead."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

from engine.ask.sql import Rows, Sockets, session
from engine.model.answer import Answer
from engine.model.query import Query, SqlQuery
from engine.transport.base import Transport

T = TypeVar("T")
Page = Callable[[T | None], SqlQuery[list[T]]]


class Source:
    """Each question is asked when it comes. Answers as `Transport` gives them, errors too."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._sockets = Sockets()

    def answer(self, node: str, query: Query[Any]) -> Answer:
        """What a node says. Lost."""
        argv, deadline = query.argv, query.deadline
        if query.stdin is None:
            return self.transport.ask(node, argv, deadline=deadline)
        return self.transport.run(node, argv, stdin=query.stdin, deadline=deadline)

    def has(self, node: str, query: Query[Any]) -> bool:
        """The answer is here: nobody has to wait for it."""
        return False

    def ask_ahead(self, questions: Collection[tuple[str, Query[Any]]]) -> None:
        """Nobody is asked before his turn."""

    def rows(self, node: str, query: SqlQuery[Any]) -> Rows:
        """What the database on this node says. Unanswered."""
        return self._sockets.ask(self.transport, node, query)

    def pages(self, node: str, page: Page[T]) -> Iterator[list[T]]:
        """A long answer, asked page by page until one is empty; never as a whole in memory."""
        query = page(None)
        with session(self.transport, node, query.database, query.deadline) as ask:
            while found := query.parse(ask(query)):
                yield found
                query = page(found[-1])

    def reach_database(self, node: str) -> None:
        """Nobody is asked before his turn."""

    def connect(self, node: str, path: str) -> float | None:
        """Try a socket of the node; nothing is said to its server. Lost; Unanswered.

        Returns when that was, in seconds since 1970, if it was not now.
        """
        from engine.transport.forwarding import try_socket

        try_socket(self.transport, node, path)
        return None

    def anew(self) -> contextlib.AbstractContextManager[None]:
        """What is asked in this block is not taken from what was asked before it."""
        return contextlib.nullcontext()

    def timer(self) -> float:
        """A clock in seconds that only goes forward, for the deadlines of polling."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait between two looks: what was asked before is asked anew."""
        time.sleep(seconds)
