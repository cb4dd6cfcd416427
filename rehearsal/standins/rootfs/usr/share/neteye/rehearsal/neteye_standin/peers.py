"""Members of a cluster that see each other: a daemon that tells something to whoever connects.

A member whose machine is busy answers late and is there all the same. One that is gone is told by
its kernel at once, or does not take the connection.
"""

from __future__ import annotations

import json
import socket
import socketserver
from collections.abc import Callable
from typing import Any

CONNECT_DEADLINE = 1.5  # seconds; a kernel takes connections, however busy its processes are
ANSWER_DEADLINE = 10.0  # seconds; after as many of silence DRBD's ping-int asks for a sign of life


class Server(socketserver.ThreadingTCPServer):
    """Tells `say()` as JSON to each that connects."""

    allow_reuse_address = True
    daemon_threads = True
    # With 5, socketserver's own, the kernel drops what eighteen members begin at one moment.
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], say: Callable[[], Any]) -> None:
        class Answer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.sendall(json.dumps(say()).encode())

        super().__init__(address, Answer)


def ask(address: str, port: int) -> dict[str, Any] | None:
    """What the member's daemon tells, or None when it doesn't."""
    try:
        with socket.create_connection((address, port), CONNECT_DEADLINE) as link:
            link.settimeout(ANSWER_DEADLINE)
            answer = json.loads(b"".join(iter(lambda: link.recv(65536), b"")))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
