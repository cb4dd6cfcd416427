"""A file on the machine of the run, as the journal tells those of the nodes."""

from __future__ import annotations

import grp
import hashlib
import pwd
from pathlib import Path

from engine.model.files import FileState

FILE_FETCHED = "file-fetched"
"""The event of a file that a step brought from a node into the run's directory."""


def state_here(path: Path) -> FileState:
    """Owner, group, permissions, bytes and digest, in constant memory; raises OSError."""
    seen = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    mode = f"{seen.st_mode & 0o7777:04o}"
    return FileState(_user(seen.st_uid), _group(seen.st_gid), mode, seen.st_size, digest)


def _user(number: int) -> str:
    """As `stat` tells it: the number, where there is no name for it."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
