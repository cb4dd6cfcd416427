"""The daemon of `neteye-drbd.service`: tells peers this node's roles and disks, on TCP 7788."""

from __future__ import annotations

from neteye_standin.context import load
from neteye_standin.drbd_state import PORT, own_answer
from neteye_standin.peers import Server


def main() -> None:
    """Serve until stopped."""
    with Server(("0.0.0.0", PORT), lambda: own_answer(load().me)) as server:
        server.serve_forever()
