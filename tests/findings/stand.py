"""The cluster of one worker at the start of each case, and what a case may leave on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal import cluster, known, saved
from rehearsal.errors import RehearsalError
from rehearsal.nodes import applies
from rehearsal.scenario import NodeStep, Scenario
from rehearsal.state import State
from rehearsal.to_4_26 import STEP
from rehearsal.topology import parse_counts
from tests.findings.case import CLEAN, REACHED, Case, Start
from tests.findings.killed import run_until_killed
from tests.findings.lab import Lab
from tests.findings.picture import Picture, picture
from tests.integration.clusters import TestCluster
from tests.matrix.edges import Point
from tests.proving.kind import NotAtStart

SEED = 15
TIMING = {"seconds_per_node": 0}


@dataclass
class Stand:
    """The cluster of one worker, and what the next case may find on it."""

    name: str
    start: Picture | None = None
    """The standing cluster of the preflight as it was at its start, when it is so now."""
    nodes: str = ""
    """Of which nodes the standing cluster is."""

    def at_start_of(self, case: Case, evidence: Path) -> TestCluster:
        """The cluster where the case begins, with the scenario of the case."""
        if case.start is Start.BEGINNING:
            return self._made(case.scenario, case.nodes)
        if case.start is Start.PREFLIGHT:
            found = self._standing(case.nodes)
        else:
            found = self._saved(case, evidence)
        apply(STEP.scenario(case.scenario), found)
        return found

    def down(self) -> None:
        """Take the cluster down: the next case gets a fresh one."""
        self.start = None
        cluster.down(self.name, say=_quiet)

    @property
    def _found(self) -> TestCluster:
        return TestCluster(self.name, known.topology(self.name))

    def _standing(self, nodes: str) -> TestCluster:
        if self.start is None or self.nodes != nodes:
            made = self._made(CLEAN, nodes)
            self.start, self.nodes = picture(made), nodes
        return self._found

    def _made(self, scenario: str, nodes: str) -> TestCluster:
        self.start = None
        before = State(self.name).read()
        if before is not None and before[0].counts == parse_counts(nodes):
            cluster.reset(self.name, scenario, SEED, TIMING, say=_quiet)
        else:
            cluster.up(self.name, scenario, SEED, nodes, TIMING, say=_quiet)
        return self._found

    def _saved(self, case: Case, evidence: Path) -> TestCluster:
        """The state in which a run was killed; made the first time."""
        self.start = None
        label = case.start.replace(" ", "-")
        before = State(self.name).read()
        fits = before is not None and before[0].counts == parse_counts(case.nodes)
        if fits and label in saved.labels(State(self.name)):
            cluster.load(self.name, label, say=_quiet)
            return self._found
        found = self._made(CLEAN, case.nodes)
        self._run_until_killed(case, found, evidence)
        cluster.save(self.name, label, say=_quiet)
        return self._found

    def _run_until_killed(self, case: Case, found: TestCluster, evidence: Path) -> None:
        key = REACHED[case.start].format(active=found.node_name(0))
        run_until_killed(Lab(case, found, evidence), key, Point.BEFORE_INTENT)
        shutil.rmtree(evidence / "clone")


def apply(scenario: Scenario, found: TestCluster) -> None:
    """Make of a standing cluster what the scenario makes of one that starts."""
    for step in (*scenario.before_start, *scenario.after_start):
        for node in found.topology.nodes:
            if applies(step, node):
                found.run(node.short, step.argv)
    if scenario.sql:
        found.sql(";".join(scenario.sql))
    if scenario.settings:
        Lab(_NO_CASE, found, Path()).set(**scenario.settings)
    if any(_changes_a_unit(step) for step in scenario.before_start):
        for node in found.topology.operative:
            found.run(node.short, ("systemctl", "daemon-reload"))


def _changes_a_unit(step: NodeStep) -> bool:
    return any(word.startswith("/etc/systemd/") for word in step.argv)


_NO_CASE = Case("", Start.BEGINNING, "", (), 0)


@contextmanager
def lab(case: Case, evidence: Path, stand: Stand) -> Iterator[Lab]:
    """A lab with the case's cluster where it begins; a shared one has to be left like that."""
    try:
        found = stand.at_start_of(case, evidence)
    except RehearsalError as error:
        raise NotAtStart(f"the cluster can't be brought to its start: {error}") from error
    made = Lab(case, found, evidence)
    if case.settings:
        made.give(**case.settings)
    start, stand.start = stand.start, None  # what a red case leaves is not known
    if case.strike is not None:
        case.strike(made)
    with made.stack:
        yield made
    if start is None or case.stays:
        return
    if differences := start.differences(picture(made.cluster)):
        told = f"the cluster is not as at its start: {'; '.join(differences)}"
        raise NotAtStart(told, made.columns)
    stand.start = start


def _quiet(text: str) -> None:
    """The rehearsal's own steps are not the cases' business."""
