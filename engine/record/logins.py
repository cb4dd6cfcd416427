"""Who the run logged in as on each node: on record once, and again when it is another key."""

from __future__ import annotations

import threading

from engine.model.login import Login
from engine.record.run import Run


class LoginsSeen:
    """Told each login of the transport, from any thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._seen: dict[str, Login] = {}

    def __call__(self, login: Login) -> None:
        with self._lock:
            if self._seen.get(login.node) == login:
                return
            self._seen[login.node] = login
        self._run.record("login", step=self._run.step, **login.as_data())
