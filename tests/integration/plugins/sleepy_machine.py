"""`-p sleepy_machine`: this process is on a machine of its own, and falls asleep once.

`TEST_MACHINE` is where that machine keeps its locks. Right before the change `TEST_ASLEEP_AT` is
sent to its node, the process stops itself (SIGSTOP), as when a laptop's lid is closed.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from engine.act import applier, detached
from engine.attempt import lock

lock.DIRECTORY = Path(os.environ["TEST_MACHINE"])
_asleep_at = os.environ.get("TEST_ASLEEP_AT", "")
_under_way: list[str] = []


def _sleep() -> None:
    if _under_way[-1] == _asleep_at:
        _under_way.append("has slept")
        os.kill(os.getpid(), signal.SIGSTOP)


_intent, _gate_of, _start = applier.Applier._intent, applier.gate_of, detached.start


def _noting(self: applier.Applier, step: str, key: str, change: Any) -> None:
    _intent(self, step, key, change)
    _under_way.append(key)


def _gate(*arguments: Any) -> Any:
    gate = _gate_of(*arguments)  # what the run knew before it slept
    _sleep()
    return gate


def _starting(*arguments: Any) -> None:
    _sleep()
    _start(*arguments)


applier.Applier._intent = _noting  # type: ignore[method-assign]
applier.gate_of = _gate
detached.start = _starting
