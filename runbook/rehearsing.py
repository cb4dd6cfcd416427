"""`pytest runbook` without an inventory starts the rehearsal cluster when it is not running.

Only that one: the inventory has to say `rehearsal`, and its nodes have to be those of
`python -m rehearsal`. Elsewhere unreachable is unreachable.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from engine.errors import UsageError
from engine.model.inventory import Inventory
from engine.model.release import Release
from engine.parse.inventory_ini import parse_inventory


def pytest_runbook_start_rehearsal(inventory: Inventory, release: Release) -> None:
    """Start the cluster when none of its nodes runs; a node that is off on purpose stays off."""
    root = inventory.path.parent
    told = _rehearsal(root, "inventory")
    own = parse_inventory(told.stdout, Path("python -m rehearsal inventory"), release.settings)
    if _nodes(own) != _nodes(inventory) or _runs(root):
        return
    started = subprocess.run([sys.executable, "-m", "rehearsal", "up"], cwd=root, check=False)
    if started.returncode != 0:
        raise UsageError(
            "the rehearsal cluster is not running and could not be started (see above);"
            " for another cluster give --inventory FILE"
        )


def _runs(root: Path) -> bool:
    """Whether any node of it runs; a cluster that was never made has none."""
    told = _rehearsal(root, "status", "--json")
    if told.returncode != 0:
        return False
    return any(node["state"] == "running" for node in json.loads(told.stdout))


def _rehearsal(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "rehearsal", *words]
    return subprocess.run(argv, cwd=root, check=False, capture_output=True, text=True)


def _nodes(inventory: Inventory) -> set[tuple[str, str, str]]:
    return {(host.name, host.address, host.role.value) for host in inventory.hosts}
