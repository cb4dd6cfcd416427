"""A pair: a cluster and its twin, made of a snapshot of the running cluster; both are upgraded."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import cluster as clusters
from rehearsal import known, nodes, podman
from rehearsal.like.making import twin_of
from rehearsal.state import State
from rehearsal.to_4_26 import STEP
from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran, copy_project
from tests.proving.kind import Red, Say
from tests.twins.course import Course, Difference, Kind, differences
from tests.twins.drawing import Drawn
from tests.twins.edits import Deliberate, Edit

PLANNED, UPGRADED = "plan", "run"
GREEN, BLOCKED = 0, 10
VENDORS = (
    *("release_file", "package_order", "migration_report", "failure_exit_code", "reboot_hint"),
    "decorated_integers",
)
"""Settings of the stand-ins that are about the vendor's release."""
_DEADLINE = 120.0
"""Seconds for a command that is done on a node before the snapshot."""


def _quiet(text: str) -> None:
    """The rehearsal's own words are not for the proof's console."""


@dataclass
class Pair:
    """The two clusters of a worker, `names` of A and B, one drawn pair after the other."""

    names: tuple[str, str]
    say: Say = _quiet

    def compare(self, drawn: Drawn, evidence: Path) -> dict[str, str]:
        """Bring up both, upgrade both; what the page says of it. Raises Red when a twin differs."""
        one, other = (Project(copy_project(evidence / letter)) for letter in ("a", "b"))
        first, second = self.names
        clusters.up(first, drawn.scenario, drawn.seeds[0], drawn.nodes, say=_quiet, fresh=True)
        cluster = TestCluster(first, known.topology(first))
        make(cluster, drawn.edits)
        taken = one.run("--inventory", cluster.inventory, "--plan", "--snapshot")
        path = evidence / "snapshot.tar.gz"
        shutil.copy(_snapshot_of(taken), path)
        seed, vendor = drawn.seeds[1], vendor_of(drawn.seeds[0])
        made = twin_of(path, None)
        clusters.up(second, None, seed, None, vendor, say=_quiet, twin=made, fresh=True)
        twin = TestCluster(second, known.topology(second))
        if drawn.deliberate is not None:
            make(cluster, [drawn.deliberate.edit])
            taken = one.plan(cluster.inventory)
        courses = self._courses(drawn, (one, cluster, taken), (other, twin))
        found = differences(*courses)
        columns = columns_of(drawn, *courses, found)
        problem = problem_of(drawn.deliberate, found)
        if problem:
            raise Red(problem, columns)
        return columns

    def _courses(
        self,
        drawn: Drawn,
        first: tuple[Project, TestCluster, Ran],
        second: tuple[Project, TestCluster],
    ) -> tuple[Course, Course]:
        one, cluster, planned = first
        other, twin = second
        courses, plans = (Course(), Course()), (planned, other.plan(twin.inventory))
        for course, ran in zip(courses, plans, strict=True):
            course.add(PLANNED, ran.code, ran.events)
        codes = [ran.code for ran in plans]
        self.say(f"{drawn.name}: plans end with {codes[0]} and {codes[1]}")
        if codes != [GREEN, GREEN]:
            return courses
        with ThreadPoolExecutor() as pool:
            runs = list(pool.map(_upgrade, (one, other), (cluster, twin)))
        for course, ran in zip(courses, runs, strict=True):
            course.add(UPGRADED, ran.code, ran.events)
        return courses

    def down(self) -> None:
        """Remove both clusters."""
        for name in self.names:
            if State(name).directory.exists():
                clusters.down(name, say=_quiet)


def _upgrade(project: Project, cluster: TestCluster) -> Ran:
    return project.execute(cluster.inventory)


def make(cluster: TestCluster, edits: Sequence[Edit]) -> None:
    """Do them on the running cluster; the database first, as some of them move it."""
    for statement in (statement for edit in edits for statement in edit.sql):
        cluster.sql(statement)
    for step in (step for edit in edits for step in edit.steps):
        for node in cluster.topology.nodes:
            if nodes.applies(step, node):
                podman.execute(cluster.container(node.short), step.argv, timeout=_DEADLINE)


def vendor_of(seed: int) -> dict[str, Any]:
    """What the vendor's commands do with a cluster of that seed where no document tells it.

    No snapshot can tell it, and two clusters of one release have the same: a twin gets A's.
    """
    drawn = STEP.draw(seed)
    return {name: drawn[name] for name in VENDORS}


def _snapshot_of(ran: Ran) -> Path:
    path = ran.directory / "snapshot.tar.gz" if ran.directory is not None else None
    if path is None or not path.exists():
        raise Red(f"the plan ended with {ran.code} and left no snapshot: {ran.console[-1000:]}")
    return path


def problem_of(deliberate: Deliberate | None, found: Sequence[Difference]) -> str:
    """Why the pair is red; '' when it is as it must be.

    Without a deliberate difference nothing may differ. With one it has to be among what differs;
    what follows from it may be there too.
    """
    told = "; ".join(one.in_words for one in found)
    if deliberate is None:
        return f"the twin differs: {told}" if found else ""
    if not any(deliberate.shows in one.item.what for one in found):
        return f"{deliberate.edit.name} is not among what differs ({told or 'nothing'})"
    return ""


def columns_of(
    drawn: Drawn, cluster: Course, twin: Course, found: Sequence[Difference]
) -> dict[str, str]:
    """What the page says of a pair."""
    is_upgraded = any(item.of == UPGRADED for item in cluster.items)
    of = UPGRADED if is_upgraded else PLANNED
    counted = [
        f"{cluster.count(kind, of)} {words}"
        for kind, words in (
            (Kind.FINDING, "findings"),
            (Kind.STOP, "files at planned stops"),
            (Kind.QUESTION, "questions of the merge"),
            (Kind.LOSS, "counts of NULL"),
            (Kind.ROUND, "rounds"),
            (Kind.CHANGE, "changes"),
        )
    ]
    deliberate = drawn.deliberate.edit.name if drawn.deliberate else "-"
    apart = sorted({*cluster.apart, *twin.apart})
    return {
        "cluster": drawn.in_words,
        "compared": f"{'plans and runs' if is_upgraded else 'plans only'}: {', '.join(counted)}",
        "left out": ", ".join(apart) or "-",
        "changed afterwards": deliberate,
        "differs": "; ".join(one.in_words for one in found) or "nothing",
    }
