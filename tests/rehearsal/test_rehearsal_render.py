"""What is rendered for a cluster: corosync, pacemaker, cluster file, hosts, ssh, inventory."""

import configparser
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rehearsal import bases, topology
from rehearsal.render import cib, corosync, identity, inventory, pcsd, ssh
from rehearsal.to_4_26 import STEP
from rehearsal.topology import Role, Topology

TREE = Path(__file__).resolve().parents[2]


def cluster(operative: int = 3, elastic: int = 1, voting: int = 1) -> Topology:
    counts = {Role.OPERATIVE: operative, Role.ELASTIC: elastic, Role.VOTING: voting}
    return topology.build(counts=counts, services=STEP.services)


@pytest.mark.parametrize(
    ("shape", "there", "absent"),
    [
        (cluster(), ["host: neteye05.neteyelocal", "algorithm: ffsplit"], ["two_node"]),
        (cluster(2, 0, 0), ["two_node: 1"], ["device {"]),
        (cluster(2, 0, 1), ["host: neteye03.neteyelocal"], ["two_node"]),
        (cluster(4, 2, 0), ["nodeid: 4"], ["two_node", "device {", "nodeid: 5"]),
    ],
)
def test_corosync_follows_the_topology(
    shape: Topology, there: list[str], absent: list[str]
) -> None:
    text = corosync.corosync_conf(shape)
    assert all(part in text for part in there)
    assert not any(part in text for part in absent)


def test_cib_has_groups_in_the_vendors_order_and_unique_ids() -> None:
    root = ET.fromstring(cib.cib(cluster(), bases.DEFAULT, cib.CibOptions()))
    groups = {g.get("id"): [p.get("id") for p in g] for g in root.iter("group")}

    assert groups["glpi_group"] == ["glpi_drbd_fs", "glpi_virt_ip", "glpi"]
    assert set(groups) == {
        f"{name}_group"
        for name in ("mariadb", "httpd", "ocsinventory-server", "glpi", "nats-server")
    } | {"icinga2-master_group"}
    ids = [element.get("id") for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("base", "feature_set", "schema"),
    [
        ("bullseye", "3.6.1", "pacemaker-3.5"),  # pacemaker 2.0.5
        ("bookworm", "3.16.1", "pacemaker-3.9"),  # 2.1.5
        ("trixie", "3.20.0", "pacemaker-4.0"),  # 3.0.0
    ],
)
def test_cib_never_claims_a_newer_feature_set_than_pacemaker_has(
    base: str, feature_set: str, schema: str
) -> None:
    root = ET.fromstring(cib.cib(cluster(), bases.find(base), cib.CibOptions()))
    assert (root.get("crm_feature_set"), root.get("validate-with")) == (feature_set, schema)


def test_files_of_pcsd_are_of_formats_that_each_pcs_knows() -> None:
    """Of a newer one than it knows, pcsd complains in its log whenever it reads the file."""
    formats = {
        name.rpartition("/")[2]: content.get("format_version")
        for name, file in pcsd.pcsd_files(cluster(), "token").items()
        if isinstance(content := json.loads(file.content), dict)
    }
    assert formats == {"known-hosts": 1, "pcs_settings.conf": 2}


def test_a_fence_device_never_runs_on_the_node_it_stops() -> None:
    root = ET.fromstring(cib.cib(cluster(), bases.DEFAULT, cib.CibOptions()))
    rules = {r.get("rsc"): (r.get("node"), r.get("score")) for r in root.iter("rsc_location")}
    assert rules["fence_neteye02"] == ("neteye02.neteyelocal", "-INFINITY")
    assert len(rules) == 3


def test_cib_shows_what_a_scenario_sets() -> None:
    options = cib.CibOptions(
        properties={"stonith-enabled": "false"},
        standby=("neteye02.neteyelocal",),
        bans=(("httpd_group", "neteye01.neteyelocal"),),
        without=("asset",),
    )
    root = ET.fromstring(cib.cib(cluster(), bases.DEFAULT, options))

    values = {p.get("name"): p.get("value") for p in root.iter("nvpair")}
    assert values["stonith-enabled"] == "false"
    standby = root.find(".//node[@uname='neteye02.neteyelocal']//nvpair[@name='standby']")
    assert standby is not None
    assert standby.get("value") == "on"
    ban = root.find(".//rsc_location[@id='cli-ban-httpd_group-on-neteye01.neteyelocal']")
    assert ban is not None
    assert root.find(".//group[@id='glpi_group']") is None


def test_cluster_file_has_the_vendors_shape() -> None:
    content = json.loads(identity.cluster_file(cluster()))
    assert content["Hostname"] == "neteye.example.test"
    assert [node["id"] for node in content["Nodes"]] == [1, 2, 3]
    assert "id" not in content["ElasticOnlyNodes"][0]
    assert content["VotingOnlyNode"]["hostname"] == "neteye05.neteyelocal"


def test_each_node_is_a_machine_of_its_own_as_long_as_it_has_its_host_key() -> None:
    first, second = (identity.machine_id(f"ssh-ed25519 AAAA{number}") for number in (1, 2))
    assert first == identity.machine_id("ssh-ed25519 AAAA1")
    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)


def test_cluster_file_omits_roles_that_are_not_there() -> None:
    content = json.loads(identity.cluster_file(cluster(2, 0, 0)))
    assert "ElasticOnlyNodes" not in content
    assert "VotingOnlyNode" not in content


def test_every_service_name_resolves_on_every_node() -> None:
    shape = cluster()
    text = identity.hosts(shape, shape.nodes[3])
    assert "10.125.26.101 mariadb.neteyelocal" in text
    assert "10.125.26.100 neteye.example.test neteye.neteyelocal" in text
    assert "127.0.0.1 elasticsearch.neteyelocal" in text


def test_known_hosts_name_every_address_a_node_is_called_by() -> None:
    shape = cluster(2, 0, 0)
    keys = {node.name: f"ssh-ed25519 KEY{node.number}" for node in shape.nodes}
    line = ssh.known_hosts(shape, keys).splitlines()[1]
    assert line == (
        "neteye02.neteyelocal,neteye02,neteye02.example.test,10.125.26.12 ssh-ed25519 KEY2"
    )


def test_ssh_always_checks_host_keys() -> None:
    for text in (ssh.client_config(cluster(), Path("/x")), ssh.node_config()):
        assert "StrictHostKeyChecking yes" in text


def test_tracked_inventory_is_that_of_the_default_cluster() -> None:
    config = Path("/var/lib/neteye-rehearsal/neteye/ssh/config")
    expected = inventory.inventory(topology.build(), config, STEP.inventory)
    assert (TREE / "inventory.ini").read_text(encoding="utf-8") == expected


def test_inventory_is_ini_with_the_three_groups() -> None:
    text = inventory.inventory(cluster(), Path("/keys/config"), {})
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",), interpolation=None)
    parser.read_string(text)
    assert parser.sections() == ["operative", "elastic_only", "voting_only", "all:vars"]
    assert parser["all:vars"]["runbook_environment"] == "rehearsal"
    assert parser["all:vars"]["ansible_ssh_common_args"] == "-F /keys/config"
