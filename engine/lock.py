"""Holding the cluster: one run at a time, from whatever machine; the lease is kept by a thread."""

from __future__ import annotations

import getpass
import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import RunbookError
from engine.records import LEASE, LockHeld, LockLost, RecordsWriter
from engine.run import Ending, Run
from engine.transport.base import Lost


class ClusterLock:
    """The lock on N for the time of this run; `records` writes under its generation."""

    def __init__(self, run: Run, records: RecordsWriter) -> None:
        self._run = run
        self._records = records
        self._ended = threading.Event()

    def take(self) -> bool:
        """Take it, and keep its lease from now on. False: the run is stopped and says why."""
        try:
            self._acquire()
        except LockHeld as held:
            self._run.halt(
                Ending.LOCKED,
                str(held),
                "Wait for that run to end, or end it; a lock that nobody renews for"
                f" {LEASE} s may be taken over by the next run.",
            )
            return False
        except (Lost, RunbookError) as error:
            self._run.halt(Ending.FAILED, f"the cluster's lock: {error}", "Remove the cause.")
            return False
        threading.Thread(target=self._keep_lease, daemon=True).start()
        return True

    def give_back(self) -> None:
        """Raises Lost or RunbookError when N does not take it; the lease then ends by itself."""
        self._ended.set()
        self._records.release()

    def _acquire(self) -> None:
        try:
            self._records.acquire()
        except LockHeld as held:
            if not is_gone(held.holder):
                raise
            self._records.acquire(over=held.generation)
        if self._records.taken_over:
            self._run.record("note", step="", text="the lock of an earlier run was taken over")

    def _keep_lease(self) -> None:
        while not self._ended.wait(LEASE / 3):
            try:
                self._records.renew()
            except LockLost as error:
                self._run.halt(Ending.LOCKED, str(error), "Look who holds the cluster now.")
                return
            except (Lost, RunbookError):
                continue  # the next change finds out whether N is back


def holder(run: Run) -> dict[str, str]:
    """Who holds the cluster, as the next one is told."""
    return {
        "who": getpass.getuser(),
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "boot": _boot_id(),
        "run": run.run_id,
        "since": run.started.isoformat(timespec="seconds"),
    }


def is_gone(holder: Mapping[str, Any]) -> bool:
    """The holder was a process of this very machine, and it is not there any more."""
    if holder.get("host") != socket.gethostname() or holder.get("boot") != _boot_id():
        return False
    return not Path(f"/proc/{holder.get('pid')}").exists()


def _boot_id() -> str:
    """Tells this start of this machine from every other one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
