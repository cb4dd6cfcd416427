"""What ssh needs of this machine: a client, files that may be open, a directory of its own.

It has control and forwarded sockets, and nobody else can enter it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from engine.errors import UsageError
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
            self._lock = os.open(self.path / "new", flags, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)  # until it is removed, or the process ends
            # it is called so only once it is held: who starts meanwhile would find it abandoned
            (self.path / "new").rename(self.path / "lock")
        except OSError as error:
            raise UsageError(_cant_be_made(parent, error.strerror or str(error))) from error
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


_FILES, _FILES_A_NODE = 64, 12
"""Open files of the runbook itself, and of what goes on with one node at a time."""
_AT_ONCE = 32
"""Nodes that are asked at the same time."""
_ROOM = 64 * 1024
"""Bytes; what ssh says about one connection is kept up to here."""


def require(nodes: int) -> None:
    """UsageError when this machine has no ssh client, or lets a process open too few files."""
    if shutil.which("ssh") is None:
        raise UsageError("there is no ssh on this machine; install OpenSSH's client")
    needed = _FILES + _FILES_A_NODE * min(nodes, _AT_ONCE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UsageError(
            f"a process may open {hard} files here (ulimit -Hn), and {needed} are needed for"
            f" {nodes} nodes; nothing was asked or changed. Raise the limit (ulimit -n 1024, or"
            " nofile in /etc/security/limits.conf), then run again"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def why_no_room(directory: Path) -> str:
    """Why nothing can be written there; '' when it can."""
    probe = directory / "room"
    try:
        probe.write_bytes(bytes(_ROOM))
    except OSError as error:
        return error.strerror or str(error)
    finally:
        probe.unlink(missing_ok=True)
    return ""


def not_started(error: OSError) -> str:
    """Why there is no connection when this machine could not start ssh for it."""
    return (
        f"ssh could not be started on this machine: {error.strerror or error}"
        f"{f' ({error.filename})' if error.filename else ''}; nothing was sent. See that there is"
        " room (df, df -i), memory, and a limit of open files that suffices (ulimit -n)"
    )
