"""An upgrade over three nights: it ends behind the update, behind the backup, and when done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence.schemas import problems_of_run
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.invocation import Project, Ran, copy_project
from tests.integration.judging import differences, judged
from tests.integration.outcome import (
    assert_rows,
    assert_started_once_a_round,
    assert_upgraded,
    is_fencing_on,
)
from tests.integration.snapshot import Snapshot, snapshot, starts

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

SAID = "stopped as asked"
WEEK_AGO = r"""
cd /var/lib/neteye-runbook
for file in attempts/*/baseline.json; do
  sed -i -E 's/"taken": "[0-9-]{10}/"taken": "2026-01-05/' "$file"
done
"""


@dataclass(frozen=True)
class Left:
    """A run, and how the cluster was when it had ended."""

    ran: Ran
    seen: Snapshot
    fencing: bool
    releases: frozenset[str]


@dataclass(frozen=True)
class Nights:
    """The runs of one attempt, and what a run says after its end."""

    cluster: TestCluster
    project: Project
    updated: Left
    again: Left
    planned: Ran
    backed_up: Left
    done: Ran
    late: Ran


@pytest.fixture(scope="module")
def nights(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    cluster = clusters.get("untilx", SMALL, seed=19)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("nights") / "copy"))

    def run(*options: str) -> Ran:
        return project.run("--inventory", cluster.inventory, *options)

    def left(ran: Ran) -> Left:
        releases = (cluster.read(node, "/etc/neteye-release") for node in cluster.shorts)
        return Left(ran, snapshot(cluster), is_fencing_on(cluster), frozenset(releases))

    updated = left(run("--until", "update"))
    again = left(run("--until", "update"))
    cluster.shell(cluster.active, WEEK_AGO)
    planned = run("--plan")
    backed_up = left(run("--until", "backup"))
    done = run()
    late = run("--until", "update")
    return Nights(cluster, project, updated, again, planned, backed_up, done, late)


def first_night_of(ran: Ran) -> None:
    assert (ran.code, ran.summary["outcome"]) == (0, SAID), ran.console
    assert ran.summary["position_at_end"] == "updated"
    assert ran.summary["ledger"] == []
    assert "still in place: no temporary change of this runbook" in ran.console
    assert f"outcome: {SAID}, exit code 0" in ran.console
    assert "the next night: " in ran.console
    assert ran.directory is not None
    assert problems_of_run(ran.directory) == []


@pytest.mark.parametrize("night", ["updated", "again", "backed_up"])
def test_it_ends_as_asked_with_the_cluster_as_it_was(nights: Nights, night: str) -> None:
    left: Left = getattr(nights, night)
    first_night_of(left.ran)
    assert left.fencing
    assert {release.split()[2] for release in left.releases} == {"4.25"}
    assert 'name="standby" value="on"' not in left.seen.cib


def test_behind_the_update_the_rest_is_to_come(nights: Nights) -> None:
    outcomes = nights.updated.ran.outcomes
    assert outcomes["update.fencing"] == "done"
    assert outcomes["closing.state"] == "done"
    to_come = {name for name, outcome in outcomes.items() if outcome == "not reached"}
    phases = {name.partition(".")[0] for name in to_come}
    assert phases >= {"again", "backup", "upgrade", "verification", "reactivation", "closing"}
    assert not phases & {"preflight", "baseline", "update"}
    rows = {row["id"]: row for row in nights.updated.ran.summary["guide"]}
    assert (rows["G27"]["state"], rows["G27"]["reason"][:8]) == ("open", "to come:")
    assert rows["G02"]["state"] == "fulfilled"


def test_what_is_done_already_is_said_and_nothing_is_changed(nights: Nights) -> None:
    assert nights.again.ran.changes == []
    told = nights.again.ran.summary["stopped"]["reason"]
    assert told.startswith("the phase update is done already, by an earlier run")
    before, after = nights.updated.seen, nights.again.seen
    assert (after.nodes, after.cib, after.database) == (before.nodes, before.cib, before.database)


def test_an_old_baseline_is_renewed_and_no_dead_end(nights: Nights) -> None:
    steps = [event for event in nights.planned.events if event["event"] == "plan"][-1]["steps"]
    told = next(step for step in steps if step["name"] == "baseline.recorded")
    assert "is renewed" in told["reason"]
    facts = [e for e in nights.backed_up.ran.events if e.get("name") == "baseline-renewed"]
    (renewed,) = facts
    assert renewed["was_taken"].startswith("2026-01-05")
    assert {one["what"] for one in renewed["changes"]} <= {"placement", "properties"}
    assert "fencing" not in renewed["values"]
    assert not nights.backed_up.ran.findings("baseline-old")
    assert not [e for e in nights.done.events if e.get("name") == "baseline-renewed"]


def test_behind_the_backup_it_is_proved_and_no_scratch_schema_is_left(nights: Nights) -> None:
    assert nights.backed_up.ran.outcomes["backup.fetched"] == "done"
    assert nights.backed_up.ran.outcomes["upgrade.window"] == "not reached"
    assert starts(nights.cluster, "neteye-update")[nights.cluster.active] == 1


def test_the_last_night_ends_green_and_nothing_was_done_twice(nights: Nights) -> None:
    assert nights.done.code == 0, nights.done.console
    assert_rows(nights.done)
    assert_upgraded(nights.cluster)
    assert_started_once_a_round(nights.cluster, rounds=2)


def test_behind_the_upgrade_there_is_no_place_to_stop(nights: Nights) -> None:
    assert nights.late.code == 4
    assert "the upgrade is behind this cluster" in nights.late.summary["stopped"]["reason"]
    assert nights.late.changes == []


@pytest.mark.parametrize("night", ["updated", "again", "backed_up"])
def test_they_are_judged_again_as_they_were(nights: Nights, night: str) -> None:
    directory: Path | None = getattr(nights, night).ran.directory
    assert directory is not None
    told = judged(nights.project, directory)
    assert differences(told) == []
