"""The door to a database on a node: pymysql over a socket that the ssh connection forwards.

Nothing listens for this on the network, and root logs in by `unix_socket` without a password.
A session for questions is read-only in the server itself, and each statement has a time limit.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor, SSDictCursor

from engine.errors import Unanswered
from engine.secrets import Secret
from engine.transport.base import Transport

Row = dict[str, Any]
Params = Sequence[object] | Mapping[str, object] | None
STATEMENT_LIMIT = 60.0
"""Seconds a statement may take unless told otherwise (max_statement_time of MariaDB)."""
_CONNECT_LIMIT = 10

# The server's own texts may quote data or statements; these say what the number means.
_MEANING = {
    1044: "the user may not use this database",
    1045: "access denied: unknown user or wrong password",
    1049: "there is no such database",
    1054: "there is no such column",
    1064: "the server does not understand the statement",
    1142: "the user may not do this on the table",
    1146: "there is no such table",
    1205: "a lock was not released in time",
    1290: "the server's settings do not allow it (read_only?)",
    1317: "the statement was interrupted",
    1698: "access denied: the user logs in another way (unix_socket)",
    1792: "it is a change, and the session is read-only",
    1969: "it was not done within the time limit (max_statement_time)",
    2003: "nothing accepts connections at the socket",
    2006: "the server has gone away",
    2013: "the connection ended: no server at that socket on this node, or it stopped. Look where "
    "its resource runs and ask there",
}
_DENIED = frozenset({1044, 1045, 1698})


@contextlib.contextmanager
def connect(
    transport: Transport,
    node: str,
    *,
    socket_path: str,
    database: str | None,
    user: str = "root",
    password: Secret | None = None,
    read_only: bool = True,
    statement_limit: float = STATEMENT_LIMIT,
) -> Iterator[Connection[DictCursor]]:
    """A connection to the server behind `socket_path` on `node`; rows come as mappings.

    Raises `Unanswered` when the server, or the way to it, does not answer, in the block too. It has
    the error's number and meaning, never contents. Raises `Lost` for ssh.
    """
    what = f"database {database or '(none)'} as {user}"
    with transport.forward(node, socket_path) as local, _translated(node, what):
        connection = _log_in(local, database, user, password, read_only, statement_limit)
        try:
            yield connection
        finally:
            _close(connection)


def rows(connection: Connection[DictCursor], sql: str, params: Params = None) -> Iterator[Row]:
    """The rows of a big answer one by one, in constant memory here and no copy on the server."""
    with _Stream(connection) as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall_unbuffered()


class _Stream(SSDictCursor):
    """pymysql's cursor for big answers, which can be closed when its connection is lost.

    pymysql reads what is left of an answer before it closes the cursor, and fails with an
    AttributeError where there is no connection any more to read from (1.2.4).
    """

    def close(self) -> None:
        # pymysql has no public way to say so, and its stubs know neither field
        if self.connection is not None and not self.connection.open:
            if self._result is not None:  # type: ignore[attr-defined]
                self._result.unbuffered_active = False  # type: ignore[attr-defined]
            self.connection = None  # type: ignore[assignment]
        super().close()


def still_answers(node: str, connection: Connection[DictCursor]) -> None:
    """A statement that asks for nothing; `Unanswered` when no answer comes."""
    with _translated(node, "SELECT 1"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def logs_in(
    transport: Transport,
    node: str,
    *,
    socket_path: str,
    user: str,
    password: Secret,
    database: str | None = None,
) -> bool:
    """Whether the server lets `user` in with `password`; `Unanswered` when it does not say."""
    with (
        transport.forward(node, socket_path) as local,
        _translated(node, f"login of {user}"),
    ):
        try:
            connection = _log_in(local, database, user, password, True, STATEMENT_LIMIT)
        except pymysql.err.OperationalError as error:
            if _number(error) in _DENIED:
                return False
            raise
        _close(connection)
        return True


def _log_in(
    local: Path,
    database: str | None,
    user: str,
    password: Secret | None,
    read_only: bool,
    statement_limit: float,
) -> Connection[DictCursor]:
    connection = pymysql.connect(
        unix_socket=str(local),
        user=user,
        password=password.reveal() if password else "",
        database=database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_CONNECT_LIMIT,
        # The server ends a statement first; this is for a server that does not react at all.
        read_timeout=math.ceil(statement_limit) + _CONNECT_LIMIT,
        write_timeout=math.ceil(statement_limit) + _CONNECT_LIMIT,
        local_infile=False,
        cursorclass=DictCursor,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION max_statement_time = {statement_limit:.3f}")
            if read_only:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
    except pymysql.MySQLError:
        _close(connection)
        raise
    return connection


@contextlib.contextmanager
def _translated(node: str, what: str) -> Iterator[None]:
    try:
        yield
    except pymysql.MySQLError as error:
        number = _number(error)
        meaning = _MEANING.get(number, f"a {type(error).__name__} of the server or the connection")
        # `from None`: frames of pymysql hold the password, its texts may hold data.
        raise Unanswered(node, what, f"error {number}: {meaning}") from None


def _number(error: pymysql.MySQLError) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def _close(connection: Connection[DictCursor]) -> None:
    with contextlib.suppress(pymysql.MySQLError):
        if connection.open:
            connection.close()
