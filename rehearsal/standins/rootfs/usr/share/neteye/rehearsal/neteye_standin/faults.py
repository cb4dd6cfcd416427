"""Faults that only a stand-in can show, from `/etc/neteye-rehearsal/faults.json`."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any

from neteye_standin.context import REHEARSAL, ContextError
from neteye_standin.counts import STATE

FAULTS_FILE = REHEARSAL / "faults.json"


class InjectedFault(Exception):
    """A task fails because the rehearsal asked for it; `node` is None for this node."""

    def __init__(self, node: str | None, message: str) -> None:
        self.node = node
        super().__init__(message)


def load(section: str) -> dict[str, Any]:
    """The faults of one part (drbd, elastic, health, update, upgrade); empty when there is none."""
    try:
        faults = json.loads(FAULTS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ContextError(f"{FAULTS_FILE}: not JSON: {error}") from None
    found = faults.get(section, {})
    return found if isinstance(found, dict) else {}


def healed(section: str, name: str, keys: tuple[str, ...]) -> None:
    """Something of one part is as it should be again: its faults of these keys are gone."""
    if not load(section).get(name):
        return
    faults = json.loads(FAULTS_FILE.read_text(encoding="utf-8"))
    for key in keys:
        faults[section][name].pop(key, None)
    FAULTS_FILE.write_text(json.dumps(faults), encoding="utf-8")


def strike(command: str, task: str, *, after: bool) -> None:
    """Let the fault of `command` hit, when it is due at `task`, before or after the task's work."""
    fault = load(command)
    if fault.get("task") != task or (fault.get("mode") == "once-done") is not after:
        return
    if not _due(command, fault):
        return
    mode = fault.get("mode", "fail")
    if mode == "hang":
        threading.Event().wait()
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise InjectedFault(fault.get("node"), fault.get("message", "injected by the rehearsal"))


def _due(command: str, fault: dict[str, Any]) -> bool:
    times = fault.get("times")
    if times is None:
        return True
    STATE.mkdir(parents=True, exist_ok=True)
    used = STATE / f"fault-{command}"
    count = int(used.read_text(encoding="utf-8")) if used.exists() else 0
    if count >= times:
        return False
    used.write_text(str(count + 1), encoding="utf-8")
    return True
