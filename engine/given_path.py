"""Paths that an operator gives: asking what is there never raises, as pathlib's own questions do.

`Path.is_file` and its like raise for a name that is too long, and for a directory that may not be
searched (Python 3.11).
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path


def is_there(path: Path) -> bool:
    """Something is there that can be looked at."""
    return not why_nothing(path)


def is_file(path: Path) -> bool:
    """A file is there that can be looked at."""
    return not why_no_file(path)


def why_no_file(path: Path, kind: str = "file") -> str:
    """Why no file can be had there, for a message; empty: it can."""
    return _why(path, kind, stat.S_ISREG)


def why_nothing(path: Path, kind: str = "file") -> str:
    """Why nothing can be had there, for a message; empty: something is there."""
    return _why(path, kind, bool)


def _why(path: Path, kind: str, is_right: Callable[[int], bool]) -> str:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return f"no such {kind}"
    except OSError as error:
        return f"can't be looked at ({error.strerror})"
    return "" if is_right(mode) else "is no file"
