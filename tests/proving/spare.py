"""`python -m tests.proving.spare COMMAND...`: with what other commands leave of the processors.

For what has no clock of its own: beside it, commands that have one run as if they were alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")
"""Where it is there (sched(7)), the niceness of a session counts, and not that of its processes."""


def main(command: Sequence[str]) -> None:
    """Becomes the command, which with all that it starts gives way."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    if _GROUP.exists():
        _GROUP.write_text("19", "ascii")
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    main(sys.argv[1:])
