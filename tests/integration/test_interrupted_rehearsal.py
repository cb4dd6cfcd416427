"""Stopped by a signal in the middle of a command: exit code 2; run again, it goes on and ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.verify import NOT_VALID, verify
from rehearsal.run import wait_for
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import TWO
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project
from tests.integration.outcome import assert_rows, assert_started_once_a_round, assert_upgraded
from tests.integration.snapshot import starts

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def runs(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Interrupted during `neteye update`, during the first round of `upgrade`, then left alone.

    The last run is started elsewhere: it has of the others what N has.
    """
    cluster = clusters.get("stopped", TWO, seed=26)
    project = Project(copy_project(tmp_path_factory.mktemp("interrupted") / "copy"))
    elsewhere = Project(copy_project(tmp_path_factory.mktemp("elsewhere") / "copy"))
    consoles = tmp_path_factory.mktemp("consoles")
    return {
        "update": _interrupted(cluster, project, consoles / "update", "neteye-update"),
        "upgrade": _interrupted(cluster, project, consoles / "upgrade", "neteye-upgrade"),
        "last": elsewhere.execute(cluster.inventory),
    }


@pytest.fixture
def cluster(clusters: Clusters, runs: dict[str, Ran]) -> TestCluster:
    """The cluster as the last run left it."""
    assert clusters.standing is not None
    return clusters.standing


def _interrupted(cluster: TestCluster, project: Project, console: Path, command: str) -> Ran:
    """A run that gets SIGTERM as soon as the command was started on N."""
    process = project.start(cluster.inventory, console)

    def missing() -> str | None:
        if process.poll() is not None:
            return None
        return None if starts(cluster, command)[cluster.active] else f"a start of {command}"

    try:
        wait_for(f"{command} running", missing, seconds=DEADLINE, every=1.0)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
    return project.ran(code, console.read_text(errors="replace"))


@pytest.mark.parametrize("when", ["update", "upgrade"])
def test_a_signal_ends_the_run_in_good_order(runs: dict[str, Ran], when: str) -> None:
    ran = runs[when]
    assert ran.code == 2, ran.console
    assert ran.summary["outcome"] == "interrupted"
    assert ran.summary["exit_code"] == 2
    assert "Run again" in ran.summary["stopped"]["what_to_do"]
    assert ran.directory is not None
    assert (ran.directory / "report.html").stat().st_size > 0
    assert "Traceback" not in ran.console


def test_the_ledger_tells_what_was_left_in_place(runs: dict[str, Ran]) -> None:
    """The vendor's command turns fencing off and sets standby: both are on record before."""
    kinds = {entry["kind"] for entry in runs["update"].summary["ledger"]}
    assert {"fencing", "standby"} <= kinds


def test_run_again_it_goes_on_and_ends_well(runs: dict[str, Ran], cluster: TestCluster) -> None:
    assert runs["last"].code == 0, runs["last"].console
    assert runs["last"].summary["outcome"] == "done"
    assert_rows(runs["last"], "G19")  # no node that must never be upgraded by itself
    assert_upgraded(cluster)


def test_nothing_was_started_twice(runs: dict[str, Ran], cluster: TestCluster) -> None:
    assert runs["last"].code == 0, runs["last"].console
    assert_started_once_a_round(cluster, rounds=2)


def test_the_runs_are_one_attempt(runs: dict[str, Ran]) -> None:
    attempts = {runs[name].summary["attempt"] for name in ("update", "upgrade")}
    assert len(attempts) == 1
    assert runs["last"].directory is not None
    earlier = runs["last"].directory / "earlier"
    assert len(list(earlier.iterdir())) >= 2


def test_every_output_that_any_of_them_cites_is_there(runs: dict[str, Ran]) -> None:
    directory = runs["last"].directory
    assert directory is not None
    names = {run.directory.name for run in runs.values() if run.directory is not None}
    there = {path.name for path in (directory / "outputs").iterdir() if path.is_dir()}
    assert there == names - {directory.name}
    verdict = verify(directory)
    assert verdict.code != NOT_VALID, verdict.lines
    assert not [line for line in verdict.lines if "not here" in line]
    assert "not fetched" not in (directory / "evidence.html").read_text()
