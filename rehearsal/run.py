"""The one way commands are run on the host: argument list in, text out, always a deadline."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rehearsal.errors import CommandError, RehearsalError

_POLL_SECONDS = 0.4
_LONGEST_PAUSE = 1.0
_SHARE = 0.05
"""Of the time waited so far that a pause may last: a busy machine is not kept busy by looking."""


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    stdin: str | None = None,
    timeout: float = 60,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `argv` and return what it printed; `timeout` in seconds.

    Raises CommandError when the command ends with another status than 0 (unless `check` is
    False), when it does not end in time, and when the program is not there.
    """
    words = [os.fspath(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=None if env is None else {**os.environ, **env},
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CommandError(words, None, f"no end within {timeout:g} s") from late
    except FileNotFoundError as missing:
        raise CommandError(words, 127, f"{words[0]} is not installed") from missing
    if check and done.returncode != 0:
        raise CommandError(words, done.returncode, done.stdout + done.stderr)
    return done


def wait_for(
    what: str, look: Callable[[], str | None], *, seconds: float, every: float = _POLL_SECONDS
) -> None:
    """Poll `look` until it returns None; it returns what is still missing otherwise.

    `every` is the shortest pause in seconds; it grows to a second with the time that was waited.
    Raises RehearsalError with `what` and the last thing missing after `seconds`.
    """
    begun = time.monotonic()
    while (missing := look()) is not None:
        waited = time.monotonic() - begun
        if waited > seconds:
            raise RehearsalError(f"{what}: not reached within {seconds:g} s, still: {missing}")
        time.sleep(max(every, min(waited * _SHARE, _LONGEST_PAUSE)))
