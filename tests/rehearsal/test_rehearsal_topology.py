"""Names, addresses and counts of rehearsal clusters."""

from ipaddress import IPv4Network

import pytest

from rehearsal import topology
from rehearsal.errors import UsageError
from rehearsal.to_4_26.services import SERVICES
from rehearsal.topology import Role


def test_default_cluster_has_fixed_names_and_addresses() -> None:
    cluster = topology.build()

    assert [(n.name, str(n.address), n.role.value) for n in cluster.nodes] == [
        ("neteye01.neteyelocal", "10.125.26.11", "operative"),
        ("neteye02.neteyelocal", "10.125.26.12", "operative"),
        ("neteye03.neteyelocal", "10.125.26.13", "operative"),
        ("neteye04.neteyelocal", "10.125.26.14", "elastic_only"),
        ("neteye05.neteyelocal", "10.125.26.15", "voting_only"),
    ]
    assert str(cluster.cluster_ip) == "10.125.26.100"
    assert cluster.fqdn == "neteye.example.test"
    assert cluster.nodes[0].name_ext == "neteye01.example.test"


def test_services_have_addresses_of_their_own() -> None:
    cluster = topology.build(services=SERVICES)
    addresses = [cluster.service_address(service.name) for service in SERVICES]
    assert [str(a) for a in addresses] == [f"10.125.26.{n}" for n in range(101, 107)]


def test_largest_cluster_stays_clear_of_the_virtual_addresses() -> None:
    counts = {Role.OPERATIVE: 16, Role.ELASTIC: 8, Role.VOTING: 1}
    cluster = topology.build("big", counts, IPv4Network("10.125.30.0/24"))
    assert len(cluster.nodes) == 25
    assert max(node.address for node in cluster.nodes) < cluster.cluster_ip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("operative=3,elastic=1,voting=1", (3, 1, 1)),
        ("operative=2", (2, 0, 0)),
        ("voting=1,operative=5", (5, 0, 1)),
    ],
)
def test_counts_are_read(text: str, expected: tuple[int, int, int]) -> None:
    assert tuple(topology.parse_counts(text)[role] for role in Role) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("operative=1", "1 operative nodes"),
        ("operative=17", "2 to 16"),
        ("elastic=1", "0 operative nodes"),
        ("operative=3,voting=2", "2 voting_only nodes"),
        ("operative=x", "'operative=x' is not ROLE=NUMBER"),
        ("operational=3", "'operational=3' is not ROLE=NUMBER"),
    ],
)
def test_impossible_counts_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        topology.parse_counts(text)


@pytest.mark.parametrize("word", ["neteye02", "neteye02.neteyelocal", "2", "neteye02.example.test"])
def test_a_node_is_found_by_each_of_its_names(word: str) -> None:
    assert topology.build().find(word).number == 2


def test_an_unknown_node_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no node 'neteye09'.*neteye05"):
        topology.build().find("neteye09")
