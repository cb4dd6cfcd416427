"""A cluster that is not fit to be upgraded: every finding in one run, nothing changed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.integration.agent import DEVICE, INVENTORY, post
from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes

pytestmark = pytest.mark.integration

RELEASE = "/etc/neteye-release"
LEFTOVER = "/etc/logrotate.d/foreign.rpmnew"
RESTAPI = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
OTHER_PASSWORD = "Other4Node"
TRANSIENT_STANDBY = (
    *("crm_attribute", "--name", "standby", "--lifetime", "reboot", "--update", "on"),
)
RULE = ("pcs", "--", "constraint", "location", "cluster_ip", "rule", "constraint-id=never-on-n")
CUSTOM_SERVER = (
    "INSERT INTO glpi.glpi_plugin_ocsinventoryng_ocsservers"
    " (name, ocs_db_user, ocs_db_passwd, ocs_db_host, ocs_db_name, is_active, conn_type)"
    " VALUES ('branch office', 'ocs_branch', 'Fqq/wKo1FuCW5dI=', 'ocs.example.test', 'ocsweb',"
    " 1, 0)"
)


@pytest.fixture(scope="module")
def unfit(small: TestCluster, project: Project) -> Ran:
    """Many things at once, after an agent has sent its inventory; it is reset afterwards."""
    small.is_spoilt = True
    assert post(small, INVENTORY) == "200"
    elastic = small.topology.elastic[0].short
    other = small.topology.operative[1].name
    small.sql(CUSTOM_SERVER)
    small.write(small.other, RELEASE, "NetEye release 4.26\n")
    small.run(small.other, ("install", "-m", "644", "/etc/hosts", LEFTOVER))
    password = small.read(small.other, "/root/.pwd_ocsserver").strip()
    text = small.read(small.other, RESTAPI)
    assert password in text
    small.write(small.other, RESTAPI, text.replace(password, OTHER_PASSWORD))
    small.run(elastic, ("mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", "/boot"))
    small.run(small.active, ("pcs", "node", "standby", other, "--wait=300"))
    small.run(small.active, (*TRANSIENT_STANDBY, "--node", other))
    never = ("score=-INFINITY", "#uname", "eq", small.topology.operative[0].name.upper())
    small.run(small.active, (*RULE, *never))
    small.run(small.active, ("pcs", "resource", "ban", "nats-server_group", other))
    small.run(
        small.active,
        ("crm_resource", "--fail", "--resource", "icinga2-master", "--node", small.node_name(0)),
    )
    small.until_failed_action()
    with nothing_changes(small):
        return project.execute(small.inventory)


def test_an_unfit_cluster_blocks_and_nothing_is_changed(unfit: Ran) -> None:
    assert unfit.code == 10, unfit.console
    assert unfit.summary["outcome"] == "blocked"
    assert unfit.changes == []
    assert unfit.summary["attempt"] is None
    assert "Traceback" not in unfit.console


def test_all_is_told_in_one_run(unfit: Ran) -> None:
    expected = {
        *("rpmnew-foreign", "constraint-leftover", "node-standby", "failed-action"),
        *("ocs-server-custom", "ocs-passwords-differ", "disk-space", "version-mixed"),
    }
    assert expected - unfit.blocking == set()


def commands(found: dict[str, Any]) -> list[str]:
    return [shlex.join(command["argv"]) for command in found["commands"]]


def test_the_first_finding_stopped_the_run(unfit: Ran) -> None:
    """The checks went on after it, and did not change why it stopped."""
    told = (event for event in unfit.events if event["event"] == "finding")
    first = next(event for event in told if event["severity"] == "block")
    assert first["code"] in unfit.summary["stopped"]["reason"]


def test_different_versions_without_an_upgrade_of_ours_are_named(
    unfit: Ran, small: TestCluster
) -> None:
    """Which start is refused with which way out: tests/judge/test_policy_versions.py."""
    found = unfit.finding("version-mixed", "cluster")
    assert f"{small.topology.operative[1].name} 4.26" in found["observed"]
    assert "4.25 on every node" in found["expected"]
    assert unfit.states["G01"] == "failed"


def test_an_agents_inventory_was_stored_and_is_counted(unfit: Ran, small: TestCluster) -> None:
    rows = small.sql(
        "SELECT m.NUMSLOTS, m.CAPACITY FROM ocsweb.memories m JOIN ocsweb.hardware h"
        f" ON h.ID = m.HARDWARE_ID WHERE h.DEVICEID = '{DEVICE}' ORDER BY m.ID"
    )
    # the column is text yet: what is left out is stored as nothing
    assert [line.split("\t") for line in rows.splitlines()] == [["0", "8192"], ["1", ""]]
    (step,) = [s for s in unfit.summary["steps"] if s["name"] == "preflight.ocs_agents"]
    assert "1 with 200" in json.dumps(step)


def test_a_foreign_rpmnew_is_named(unfit: Ran, small: TestCluster) -> None:
    (found,) = unfit.findings("rpmnew-foreign")
    assert small.topology.operative[1].name in found["subject"]
    assert LEFTOVER in found["subject"] + found["observed"]
    assert found["remedy"]
    shown = [event["name"] for event in unfit.events if event["event"] == "attachment"]
    assert f"{LEFTOVER} on {small.topology.operative[1].name}, secrets masked" in shown


def test_a_leftover_ban_is_named(unfit: Ran) -> None:
    (found,) = unfit.findings("constraint-leftover")
    assert "nats-server" in found["subject"] + found["observed"]
    assert f"pcs constraint remove {found['subject']}" in commands(found)


def test_a_node_in_standby_is_named(unfit: Ran, small: TestCluster) -> None:
    found = unfit.finding("node-standby", small.topology.operative[1].name)
    assert "standby" in found["observed"]
    name = small.topology.operative[1].name
    assert f"pcs node unstandby {name} --wait=300" in commands(found)


def test_its_transient_standby_is_told_with_the_command_that_ends_it(
    unfit: Ran, small: TestCluster
) -> None:
    """It is in standby for good, too: pcs ends the one, and leaves the other."""
    node = small.topology.operative[1].name
    found = unfit.finding("node-standby", node)
    assert "transient" in found["observed"]
    transient = f"crm_attribute --node {node} --name standby --lifetime reboot --delete"
    assert transient in commands(found)


def test_a_rule_that_keeps_off_n_is_named_by_its_constraint(unfit: Ran) -> None:
    """Its node is written in capitals, which pacemaker takes for the same."""
    (found,) = unfit.findings("constraint-keeps-off-active-node")
    assert found["subject"] == "cluster_ip"
    assert "pcs constraint remove never-on-n" in commands(found)


def test_a_failed_action_is_named(unfit: Ran) -> None:
    (found,) = unfit.findings("failed-action")
    assert "icinga2-master" in found["subject"] + found["observed"]
    assert "pcs resource cleanup icinga2-master" in commands(found)


def test_an_active_custom_ocs_server_is_named_and_support_with_it(unfit: Ran) -> None:
    (found,) = unfit.findings("ocs-server-custom")
    assert "branch office" in found["subject"] + found["observed"]
    assert "ocs_branch" in found["subject"] + found["observed"]
    assert "support" in found["remedy"]
    assert unfit.states["G04"] == "failed"


def test_passwords_that_differ_are_told_and_never_shown(unfit: Ran, small: TestCluster) -> None:
    found = unfit.findings("ocs-passwords-differ")
    assert found
    password = small.read(small.active, "/root/.pwd_ocsserver").strip()
    assert password not in unfit.console
    assert OTHER_PASSWORD not in unfit.console
    assert unfit.directory is not None
    for path in filter(Path.is_file, unfit.directory.rglob("*")):
        text = path.read_text(errors="replace")
        assert password not in text, path
        assert OTHER_PASSWORD not in text, path


def test_a_full_boot_is_named_with_node_and_size(unfit: Ran, small: TestCluster) -> None:
    found = unfit.finding("disk-space", f"{small.topology.elastic[0].name}:/boot")
    assert "50" in found["observed"]
    assert "150" in found["expected"]
