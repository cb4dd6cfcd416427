"""How often each command was started on this node, for tests of "nothing is done twice"."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import datetime, timezone
from pathlib import Path

STATE = Path("/var/lib/neteye-rehearsal-counts")


def count_start(command: str) -> None:
    """Add a line (UTC time, process id, arguments) to the list of starts of `command`."""
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = f"{datetime.now(timezone.utc).isoformat()} {os.getpid()} {shlex.join(sys.argv)}\n"
    with (STATE / command).open("a", encoding="utf-8") as file:
        file.write(line)
