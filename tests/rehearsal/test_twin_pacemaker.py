"""The configuration of pacemaker that a twin starts with is the snapshot's."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal import bases
from rehearsal.like import hands_off, pacemaker, wanting
from rehearsal.like.agents import folders
from rehearsal.like.fields import SnapshotError
from rehearsal.like.snapshot import Pacemaker, Snapshot
from rehearsal.to_4_26 import STEP
from rehearsal.topology import Topology, build
from tests.rehearsal import snapshots

NODES = {"node-1": "neteye01.neteyelocal", "node-2": "neteye02.neteyelocal"}


def topology(snapshot: Snapshot) -> Topology:
    return build(counts=snapshot.counts, services=STEP.services)


def cib(content: dict[str, Any] | None = None) -> ET.Element:
    found = snapshots.snapshot(content)
    return ET.fromstring(pacemaker.cib(topology(found), bases.DEFAULT, found))


def changed(**more: Any) -> dict[str, Any]:
    content = snapshots.content()
    content["cluster"]["pacemaker"].update(more)
    return content


def find(root: ET.Element, path: str) -> ET.Element:
    found = root.find(path)
    assert found is not None, path
    return found


def values(element: ET.Element, block: str) -> dict[str | None, str | None]:
    return {pair.get("name"): pair.get("value") for pair in element.iterfind(f"{block}/nvpair")}


def test_groups_clones_and_their_order_are_those_of_the_snapshot() -> None:
    resources = find(cib(), "configuration/resources")
    told = snapshots.pacemaker()["resources"]
    assert [one.get("id") for one in resources] == [one["id"] for one in told]
    members = {
        one.get("id"): [inner.get("id") for inner in one.iterfind("primitive")] for one in resources
    }
    for one in told:
        assert members[one["id"]] == [inner["id"] for inner in one.get("members", [])]
    clone = find(resources, "clone[@id='service-02-clone']")
    assert values(clone, "meta_attributes") == {"interleave": "true"}


@pytest.mark.parametrize(
    ("ident", "agent"),
    [
        ("mariadb", ("systemd", None, "mariadb")),
        ("mariadb_drbd_fs", ("ocf", "neteye", "Filesystem")),
        ("service-01_drbd_fs", ("ocf", "neteye", "Filesystem")),
        ("service-01_virt_ip", ("ocf", "heartbeat", "IPaddr2")),
        ("service-01", ("ocf", "pacemaker", "Dummy")),
        ("service-02", ("ocf", "pacemaker", "Dummy")),
        ("fence-1", ("stonith", None, "fence_rehearsal")),
    ],
)
def test_a_service_of_the_rehearsal_is_real_and_a_dummy_stands_for_others(
    ident: str, agent: tuple[str | None, ...]
) -> None:
    one = find(cib(), f".//primitive[@id='{ident}']")
    assert (one.get("class"), one.get("provider"), one.get("type")) == agent


def test_a_dummy_has_the_times_of_the_snapshot_and_a_real_service_more_patience() -> None:
    root = cib()
    dummy = find(root, ".//primitive[@id='service-01']/operations")
    keys = ("name", "interval", "timeout")
    assert [{key: op.get(key) for key in keys} for op in dummy] == snapshots.SERVICE_TIMES
    real = find(root, ".//primitive[@id='mariadb']/operations")
    assert {op.get("timeout") for op in real} == {"120s"}
    assert [op.get("interval") for op in real] == ["30s", "0s", "0s"]


def test_a_file_system_of_the_site_has_shared_data_of_its_own() -> None:
    found = snapshots.snapshot()
    assert folders(found.pacemaker, topology(found)) == ("service-01",)
    one = find(cib(), ".//primitive[@id='service-01_drbd_fs']")
    assert values(one, "instance_attributes") == {
        "device": "/.drbd/service-01",
        "directory": "/neteye/shared/service-01",
    }


def test_no_two_resources_have_one_address() -> None:
    pairs = cib().iterfind(".//primitive[@type='IPaddr2']//nvpair[@name='ip']")
    addresses = [pair.get("value") for pair in pairs]
    assert len(addresses) == len(set(addresses)) == 8
    assert "10.125.26.101" in addresses  # of mariadb, as every rehearsal has it


def test_constraints_are_those_of_the_snapshot_with_the_twin_s_nodes() -> None:
    section = find(cib(), "configuration/constraints")
    ban, _, order, colocation, rule, sets = section
    assert ban.attrib == {
        "id": "constraint-1",
        "rsc": "fence-1",
        "node": NODES["node-1"],
        "score": "-INFINITY",
    }
    assert (order.tag, order.get("kind"), order.get("then")) == (
        "rsc_order",
        "Optional",
        "glpi_group",
    )
    assert (colocation.tag, colocation.get("with-rsc")) == ("rsc_colocation", "nats-server_group")
    assert find(rule, "rule/expression").get("value") == NODES["node-1"]
    references = [one.get("id") for one in find(sets, "resource_set")]
    assert references == ["httpd_group", "glpi"]


@pytest.mark.parametrize(
    ("ident", "in_the_twin"),
    [
        ("cli-ban-7", "cli-ban-7"),
        ("cli-ban-httpd_group-on-node-1", f"cli-ban-httpd_group-on-{NODES['node-1']}"),
        (
            "location-httpd_group-node-1--INFINITY",
            f"location-httpd_group-{NODES['node-1']}--INFINITY",
        ),
        ("location-node-1x-node-77", "location-node-1x-node-77"),
    ],
)
def test_a_ban_keeps_the_id_by_which_it_is_known(ident: str, in_the_twin: str) -> None:
    ban = {"kind": "location", "id": ident, "rsc": "httpd_group", "node": "node-1"}
    root = cib(changed(constraints=[{**ban, "score": "-INFINITY", "role": "Started"}]))
    assert find(root, ".//rsc_location").get("id") == in_the_twin


@pytest.mark.parametrize(
    "constraint",
    [
        {"kind": "location", "rsc": "httpd_group", "node": "node-1", "colour": "red"},
        {"kind": "location", "rsc": "nobody", "node": "node-1", "score": "1"},
        {"kind": "dependency", "rsc": "httpd_group"},
        {"kind": "location", "id": "httpd_group", "rsc": "glpi", "node": "node-1", "score": "1"},
    ],
)
def test_a_constraint_of_no_known_form_is_refused(constraint: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        cib(changed(constraints=[constraint]))


def test_what_somebody_has_disabled_or_put_in_standby_is_so_in_the_twin() -> None:
    content = changed(disabled=["httpd"])
    resources = content["cluster"]["pacemaker"]["resources"]
    next(one for one in resources if one["id"] == "httpd_group")["meta"] = _STOPPED
    content["cluster"]["nodes"][1]["standby"] = True
    root = cib(content)
    assert values(find(root, ".//group[@id='httpd_group']"), "meta_attributes") == _STOPPED
    assert root.find(".//primitive[@id='httpd']/meta_attributes") is None
    node = find(root, f".//node[@uname='{NODES['node-2']}']")
    assert values(node, "instance_attributes") == {"standby": "on"}


_STOPPED = {"target-role": "Stopped"}


def test_what_keeps_pacemaker_off_a_resource_is_set_when_it_runs() -> None:
    """Pacemaker would not start it, and the twin would never be as the snapshot's cluster was."""
    content = changed(properties={"maintenance-mode": "true"}, unmanaged=["service-01"])
    content["cluster"]["pacemaker"]["node_attributes"] = {"node-2": {"maintenance": "true"}}
    content["cluster"]["pacemaker"]["resource_defaults"]["is-managed"] = "false"
    for one in content["cluster"]["pacemaker"]["resources"]:
        if one["id"] in ("service-01_group", "fence-1"):
            one["meta"] = {"is-managed": "false"}
    root = cib(content)
    names = [pair.get("name") for pair in root.iter("nvpair")]
    assert "maintenance-mode" not in names
    assert "maintenance" not in names
    assert names.count("is-managed") == 1  # of the fence device, which did not run
    told = [" ".join(words) for words in hands_off.commands(_pacemaker(content), NODES)]
    assert told == [
        "crm_resource --force --meta --resource service-01_group --set-parameter is-managed"
        " --parameter-value false",
        "crm_attribute --type rsc_defaults --name is-managed --update false",
        f"crm_attribute --node {NODES['node-2']} --name maintenance --update true",
        "crm_attribute --type crm_config --name maintenance-mode --update true",
    ]


