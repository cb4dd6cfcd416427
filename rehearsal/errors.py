"""Errors of the rehearsal cluster.

RehearsalError          something can't be done; the text says what was seen and the way out
├── UsageError          the caller asked for something that does not exist (exit status 4)
└── CommandError        a command of the host or of a node failed or did not answer in time
"""

from __future__ import annotations

from collections.abc import Sequence


class RehearsalError(Exception):
    """What can't be done and why, in words meant for the person at the terminal."""


class UsageError(RehearsalError):
    """An argument names something that does not exist or is not allowed."""


class CommandError(RehearsalError):
    """A command failed. `returncode` is None when it did not end within its deadline."""

    def __init__(self, argv: Sequence[str], returncode: int | None, output: str) -> None:
        self.argv = tuple(argv)
        self.returncode = returncode
        self.output = output
        how = "did not answer in time" if returncode is None else f"ended with {returncode}"
        tail = output.strip()[-2000:] or "(no output)"
        super().__init__(f"`{' '.join(argv[:6])}` {how}: {tail}")
