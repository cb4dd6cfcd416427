"""Killed in the middle of a round: its journal alone gives a report, and the next run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project, environment
from tests.integration.outcome import assert_upgraded
from tests.plugin.pages import FILES, cases, head, page

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]


@dataclass(frozen=True)
class Story:
    """One run killed in the first round, the next one left alone."""

    project: Project
    killed: Ran
    """What is rebuilt of it; its console is that of the rebuilding."""
    last: Ran


@pytest.fixture(scope="module")
def story(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Story:
    cluster = clusters.get("small", SMALL, seed=26)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("killed") / "copy"))
    directory = killed_in_a_round(cluster, project, tmp_path_factory.mktemp("console") / "console")
    assert not any((directory / name).exists() for name in FILES)
    killed = rebuilt(project, directory)
    return Story(project, killed, project.execute(cluster.inventory))


def killed_in_a_round(cluster: TestCluster, project: Project, console: Path) -> Path:
    """SIGKILL as soon as the log of the first round is followed; the run's directory."""
    process = project.start(cluster.inventory, console)

    def missing() -> str | None:
        if process.poll() is not None:
            return None
        shown = console.read_text(errors="replace").partition("== upgrade ==")[2]
        return None if "    | " in shown else "the log of the first round"

    try:
        wait_for("the first round", missing, seconds=DEADLINE, every=0.5)
    finally:
        process.kill()
        code = process.wait()
    assert code == -9, console.read_text(errors="replace")
    return (project.directory / "reports" / "latest").resolve()


def rebuilt(project: Project, directory: Path) -> Ran:
    """`python -m engine report reports/RUN`."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", "report", str(directory)],
        cwd=project.directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Ran(done.returncode, done.stdout, directory)


def test_the_journal_alone_tells_how_a_killed_run_ended(story: Story) -> None:
    summary = story.killed.summary
    assert (summary["outcome"], summary["exit_code"]) == ("interrupted", 2)
    assert "ended without a word" in summary["stopped"]["reason"]
    assert "step under way: upgrade.run[1]" in summary["stopped"]["reason"]
    (change,) = summary["under_way"]
    assert change["step"] == "upgrade.run[1]"
    assert change["log"].endswith("/commands/upgrade-1/nohup.out")
    assert {entry["kind"] for entry in summary["ledger"]} == {"fencing", "standby"}
    assert story.killed.outcomes["upgrade.run[1]"] == "interrupted"
    assert story.killed.outcomes["closing.state"] == "not reached"


def test_the_console_says_what_still_runs_and_what_to_type(story: Story) -> None:
    said = story.killed.console
    assert "MAY STILL BE RUNNING: neteye upgrade, round 1 on neteye01" in said
    assert "STILL IN PLACE, 2 temporary changes:" in said
    assert "outcome: interrupted, exit code 2" in said
    assert "next, then:" in said


def test_the_next_run_goes_on_and_ends_well(story: Story, clusters: Clusters) -> None:
    assert story.last.code == 0, story.last.console
    assert clusters.standing is not None
    assert_upgraded(clusters.standing)


def test_the_report_of_a_finished_run_is_rebuilt_as_it_was(story: Story) -> None:
    run = story.last.directory
    assert run is not None
    old = page(run), head(run), cases(run), json.loads((run / "summary.json").read_text())
    for name in FILES:
        (run / name).unlink()
    rebuilt(story.project, run)
    new = page(run), head(run), cases(run), json.loads((run / "summary.json").read_text())
    assert new == old
    for name in FILES:
        assert (run / name).stat().st_mode & 0o777 == 0o600
