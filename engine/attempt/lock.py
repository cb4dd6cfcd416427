"""Holding the cluster: one run at a time, from whatever machine; the lease is kept by a thread."""

from __future__ import annotations

import getpass
import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.attempt import records as leases
from engine.attempt.machine_lock import MachineLock
from engine.attempt.records import LockHeld, LockLost, RecordsWriter, described
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.record.journal import LOCK_TAKEN
from engine.record.run import Ending, Run


def take_machine_lock(run: Run) -> MachineLock | None:
    """The lock on this machine. None: the run is stopped and says why."""
    lock = MachineLock(run.inventory.settings.cluster, holder(run))
    try:
        lock.take()
    except LockHeld as held:
        run.does_not_know(str(held))
        run.halt(
            Ending.LOCKED,
            f"{held} on this machine",
            f"Wait for that run to end, or end it (kill {held.holder.get('pid', 'PID')} lets it"
            " write its report).",
        )
        return None
    except RunbookError as error:  # about a file of this machine; nobody was asked yet
        run.halt(Ending.USAGE, str(error), "Remove the cause, then run again.")
        return None
    return lock


class ClusterLock:
    """The lock on N for the time of this run; `records` writes under its token."""

    def __init__(self, run: Run, records: RecordsWriter) -> None:
        self._run = run
        self._records = records
        self._ended = threading.Event()
        self.taken_over = ""
        """Whose lock was taken over and why, in words; empty when it was free."""

    def take(self) -> bool:
        """Take it, and keep its lease from now on. False: the run is stopped and says why."""
        try:
            self._acquire()
        except LockHeld as held:
            self._run.does_not_know(str(held))
            self._run.halt(
                Ending.LOCKED,
                str(held),
                "Wait for that run to end, or end it; a lock that nobody renews for"
                f" {leases.LEASE} s may be taken over by the next run.",
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
        gone = False
        try:
            self._records.acquire()
        except LockHeld as held:
            gone = is_gone(held.holder)
            if not gone:
                raise
            self._records.acquire(over=held.token)
        self._run.record(LOCK_TAKEN, step="", generation=int(self._records.fencing_token))
        former = self._records.former
        if former is not None:
            why = (
                "its process is not there any more"
                if gone
                else f"nobody had renewed it for {former.age} s"
            )
            self.taken_over = (
                f"the lock of an earlier run was taken over ({described(former.holder)}): {why}"
            )
            self._run.record("note", step="", text=self.taken_over)

    def _keep_lease(self) -> None:
        while not self._ended.wait(leases.LEASE / 3):
            try:
                self._records.renew()
            except LockLost as error:
                if not self._ended.is_set():
                    self._run.halt(Ending.LOCKED, str(error), "Look who holds the cluster now.")
                return
            except (Lost, RunbookError, OSError):
                # of N, or of this machine (no process, no file); the next change will tell
                continue


def holder(run: Run) -> dict[str, str]:
    """Who holds the cluster, as the next one is told."""
    return {
        "who": getpass.getuser(),
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "process": _process_of(os.getpid()) or "",
        "processes": _process_space(),
        "boot": _boot_id(),
        "run": run.run_id,
        "since": run.started.isoformat(timespec="seconds"),
    }


def is_gone(holder: Mapping[str, Any]) -> bool:
    """The holder was a process of this very machine, and it is not there any more."""
    if holder.get("host") != socket.gethostname() or holder.get("boot") != _boot_id():
        return False
    if holder.get("processes") != _process_space():
        return False  # of another container: its processes can't be seen from here
    now = _process_of(holder.get("pid"))
    return now is None or now != holder.get("process")


def _process_of(pid: Any) -> str | None:
    """Tells a living process from a later one with the same pid: its start, in ticks."""
    try:
        text = Path(f"/proc/{int(pid)}/stat").read_text()
    except (OSError, TypeError, ValueError):
        return None
    state, *others = text.rpartition(")")[2].split()
    return None if state in "ZX" else others[18]


def _process_space() -> str:
    """Which processes can be seen: those of this pid namespace."""
    return str(Path("/proc/self/ns/pid").readlink())


def _boot_id() -> str:
    """Tells this start of this machine from every other one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
