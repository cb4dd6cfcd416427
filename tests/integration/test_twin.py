"""A twin made of a snapshot: what pacemaker and the database say of it, and a whole upgrade."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rehearsal import cluster as clusters_of
from rehearsal.like.making import twin_of
from rehearsal.like.twin import Twin
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.invocation import Project
from tests.integration.outcome import assert_upgraded
from tests.rehearsal import snapshots

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]


def content() -> dict[str, Any]:
    """The snapshot of the tests; OCS's files are those of every rehearsal, as they have to work."""
    found = snapshots.content()
    found["step"]["httpd_files"] = []
    for node in found["cluster"]["nodes"]:
        node["dnf"]["settings"] = {"exclude": "kernel*"}
        node["dnf"]["repositories"] = [{"id": "epel", "enabled": True, "exclude": "nginx*"}]
    return found


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    path: Path = tmp_path_factory.mktemp("snapshot") / "snapshot.tar.gz"
    return twin_of(snapshots.written(path, content()), "1/5")


@pytest.fixture(scope="module")
def cluster(clusters: Clusters, twin: Twin) -> TestCluster:
    return clusters.get("twin", None, seed=26, twin=twin)


def test_constraints_resources_and_places_are_those_of_the_snapshot(cluster: TestCluster) -> None:
    constraints = cluster.run(cluster.active, ("pcs", "constraint", "--full"))
    for part in (
        f"{cluster.node_name(0)} (score:-INFINITY) (id:constraint-1)",
        "mariadb_group then glpi_group (kind:Optional) (id:constraint-3)",
        "service-01_group with nats-server_group (score:100) (id:constraint-4)",
        f"#uname eq {cluster.node_name(0)}",
        "set httpd_group glpi sequential=false",
    ):
        assert part in constraints
    assert "rehearsal-loaded" not in constraints
    assert cluster.node_of("mariadb") == cluster.shorts[0]
    assert cluster.node_of("httpd") == cluster.shorts[1]
    status = cluster.run(cluster.active, ("pcs", "status", "--full"))
    assert re.search(r"Clone Set: service-02-clone \[service-02\]", status)
    assert re.search(r"service-01\s+\(ocf:pacemaker:Dummy\):\s+Started", status)
    levels = cluster.run(cluster.active, ("pcs", "stonith", "level"))
    assert "fence-1" in levels


def test_the_database_has_the_mix_of_values_at_that_share(cluster: TestCluster) -> None:
    rows = cluster.sql("SELECT CAPACITY, COUNT(*) FROM ocsweb.memories GROUP BY 1").splitlines()
    assert sorted(rows) == ["\t1", "444 bb\t6", "8192\t60", "NULL\t2", "No\t12"]
    machines = "SELECT USERAGENT, COUNT(*) FROM ocsweb.hardware GROUP BY 1 ORDER BY 2"
    assert [row.split("\t")[1] for row in cluster.sql(machines).splitlines()] == ["2", "4", "14"]
    days = "SELECT DATEDIFF(NOW(), LASTCOME), COUNT(*) FROM ocsweb.hardware GROUP BY 1"
    assert sorted(cluster.sql(days).splitlines()) == ["0\t16", "3\t3", "NULL\t1"]
    servers = "SELECT is_active, conn_type FROM glpi.glpi_plugin_ocsinventoryng_ocsservers"
    assert cluster.sql(servers).splitlines() == ["1\t0", "0\t1"]


def test_the_same_once_more_changes_nothing(cluster: TestCluster, twin: Twin) -> None:
    assert clusters_of.up(cluster.name, seed=26, twin=twin, say=lambda _: None) is False


def test_the_upgrade_is_rehearsed_to_its_end_and_says_of_what(
    cluster: TestCluster, project: Project, twin: Twin
) -> None:
    plan = project.plan(cluster.inventory)
    assert plan.code == 0, plan.console
    assert "18 of 81" in plan.console
    cluster.is_spoilt = True
    ran = project.execute(cluster.inventory)
    assert ran.code == 0, ran.console
    assert_upgraded(cluster)
    assert ran.directory is not None
    statement = (ran.directory / "rehearsal.json").read_text(encoding="utf-8")
    assert f"snapshot {twin.snapshot.sha256}, rows 1/5" in statement
    assert "2 resources by dummies" in statement
    assert cluster.sql("SELECT COUNT(*) FROM ocsweb.memories WHERE CAPACITY IS NULL") == "21\n"
