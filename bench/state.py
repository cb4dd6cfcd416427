"""Which state of the code is measured."""

from __future__ import annotations

import subprocess
from pathlib import Path

_MEASURED = (".", ":(exclude)*.md")
"""Words change no figure: a page can be mended without measuring anew."""


class NotCommitted(Exception):
    """Files of the work tree differ from the commit that is measured."""


def commit_of(root: Path) -> str:
    """The newest commit that changed anything but words; NotCommitted names what is not in it."""
    changed = _git(root, "status", "--porcelain", "--", *_MEASURED).splitlines()
    if changed:
        names = ", ".join(line[3:] for line in changed[:5])
        raise NotCommitted(f"not committed: {names}{', ...' if len(changed) > 5 else ''}")
    return _git(root, "log", "-1", "--format=%H", "--", *_MEASURED).strip()


def hold(root: Path, commit: str) -> None:
    """NotCommitted when the tree is another one than at the start."""
    now = commit_of(root)
    if now != commit:
        raise NotCommitted(f"the work tree is at {now[:12]} now, and was at {commit[:12]}")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout
