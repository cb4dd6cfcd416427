"""An inventory that is there, compared with the cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.discovery.command import check, discover
from engine.discovery.rendering import render
from engine.errors import UsageError
from tests.discovery.world import (
    CLUSTER_IP,
    Machine,
    World,
    at,
    cluster,
    external,
    internal,
    with_definition,
)
from tests.engine.scripted import said
from tests.parse.topology import cluster_file, crm_mon, node_name

Compared = Callable[[World], list[str]]
Prod = Callable[..., None]


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """What differs from the cluster, by its own inventory unless a test wrote another one."""

    def compare(world: World) -> list[str]:
        path = tmp_path / "prod.ini"
        if not path.exists():
            path.write_text(render(discover(at(), cluster().door, lambda _: None)))
        told = check(path, (), world.door, lambda _: None)
        return [line.replace(str(path), "prod.ini") for line in told]

    return compare


@pytest.fixture
def prod(tmp_path: Path) -> Prod:
    """Writes the cluster's own inventory, with some words replaced."""

    def write(*replaced: tuple[str, str]) -> None:
        text = render(discover(at(), cluster().door, lambda _: None))
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "prod.ini").write_text(text)

    return write


def test_an_inventory_that_was_just_written_is_as_the_cluster(compared: Compared) -> None:
    assert compared(cluster()) == []


def test_names_in_another_form_and_another_way_that_works_are_no_difference(
    prod: Prod, compared: Compared
) -> None:
    world = cluster()
    world.named(2).seen_from_here = (external(2), "ne2")
    prod((f"{node_name(2)} ansible_host={external(2)}", "NETEYE02 ansible_host=ne2"))
    assert compared(world) == []


def test_a_node_that_is_missing_is_told_with_its_line(prod: Prod, compared: Compared) -> None:
    prod((f"{node_name(3)} ansible_host={external(3)}\n", ""))
    assert compared(cluster()) == [
        f"prod.ini: [role-mismatch] {node_name(3)} (operative) is in /etc/neteye-cluster and not in"
        f" prod.ini; expected: once in group [operative], as: {node_name(3)}"
        f" ansible_host={external(3)} ansible_user=root"
    ]


def test_a_host_too_much(prod: Prod, compared: Compared) -> None:
    prod(("[elastic_only]\n", "[elastic_only]\nneteye09 ansible_host=192.0.2.9\n"))
    told = compared(cluster())
    assert [line.partition(": ")[2].partition(" in ")[0] for line in told] == [
        "[role-mismatch] neteye09 is",
        "neteye09 is not reached directly at 192.0.2.9: 192.0.2.9 does not react",
    ]
    assert all(line.startswith("prod.ini:18: ") for line in told), told


def test_another_role(prod: Prod, compared: Compared) -> None:
    prod(("[elastic_only]", "[x]"), ("[voting_only]", "[elastic_only]"), ("[x]", "[voting_only]"))
    told = compared(cluster())
    assert len(told) == 2
    assert f"{node_name(4)} is in group [voting_only] of prod.ini" in told[1]
    assert "expected: [elastic_only]" in told[1]


def test_an_address_that_leads_to_another_node(prod: Prod, compared: Compared) -> None:
    prod((f"ansible_host={external(2)}", "ansible_host=192.0.2.2"))
    world = cluster()
    world.named(3).seen_from_here = (external(3), "192.0.2.2")
    told = compared(world)
    assert len(told) == 1
    assert "[machine-twice]" in told[0]
    assert f"{node_name(2)}, {node_name(3)} lead to one machine" in told[0]
    assert told[0].endswith(f"as: {node_name(2)} ansible_host={external(2)} ansible_user=root")


def test_an_address_that_leads_to_a_machine_of_no_cluster(prod: Prod, compared: Compared) -> None:
    prod((f"ansible_host={external(2)}", "ansible_host=192.0.2.2"))
    world = cluster()
    world.machines.append(Machine("printer", there=(), seen_from_here=("192.0.2.2",)))
    (told,) = compared(world)
    assert "[machine-mistaken]" in told
    assert "calls itself printer" in told
    assert told.endswith(f"as: {node_name(2)} ansible_host={external(2)} ansible_user=root")


def test_a_node_that_is_reached_otherwise(prod: Prod, compared: Compared) -> None:
    prod((f" ansible_ssh_common_args='-J root@{external(1)}'", ""))
    told = compared(cluster())
    assert len(told) == 2
    assert f"{node_name(4)} is not reached directly at {internal(4)}" in told[0]
    assert f"it is reached at {internal(4)} through root@{external(1)}: {node_name(4)} " in told[0]
    assert f"ansible_ssh_common_args='-J root@{external(1)}'" in told[0]


