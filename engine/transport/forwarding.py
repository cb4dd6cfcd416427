"""Whether a way leads to a node's Unix sockets, tried with one that is served there anyway."""

from __future__ import annotations

import socket

from engine.model.answer import Lost
from engine.transport.base import Transport

LIMIT = 5.0


class _Closed(Exception):
    """The other end closed the connection: the server of its own accord, or sshd's refusal."""


def try_socket(transport: Transport, node: str, path: str) -> None:
    """Connect and say nothing. Raises as `Transport.dial`, Lost when no way leads there."""
    try:
        _try(transport, node, path)
    except Lost as lost:
        if not lost.is_refusal:
            raise
        _try(transport, node, path)


def _try(transport: Transport, node: str, path: str) -> None:
    try:
        with transport.dial(node, path) as client:
            client.settimeout(LIMIT)
            _until_closed(client)
    except _Closed:
        return  # dial() would have raised for an sshd that refuses


def _until_closed(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass
    except TimeoutError:
        return  # its server keeps the connection open: it was forwarded
    except OSError as error:
        raise _Closed from error
    raise _Closed
