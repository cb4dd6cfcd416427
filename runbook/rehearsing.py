"""`pytest runbook` without an inventory starts the rehearsal cluster when it is not running."""

from __future__ import annotations

import subprocess
import sys

from engine.errors import UsageError
from engine.model.inventory import Inventory


def pytest_runbook_start_rehearsal(inventory: Inventory) -> None:
    """Start it only if the inventory's nodes are those of `python -m rehearsal`."""
    asked = subprocess.run(
        [sys.executable, "-m", "rehearsal", "up", "--if-inventory", str(inventory.path)],
        cwd=inventory.path.parent,
        check=False,
    )
    if asked.returncode != 0:
        raise UsageError(
            "the rehearsal cluster is not running and could not be started (see above);"
            " for another cluster give --inventory FILE"
        )
