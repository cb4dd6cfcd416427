"""As whom and how the run reached each node: on record once, and again when that changes."""

from __future__ import annotations

import threading

from engine.model.login import Login, SocketWay
from engine.record.run import Run


class WaysSeen:
    """Told each login of the transport and each socket that it reached, from any thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, ...], Login | SocketWay] = {}

    def login(self, login: Login) -> None:
        self._note(login, "login", login.node)

    def socket(self, way: SocketWay) -> None:
        self._note(way, "socket-reached", way.node, way.socket)

    def _note(self, way: Login | SocketWay, event: str, *place: str) -> None:
        with self._lock:
            if self._seen.get((event, *place)) == way:
                return
            self._seen[event, *place] = way
        self._run.record(event, step=self._run.step, **way.as_data())
