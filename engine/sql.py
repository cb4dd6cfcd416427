"""Asking the database: read-only, through a socket forwarded by the node's ssh connection."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from engine.errors import Unanswered
from engine.queries import SqlQuery
from engine.redact import whole_end
from engine.transport.base import Lost, Transport
from engine.transport.database import connect

# root's own client knows where its server listens, wherever the distribution put the socket
_WHERE = ("mysql", "--batch", "--skip-column-names", "--execute", "SELECT @@socket")


def socket_of(transport: Transport, node: str) -> str:
    """Path of the database's socket on the node; Unanswered when it does not run there."""
    try:
        answer = transport.run(node, _WHERE, deadline=30.0)
    except Lost as lost:
        raise Unanswered(node, "where the database listens", lost.why) from lost
    if answer.code != 0 or not answer.text.strip():
        raise Unanswered(
            node,
            "where the database listens",
            f"mysql ended with {answer.code}: {whole_end(answer.errors)}",
        )
    return answer.text.strip()


def ask_database(
    transport: Transport, node: str, query: SqlQuery[Any]
) -> tuple[list[Mapping[str, Any]], float]:
    """The rows, as mappings of column names, and the seconds it took."""
    begun = time.monotonic()
    socket = socket_of(transport, node)
    with connect(
        transport,
        node,
        socket_path=socket,
        database=query.database,
        statement_limit=query.deadline,
    ) as connection:
        with connection.cursor() as cursor:
            cursor.execute(query.sql, query.params or None)
            rows: list[Mapping[str, Any]] = list(cursor.fetchall())
    return rows, time.monotonic() - begun
