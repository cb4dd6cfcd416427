"""The daemon of `neteye-drbd.service`: tells peers this node's roles and disks, on TCP 7788."""

from __future__ import annotations

import json
import socketserver

from neteye_standin.context import load
from neteye_standin.drbd_state import PORT, own_answer


class _Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(json.dumps(own_answer(load().me)).encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    """Serve until stopped."""
    with _Server(("0.0.0.0", PORT), _Answer) as server:
        server.serve_forever()
