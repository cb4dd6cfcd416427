"""A cluster of the matrix with its saved states, and what an undisturbed run makes of it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from rehearsal import cluster as rehearsal_cluster
from rehearsal.state import State
from tests.integration.clusters import TestCluster
from tests.integration.invocation import _PARTS, ROOT
from tests.matrix.clones import Clone, kill_left_behind
from tests.matrix.edges import START, STATES, Edge, Made, Point, changes_of, edges, first_keys
from tests.matrix.endstate import EndState, end_state

NODES = "operative=2"
SEED = 15
SECONDS_PER_NODE = 0.5
"""Simulated time of the package step on each node."""


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def code_hash(root: Path = ROOT) -> str:
    """Changes with everything that the saved states depend on."""
    digest = hashlib.sha256(f"{NODES} {SEED} {SECONDS_PER_NODE}".encode())
    for path in _files(root / part for part in _PARTS):
        digest.update(f"\0{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(places: Iterable[Path]) -> list[Path]:
    found = [f for p in places for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return sorted(path for path in found if "__pycache__" not in path.parts)


@dataclass(frozen=True)
class Reference:
    """What a run that nobody disturbed did, and what it left."""

    changes: tuple[Made, ...]
    end: EndState

    def to_json(self) -> str:
        changes = [[change.key, change.is_detached] for change in self.changes]
        return json.dumps({"changes": changes, "end": dict(self.end.parts)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Reference:
        content = json.loads(text)
        changes = tuple(Made(key, detached) for key, detached in content["changes"])
        return cls(changes, EndState(content["end"]))


class Worker:
    """One cluster and two clones. Made once; saved states of the same code are used again."""

    def __init__(self, number: int) -> None:
        self.name = f"matrix-{number}"
        # within the cluster's own directory: clones, reference and states go together
        self.base = State(self.name).directory / "matrix"
        self._lock: IO[str] | None = None

    @property
    def cluster(self) -> TestCluster:
        return TestCluster(self.name, rehearsal_cluster.topology(self.name))

    @property
    def inventory(self) -> Path:
        return State(self.name).inventory

    @cached_property
    def reference(self) -> Reference:
        return Reference.from_json((self._record).read_text(encoding="utf-8"))

    @cached_property
    def edges(self) -> dict[str, Edge]:
        """Name -> edge, in the order of the run."""
        return {edge.name: edge for edge in edges(self.reference.changes)}

    @cached_property
    def clones(self) -> tuple[Clone, Clone]:
        a, b = (Clone(self.base / n, self.base / f"home-{n}", self.base / "pycache") for n in "ab")
        return a, b

    @property
    def _record(self) -> Path:
        return self.base / "reference.json"

    def prepare(self) -> None:
        """Have cluster, saved states, clones and reference of this code. RuntimeError if not."""
        if self._lock is not None:
            return  # by this invocation; the code may have changed since, the states have not
        self._take_lock()
        kill_left_behind(self.inventory)
        stamp, wanted = self.base / "code", code_hash()
        labels = {START, *(label for label, _ in STATES)}
        kept = stamp.exists() and stamp.read_text() == wanted
        if kept and labels <= set(rehearsal_cluster.saved_states(self.name)):
            return
        say(f"{self.name}: fresh cluster, seed {SEED}")
        settings = {"seconds_per_node": SECONDS_PER_NODE}
        rehearsal_cluster.down(self.name, say=_quiet)
        rehearsal_cluster.up(self.name, None, SEED, NODES, settings, say=_quiet)
        for name in ("a", "b"):
            Clone.make(self.base, name)
        self._make_states()
        stamp.write_text(wanted)

    def down(self) -> None:
        """Remove the cluster and its states; results stay."""
        rehearsal_cluster.down(self.name, say=_quiet)

    def load(self, label: str) -> None:
        rehearsal_cluster.load(self.name, label, say=_quiet)

    def _take_lock(self) -> None:
        lock = Path(f"/run/lock/neteye-{self.name}.lock").open("w", encoding="ascii")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another matrix works with cluster {self.name!r}") from None
        self._lock = lock

    def _make_states(self) -> None:
        """An undisturbed run, then one that is killed where each saved state begins."""
        rehearsal_cluster.save(self.name, START, say=_quiet)
        say(f"{self.name}: undisturbed run")
        first, second = self.clones
        changes = self._undisturbed(first, second)
        self._record.write_text(
            Reference(tuple(changes), end_state(self.cluster)).to_json(), encoding="utf-8"
        )
        self.load(START)
        first.forget()
        for label, key in first_keys(changes).items():
            say(f"{self.name}: state {label}")
            console = self.base / f"{label}.console"
            first.run_killed(self.inventory, key, Point.BEFORE_INTENT, console)
            rehearsal_cluster.save(self.name, label, say=_quiet)

    def _undisturbed(self, first: Clone, second: Clone) -> list[Made]:
        ran = first.run(self.inventory, self.base / "undisturbed.console")
        again = second.run(self.inventory, self.base / "undisturbed-again.console")
        if ran.code or again.code or again.changes:
            raise RuntimeError(
                f"the undisturbed run ended with {ran.code}, the one after it with {again.code}"
                f" and {len(again.changes)} changes; expected 0, 0 and none: see {self.base}"
            )
        return changes_of(ran.events)


def _quiet(text: str) -> None:
    """The rehearsal's own words are not for the matrix's console."""
