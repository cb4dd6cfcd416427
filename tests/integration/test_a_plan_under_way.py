"""`--plan` in the middle of an upgrade and after it: what is left to do, and no trace."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.effects import without_effect
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project
from tests.integration.snapshot import starts
from tests.integration.test_a_plan import commands, steps_of

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]


@dataclass(frozen=True)
class Plans:
    """Plans at the planned stop and after the end, and the run between them."""

    cluster: TestCluster
    stopped: Ran
    last: Ran
    closed: Ran


@pytest.fixture(scope="module")
def plans(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    cluster = clusters.get("small", SMALL, seed=26)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("plans") / "copy"))
    _interrupt_in_the_upgrade(cluster, project, tmp_path_factory.mktemp("consoles") / "upgrade")
    with without_effect(cluster):
        stopped = project.plan(cluster.inventory)
    last = project.execute(cluster.inventory)
    with without_effect(cluster):
        closed = project.plan(cluster.inventory)
    yield Plans(cluster, stopped, last, closed)
    cluster.is_spoilt = True


def _interrupt_in_the_upgrade(cluster: TestCluster, project: Project, console: Path) -> None:
    """A run that gets SIGTERM in the first round; the round ends by itself, at its planned stop."""
    process = project.start(cluster.inventory, console)

    def not_begun() -> str | None:
        begun = starts(cluster, "neteye-upgrade")[cluster.active] or process.poll() is not None
        return None if begun else "a start of neteye upgrade"

    def not_ended() -> str | None:
        found = cluster.shell(
            cluster.active,
            "ls /var/lib/neteye-runbook/attempts/*/commands/upgrade-1/status 2>/dev/null || true",
        )
        return None if found.strip() else "the exit status of the first round"

    try:
        wait_for("neteye upgrade running", not_begun, seconds=DEADLINE, every=1.0)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=DEADLINE)
        wait_for("the planned stop", not_ended, seconds=DEADLINE, every=1.0)
    finally:
        process.kill()
        process.wait()


def test_at_the_planned_stop_it_shows_migration_round_and_reactivation(plans: Plans) -> None:
    ran = plans.stopped
    assert ran.code == 0, ran.console
    steps = steps_of(ran)
    on_n, other = (plans.cluster.topology.operative[number].name for number in (0, 1))
    assert steps["update.run"]["verdict"] == "SATISFIED"
    assert steps["backup.proved"]["verdict"] == "SATISFIED"
    files = [steps[f"migration.files[1][{node}]"] for node in (on_n, other)]
    assert {step["verdict"] for step in files} == {"WILL RUN"}
    # the first round is read, not started again; the second one follows for certain
    assert steps["upgrade.run[1]"]["reason"].startswith("bookkeeping: exit status ")
    assert steps["upgrade.run[1]"]["commands"] == []
    assert [c for c in commands(ran) if c.startswith(("neteye", "pcs"))] == [
        "neteye upgrade",
        "pcs node unstandby --all --wait=300",
        "pcs property set stonith-enabled=true",
    ]
    assert "the point of no return is behind" in ran.console


def test_the_run_did_what_the_plan_said(plans: Plans) -> None:
    assert plans.last.code == 0, plans.last.console
    steps = steps_of(plans.stopped)
    for step in plans.last.summary["steps"]:
        verdict = steps[step["name"]]["verdict"]
        if verdict == "SATISFIED":
            changed = [e for e in plans.last.changes if e["step"] == step["name"]]
            assert changed == [], step["name"]


def test_after_the_end_there_is_nothing_to_do(plans: Plans) -> None:
    ran = plans.closed
    assert ran.code == 0, ran.console
    assert commands(ran) == []
    assert "PLAN: nothing blocks, and there is nothing to change." in ran.console
    verdicts = {step["verdict"] for step in steps_of(ran).values()}
    assert verdicts <= {"SATISFIED", "WILL RUN"}
