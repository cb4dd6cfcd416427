"""`-p short_patience`: the run waits 30 s, not 15 minutes, for a node that is out of reach."""

from __future__ import annotations

from typing import Any

from engine.act import detached

SECONDS = 30.0
detached.PATIENCE = SECONDS
_init = detached.Follower.__init__


def _shorter(self: Any, *args: Any, **options: Any) -> None:
    _init(self, *args, **options)
    self.patience = SECONDS


detached.Follower.__init__ = _shorter  # type: ignore[method-assign]
