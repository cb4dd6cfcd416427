"""An upgrade over three nights: it ends behind the update, behind the backup, and when done.

With a downtime each night, as the cluster's own Icinga has it. At the end of the second one Icinga
can't be asked, so the downtime stays; the same command removes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence.schemas import problems_of_run
from tests.faults.running import Running
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.invocation import Project, Ran, copy_project, with_settings
from tests.integration.judging import differences, judged
from tests.integration.outcome import (
    assert_rows,
    assert_started_once_a_round,
    assert_upgraded,
    is_fencing_on,
)
from tests.integration.snapshot import Snapshot, snapshot, starts

# the rehearsal's Icinga, past the runbook
icinga = pytest.importorskip("rehearsal.render.icinga")
monitoring = pytest.importorskip("tests.integration.monitoring")

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

SAID = "stopped as asked"
WEEK_AGO = r"""
cd /var/lib/neteye-runbook
for file in attempts/*/baseline.json; do
  sed -i -E 's/"taken": "[0-9-]{10}/"taken": "2026-01-05/' "$file"
done
"""
PASSWORD = "/root/.pwd_icinga2_runbook_downtime"


@dataclass(frozen=True)
class Left:
    """A run, and how the cluster was when it had ended."""

    ran: Ran
    seen: Snapshot
    fencing: bool
    releases: frozenset[str]
    silent: frozenset[str]
    """Hosts and services in a downtime then."""
    inside: frozenset[str] = frozenset()
    """Those in one while it made its first change; none for a run that was not looked at."""


@dataclass(frozen=True)
class Nights:
    """The runs of one attempt, and what a run says after its end."""

    cluster: TestCluster
    project: Project
    updated: Left
    again: Left
    planned: Ran
    backed_up: Left
    removed: Left
    done: Left
    late: Ran
    watched: frozenset[str]
    """Hosts of the cluster, and their services, that Icinga watches."""


@pytest.fixture(scope="module")
def nights(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    cluster = clusters.get("untilx", SMALL, seed=19)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("nights") / "copy"))

    inventory = project.directory / "prod.ini"
    inventory.write_text(with_settings(cluster.inventory.read_text(), {"runbook_downtime": "yes"}))
    asked = monitoring.Icinga(cluster)
    asked.until_answering()
    asked.until_checked()
    hosts = {*map(icinga.host_name, cluster.topology.nodes), cluster.topology.fqdn}
    services = asked.attributes("services", "host_name").items()
    of_hosts = {name for name, one in services if one["host_name"] in hosts}
    watched = frozenset(hosts | of_hosts)

    def run(*options: str) -> Ran:
        return project.run("--inventory", inventory, *options)

    def silent() -> frozenset[str]:
        asked.until_answering()
        return frozenset(asked.in_downtime())

    def left(ran: Ran, inside: frozenset[str] = frozenset()) -> Left:
        releases = (cluster.read(node, "/etc/neteye-release") for node in cluster.shorts)
        fencing = is_fencing_on(cluster)
        return Left(ran, snapshot(cluster), fencing, frozenset(releases), silent(), inside)

    def night(first_change: str, *options: str, spoil: str = "") -> Left:
        console = project.directory / f"console-{first_change}.txt"
        running = Running.start(project, ["--inventory", str(inventory), *options], console)
        try:
            running.until_intent(first_change)
            inside = silent()
            if spoil:
                cluster.shell(cluster.active, spoil, PASSWORD)
            return left(running.end(1200.0), inside)
        finally:
            running.stop()

    updated = night("update.run#1", "--until", "update")
    again = left(run("--until", "update"))
    cluster.shell(cluster.active, WEEK_AGO)
    planned = run("--plan")
    backed_up = night("backup.proved#1", "--until", "backup", spoil='mv -- "$1" "$1.away"')
    cluster.shell(cluster.active, 'mv -- "$1.away" "$1"', PASSWORD)
    removed = left(run("--until", "update"))
    done = night("upgrade.run[1]#1")
    late = run("--until", "update")
    return Nights(
        cluster,
        project,
        updated,
        again,
        planned,
        backed_up,
        removed,
        done,
        late,
        watched,
    )


def first_night_of(ran: Ran) -> None:
    assert (ran.code, ran.summary["outcome"]) == (0, SAID), ran.console
    assert ran.summary["position_at_end"] == "updated"
    assert ran.summary["ledger"] == []
    assert f"outcome: {SAID}, exit code 0" in ran.console
    assert "the next night: " in ran.console
    assert ran.directory is not None
    assert problems_of_run(ran.directory) == []


@pytest.mark.parametrize("night", ["updated", "again", "backed_up", "removed"])
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
    assert not [e for e in nights.done.ran.events if e.get("name") == "baseline-renewed"]


def test_behind_the_backup_it_is_proved_and_no_scratch_schema_is_left(nights: Nights) -> None:
    assert nights.backed_up.ran.outcomes["backup.fetched"] == "done"
    assert nights.backed_up.ran.outcomes["upgrade.window"] == "not reached"
    assert starts(nights.cluster, "neteye-update")[nights.cluster.active] == 1


def test_the_last_night_ends_green_and_nothing_was_done_twice(nights: Nights) -> None:
    assert nights.done.ran.code == 0, nights.done.ran.console
    assert_rows(nights.done.ran)
    assert_upgraded(nights.cluster)
    assert_started_once_a_round(nights.cluster, rounds=2)


def test_behind_the_upgrade_there_is_no_place_to_stop(nights: Nights) -> None:
    assert nights.late.code == 4
    assert "the upgrade is behind this cluster" in nights.late.summary["stopped"]["reason"]
    assert nights.late.changes == []


@pytest.mark.parametrize("night", ["updated", "backed_up", "done"])
def test_in_each_night_icinga_keeps_silent_from_before_the_first_change(
    nights: Nights, night: str
) -> None:
    assert getattr(nights, night).inside == nights.watched


@pytest.mark.parametrize("night", ["updated", "again", "removed", "done"])
def test_after_it_no_downtime_is_left(nights: Nights, night: str) -> None:
    left: Left = getattr(nights, night)
    assert left.silent == frozenset()
    assert not left.ran.findings("downtime-left")
    if night != "done":
        assert "still in place: no temporary change of this runbook" in left.ran.console


def test_that_it_was_removed_is_told(nights: Nights) -> None:
    for left, is_told in ((nights.updated, True), (nights.again, False), (nights.removed, True)):
        told = left.ran.summary["stopped"]["reason"]
        assert ("remove the downtimes of this attempt from Icinga" in told) is is_told
    assert [c["step"] for c in nights.removed.ran.changes] == ["closing.downtime"]


def test_one_that_could_not_be_removed_is_told_and_stops_nothing(nights: Nights) -> None:
    left = nights.backed_up
    assert left.silent == nights.watched
    (finding,) = left.ran.findings("downtime-left")
    stopped = left.ran.summary["stopped"]
    assert f"NOT GIVEN BACK: {finding['observed']}" in stopped["reason"]
    assert stopped["what_to_do"].startswith(finding["remedy"])
    assert "STILL IN PLACE, and ends by itself: downtime of cluster" in left.ran.console


@pytest.mark.parametrize("night", ["updated", "again", "backed_up", "removed"])
def test_they_are_judged_again_as_they_were(nights: Nights, night: str) -> None:
    directory: Path | None = getattr(nights, night).ran.directory
    assert directory is not None
    told = judged(nights.project, directory)
    assert differences(told) == []
