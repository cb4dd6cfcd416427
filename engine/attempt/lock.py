"""Holding the cluster: one run at a time, from whatever machine; the lease is kept by a thread."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import re
import socket
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.attempt.records import (
    LockHeld,
    LockLost,
    RecordsWriter,
    described,
    holder_of,
    lease_of,
)
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.model.ending import Ending
from engine.record.journal import LOCK_TAKEN
from engine.record.run import Run
from engine.waiting import attempts


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
            "Leave it to that run: watch it (python -m engine watch), and wait for its end. Only if"
            f" nobody wants it any more: kill {held.holder.get('pid', 'PID')} ends it, and it still"
            " writes its report.",
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
                "Leave it to that run: watch it on its machine (python -m engine watch), or from"
                " here with --on-node, and wait for its end. A lock that nobody renews for"
                f" {lease_of(held.holder)} s may be taken over by the next run.",
            )
            return False
        except (Lost, RunbookError) as error:
            self._run.halt(
                Ending.FAILED, f"the cluster's lock: {error}", "Remove the cause, then run again."
            )
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
        while not self._ended.wait(self._records.lease / 3):
            try:
                self._records.renew()
            except LockLost as error:
                if not self._ended.is_set():
                    self._run.halt(
                        Ending.LOCKED,
                        str(error),
                        "Look who holds the cluster; that run goes on from here. Run again when it"
                        " has ended.",
                    )
                return
            except (Lost, RunbookError, OSError):
                # of N, or of this machine (no process, no file); the next change will tell
                continue


def holder(run: Run) -> dict[str, str]:
    """Who holds the cluster, as the next one is told."""
    return {
        "who": getpass.getuser(),
        **({"by": run.by} if run.by else {}),
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "process": _process_of(os.getpid()) or "",
        "processes": _process_space(),
        "boot": _boot_id(),
        "run": run.run_id,
        "since": run.started.isoformat(timespec="seconds"),
        **({"lease": str(lease)} if (lease := run.inventory.settings.lease_seconds) else {}),
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


DIRECTORY = Path("/tmp")  # where every user of this machine can write
_MOST = 4096


class MachineLock:
    """The lock on this machine: one run for each cluster, whoever starts it, from which directory.

    A flock on a file outside the project: it ends with the process, however that ends. The lock on
    N keeps runs of other machines apart; this one says so sooner, before any node is asked.

    Held from `take` to `give_back`, or to the end of this process.
    """

    def __init__(self, cluster: str, holder: Mapping[str, str]) -> None:
        name = re.sub(r"[^A-Za-z0-9.-]", "-", cluster.lower())[:100]
        self.path = DIRECTORY / f"neteye-runbook-{name}.lock"
        self._holder = dict(holder)
        self._file: int | None = None

    def take(self) -> None:
        """Raises LockHeld, with the holder, and RunbookError for a file that can't be used."""
        for _ in attempts(5.0, every=0.01):
            file = self._open()
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _read(file)
                os.close(file)
                raise LockHeld(holder, "") from None
            if self._is_there(file):
                self._write_holder(file)
                self._file = file
                return
            os.close(file)  # somebody removed it between opening and locking
        raise RunbookError(f"{self.path} is made and removed all the time; look who does that")

    def give_back(self) -> None:
        """Unlock. The file stays: another run may have locked it already."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write_holder(self, file: int) -> None:
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(self._holder).encode()[:_MOST], 0)
        except OSError as error:
            os.close(file)
            raise RunbookError(
                f"{self.path}, which keeps a second run of this machine away, can't be written:"
                f" {error.strerror}; make room in {DIRECTORY}, then run again"
            ) from error

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            file = self._open_or_make(flags)
        except OSError as error:
            raise RunbookError(
                f"{self.path}, which keeps a second run of this machine away, can't be opened:"
                f" {error.strerror}; expected a file that every user may write. Remove it when"
                " no run is under way, then run again"
            ) from error
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            os.close(file)
            raise RunbookError(
                f"{self.path} is no plain file of its own; somebody else put it there. Remove it,"
                " then run again"
            )
        return file

    def _open_or_make(self, flags: int) -> int:
        # first without O_CREAT: in a directory like /tmp the kernel lets nobody, not even root,
        # open another user's file with it (fs.protected_regular)
        for _ in range(100):
            with contextlib.suppress(FileNotFoundError):
                return os.open(self.path, flags)
            with contextlib.suppress(FileExistsError):
                made = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o666)
                os.fchmod(made, 0o666)
                return made
        raise FileNotFoundError(2, "it is made and removed all the time")

    def _is_there(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            return False


def _read(file: int) -> Mapping[str, object]:
    return holder_of([os.pread(file, _MOST, 0).decode("utf-8", "backslashreplace")], 0)
