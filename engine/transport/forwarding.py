"""Whether a node's sshd forwards to Unix sockets, tried with one that is served there anyway."""

from __future__ import annotations

import socket

from engine.transport.base import Transport

LIMIT = 5.0


class _Closed(Exception):
    """The other end closed the connection: the server of its own accord, or sshd's refusal."""


def try_socket(transport: Transport, node: str, path: str) -> None:
    """Connect and say nothing; raises Lost when sshd does not forward, or for ssh."""
    try:
        with transport.forward(node, path) as local, socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT)
            _until_closed(client, str(local))
    except _Closed:
        return  # forward() would have raised for an sshd that refuses


def _until_closed(client: socket.socket, local: str) -> None:
    try:
        client.connect(local)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass
    except TimeoutError:
        return  # its server keeps the connection open: it was forwarded
    except OSError as error:
        raise _Closed from error
    raise _Closed
