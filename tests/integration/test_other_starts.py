"""Whole runs from other starting states; they take minutes each."""

from __future__ import annotations

import pytest

from tests.integration.clusters import Clusters
from tests.integration.conftest import SMALL
from tests.integration.invocation import Project, Ran
from tests.integration.outcome import (
    assert_rows,
    assert_started_once_a_round,
    assert_upgraded,
    is_fencing_on,
)

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]


def test_fencing_that_was_off_stays_off(clusters: Clusters, project: Project) -> None:
    """Guide row G27: enabled again if, and only if, it was enabled before."""
    cluster = clusters.get("fencing", SMALL, scenario="fencing-off")
    assert not is_fencing_on(cluster)
    ran = project.execute(cluster.inventory)
    assert ran.code == 0, ran.console
    assert "fencing-off" in {finding["code"] for finding in ran.summary["findings"]}
    assert_upgraded(cluster, fencing=False)
    assert not any("stonith-enabled=true" in str(change) for change in ran.changes)


def test_without_pending_updates_no_update_is_run(clusters: Clusters, project: Project) -> None:
    cluster = clusters.get("current", SMALL, scenario="no-updates")
    ran = project.execute(cluster.inventory)
    assert ran.code == 0, ran.console
    assert_started_once_a_round(cluster, rounds=2, updates=0)
    assert_upgraded(cluster)


def test_glpi_under_other_names_is_found_and_verified(clusters: Clusters, project: Project) -> None:
    """Guide rows G03, G04: the database and the key are where GLPI's configuration says."""
    cluster = clusters.get("elsewhere", SMALL, scenario="glpi-elsewhere")
    assert cluster.sql("SHOW TABLES IN glpi") == ""
    stored = "SELECT ocs_db_passwd FROM assets.glpi_plugin_ocsinventoryng_ocsservers"
    before = cluster.sql(stored)
    ran = project.execute(cluster.inventory)
    assert ran.code == 0, ran.console
    assert (ran.states["G03"], ran.states["G04"]) == ("fulfilled", "fulfilled")
    assert cluster.sql(stored) != before


@pytest.fixture(scope="module")
def without_assets(clusters: Clusters, project: Project) -> Ran:
    """A run on a cluster without OCS Inventory and GLPI."""
    cluster = clusters.get("noasset", SMALL, scenario="no-asset")
    ran = project.execute(cluster.inventory)
    assert_started_once_a_round(cluster, rounds=1)
    return ran


def test_without_the_asset_module_the_upgrade_is_done(without_assets: Ran) -> None:
    assert without_assets.code == 0, without_assets.console
    states = without_assets.states
    for row in ("G03", "G04", "G05"):
        assert states[row] == "not applicable", states
    for row in ("G06", "G07", "G08", "G09", "G10", "G11", "G12", "G13"):
        assert states[row] in ("not applicable", "not needed"), states
    assert not {"failed", "open"} & set(states.values())


def test_rows_of_a_module_that_is_not_there_are_not_applicable(without_assets: Ran) -> None:
    states = without_assets.states
    assert {states[row] for row in ("G06", "G07", "G09")} == {"not applicable"}


@pytest.mark.parametrize(
    "nodes",
    [
        "operative=2",
        "operative=2,voting=1",
        "operative=4,elastic=1",
        "operative=5,elastic=1,voting=1",
    ],
)
def test_other_topologies(nodes: str, clusters: Clusters, project: Project) -> None:
    clusters.down()
    cluster = clusters.get("topology", nodes)
    ran = project.execute(cluster.inventory)
    assert ran.code == 0, ran.console
    assert_started_once_a_round(cluster, rounds=2)
    assert_upgraded(cluster)
    if "elastic" in nodes or "voting" in nodes:
        assert_rows(ran)