def _pacemaker(content: dict[str, Any]) -> Pacemaker:
    return snapshots.snapshot(content).pacemaker


def test_fence_devices_stop_the_nodes_that_they_stop_in_the_snapshot() -> None:
    root = cib()
    for number in (1, 2):
        device = find(root, f".//primitive[@id='fence-{number}']")
        told = values(device, "instance_attributes")
        assert told["plug"] == told["pcmk_host_list"] == NODES[f"node-{number}"]
    level = find(root, "configuration/fencing-topology/fencing-level")
    assert (level.get("target"), level.get("devices")) == (NODES["node-1"], "fence-1")


def test_a_fence_device_stops_the_nodes_that_the_snapshot_names() -> None:
    """Before what constraints and levels let one guess."""
    content = snapshots.content()
    first = content["cluster"]["pacemaker"]["resources"][0]
    first["fences"] = ["node-2", "node-1"]
    told = values(find(cib(content), ".//primitive[@id='fence-1']"), "instance_attributes")
    assert told["pcmk_host_list"] == f"{NODES['node-2']} {NODES['node-1']}"
    assert "plug" not in told
    first["fences"] = ["node-9"]
    with pytest.raises(SnapshotError, match="'node-9', which is no node of it"):
        snapshots.snapshot(content)


def test_settings_of_the_cluster_are_taken_over_and_masked_ones_are_not() -> None:
    root = cib(changed(properties={"stonith-enabled": "false", "property-1": "*"}))
    told = values(find(root, "configuration/crm_config"), "cluster_property_set")
    assert told["stonith-enabled"] == "false"
    assert "property-1" not in told
    assert told["cluster-name"] == "NetEye"
    defaults = find(root, "configuration/rsc_defaults")
    assert values(defaults, "meta_attributes") == {"resource-stickiness": "200"}
    assert values(find(root, "configuration/op_defaults"), "meta_attributes") == {"timeout": "90s"}


