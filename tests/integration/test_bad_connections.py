"""Nodes that can't be reached, or are not those that are meant: told for each node, in one run."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.clusters import SETTLE, TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes

pytestmark = pytest.mark.integration

STRANGER = "stranger02.neteyelocal"


@dataclass(frozen=True)
class Runs:
    """Four runs on one cluster; of those that may change it, one at a time."""

    connections: Ran
    wrong_key: Ran
    another_cluster: Ran
    swapped: Ran


@pytest.fixture(scope="module")
def runs(small: TestCluster, project: Project, inventories: Path) -> Runs:
    good = small.inventory.read_text()
    with nothing_changes(small), ThreadPoolExecutor() as pool:
        another = pool.submit(project.plan, _another_cluster(small, good, inventories))
        executed = project.execute(_connections(small, good, inventories))
        wrong_key = project.execute(_wrong_key(small, good, inventories))
        swapped = project.execute(_swapped(small, good, inventories))
        return Runs(executed, wrong_key, another.result(), swapped)


def _connections(small: TestCluster, good: str, directory: Path) -> Path:
    """OTHER: nothing listens there; E: another host key; V: a key nobody knows."""
    address = {node.short: str(node.address) for node in small.topology.nodes}
    elastic, voting = small.topology.elastic[0].short, small.shorts[-1]
    host_keys = _ssh_config(small, directory / "host-key")
    known = host_keys.parent / "known_hosts"
    foreign = " ".join(_key(directory / "foreign").split()[:2])
    lines = [
        f"{line.split()[0]} {foreign}" if address[elastic] in line else line
        for line in known.read_text().splitlines()
    ]
    known.write_text("\n".join(lines) + "\n")
    extra = {
        small.other: "ansible_port=2",
        elastic: f'ansible_ssh_common_args="-F {host_keys}"',
        voting: f'ansible_ssh_common_args="-F {_unknown_key(small, directory / "key")}"',
    }
    text = good
    for node, words in extra.items():
        host = f"ansible_host={address[node]}\n"
        assert host in text
        text = text.replace(host, f"{host.strip()} {words}\n")
    return _written(directory / "connections.ini", text)


def _wrong_key(small: TestCluster, good: str, directory: Path) -> Path:
    """A key that no node knows."""
    config = _unknown_key(small, directory / "everywhere")
    return _written(directory / "wrong-key.ini", re.sub(r"-F \S+", f"-F {config}", good))


def _another_cluster(small: TestCluster, good: str, directory: Path) -> Path:
    """A production inventory of another cluster: no Elastic-only node, a stranger as OTHER."""
    text = re.sub(r"\[elastic_only\]\n.*\n", "", good)
    text = text.replace(f"{small.topology.operative[1].name} ", f"{STRANGER} ")
    text = text.replace(small.topology.fqdn, "prod.example.test")
    text = text.replace("=rehearsal\n", "=production\n")
    return _written(directory / "another.ini", text)


def _swapped(small: TestCluster, good: str, directory: Path) -> Path:
    """N has OTHER's address, and OTHER has N's."""
    first, second = (f"ansible_host={small.topology.operative[i].address}\n" for i in (0, 1))
    text = good.replace(first, "@").replace(second, first).replace("@", second)
    assert text != good
    return _written(directory / "swapped.ini", text)


def _ssh_config(small: TestCluster, directory: Path) -> Path:
    """The cluster's ssh files in another directory, to be changed there."""
    shutil.copytree(small.ssh, directory)
    config = directory / "config"
    config.write_text(config.read_text().replace(str(small.ssh), str(directory)))
    return config


def _unknown_key(small: TestCluster, directory: Path) -> Path:
    config = _ssh_config(small, directory)
    (directory / "id_ed25519").unlink()
    _key(directory / "id_ed25519")
    return config


def _key(path: Path) -> str:
    argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    subprocess.run(argv, check=True, timeout=SETTLE)
    return path.with_name(path.name + ".pub").read_text()


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_nodes_out_of_reach_block_and_nothing_is_changed(runs: Runs) -> None:
    for ran in (runs.connections, runs.wrong_key, runs.another_cluster, runs.swapped):
        assert ran.code == 10, ran.console
        assert ran.summary["outcome"] == "blocked"
        assert ran.changes == []
        assert ran.summary["attempt"] is None
        assert ran.outcomes["baseline.recorded"] == "not reached"
        assert "Traceback" not in ran.console


def test_a_port_where_nothing_listens_is_told(runs: Runs, small: TestCluster) -> None:
    node = small.topology.find(small.other)
    found = runs.connections.finding("node-unreachable", node.name)
    assert f"{node.address} port 2" in found["observed"]
    assert "Connection refused" in found["observed"]
    assert "ansible_port" in found["observed"]


