"""drbdsetup status --json in the form of drbd-utils 9."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError, RunbookError
from engine.model.drbd import DrbdConnection, DrbdDevice, DrbdPeerDevice, DrbdResource
from engine.parse.drbd import parse_drbdsetup

from .data import outcome

PEER_DEVICE = {
    "volume": 0,
    "replication-state": "Established",
    "peer-disk-state": "UpToDate",
    "peer-client": False,
    "resync-suspended": "no",
    "received": 4096,
    "sent": 0,
    "out-of-sync": 0,
    "pending": 0,
    "unacked": 0,
    "has-sync-details": False,
    "has-online-verify-details": False,
    "percent-in-sync": 100.0,
}
VOTING_PEER_DEVICE = PEER_DEVICE | {"peer-disk-state": "Diskless", "peer-client": True}
MARIADB: dict[str, Any] = {
    "name": "mariadb",
    "node-id": 1,
    "role": "Primary",
    "suspended": False,
    "write-ordering": "flush",
    "devices": [
        {
            "volume": 0,
            "minor": 1,
            "disk-state": "UpToDate",
            "client": False,
            "quorum": True,
            "size": 10485404,
            "read": 2048,
            "written": 4096,
            "al-writes": 12,
            "bm-writes": 0,
            "upper-pending": 0,
            "lower-pending": 0,
        }
    ],
    "connections": [
        {
            "peer-node-id": 2,
            "name": "neteye02.neteyelocal",
            "connection-state": "Connected",
            "congested": False,
            "peer-role": "Secondary",
            "ap-in-flight": 0,
            "rs-in-flight": 0,
            "peer_devices": [PEER_DEVICE],
        },
        {
            "peer-node-id": 5,
            "name": "neteye05.neteyelocal",
            "connection-state": "Connected",
            "congested": False,
            "peer-role": "Secondary",
            "ap-in-flight": 0,
            "rs-in-flight": 0,
            "peer_devices": [VOTING_PEER_DEVICE],
        },
    ],
}


def mariadb(**changes: object) -> dict[str, Any]:
    return copy.deepcopy(MARIADB) | changes


def parse(*resources: object) -> tuple[DrbdResource, ...]:
    return parse_drbdsetup(json.dumps(resources, indent=2))


def test_healthy_with_a_voting_node() -> None:
    assert parse(MARIADB) == (
        DrbdResource(
            name="mariadb",
            role="Primary",
            devices=(DrbdDevice(0, "UpToDate"),),
            connections=(
                DrbdConnection(
                    "neteye02.neteyelocal",
                    "Connected",
                    "Secondary",
                    (DrbdPeerDevice(0, "Established", "UpToDate"),),
                ),
                DrbdConnection(
                    "neteye05.neteyelocal",
                    "Connected",
                    "Secondary",
                    (DrbdPeerDevice(0, "Established", "Diskless", peer_is_client=True),),
                ),
            ),
        ),
    )


def test_resync() -> None:
    resource = mariadb()
    resource["devices"][0]["disk-state"] = "Inconsistent"
    resource["connections"][0]["peer_devices"][0] |= {
        "replication-state": "SyncTarget",
        "out-of-sync": 1048576,
        "has-sync-details": True,
        "percent-in-sync": 42.5,
    }
    (found,) = parse(resource)
    (device,) = found.connections[0].peer_devices
    assert found.devices[0].disk_state == "Inconsistent"
    assert (device.replication_state, device.out_of_sync) == ("SyncTarget", 1048576)


def test_lost_peer_has_no_devices() -> None:
    resource = mariadb(suspended=True)
    resource["connections"][0] |= {
        "connection-state": "Connecting",
        "peer-role": "Unknown",
        "peer_devices": [],
    }
    (found,) = parse(resource)
    assert found.suspended
    assert found.connections[0] == DrbdConnection(
        "neteye02.neteyelocal", "Connecting", "Unknown", ()
    )


def test_voting_node_is_diskless_on_purpose() -> None:
    device = {"volume": 0, "minor": 1, "disk-state": "Diskless", "client": True}
    (found,) = parse(mariadb(role="Secondary", devices=[device]))
    assert found.devices == (DrbdDevice(0, "Diskless", is_client=True),)


def test_older_utils_without_client_and_statistics() -> None:
    resource = mariadb()
    del resource["devices"][0]["client"]
    for key in ("peer-client", "out-of-sync"):
        del resource["connections"][0]["peer_devices"][0][key]
    assert parse(resource) == parse(MARIADB)


def test_no_resource_and_many() -> None:
    assert parse_drbdsetup("[]\n") == ()
    names = [f"service{n}" for n in range(40)]
    assert [r.name for r in parse(*(mariadb(name=name) for name in names))] == names


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("name",), "[0].name"),
        (("role",), "[0].role"),
        (("suspended",), "[0].suspended"),
        (("devices",), "[0].devices"),
        (("connections",), "[0].connections"),
        (("devices", 0, "disk-state"), "[0].devices[0].disk-state"),
        (("connections", 1, "connection-state"), "[0].connections[1].connection-state"),
        (("connections", 1, "peer_devices"), "[0].connections[1].peer_devices"),
        (
            ("connections", 0, "peer_devices", 0, "replication-state"),
            "[0].connections[0].peer_devices[0].replication-state",
        ),
    ],
)
def test_missing_is_an_error_that_names_the_path(path: tuple[Any, ...], where: str) -> None:
    resource = mariadb()
    inner: Any = resource
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    with pytest.raises(ParseError) as caught:
        parse(resource)
    assert str(caught.value).startswith(f"drbdsetup status --json: {where}: is missing; there are")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "document: is empty, expected JSON"),
        ("# No currently configured DRBD found.", "document: is no JSON"),
        ("{}", "document: is an object, expected a list"),
        ("[1]", "[0]: is the number, expected an object"),
        ('[{"name": 1}]', "[0].name: is the number '1', expected a string"),
        ('[{"name": " "}]', "[0].name: is empty, expected a string"),
        (
            '[{"name": "a", "role": "Primary", "devices": [{"volume": true}]}]',
            "[0].devices[0].volume: is the boolean 'true', expected a whole number",
        ),
        (
            '[{"name": "a", "role": "x", "devices": [], "connections": [], "suspended": "no"}]',
            "[0].suspended: is the string '\"no\"', expected true or false",
        ),
        ('[{"name": "a", "name": "b"}]', "key 'name' is there twice"),
        ("[" * 100_000, "document: is no JSON"),
    ],
)
def test_other_forms_are_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_drbdsetup(text)
    assert message in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*MARIADB, "x"]), inner),
)


@given(JSON.map(json.dumps) | st.text())
def test_any_text_is_answered_by_resources_or_a_parse_error(text: str) -> None:
    found = outcome(parse_drbdsetup, text)
    assert isinstance(found, RunbookError) or all(resource.name for resource in found)
