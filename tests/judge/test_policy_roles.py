"""Roles from the cluster itself, compared with the inventory (G17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.judge import normal
from engine.judge.roles import (
    active_node_confirmed,
    members_agree,
    roles_agree,
)
from engine.model.cluster import FailedAction
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.finding import Finding
from engine.model.inventory import Inventory, Role
from engine.model.names import aliases, names_of, status_in_names
from tests.judge import builders as b

CLUSTER = "neteye.example.test"
FILE = b.definition()
HOSTS = b.hosts_of(FILE)


def judge(hosts: list[tuple[str, Role]], name: str = CLUSTER) -> tuple[Finding, ...]:
    return roles_agree(FILE, b.inventory(hosts, cluster=name), name)


@pytest.mark.parametrize("counts", [(3, 1, 1), (2, 0, 0), (16, 8, 1)])
@pytest.mark.parametrize("form", ["hostname", "short", "hostname_ext", "upper case"])
def test_every_form_of_a_name_is_understood(counts: tuple[int, int, int], form: str) -> None:
    file = b.definition(b.topology(*counts))
    names = {
        "hostname": [n.hostname for n in file.nodes],
        "short": [n.hostname.split(".")[0] for n in file.nodes],
        "hostname_ext": [n.hostname_ext or "" for n in file.nodes],
        "upper case": [n.hostname.upper() for n in file.nodes],
    }[form]
    hosts = list(zip(names, [n.role for n in file.nodes], strict=True))
    assert roles_agree(file, b.inventory(hosts), CLUSTER) == ()


def test_names_are_compared_without_case_whoever_uses_them() -> None:
    """An inventory in upper case once made a finding of every name that any tool printed."""
    hosts = [(name.upper(), role) for name, role in HOSTS]
    inventory = b.inventory(hosts, cluster=CLUSTER.upper())
    assert roles_agree(FILE, inventory, CLUSTER.upper()) == ()
    assert members_agree(FILE, b.cluster_status()) == ()
    names = names_of(inventory, FILE)
    assert (names.active, names.other[0]) == (b.N.upper(), b.SECOND.upper())
    wanted = b.expected(
        active_node=names.active,
        operative=names.operative,
        elastic_only=names.elastic_only,
        voting_only=names.voting_only,
        elastic_nodes=names.all,
        names=aliases(FILE, inventory),
    )
    # versions are asked by the inventory's names, all else by whatever a tool calls the nodes
    seen = b.observed()
    seen = replace(seen, versions={name.upper(): v for name, v in seen.versions.items()})
    assert normal.final(seen, wanted) == ()


def test_another_cluster_is_told() -> None:
    (finding,) = judge(HOSTS, "other.example.test")
    assert (finding.code, finding.subject) == ("cluster-name-mismatch", "other.example.test")
    assert "runbook_cluster = neteye.example.test" in finding.expected
    b.assert_told_well([finding])


def test_a_wrong_role_is_told() -> None:
    hosts = [(n, Role.OPERATIVE if n == b.ELASTIC else r) for n, r in HOSTS]
    (finding,) = judge(hosts)
    assert (finding.code, finding.subject, finding.guide) == (
        "role-mismatch",
        b.ELASTIC,
        ("roles-agree",),
    )
    assert "[operative] of prod.ini" in finding.observed
    assert finding.expected == "[elastic_only]"
    b.assert_told_well([finding])


def test_a_node_that_is_not_in_the_inventory_is_told() -> None:
    (finding,) = judge(HOSTS[:-1])
    assert (finding.code, finding.subject) == ("role-mismatch", b.VOTING)
    assert "not in prod.ini" in finding.observed


def test_a_host_that_is_not_in_the_file_is_told() -> None:
    (finding,) = judge([*HOSTS, ("stranger", Role.ELASTIC_ONLY)])
    assert (finding.code, finding.subject) == ("role-mismatch", "stranger")


def test_one_node_under_two_names_is_told() -> None:
    (finding,) = judge([*HOSTS, ("neteye01", Role.OPERATIVE)])
    assert "2 times under different names" in finding.observed


def test_all_mismatches_are_told_together() -> None:
    hosts = [("stranger", Role.OPERATIVE), (b.N, Role.VOTING_ONLY)]
    findings = judge(hosts, "other")
    # the other cluster, the stranger, the wrong role, four nodes that are missing
    assert b.codes(findings) == ["cluster-name-mismatch", *["role-mismatch"] * 6]


class TestAmbiguousShortForms:
    nodes = tuple(
        DefinedNode(name, f"192.0.2.{i}", Role.OPERATIVE)
        for i, name in enumerate(("node.one.test", "node.two.test"), 1)
    )
    file = ClusterDefinition(CLUSTER, "192.0.2.9", nodes)

    def test_a_short_form_that_fits_two_nodes_is_refused(self) -> None:
        hosts = [("node", Role.OPERATIVE), ("node.two.test", Role.OPERATIVE)]
        findings = roles_agree(self.file, b.inventory(hosts), CLUSTER)
        assert "node fits several nodes" in findings[0].observed
        assert [f.subject for f in findings] == ["node", "node.one.test"]

    def test_it_is_no_alias_either(self) -> None:
        hosts = [("node.one.test", Role.OPERATIVE), ("node.two.test", Role.OPERATIVE)]
        names = aliases(self.file, b.inventory(hosts))
        assert names == {"node.one.test": "node.one.test", "node.two.test": "node.two.test"}

    def test_pacemakers_names_lead_to_their_own_node(self) -> None:
        """Compared by the short forms alone, the second node was taken for the first."""
        hosts = [("node.one.test", Role.OPERATIVE), ("node.two.test", Role.OPERATIVE)]
        for definition in (self.file, None):
            names = names_of(b.inventory(hosts), definition)
            assert names.of_pacemaker("node.two.test") == "node.two.test"
            assert names.of_pacemaker("node") == "node", "which one is meant is not known"


def short_inventory() -> Inventory:
    return b.inventory([(n.split(".")[0], r) for n, r in HOSTS])


def test_aliases_lead_to_inventory_names() -> None:
    names = aliases(FILE, short_inventory())
    assert names["neteye02.neteyelocal"] == "neteye02"
    assert names["neteye02.example.test"] == "neteye02"
    assert names["neteye02"] == "neteye02"
    assert set(names.values()) == {"neteye01", "neteye02", "neteye03", "neteye04", "neteye05"}


def test_a_status_in_inventory_names() -> None:
    status = b.cluster_status()
    status = replace(
        status, failures=(FailedAction("x_start_0", b.SECOND, "error", 1, "complete"),)
    )
    named = status_in_names(status, aliases(FILE, short_inventory()).__getitem__)
    assert named.dc == "neteye03"
    assert [n.name for n in named.nodes] == ["neteye01", "neteye02", "neteye03"]
    assert named.placement["cluster_ip"] == ("neteye01",)
    assert named.failures[0].node == "neteye02"


class TestMembers:
    def test_pacemakers_members_are_the_operative_nodes(self) -> None:
        assert members_agree(FILE, b.cluster_status()) == ()

    def test_a_member_is_missing(self) -> None:
        status = b.cluster_status()
        (finding,) = members_agree(FILE, replace(status, nodes=status.nodes[:2]))
        assert (finding.code, finding.subject) == ("role-mismatch", b.THIRD)

    @pytest.mark.parametrize(
        ("name", "told"), [(b.ELASTIC, "elastic_only there"), ("stranger", "unknown to it")]
    )
    def test_a_member_too_many(self, name: str, told: str) -> None:
        status = b.cluster_status()
        status = replace(status, nodes=(*status.nodes, b.node(name)))
        (finding,) = members_agree(FILE, status)
        assert (finding.code, finding.subject) == ("role-mismatch", name)
        assert told in finding.observed


class TestActiveNode:
    def test_only_n_is_active(self) -> None:
        assert active_node_confirmed(b.N, b.cluster_status(only_active=True)) == ()

    def test_another_node_is_the_active_one(self) -> None:
        (finding,) = active_node_confirmed(b.SECOND, b.cluster_status(only_active=True))
        assert (finding.code, finding.subject) == ("role-mismatch", b.SECOND)
        assert f"not in standby: {b.N}" in finding.observed

    def test_more_than_one_is_active(self) -> None:
        (finding,) = active_node_confirmed(b.N, b.cluster_status())
        assert b.THIRD in finding.observed

    def test_the_commands_name_the_nodes_as_pacemaker_writes_them(self) -> None:
        """pcs takes no other spelling."""
        seen = b.cluster_status()
        nodes = tuple(replace(n, uname=f"{n.name}.internal") for n in seen.nodes)
        (finding,) = active_node_confirmed(b.N, replace(seen, nodes=nodes))
        assert b.told(finding) == [
            (b.N, f"pcs node unstandby {b.N}.internal --wait=300"),
            (b.N, f"pcs node standby {b.SECOND}.internal {b.THIRD}.internal --wait=300"),
        ]

    def test_nobody_is_active(self) -> None:
        status = b.cluster_status()
        status = replace(status, nodes=tuple(replace(n, standby=True) for n in status.nodes))
        (finding,) = active_node_confirmed(b.N, status)
        assert "not in standby: none" in finding.observed


def test_the_cluster_s_own_file_says_which_node_a_question_and_a_remedy_are_for() -> None:
    """With Elastic-only and voting-only swapped in the inventory the remedy of a lost vote said
    `systemctl start corosync-qnetd` on the Elastic-only node, which has no such unit."""
    other = {Role.ELASTIC_ONLY: Role.VOTING_ONLY, Role.VOTING_ONLY: Role.ELASTIC_ONLY}
    swapped = b.inventory([(name, other.get(role, role)) for name, role in HOSTS])
    names = names_of(swapped, FILE)
    assert names.voting_only == tuple(n.hostname for n in FILE.of(Role.VOTING_ONLY))
    assert names.elastic_only == tuple(n.hostname for n in FILE.of(Role.ELASTIC_ONLY))
    assert set(names.all) == set(swapped.names)
    assert names_of(swapped, None).voting_only == swapped.voting_only, "nobody has said otherwise"


def test_there_is_always_a_node_to_ask() -> None:
    """Every host of an inventory may be another one of the cluster's."""
    elastic = [node.hostname for node in FILE.of(Role.ELASTIC_ONLY)]
    names = names_of(b.inventory([(name, Role.OPERATIVE) for name in elastic]), FILE)
    assert names.operative == tuple(elastic)
    assert not names.is_known


def test_the_node_that_stands_in_for_n_is_an_operative_one() -> None:
    """N is not in the inventory, and its first operative host is Elastic-only by the file."""
    (elastic, *_) = (node.hostname for node in FILE.of(Role.ELASTIC_ONLY))
    hosts = [(elastic, Role.OPERATIVE), (b.SECOND, Role.OPERATIVE)]
    names = names_of(b.inventory(hosts), FILE)
    assert (names.active, names.operative, names.is_known) == (b.SECOND, (b.SECOND,), False)
