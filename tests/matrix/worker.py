"""A worker's cluster of the matrix with its clones and saved states."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path

from rehearsal import cluster as rehearsal_cluster
from rehearsal import known, saved
from rehearsal.bases import DEFAULT
from rehearsal.state import State
from tests.integration.clusters import TestCluster
from tests.matrix.clones import Clone
from tests.matrix.edges import CHANGES, START, Point, changes_of, first_keys
from tests.matrix.endstate import EndState, end_state
from tests.matrix.reference import NODES, SECONDS_PER_NODE, SEED, check, end_of_undisturbed
from tests.proving.kind import Say

PAYS = 4
"""The time of asking from which on a state pays: making it costs a start, most of a run and a save,
an edge from there saves some of a run."""


class Worker:
    """One cluster and two clones."""

    def __init__(self, name: str, say: Say, base: str = DEFAULT.name) -> None:
        self.name = name
        self.base_of_nodes = base
        self._say = say
        # within the cluster's own directory: clones and states go together
        self.base = State(name).directory / "matrix"
        self._asked = Counter[str]()
        """How often each state was wanted."""

    @property
    def cluster(self) -> TestCluster:
        return TestCluster(self.name, known.topology(self.name))

    @property
    def inventory(self) -> Path:
        return State(self.name).inventory

    @cached_property
    def clones(self) -> tuple[Clone, Clone]:
        a, b = (Clone.make(self.base, name) for name in "ab")
        return a, b

    def bring_to(self, state: str) -> str:
        """Have the cluster in that state, and both clones as cloned; returns the state.

        The first times that a state is wanted it is START: a run from there costs less than a
        state that few come back to.
        """
        self._asked[state] += 1
        found = state if self._asked[state] >= PAYS or state in self._saved else START
        self._reach(found)
        for clone in self.clones:
            clone.forget()
        return found

    def end_of_undisturbed(self) -> EndState:
        """What a run that nobody disturbed leaves. The cluster may be used for it."""
        project = self.clones[0].directory
        return end_of_undisturbed(self._undisturbed, project, base=self.base_of_nodes)

    def down(self) -> None:
        """Remove the cluster, its states and clones."""
        if State(self.name).directory.exists():
            rehearsal_cluster.down(self.name, say=_quiet)
        self.__dict__.pop("clones", None)
        self._asked.clear()

    @property
    def _saved(self) -> list[str]:
        return saved.labels(State(self.name))

    def _reach(self, state: str) -> None:
        if state == START:
            self._to_start()
        elif state in self._saved:
            rehearsal_cluster.load(self.name, state, say=_quiet)
        else:
            self._make(state)

    def _to_start(self) -> None:
        if State(self.name).read() is None:
            settings, base = {"seconds_per_node": SECONDS_PER_NODE}, self.base_of_nodes
            rehearsal_cluster.up(self.name, None, SEED, NODES, settings, say=_quiet, base=base)
        else:
            rehearsal_cluster.reset(self.name, say=_quiet)

    def _make(self, state: str) -> None:
        """A run that is killed where the state begins."""
        self._say(f"a run to {state}, which is saved")
        self._to_start()
        first, _ = self.clones
        first.forget()
        key = first_keys(CHANGES)[state]
        first.run_killed(self.inventory, key, Point.BEFORE_INTENT, self.base / f"{state}.console")
        rehearsal_cluster.save(self.name, state, say=_quiet)

    def _undisturbed(self) -> EndState:
        self._say("an undisturbed run")
        self._to_start()
        first, second = self.clones
        for clone in self.clones:
            clone.forget()
        ran = first.run(self.inventory, self.base / "undisturbed.console")
        again = second.run(self.inventory, self.base / "undisturbed-again.console")
        if ran.code or again.code or again.changes:
            raise RuntimeError(
                f"the undisturbed run ended with {ran.code}, the one after it with {again.code}"
                f" and {len(again.changes)} changes; expected 0, 0 and none"
            )
        check(changes_of(ran.events))
        return end_state(self.cluster)


def _quiet(text: str) -> None:
    """The rehearsal's own words are not for the proof's console."""
