"""Another version step on another cluster: two folders of tests/next_step, nothing else.

No asset module is installed there: the procedure asks for none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.schemas import problems_of_run
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.invocation import ROOT, Project, Ran, copy_project
from tests.integration.outcome import all_starts, assert_started_once_a_round, is_fencing_on

pytestmark = pytest.mark.integration

STEP = ("-o", "runbook_step=tests.next_step.to_4_27")
NOTE = "/var/lib/neteye/tornado-rules.noted"


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> TestCluster:
    return clusters.get("next", "operative=2", step="tests.next_step.rehearsal")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the step's folder, which is no part of what runs else."""
    copy = copy_project(tmp_path_factory.mktemp("project") / "copy")
    shutil.copytree(ROOT / "tests" / "next_step", copy / "tests" / "next_step")
    return Project(copy)


@pytest.fixture(scope="module")
def upgraded(cluster: TestCluster, other: Project) -> Ran:
    return other.run("--inventory", cluster.inventory, *STEP)


def test_it_upgrades_the_cluster_to_its_end(upgraded: Ran, cluster: TestCluster) -> None:
    assert upgraded.code == 0, upgraded.console
    assert_started_once_a_round(cluster, 1)
    assert is_fencing_on(cluster)
    for node in cluster.shorts:
        assert cluster.read(node, "/etc/neteye-release").startswith("NetEye release 4.27"), node
        assert cluster.shell(node, f"ls {NOTE}").strip() == NOTE
    assert problems_of_run(Path(str(upgraded.directory))) == []


def test_the_guide_is_the_procedures_and_the_steps_own_row(upgraded: Ran) -> None:
    states = upgraded.states
    assert states.pop("G26") == "not needed"
    # no planned stop, no node that must never be upgraded by itself
    assert {states.pop("G09"), states.pop("G19")} == {"not applicable"}
    assert set(states.values()) == {"fulfilled"}
    assert "G30" in states
    assert not {"G03", "G06", "G13"} & set(states)


def test_nobody_asked_for_the_asset_module(upgraded: Ran) -> None:
    asked = [event for event in upgraded.events if event["event"] == "observation"]
    assert len(asked) > 100
    words = re.compile(r"ocs|glpi|memories", re.I)
    assert [
        e["question"] for e in asked if words.search(str(e.get("command", e["question"])))
    ] == []


def test_it_is_judged_again_by_its_step(upgraded: Ran, other: Project) -> None:
    argv = [sys.executable, "-m", "engine", "judge", str(upgraded.directory)]
    argv += ["--step", STEP[1].partition("=")[2]]
    told = subprocess.run(argv, cwd=other.directory, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_once_more_there_is_nothing_left_to_do(
    upgraded: Ran, cluster: TestCluster, other: Project
) -> None:
    before = all_starts(cluster)
    again = other.run("--inventory", cluster.inventory, *STEP)
    assert (again.code, again.changes) == (0, []), again.console
    assert all_starts(cluster) == before


def test_the_runbooks_own_step_refuses_such_a_cluster(
    upgraded: Ran, cluster: TestCluster, other: Project
) -> None:
    ran = other.execute(cluster.inventory)
    assert (ran.code, ran.changes) == (10, []), ran.console
    assert ran.blocking == {"version-path"}
