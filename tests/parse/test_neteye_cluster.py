"""/etc/neteye-cluster: the documented sample, large clusters, and errors that name the key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError, RunbookError
from engine.model.definition import DefinedNode
from engine.model.inventory import Role
from engine.parse.neteye_cluster import parse_neteye_cluster

from .data import outcome
from .topology import cluster_file, node_name


def sample(**changes: object) -> dict[str, Any]:
    """3 operative, 1 Elastic-only, 1 voting-only; a change to None takes the key out."""
    definition = json.loads(cluster_file(3, 1, 1)) | changes
    return {key: value for key, value in definition.items() if value is not None}


def node(number: int, **changes: object) -> dict[str, object]:
    entry = {"addr": f"192.168.1.{number}", "hostname": f"n{number}", "id": number}
    return {k: v for k, v in (entry | changes).items() if v is not None}


def test_sample() -> None:
    definition = parse_neteye_cluster(json.dumps(sample()))
    assert (definition.hostname, definition.cluster_ip) == ("neteye.example.test", "203.0.113.10")
    assert (definition.cidr, definition.interface) == (24, "ens224")
    assert [n.hostname for n in definition.of(Role.OPERATIVE)] == [
        node_name(number) for number in (1, 2, 3)
    ]
    assert definition.active_node.hostname == node_name(1)
    assert definition.of(Role.ELASTIC_ONLY) == (
        DefinedNode(
            hostname=node_name(4),
            addr="192.168.1.4",
            role=Role.ELASTIC_ONLY,
            hostname_ext="neteye04.example.test",
            id=None,
        ),
    )
    assert [n.id for n in definition.of(Role.VOTING_ONLY)] == [5]


def test_a_node_is_found_by_each_of_its_names() -> None:
    definition = parse_neteye_cluster(json.dumps(sample()))
    for name in ("neteye02.neteyelocal", "neteye02", "neteye02.example.test"):
        found = definition.find(name)
        assert found is not None
        assert found.id == 2
    assert definition.find("neteye09") is None


def test_largest_cluster() -> None:
    definition = parse_neteye_cluster(cluster_file(16, 8, 1))
    counts = [len(definition.of(role)) for role in Role]
    assert counts == [16, 8, 1]


def test_optional_keys() -> None:
    text = json.dumps(
        sample(
            ElasticOnlyNodes=None,
            VotingOnlyNode=None,
            ClusterCIDR=None,
            ClusterInterface=None,
            Nodes=[node(1, id=None), node(2, hostname_ext=None)],
            Deployment="aws",
            InfluxDBOnlyNodes=[],
        )
    )
    definition = parse_neteye_cluster(text)
    assert (definition.cidr, definition.interface, len(definition.nodes)) == (None, None, 2)


BAD = [
    ({"Hostname": None}, "Hostname: is missing; there are ClusterCIDR, ClusterInterface"),
    ({"ClusterIp": None}, "ClusterIp: is missing"),
    ({"Nodes": None}, "Nodes: is missing"),
    ({"Nodes": []}, "Nodes: has 0 entries, expected at least 2"),
    ({"Nodes": [node(1)]}, "Nodes: has 1 entries, expected at least 2"),
    ({"Nodes": {}}, "Nodes: is an object, expected a list"),
    ({"Nodes": [node(1), "n2"]}, "Nodes[1]: is the string, expected an object"),
    ({"Nodes": [node(1), node(2, addr=None)]}, "Nodes[1].addr: is missing"),
    ({"Nodes": [node(1), node(2, hostname=None)]}, "Nodes[1].hostname: is missing"),
    ({"Nodes": [node(1), node(2, addr="ten")]}, "Nodes[1].addr: is 'ten', expected an IP address"),
    ({"Nodes": [node(1), node(2, addr="fe80::1%<b>")]}, "Nodes[1].addr: is 'fe80::1%<b>'"),
    ({"Nodes": [node(1), node(2, id="2")]}, "Nodes[1].id: is the string '\"2\"', expected a whole"),
    ({"VotingOnlyNode": [node(5)]}, "VotingOnlyNode: is a list, expected an object"),
    ({"ElasticOnlyNodes": node(4)}, "ElasticOnlyNodes: is an object, expected a list"),
    ({"VotingOnlyNode": node(5, addr="")}, "VotingOnlyNode.addr: is empty, expected a string"),
    ({"ClusterIp": "10.0.0"}, "ClusterIp: is '10.0.0', expected an IP address"),
    ({"ClusterCIDR": "24"}, "ClusterCIDR: is the string '\"24\"', expected a whole number"),
    ({"ClusterCIDR": 33}, "ClusterCIDR: is 33, expected a number from 8 to 32"),
    ({"ClusterCIDR": True}, "ClusterCIDR: is the boolean 'true', expected a whole number"),
    ({"Hostname": "a b"}, "Hostname: is 'a b', no host name; allowed are letters"),
    ({"LogOnlyNode": node(9)}, "LogOnlyNode: lists nodes of a role that this runbook does not"),
    ({"InfluxDBOnlyNodes": [node(9)]}, "InfluxDBOnlyNodes: lists nodes of a role that this"),
    ({"Nodes": [node(1), node(2, id=1)]}, "id: 1 is there 2 times"),
    ({"Nodes": [node(1), node(2, addr="192.168.1.1")]}, "addr: 192.168.1.1 is there 2 times"),
    ({"Nodes": [node(1), node(2, hostname="N1")]}, "hostname: n1 is there 2 times"),
    ({"Nodes": [node(1), node(2, hostname_ext="n1")]}, "hostname: n1 is there 2 times"),
    (
        {"VotingOnlyNode": node(1, id=9, addr="10.0.0.9"), "Nodes": [node(1), node(2)]},
        "hostname: n1",
    ),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_error_names_the_key(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_neteye_cluster(json.dumps(sample(**changes)))
    assert str(caught.value).startswith(f"/etc/neteye-cluster: {message}")


@pytest.mark.parametrize(
    "name", ["<b>n2</b>", "n2;reboot", "$(id)", "n2 n3", "-oProxyCommand=x", "n2\n", "ñ2"]
)
def test_node_name_for_a_shell_or_html_is_refused(name: str) -> None:
    text = json.dumps(sample(Nodes=[node(1), node(2, hostname=name)]))
    with pytest.raises(ParseError, match=r"Nodes\[1\]\.hostname: is .*, no host name; allowed are"):
        parse_neteye_cluster(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "document: is empty, expected JSON"),
        ("Hostname: x", "document: is no JSON (Expecting value"),
        ("[]", "is a list, expected an object"),
        ('{"Nodes": [], "Nodes": []}', "document: is no JSON (key 'Nodes' is there twice)"),
    ],
)
def test_other_forms_are_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_neteye_cluster(text, source="neteye03:/etc/neteye-cluster")
    assert str(caught.value).startswith("neteye03:/etc/neteye-cluster: ")
    assert message in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*sample(), "addr", "hostname", "id"]), inner)
    ),
)


@given(JSON)
def test_any_json_is_answered_by_a_definition_or_a_parse_error(value: object) -> None:
    changes = value if isinstance(value, dict) else {"Nodes": value}
    for text in (json.dumps(value), json.dumps(sample() | changes)):
        found = outcome(parse_neteye_cluster, text)
        assert isinstance(found, RunbookError) or len(found.of(Role.OPERATIVE)) >= 2
