"""Asking the database: read-only, at its socket on the node, by way of the ssh connection."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from engine.errors import NO_SOCKETS, Unanswered
from engine.model.answer import Lost
from engine.model.query import Row, SqlQuery
from engine.record.redact import whole_end
from engine.transport.base import Transport
from engine.transport.database import ask_in, connect, connect_shared

# root's own client knows where its server listens, wherever the distribution put the socket
_WHERE = ("mysql", "--batch", "--skip-column-names", "--execute", "SELECT @@socket")


@dataclass(frozen=True)
class Rows:
    """What a database said: rows by their columns' names."""

    rows: list[Row]
    seconds: float
    """From the question to the answer."""
    received: float | None = None
    """Of one that was asked ahead: when it came, seconds since 1970 by the controller's clock."""
    known: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What has been made of it, for the next one who takes it."""


def socket_of(transport: Transport, node: str) -> str:
    """Path of the database's socket on the node; Unanswered when it does not run there."""
    try:
        answer = transport.ask(node, _WHERE, deadline=30.0)
    except Lost as lost:
        raise Unanswered(node, "where the database listens", lost.why) from lost
    if answer.code != 0 or not answer.text.strip():
        raise Unanswered(
            node,
            "where the database listens",
            f"mysql ended with {answer.code}: {whole_end(answer.errors)}",
        )
    return answer.text.strip()


@contextlib.contextmanager
def session(
    transport: Transport, node: str, database: str, statement_limit: float, socket: str = ""
) -> Iterator[Callable[[SqlQuery[Any]], list[Mapping[str, Any]]]]:
    """A read-only session for several questions; each call asks one and returns its rows.

    Between two questions nothing is held on the server: no lock and no old version of a row.
    """
    socket = socket or socket_of(transport, node)
    try:
        with connect(
            transport,
            node,
            socket_path=socket,
            database=database,
            statement_limit=statement_limit,
        ) as connection:

            def ask(query: SqlQuery[Any]) -> list[Mapping[str, Any]]:
                with connection.cursor() as cursor:
                    cursor.execute(query.sql, query.params or None)
                    return list(cursor.fetchall())

            yield ask
    except Lost as lost:  # no way leads to the socket, or it broke
        why = NO_SOCKETS if lost.is_refusal else lost.why
        raise Unanswered(node, f"database {database}", why) from lost


class Sockets:
    """Where a node's database listens, asked once; again when it does not answer there.

    Safe for several threads: at worst it is asked twice.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def ask(self, transport: Transport, node: str, query: SqlQuery[Any]) -> Rows:
        """The rows and the seconds it took. Unanswered."""
        begun = time.monotonic()
        known = self._known.get(node, "")
        socket = known or self._look(transport, node)
        try:
            rows = _rows(transport, node, query, socket)
        except Unanswered as error:
            # a way that broke is not tried again; the database may listen elsewhere by now
            if not known or isinstance(error.__cause__, Lost):
                raise
            if (socket := self._look(transport, node)) == known:
                raise
            rows = _rows(transport, node, query, socket)
        return Rows(rows, time.monotonic() - begun)

    def _look(self, transport: Transport, node: str) -> str:
        self._known.pop(node, None)
        self._known[node] = socket = socket_of(transport, node)
        return socket


_Session = tuple[Any, contextlib.ExitStack]
"""A connection of pymysql, and what closes it and the way to it."""


class SharedSessions:
    """A few sessions with one node's database that stay open for the questions of several.

    What breaks one is the answer of the question that was under way. Safe for several threads.
    """

    MOST = 4

    def __init__(self, transport: Transport, node: str) -> None:
        self._transport, self._node = transport, node
        self._changed = threading.Condition()
        self._free: list[_Session] = []
        self._count = 0
        self._is_closed = False
        self._socket: Future[str] | None = None

    def prepare(self) -> None:
        """Open them in the background. Whoever asks is told what keeps one from being opened."""
        pool = ThreadPoolExecutor(self.MOST)
        for _ in range(self.MOST):
            pool.submit(lambda: self._give(self._take(is_new=True)))
        pool.shutdown(wait=False)

    def ask(self, query: SqlQuery[Any]) -> Rows:
        """As `Sockets.ask`."""
        begun = time.monotonic()
        connection, way = taken = self._take()
        with contextlib.ExitStack() as failed:
            failed.callback(self._lose)
            failed.push(way)
            rows = ask_in(
                connection, self._node, query.database, query.deadline, query.sql, query.params
            )
            failed.pop_all()
        self._give(taken)
        return Rows(cast("list[Row]", rows), time.monotonic() - begun)

    def close(self) -> None:
        """Close those that nobody uses, and the others when they are given back."""
        with self._changed:
            self._is_closed, free, self._free = True, self._free, []
        for _, way in free:
            way.close()

    def _take(self, *, is_new: bool = False) -> _Session:
        with self._changed:
            while not is_new and not self._free and self._count >= self.MOST:
                self._changed.wait()
            if self._free and not is_new:
                return self._free.pop()
            self._count += 1
        with contextlib.ExitStack() as failed:
            failed.callback(self._lose)
            opened = self._open()
            failed.pop_all()
        return opened

    def _open(self) -> _Session:
        socket = self._where()
        with contextlib.ExitStack() as way:
            try:
                opened = connect_shared(self._transport, self._node, socket_path=socket)
                return way.enter_context(opened), way.pop_all()
            except Lost as lost:  # no way leads to the socket, or it broke
                why = NO_SOCKETS if lost.is_refusal else lost.why
                raise Unanswered(self._node, "database", why) from lost

    def _give(self, session: _Session) -> None:
        with self._changed:
            if not self._is_closed:
                self._free.append(session)
                self._changed.notify()
                return
        session[1].close()

    def _lose(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def _where(self) -> str:
        """Asked once, whoever wants to know it meanwhile; again when there was no answer."""
        with self._changed:
            is_mine = self._socket is None
            found = self._socket = self._socket or Future()
        if not is_mine:
            return found.result()
        with contextlib.ExitStack() as failed:
            failed.callback(self._forget, found)
            where = socket_of(self._transport, self._node)
            failed.pop_all()
        found.set_result(where)
        return where

    def _forget(self, found: Future[str]) -> None:
        with self._changed:
            self._socket = None
        why = "it could not be asked where it listens"
        found.set_exception(Unanswered(self._node, "where the database listens", why))


def _rows(
    transport: Transport, node: str, query: SqlQuery[Any], socket: str
) -> list[Mapping[str, Any]]:
    with session(transport, node, query.database, query.deadline, socket) as ask:
        return ask(query)
