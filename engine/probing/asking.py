"""One question to one service: does it answer? Nothing is logged in to, nothing is sent on."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from engine.model.probe import USER_AGENT, Manner, Way

LIMIT = 3.0
"""Seconds to wait for an answer."""
_NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)
_OURS = {"User-Agent": USER_AGENT, "Connection": "close", "Accept": "*/*"}


class NoAnswer(Exception):
    """The service does not answer; the text says how that was seen."""


class Silence(NoAnswer):
    """Nobody said anything: the service may be gone, or the way to it."""


class NoWay(Exception):
    """The way to the service broke: of the service nothing is known.

    `node` is the one that could not be reached; empty: it could, but no way led on from it.
    """

    def __init__(self, why: str, node: str = "") -> None:
        super().__init__(why)
        self.node = node


def ask(way: Way, local: Path | None = None) -> bool:
    """Ask once: whether the service itself has answered, or a way to it is open only.

    NoAnswer; NoWay only with `local`, the forwarded socket of a way through a node.
    """
    with _connected(way, local) as connection:
        if connection is None or way.manner in (Manner.TCP, Manner.ADDRESS):
            if local is not None and connection is not None:
                _stays_open(connection)
                return False  # so it does when ssh has lost the node and not noticed yet
            return True
        try:
            if way.manner is Manner.TLS:
                _greet(connection, way)
            else:
                _get(connection, way)
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(error) from error
    return True


@contextlib.contextmanager
def _connected(way: Way, local: Path | None) -> Iterator[socket.socket | None]:
    """A connection; None when the address refused it and that is an answer."""
    try:
        connection = _connect(way, local)
    except ConnectionRefusedError as error:
        if way.manner is Manner.ADDRESS:
            yield None
            return
        if local is not None:
            raise NoWay(str(error)) from error
        raise _no_answer(error) from error
    except FileNotFoundError as error:
        raise NoWay(str(error)) from error
    except OSError as error:
        raise _no_answer(error) from error
    with connection:
        yield connection


def _connect(way: Way, local: Path | None) -> socket.socket:
    if local is None:
        return socket.create_connection((way.host, way.port), timeout=LIMIT)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(LIMIT)
        connection.connect(str(local))
    except OSError:
        connection.close()
        raise
    return connection


def _stays_open(connection: socket.socket) -> None:
    """ssh accepts first and asks the node then: refused there, it ends the connection at once."""
    connection.settimeout(0.5)
    try:
        if connection.recv(1) == b"":
            raise NoAnswer("the connection was refused")
    except TimeoutError:
        return  # it waits for us to speak
    except OSError as error:
        raise _no_answer(error) from error


def _context() -> ssl.SSLContext:
    """Accepts any certificate: the question is whether something answers; no secret is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _greet(connection: socket.socket, way: Way) -> None:
    try:
        with _context().wrap_socket(connection, server_hostname=way.name or way.host):
            return
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise NoAnswer("the connection was closed") from error
    except ssl.SSLError as error:
        if error.reason is None or "ALERT" not in error.reason:
            raise _no_answer(error) from error
        # an alert is an answer: it wants a certificate, say


def _get(connection: socket.socket, way: Way) -> None:
    if way.manner is Manner.HTTPS:
        connection = _context().wrap_socket(connection, server_hostname=way.name or way.host)
    client = http.client.HTTPConnection(way.name or way.host, way.port, timeout=LIMIT)
    client.sock = connection
    try:
        client.request("GET", way.path, headers=_OURS)
        status = client.getresponse().status
    finally:
        client.close()
    if status == http.client.NOT_FOUND or status >= 500:
        raise NoAnswer(f"HTTP status {status}")


def _no_answer(error: Exception) -> NoAnswer:
    is_silent = isinstance(error, TimeoutError) or (
        isinstance(error, OSError) and error.errno in _NO_ROUTE
    )
    return (Silence if is_silent else NoAnswer)(_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {LIMIT:.0f} s"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