def test_a_changed_host_key_is_told(runs: Runs, small: TestCluster) -> None:
    node = small.topology.elastic[0]
    found = runs.connections.finding("node-unreachable", node.name)
    assert "host key of the node has changed" in found["observed"]
    assert "known_hosts" in found["observed"]
    assert "SHA256:" in found["observed"]


def test_a_wrong_key_on_one_node_is_told(runs: Runs, small: TestCluster) -> None:
    found = runs.connections.finding("node-unreachable", small.topology.nodes[-1].name)
    assert "Login was denied" in found["observed"]
    assert "ansible_ssh_private_key_file" in found["observed"]


def test_the_nodes_that_answer_are_judged_all_the_same(runs: Runs) -> None:
    assert runs.connections.outcomes["preflight.constraints"] == "done"
    assert "updates-pending" in {f["code"] for f in runs.connections.summary["findings"]}


def test_a_wrong_key_everywhere_names_every_node(runs: Runs, small: TestCluster) -> None:
    for node in small.topology.nodes:
        found = runs.wrong_key.finding("node-unreachable", node.name)
        assert "Login was denied" in found["observed"]
    assert runs.wrong_key.outcomes["closing.state"] == "done"


def test_what_nobody_answered_is_not_done(runs: Runs) -> None:
    asking = ("preflight.environment", "preflight.roles", "preflight.records")
    assert {runs.wrong_key.outcomes[step] for step in asking} == {"failed"}
    assert runs.wrong_key.states["G17"] != "fulfilled"


def test_a_row_about_all_nodes_is_not_fulfilled_by_one(runs: Runs) -> None:
    assert runs.connections.states["G01"] != "fulfilled"
    assert runs.connections.states["G17"] != "fulfilled"


def test_the_summary_has_every_unanswered_question(runs: Runs, small: TestCluster) -> None:
    node = small.topology.find(small.other).name
    told = runs.connections.findings("question-unanswered")
    kept = runs.connections.summary["findings"]
    assert {f["observed"] for f in told if f["subject"] == node} == {
        f["observed"] for f in kept if f["code"] == "question-unanswered" and f["subject"] == node
    }


def test_production_on_a_rehearsal_cluster_is_refused(runs: Runs, small: TestCluster) -> None:
    node = small.topology.nodes[0].name
    found = runs.another_cluster.finding("rehearsal-marker", node)
    assert "marker" in found["observed"]
    assert "production" in found["expected"]
    assert "runbook_environment" in found["remedy"]


def test_the_inventory_of_another_cluster_is_refused(runs: Runs, small: TestCluster) -> None:
    found = runs.another_cluster.finding("cluster-name-mismatch", "prod.example.test")
    assert small.topology.fqdn in found["observed"]
    assert "runbook_cluster" in found["remedy"]


def test_a_node_that_the_inventory_leaves_out_is_named(runs: Runs, small: TestCluster) -> None:
    found = runs.another_cluster.finding("role-mismatch", small.topology.elastic[0].name)
    assert "/etc/neteye-cluster" in found["observed"]
    assert "another.ini" in found["observed"]
    assert "[elastic_only]" in found["expected"]


def test_nodes_that_only_one_side_names_are_told(runs: Runs, small: TestCluster) -> None:
    told = {
        finding["subject"]: finding for finding in runs.another_cluster.findings("role-mismatch")
    }
    for node in (STRANGER, small.topology.operative[1].name):
        assert "/etc/neteye-cluster" in told[node]["observed"] + told[node]["expected"]
        assert told[node]["remedy"]
    assert runs.another_cluster.states["G17"] != "fulfilled"


def test_swapped_addresses_are_told_and_nothing_else_was_asked(
    runs: Runs, small: TestCluster
) -> None:
    """Whatever the run was for: tests/plugin/test_plugin_identity.py."""
    first, second = small.topology.operative[:2]
    ran = runs.swapped
    assert {f["code"] for f in ran.summary["findings"]} == {"machine-mistaken"}
    for meant, there in ((first, second), (second, first)):
        found = ran.finding("machine-mistaken", meant.name)
        assert f"calls itself {there.name}" in found["observed"]
        assert f"at {there.address} by -F " in found["observed"]
        assert "swapped.ini line " in found["observed"]
        assert f"in pacemaker {there.name}" in found["observed"]
        assert str(meant.address) in found["remedy"]
    asked = [e["question"] for e in ran.events if e["event"] == "observation"]
    assert asked == ["who the machine is"] * len(small.topology.nodes)