def test_a_node_that_is_not_reached_at_all(compared: Compared) -> None:
    world = cluster()
    world.machines.remove(world.named(3))
    (told,) = compared(world)
    assert f"{node_name(3)} is not reached directly at {external(3)}" in told
    assert "; nor by any of 6 ways tried; root of" in told
    assert "does not get in there either: Permission denied. To correct on its line" in told


def test_the_logins_that_the_inventory_has_are_tried_on_other_ways(
    prod: Prod, compared: Compared
) -> None:
    world = cluster()
    world.named(4).denied_from_nodes = ("root",)
    world.named(4).seen_from_here = ("192.0.2.4",)
    world.resolved = {external(4): "192.0.2.4"}
    world.named(4).denied = ("root",)
    old = f"{node_name(4)} ansible_host={internal(4)}"
    prod((old, f"{node_name(4)} ansible_host=192.0.2.99 ansible_user=upgrade ansible_become=yes"))
    (told,) = compared(world)
    assert "it is reached directly at 192.0.2.4" in told
    assert "ansible_user=upgrade ansible_become=yes" in told


def test_the_clusters_own_address(prod: Prod, compared: Compared) -> None:
    prod((f"ansible_host={external(1)}", f"ansible_host={CLUSTER_IP}"))
    world = cluster()
    world.named(1).seen_from_here = (external(1), CLUSTER_IP)
    (told,) = compared(world)
    assert f"{CLUSTER_IP} is the cluster's own address, which moves from node to node" in told
    assert told.endswith(f"such as {internal(1)}")


def test_another_cluster_name_and_environment(prod: Prod, compared: Compared) -> None:
    prod(
        ("runbook_cluster=neteye.example.test", "runbook_cluster=other.example.test"),
        ("runbook_environment=production", "runbook_environment=rehearsal"),
    )
    codes = {line.split("[")[1].split("]")[0] for line in compared(cluster())}
    assert codes == {"cluster-name-mismatch", "rehearsal-marker"}


def test_a_user_who_is_not_root(compared: Compared) -> None:
    world = cluster()
    world.named(2).uid = 1000
    told = compared(world)
    assert len(told) == 1
    assert "it answers as user upgrade (uid 1000), expected root; mend ansible_user" in told[0]


def test_pacemaker_has_another_member(compared: Compared) -> None:
    world = cluster()
    world.status = said(crm_mon(2))
    (told,) = compared(world)
    assert f"{node_name(3)} is operative in /etc/neteye-cluster and no member" in told


def test_pacemaker_that_is_silent_is_no_agreement(compared: Compared) -> None:
    world = cluster()
    world.status = None
    (told,) = compared(world)
    assert "not compared: " in told


def test_the_cluster_has_grown(compared: Compared) -> None:
    world = cluster(4)
    told = compared(world)
    assert any(f"{node_name(4)} is in group [elastic_only] of prod.ini" in line for line in told)
    assert any(f"{node_name(6)} (voting_only) is in /etc/neteye-cluster" in line for line in told)


def test_nobody_answers(compared: Compared) -> None:
    with pytest.raises(UsageError, match="no node of it can be compared with") as caught:
        compared(World([]))
    assert "\n" not in str(caught.value)


def test_an_inventory_of_machines_without_a_cluster(compared: Compared) -> None:
    world = cluster()
    for machine in world.machines:
        machine.cluster, machine.there = "", ("product",)
    with pytest.raises(UsageError, match="is a single node"):
        compared(world)


def test_an_inventory_with_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "prod.ini").write_text("[operative]\nn1 n2\n")
    with pytest.raises(UsageError, match=r"prod.ini:2: host 'n1' is followed by something else"):
        check(tmp_path / "prod.ini", (), World([]).door, lambda _: None)


def test_a_cluster_file_of_other_nodes(compared: Compared) -> None:
    world = cluster()
    with_definition(world, ClusterIp="203.0.113.11")
    assert compared(world) == [], "another address of the cluster is not the inventory's"
    world.named(5).cluster = cluster_file(3, 2, 1)
    (told,) = compared(world)
    assert f"{node_name(5)} has another /etc/neteye-cluster" in told


def test_what_is_ignored_in_the_inventory_is_told_beside(tmp_path: Path) -> None:
    path, told = tmp_path / "prod.ini", list[str]()
    text = render(discover(at(), cluster().door, lambda _: None))
    path.write_text(text.replace("ansible_user=root", "ansible_user=root\nansible_timeout=3"))
    assert check(path, (), cluster().door, told.append) == ()
    assert any("ansible_timeout is ignored" in line for line in told)


def test_a_missing_node_that_is_down_has_a_line_to_try(prod: Prod, compared: Compared) -> None:
    prod((f"{node_name(3)} ansible_host={external(3)}\n", ""))
    world = cluster()
    world.machines.remove(world.named(3))
    (told,) = compared(world)
    assert f"as (not reached from here): {node_name(3)} ansible_host={internal(3)}" in told