def test_a_promotable_clone_has_a_service_with_roles_and_a_bundle_a_clone() -> None:
    member = snapshots.primitive("service-03", "ocf:linbit:drbd")
    resources = [
        {"id": "service-03-master", "kind": "promotable", "meta": {}, "members": [member]},
        {"id": "service-04", "kind": "bundle", "meta": {}, "members": []},
    ]
    content = changed(resources=resources, constraints=[], running={}, fencing_topology=[])
    root = cib(content)
    assert find(root, ".//primitive[@id='service-03']").get("type") == "Stateful"
    clone = find(root, ".//clone[@id='service-03-master']")
    assert values(clone, "meta_attributes") == {"promotable": "true"}
    assert find(root, ".//clone[@id='service-04']/primitive").get("type") == "Dummy"


def test_resources_start_where_they_ran_in_the_snapshot() -> None:
    found = snapshots.snapshot()
    homes = pacemaker.homes(topology(found), found)
    assert homes["mariadb_group"] == NODES["node-1"]
    assert homes["httpd_group"] == NODES["node-2"]
    assert "service-02-clone" not in homes
    assert pacemaker.expected(found)["service-02"] == 2
    assert not any(name.startswith("fence") for name in pacemaker.expected(found))


def test_what_can_t_be_had_is_told_in_plain_words() -> None:
    content = changed(left_out={"alerts": 2}, failed=[{"resource": "httpd"}])
    content["cluster"]["nodes"][2]["through_jump_host"] = True
    found = snapshots.snapshot(content)
    told = wanting.missing(found, topology(found), login_is_sudo=False)
    text = "\n".join(told)
    for part in (
        "2 resources by dummies, with the same times, order and constraints: service-01, service-0",
        "DRBD's protocol and disks",
        "power switch: stonith:fence_ipmilan",
        "pacemaker's configuration alerts: 2",
        "failed actions that pacemaker showed, or counted: 1",
        "the jump host before node-3",
    ):
        assert part in text
    assert not any(line.endswith(".") for line in told)


_NAMES = st.integers(1, 99).map(lambda number: f"service-{number:02}")
_SCORES = st.sampled_from(["INFINITY", "-INFINITY", "100", "0", "*"])


@st.composite
def _pacemakers(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(_NAMES, min_size=2, max_size=12, unique=True))
    resources: list[dict[str, Any]] = []
    for name in names:
        kind = draw(st.sampled_from(["primitive", "group", "clone", "promotable", "bundle"]))
        if kind == "primitive":
            resources.append(snapshots.primitive(name, draw(st.sampled_from(_AGENTS))))
        else:
            inner = [snapshots.primitive(f"{name}_{n}", "systemd:x") for n in range(1, 3)]
            many = inner if kind == "group" else inner[:1]
            resources.append({"id": f"{name}_set", "kind": kind, "meta": {}, "members": many})
    tops = st.sampled_from([one["id"] for one in resources])
    constraints: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["location", "order", "colocation"]))
        named = {
            "location": {"rsc": draw(tops), "node": "node-1", "score": draw(_SCORES)},
            "order": {"first": draw(tops), "then": draw(tops), "order_kind": "Mandatory"},
            "colocation": {"rsc": draw(tops), "with-rsc": draw(tops), "score": draw(_SCORES)},
        }
        constraints.append({"kind": kind, **named[kind]})
    return {"resources": resources, "constraints": constraints}


_AGENTS = ("ocf:heartbeat:IPaddr2", "ocf:x:y", "systemd:x", "lsb:x", "stonith:fence_apc")


@given(_pacemakers())
def test_each_resource_and_constraint_is_there_once_and_ids_are_unique(
    drawn: dict[str, Any],
) -> None:
    root = cib(changed(**drawn, running={}, fencing_topology=[], disabled=[], unmanaged=[]))
    ids = [element.get("id") for element in root.iter() if "id" in element.attrib]
    own = [one for one in ids if one not in _references(root)]
    assert len(own) == len(set(own))
    told = snapshots.snapshot(changed(**drawn, running={}, fencing_topology=[]))
    for top in told.pacemaker.resources:
        assert all(one.ident in ids for one in top.all())
    assert len(find(root, "configuration/constraints")) == len(drawn["constraints"])


def _references(root: ET.Element) -> set[str | None]:
    return {one.get("id") for one in root.iter("resource_ref")}
