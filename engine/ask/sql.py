"""Asking the database: read-only, at its socket on the node, by way of the ssh connection."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.errors import NO_SOCKETS, Unanswered
from engine.model.answer import Lost
from engine.model.query import SqlQuery
from engine.record.redact import whole_end
from engine.transport.base import Transport
from engine.transport.database import connect

# root's own client knows where its server listens, wherever the distribution put the socket
_WHERE = ("mysql", "--batch", "--skip-column-names", "--execute", "SELECT @@socket")


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

    def ask(
        self, transport: Transport, node: str, query: SqlQuery[Any]
    ) -> tuple[list[Mapping[str, Any]], float]:
        """The rows, as mappings of column names, and the seconds it took."""
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
        return rows, time.monotonic() - begun

    def _look(self, transport: Transport, node: str) -> str:
        self._known.pop(node, None)
        self._known[node] = socket = socket_of(transport, node)
        return socket


def _rows(
    transport: Transport, node: str, query: SqlQuery[Any], socket: str
) -> list[Mapping[str, Any]]:
    with session(transport, node, query.database, query.deadline, socket) as ask:
        return ask(query)
