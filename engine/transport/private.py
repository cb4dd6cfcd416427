"""A directory for control and forwarded sockets that nobody else can enter."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from engine.errors import UsageError
from engine.transport.local import why_no_room
from engine.transport.options import CLIENT
from engine.transport.session import ssh_environment


class PrivateDirectory:
    """A new one, 0700, with a short name: the path of a socket has at most 107 bytes.

    Its lock tells others that it is in use. Those of runs that were killed are removed at the
    start of the next, with the connections they left. UsageError when it can't be made.
    """

    def __init__(self) -> None:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        usable = runtime.startswith("/run/user/") and os.access(runtime, os.W_OK | os.X_OK)
        parent = Path(runtime if usable else "/tmp")
        _sweep(parent)
        try:
            self.path = Path(tempfile.mkdtemp(prefix="nr-", dir=parent))
            flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
            self._lock = os.open(self.path / "lock", flags, 0o600)
        except OSError as error:
            raise UsageError(_cant_be_made(parent, error.strerror or str(error))) from error
        fcntl.flock(self._lock, fcntl.LOCK_EX)  # until it is removed, or the process ends
        if why := why_no_room(self.path):
            self.remove()
            raise UsageError(_cant_be_made(parent, why))

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _cant_be_made(parent: Path, why: str) -> str:
    return (
        f"{parent}: the sockets of ssh and what it says can't be kept there ({why}); nothing was"
        " asked or changed. Make room (df and df -i tell what is used up), then run again"
    )


def _sweep(parent: Path) -> None:
    for path in parent.glob("nr-*"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            if path.lstat().st_uid == os.getuid() and _is_abandoned(path / "lock"):
                for socket in path.glob("[0-9]*c[0-9]*"):
                    _end_connection(socket)
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _end_connection(control: Path) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*CLIENT, "-S", str(control), "-O", "exit", "--", "gone"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ssh_environment(),
            start_new_session=True,
            timeout=5,
            check=False,
        )
