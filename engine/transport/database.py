"""The door to a database on a node: pymysql over a connection to the server's socket there.

ssh forwards the socket, or a relay on the node does (`Transport.dial`). Nothing listens for this on
the network, and root logs in by `unix_socket` without a password.
A session is read-only in the server itself, and each statement has a time limit.
"""

from __future__ import annotations

import contextlib
import math
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor

from engine.errors import Unanswered
from engine.model.answer import Lost
from engine.transport.base import Transport

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


if TYPE_CHECKING:
    _Connection = Connection[DictCursor]
else:  # it is generic in the stubs only
    _Connection = Connection


class _Shared(_Connection):
    """A session whose questions set themselves what they need: its login costs no more than it
    has to."""

    def set_character_set(self, charset: str, collation: str | None = None) -> None:
        """Each question does."""


@contextlib.contextmanager
def connect(
    transport: Transport,
    node: str,
    *,
    socket_path: str,
    database: str | None,
    statement_limit: float = STATEMENT_LIMIT,
    is_shared: bool = False,
) -> Iterator[Connection[DictCursor]]:
    """A read-only session of root with the server behind `socket_path` on `node`.

    Rows come as mappings.

    Raises `Unanswered` when the server, or the way to it, does not answer, in the block too. It has
    the error's number and meaning, never contents. Raises `Lost` for ssh.
    """
    what = f"database {database or '(none)'} as root"
    log_in = partial(_log_in, database=database, limit=statement_limit, is_shared=is_shared)
    opened = partial(_opened, transport, node, socket_path, log_in, what)
    with contextlib.ExitStack() as held:
        try:
            connection = held.enter_context(opened())
        except Lost as lost:
            if not lost.is_refusal:
                raise
            connection = held.enter_context(opened())
        yield connection


@contextlib.contextmanager
def _opened(
    transport: Transport,
    node: str,
    path: str,
    log_in: Callable[[socket.socket], Connection[DictCursor]],
    what: str,
) -> Iterator[Connection[DictCursor]]:
    with transport.dial(node, path) as dialled, _translated(node, what):
        connection = log_in(dialled)
        try:
            yield connection
        finally:
            _close(connection)


def use_of(database: str, *, has_params: bool) -> str:
    """The statement that goes to this database. Its name may be one that was found on the node, and
    a session for several statements would take what stands behind a backtick in it for another.

    >>> use_of("a`b%", has_params=True), use_of("a`b%", has_params=False)
    ('USE `a``b%%`', 'USE `a``b%`')
    """
    name = database.replace("`", "``")
    # pymysql fills in params by Python's own formatting
    return f"USE `{name.replace('%', '%%') if has_params else name}`"


@contextlib.contextmanager
def connect_shared(
    transport: Transport, node: str, *, socket_path: str
) -> Iterator[Connection[DictCursor]]:
    """As `connect`, for questions to several databases, asked by `ask_in`."""
    with connect(
        transport, node, socket_path=socket_path, database=None, is_shared=True
    ) as connection:
        yield connection


def ask_in(
    connection: Connection[DictCursor],
    node: str,
    database: str,
    statement_limit: float,
    statement: str,
    params: tuple[Any, ...] | None,
) -> list[dict[str, Any]]:
    """One statement in this database, with this time limit, in one round trip. Unanswered."""
    # for a server that does not react at all; pymysql has no other way to change it
    connection._read_timeout = math.ceil(statement_limit) + _CONNECT_LIMIT  # type: ignore[attr-defined]
    what = f"database {database} as root"
    before = (
        "SET NAMES utf8mb4",
        "SET SESSION TRANSACTION READ ONLY",
        f"SET SESSION max_statement_time = {statement_limit:.3f}",
        use_of(database, has_params=bool(params)),
    )
    with _translated(node, what), connection.cursor() as cursor:
        cursor.execute("; ".join((*before, statement)), params or None)
        while cursor.nextset():
            pass
        return list(cursor.fetchall())


def still_answers(node: str, connection: Connection[DictCursor]) -> None:
    """A statement that asks for nothing; `Unanswered` when no answer comes."""
    with _translated(node, "SELECT 1"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _log_in(
    dialled: socket.socket, *, database: str | None, limit: float, is_shared: bool
) -> Connection[DictCursor]:
    kind: type[_Connection] = _Shared if is_shared else Connection
    connection = kind(
        defer_connect=True,
        user="root",
        database=database,
        charset="utf8mb4",
        autocommit=True,
        # The server ends a statement first; this is for a server that does not react at all.
        read_timeout=math.ceil(limit) + _CONNECT_LIMIT,
        write_timeout=math.ceil(limit) + _CONNECT_LIMIT,
        local_infile=False,
        # ssh carries what goes through it. PyMySQL would
        # offer TLS to every server, and read this machine's certificates for each session.
        ssl_disabled=True,
        cursorclass=DictCursor,
        client_flag=CLIENT.MULTI_STATEMENTS if is_shared else 0,
    )
    try:
        connection.connect(dialled)
        with connection.cursor() as cursor:
            if not is_shared:  # there each question begins with them
                cursor.execute(f"SET SESSION max_statement_time = {limit:.3f}")
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
        # `from None`: the texts of pymysql may hold data.
        raise Unanswered(node, what, f"error {number}: {meaning}") from None


def _number(error: pymysql.MySQLError) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def _close(connection: Connection[DictCursor]) -> None:
    with contextlib.suppress(pymysql.MySQLError):
        if connection.open:
            connection.close()
