"""An upgrade from its start to its proof: run, run again, verified, the cluster as it must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from engine.verify import verify
from tests.integration.clusters import TestCluster
from tests.integration.invocation import Ran
from tests.integration.outcome import assert_upgraded
from tests.proving.kind import Red

VALID = 0
DONE, IDLE = "done", "not needed"
"""How the failover proof of a node ends: in the run that upgrades, and in one after it."""
Run = Callable[[str], Ran]
"""The runbook on a cluster; the word names its console."""


def prove(cluster: TestCluster, run: Run) -> list[Ran]:
    """Two runs, the second of which changes nothing. Raises Red with what is wrong."""
    found = []
    for name in ("first", "second"):
        ran = run(name)
        if ran.code != 0:
            raise Red(f"the {name} run ended with {ran.code}")
        problems = _problems(cluster, ran, DONE if name == "first" else IDLE)
        if problems:
            raise Red(f"the {name} run: {'; '.join(problems)}")
        found.append(ran)
    if found[1].changes:
        raise Red(f"the second run made {len(found[1].changes)} changes")
    try:
        assert_upgraded(cluster)
    except AssertionError as error:
        raise Red(f"after both runs: {error}") from error
    return found


def _problems(cluster: TestCluster, ran: Ran, moves: str) -> list[str]:
    if ran.directory is None:
        return ["it left no evidence"]
    found = []
    if ran.summary["outcome"] != "done":
        found.append(f"outcome {ran.summary['outcome']}")
    moved = [s for s in ran.outcomes if s.startswith("failover.proof[")]
    if {ran.outcomes[step] for step in moved} != {moves}:
        found.append(f"failover proof: {[(step, ran.outcomes[step]) for step in moved]}")
    head = re.search(r"^head of its journal: ([0-9a-f]{64})$", ran.console, re.MULTILINE)
    if head is None:
        return [*found, "no head of its journal on the console"]
    proved = verify(ran.directory, head[1], _signer(cluster, ran.directory))
    if proved.code != VALID:
        found.append(f"verify: {' / '.join(proved.lines)}")
    return found


def _signer(cluster: TestCluster, directory: Path) -> Path:
    """The controller's key as the one that has signed."""
    allowed = directory.parent / "allowed-signers"
    allowed.write_text(f"operator@example.test {(cluster.ssh / 'id_ed25519.pub').read_text()}")
    return allowed
