"""`-p short_deadlines`: every command has 40 s at most, so that a hanging one needs no minutes."""

from __future__ import annotations

from typing import Any

from engine.transport.ssh import SshTransport

SECONDS = 40.0


def _shorter(name: str) -> None:
    real = getattr(SshTransport, name)

    def call(self: SshTransport, *args: Any, deadline: float, **options: Any) -> Any:
        return real(self, *args, deadline=min(deadline, SECONDS), **options)

    setattr(SshTransport, name, call)


for method in ("run", "ask_batch", "stream", "fetch"):
    _shorter(method)
