"""The cluster is not normal after the upgrade: the run leaves a support bundle, seen from outside.

A resource fails while the nodes are taken out of standby; then somebody asks for a bundle by a
plan, with a node out of reach; then the failure is cleaned up, and the same command ends green,
without a bundle.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.verify import verify
from tests.faults.running import Running
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.invocation import Project, Ran, copy_project
from tests.integration.outcome import assert_upgraded
from tests.integration.secrets_of import passwords_of
from tests.integration.snapshot import nothing_changes
from tests.secrets.forms import contents_of, exposed

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

PASSWORD = "Fence4the-Device"
UNSTANDBY = "reactivation.unstandby#1"
"""The change behind which the status has to be normal. It waits for the other node, so the failure
is there when it ends; a failure before it would fail a round of the upgrade."""
FAILS = "icinga2-master"


@dataclass
class Story:
    """Three runs of one cluster."""

    cluster: TestCluster
    failing: Ran
    plan: Ran
    green: Ran


def _directory(ran: Ran) -> Path:
    assert ran.directory is not None
    return ran.directory


def bundle_of(ran: Ran) -> dict[str, str]:
    """File -> text of the bundle that the run left."""
    (path,) = _directory(ran).glob("support-*.tar.gz")
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        found = {m.name.partition("/")[2]: archive.extractfile(m) for m in archive.getmembers()}
        return {name: file.read().decode() for name, file in found.items() if file}


@pytest.fixture(scope="module")
def story(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Story:
    cluster = clusters.get("support", "operative=2,voting=1", seed=15, scenario="no-updates")
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("support") / "copy"))
    device = f"fence_{cluster.other}"
    words = ("--resource", device, "--set-parameter", "passwd", "--parameter-value", PASSWORD)
    cluster.run(cluster.active, ("crm_resource", *words))
    cluster.until_ready()
    console = tmp_path_factory.mktemp("console") / "first"
    running = Running.start(project, ["--inventory", str(cluster.inventory)], console)
    running.until_intent(UNSTANDBY)
    fail = ("crm_resource", "--fail", "--resource", FAILS, "--node", cluster.node_name(0))
    cluster.run(cluster.active, fail)
    failing = running.end()
    voting = cluster.topology.voting
    assert voting is not None
    off, on = "systemctl stop ssh.socket ssh.service || true", "systemctl start ssh.service"
    cluster.shell(voting.short, off)
    try:
        with nothing_changes(cluster):
            plan = project.run("--inventory", cluster.inventory, "--plan", "--support-bundle")
    finally:
        cluster.shell(voting.short, on)
    cluster.run(cluster.active, ("pcs", "resource", "cleanup"))
    return Story(cluster, failing, plan, project.execute(cluster.inventory))


def test_the_run_stops_and_names_the_bundle(story: Story) -> None:
    assert story.failing.code == 1, story.failing.console
    assert story.failing.blocking == {"failed-action"}
    assert story.failing.outcomes["reactivation.normal"] == "failed"
    told = story.failing.summary["support"]
    assert told["why"] == "reactivation.normal found failed-action"
    assert told["missing"] == []
    assert f"support bundle: {story.failing.directory}/{told['file']}" in story.failing.console
    (row,) = [row for row in story.failing.summary["guide"] if row["id"] == "G26"]
    assert row["state"] == "fulfilled"
    assert told["file"] in row["reason"]


def test_a_finding_names_it_with_the_vendors_directions(story: Story) -> None:
    found = [one for one in story.failing.summary["findings"] if one["code"] == "support-needed"]
    (path,) = _directory(story.failing).glob("support-*.tar.gz")
    assert [one["subject"] for one in found] == [path.name]
    assert "service and support" in found[0]["remedy"]
    assert not [f for f in story.green.summary["findings"] if f["code"] == "support-needed"]


def test_it_has_what_each_node_says(story: Story) -> None:
    found = bundle_of(story.failing)
    assert next(iter(found)) == "index.txt"
    assert "[failed-action]" in found["index.txt"]
    nodes = {node.name for node in story.cluster.topology.nodes}
    assert {name.split("/")[1] for name in found if name.startswith("nodes/")} == nodes
    for node in story.cluster.topology.operative:
        place = f"nodes/{node.name}"
        assert "Failed Resource Actions" in found[f"{place}/pcs-status.txt"]
        assert FAILS in found[f"{place}/crm_mon.xml"]
        assert "pacemaker-controld" in found[f"{place}/journal-cluster.txt"]
        assert "Quorate" in found[f"{place}/quorum.txt"]
        assert "mariadb" in found[f"{place}/drbd.txt"]
        assert "neteye" in found[f"{place}/packages.txt"]
    voting = story.cluster.topology.voting
    assert voting is not None
    assert f"nodes/{voting.name}/cib.xml" not in found
    assert f"nodes/{voting.name}/journal-cluster.txt" in found


def test_it_has_the_logs_of_the_long_commands(story: Story) -> None:
    found = bundle_of(story.failing)
    place = f"nodes/{story.cluster.node_name(0)}/commands"
    for name, ended_well in (("upgrade-1", False), ("upgrade-2", True)):
        assert found[f"{place}/{name}/nohup.out"].count("\n") > 5
        state = found[f"{place}/{name}/state.txt"]
        assert "pid: " in state
        (line,) = [line for line in state.split("\n") if line.startswith("status: ")]
        assert (line.split()[1] == "0") is ended_well, state


def test_no_password_is_in_bundle_or_evidence(story: Story) -> None:
    found = bundle_of(story.failing)
    cib = found[f"nodes/{story.cluster.node_name(0)}/cib.xml"]
    assert 'name="passwd" value="********"' in cib
    passwords = {**passwords_of(story.cluster), "fence": PASSWORD}
    for ran in (story.failing, story.plan, story.green):
        assert ran.directory is not None
        recorded = contents_of(ran.directory, without="backups")
        assert exposed(passwords, [("console", ran.console.encode()), *recorded]) == []


def test_it_is_sealed_with_the_run(story: Story) -> None:
    assert story.failing.directory is not None
    assert verify(story.failing.directory, None, None).code == 2
    assert (
        story.failing.summary["support"]["file"]
        in (story.failing.directory / "manifest.json").read_text()
    )


def test_on_request_a_plan_leaves_one_and_names_who_is_silent(story: Story) -> None:
    voting = story.cluster.topology.voting
    assert voting is not None
    assert story.plan.code == 10, story.plan.console
    assert story.plan.changes == []
    found = bundle_of(story.plan)
    assert f"- {voting.name}: everything: " in found["index.txt"]
    assert not any(name.startswith(f"nodes/{voting.name}") for name in found)
    assert "run/plan.json" in found
    assert any(name.startswith("run/earlier/") for name in found)
    assert f"nodes/{story.cluster.node_name(0)}/commands/upgrade-2/nohup.out" in found


def test_cleaned_up_it_ends_green_without_one(story: Story) -> None:
    assert story.green.code == 0, story.green.console
    assert story.green.summary["support"] is None
    assert story.green.directory is not None
    assert list(story.green.directory.glob("support-*")) == []
    assert_upgraded(story.cluster)
