"""The lock on this machine: one run for each cluster, whoever starts it and from which directory.

A flock on a file outside the project: it ends with the process, however that ends. The lock on N
keeps runs of other machines apart; this one says so sooner, before any node is asked.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from engine.attempt.records import LockHeld, holder_of
from engine.errors import RunbookError
from engine.waiting import attempts

DIRECTORY = Path("/tmp")  # where every user of this machine can write
_MOST = 4096


class MachineLock:
    """Held from `take` to `give_back`, or to the end of this process."""

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
