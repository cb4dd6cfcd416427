"""Logins, names and sockets that later steps need: a finding for each node that lacks one."""

from __future__ import annotations

from dataclasses import replace

from engine.judge.access import (
    logs_in_everywhere,
    nodes_resolve,
    services_resolve,
    sockets_are_reached,
)
from engine.model.host import Login
from tests.judge import builders as b

CLUSTER = b.definition()
RIGHT = {node.hostname: (node.addr,) for node in CLUSTER.nodes}
ONE, TWO = CLUSTER.nodes[0], CLUSTER.nodes[1]
SERVICE = "mariadb.neteyelocal"


def found(**names: tuple[str, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    """What two nodes say of one service, by short names."""
    return {node: {SERVICE: addresses} for node, addresses in names.items()}


def test_a_node_without_a_way_to_its_sockets_is_one_finding() -> None:
    (finding,) = sockets_are_reached({"n2": "neither perl nor python3 is there"})
    assert (finding.code, finding.subject) == ("forwarding-off", "n2")
    assert "perl or Python 3" in finding.remedy
    assert "AllowStreamLocalForwarding" in finding.remedy


def test_who_does_not_let_n_in_is_named_with_ssh_s_words() -> None:
    wanted = {"n2": "n2.local", "n3": "n3.local", "n4": "n4.local", "n5": "n5.local"}
    logins = {
        "n2.local": Login(0, ""),
        "n3.local": Login(255, "root@n3.local: Permission denied (publickey)."),
        "n4.local": Login(124, ""),
    }
    found = logs_in_everywhere("n1", wanted, logins)
    assert [(f.code, f.subject) for f in found] == [
        ("login-between-nodes", node) for node in ("n3", "n4", "n5")
    ]
    assert "exit code 255, root@n3.local: Permission denied" in found[0].observed
    assert "not done in time" in found[1].observed
    assert "not told" in found[2].observed


def test_names_as_in_the_cluster_file_are_no_finding() -> None:
    assert nodes_resolve(CLUSTER, {node.hostname: RIGHT for node in CLUSTER.nodes}) == ()
    itself = {**RIGHT, ONE.hostname: ("127.0.1.1",)}
    assert nodes_resolve(CLUSTER, {ONE.hostname: itself}) == ()


def test_a_name_that_leads_nowhere_or_elsewhere() -> None:
    for addresses, told in (((), "is not known there"), (("192.0.2.99",), "is 192.0.2.99 there")):
        names = {**RIGHT, TWO.hostname: addresses}
        (finding,) = nodes_resolve(CLUSTER, {ONE.hostname: names})
        assert (finding.code, finding.subject) == ("name-misleading", ONE.hostname)
        assert finding.observed == f"{TWO.hostname} {told}"
        assert finding.expected == f"{TWO.addr}, as in /etc/neteye-cluster"
    of_another = {**RIGHT, TWO.hostname: ("127.0.0.1",)}
    assert len(nodes_resolve(CLUSTER, {ONE.hostname: of_another})) == 1


def test_addresses_are_compared_as_addresses() -> None:
    long = replace(CLUSTER, nodes=(replace(ONE, addr="2001:db8:0:0::1"), *CLUSTER.nodes[1:]))
    names = {**RIGHT, ONE.hostname: ("2001:db8::1",)}
    assert nodes_resolve(long, {TWO.hostname: names}) == ()


def test_a_service_that_nobody_knows_is_not_there() -> None:
    assert services_resolve([SERVICE], CLUSTER, found(n1=(), n2=())) == ()
    assert services_resolve([SERVICE], CLUSTER, found(n1=("10.0.0.9",), n2=("10.0.0.9",))) == ()
    assert services_resolve([SERVICE], CLUSTER, {}) == ()


def test_a_service_is_known_to_all_with_one_address() -> None:
    for other, told in (((), "not known"), (("10.0.0.8",), "10.0.0.8")):
        seen = found(n1=("10.0.0.9",), n2=("10.0.0.9",), n3=other)
        (finding,) = services_resolve([SERVICE], CLUSTER, seen)
        assert (finding.subject, finding.observed) == ("n3", f"{SERVICE} is {told} there")
        assert finding.expected == "10.0.0.9, as on n1, n2"
    (finding,) = services_resolve([SERVICE], CLUSTER, found(n1=("10.0.0.9",), n2=()))
    assert finding.subject == "n2", "of two the one without is asked about"


def test_a_service_of_each_node_leads_to_the_node_itself() -> None:
    own = {ONE.hostname: (ONE.addr,), TWO.hostname: (TWO.addr,)}
    assert services_resolve([SERVICE], CLUSTER, found(**own)) == ()
    local = {ONE.hostname: ("127.0.0.1", "::1"), TWO.hostname: (TWO.addr,)}
    assert services_resolve([SERVICE], CLUSTER, found(**local)) == ()
    seen = found(**own, n3=("10.0.0.9",))
    (finding,) = services_resolve([SERVICE], CLUSTER, seen)
    assert finding.subject == "n3"
    assert finding.expected.startswith("the node itself, as on ")
    of_another = found(**{ONE.hostname: (ONE.addr,), TWO.hostname: (ONE.addr,)})
    assert len(services_resolve([SERVICE], CLUSTER, of_another)) == 1
