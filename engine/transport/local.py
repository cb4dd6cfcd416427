"""What this machine must have for ssh: a client, files that may be open, room for its words."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from engine.errors import UsageError

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
