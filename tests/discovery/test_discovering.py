"""From one node to all: who is found, by which way, and what is told when it leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.discovery.command import discover, outcome
from engine.discovery.found import Found, FoundNode
from engine.discovery.rendering import render
from engine.errors import UsageError
from engine.model.inventory import Environment, Inventory, Role
from engine.parse.inventory_ini import parse_inventory
from engine.queries.identity import WHO
from engine.queries.pacemaker import STATUS
from tests.discovery.world import (
    CLUSTER_IP,
    NAME,
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


def found_by(world: World, address: str = external(1), **of_host: object) -> Found:
    return discover(at(address, **of_host), world.door, lambda _: None)


def read(found: Found) -> Inventory:
    return parse_inventory(render(found), Path("prod.ini"))


def node(found: Found, number: int) -> FoundNode:
    return next(one for one in found.nodes if one.node.hostname == node_name(number))


def refused(world: World, address: str = external(1), **of_host: object) -> str:
    with pytest.raises(UsageError) as caught:
        found_by(world, address, **of_host)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_cluster_by_one_node() -> None:
    found = found_by(cluster())
    inventory = read(found)
    assert inventory.operative == tuple(map(node_name, (1, 2, 3)))
    assert (inventory.elastic_only, inventory.voting_only) == ((node_name(4),), (node_name(5),))
    assert inventory.settings.cluster == NAME
    assert inventory.settings.environment is Environment.PRODUCTION
    assert [host.address for host in inventory.hosts[:3]] == list(map(external, (1, 2, 3)))
    through = ("-J", f"root@{external(1)}")
    assert [(host.address, host.ssh_args) for host in inventory.hosts[3:]] == [
        (internal(4), through),
        (internal(5), through),
    ]
    assert found.remarks == ()
    assert outcome(found) == ["5 of 5 nodes reached"]


def test_only_the_four_things_of_change_management_are_left_to_fill_in() -> None:
    text = render(found_by(cluster()))
    empty = [line for line in text.splitlines() if line.endswith("=")]
    assert empty == [
        "runbook_change_id=",
        "runbook_window_start=",
        "runbook_window_end=",
        "runbook_release_notes_read=",
        "runbook_fallback=",
    ]


def test_the_others_go_through_n_whichever_node_was_named() -> None:
    found = found_by(cluster(), external(2))
    assert node(found, 4).host.ssh_args == ("-J", f"root@{external(1)}")


def test_they_go_through_the_named_node_when_n_is_not_reached_directly() -> None:
    world = cluster()
    world.named(1).seen_from_here = ()
    found = found_by(world, external(2))
    assert node(found, 1).host.address == internal(1)
    assert node(found, 5).host.ssh_args == ("-J", f"root@{external(2)}")


def test_a_jump_host_of_the_operator_comes_before_the_nodes_own() -> None:
    world = cluster()
    found = found_by(world, ssh_args=("-F", "/etc/bastion", "-J", "bastion"), port=2222)
    assert node(found, 2).host.ssh_args == ("-F", "/etc/bastion", "-J", "bastion")
    assert node(found, 2).host.port == 2222
    jumps = f"bastion,root@{external(1)}:2222"
    assert node(found, 4).host.ssh_args == ("-F", "/etc/bastion", "-J", jumps)
    assert node(found, 4).host.port == 22
    assert read(found).hosts == tuple(one.host for one in found.nodes)


def test_names_that_only_the_nodes_can_resolve() -> None:
    world = cluster()
    world.resolved = {external(2): "198.51.100.2", node_name(2): "127.0.1.1"}
    world.named(2).seen_from_here = ("198.51.100.2",)
    found = found_by(world)
    assert node(found, 2).host.address == "198.51.100.2"
    assert "127.0.1.1" not in {address for address, _, _ in world.asked}


def test_the_clusters_own_address_is_nobodys() -> None:
    world = cluster()
    world.named(1).seen_from_here = (CLUSTER_IP, external(1))
    found = found_by(world, CLUSTER_IP)
    assert node(found, 1).host.address == external(1)
    assert CLUSTER_IP not in render(found)


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_login_as_root_that_is_forbidden(everywhere: bool) -> None:
    world = cluster()
    for number in (4, 5):
        machine = world.named(number)
        machine.seen_from_here = (internal(number),)
        machine.denied = ("root",)
        machine.denied_from_nodes = ("root",) if everywhere else ()
    world.logins = {node_name(4): (0, ""), node_name(5): (255, "Permission denied (publickey)")}
    found = found_by(world)
    text = render(found)
    if not everywhere:
        assert found.unreached == ()
        return
    assert [one.node.hostname for one in found.unreached] == [node_name(4), node_name(5)]
    assert read(found).host(node_name(4)).address == internal(4)
    assert f"# NOT REACHED from here: {node_name(4)} ({internal(4)})" in text
    assert f"directly at {internal(4)}: login was denied by the node" in text
    assert "ansible_user=USER" in text
    assert f"root of {node_name(1)} logs in there by its own key" in " ".join(text.split())
    assert "does not get in there either: Permission denied" in " ".join(text.split())
    assert outcome(found)[-1] == "3 of 5 nodes reached"


def test_a_host_key_that_is_not_known_is_told_with_how_to_accept_it() -> None:
    world = cluster()
    world.named(2).unknown_keys = (external(2),)
    world.named(2).seen_from_nodes = ()
    found = found_by(world)
    assert node(found, 2).host.address == external(2)
    text = " ".join(render(found).replace("#", "").split())
    assert "the host key of the node is not known here" in text
    assert f"accept it by: ssh root@{external(2)}" in text


def test_another_machine_at_a_nodes_address_is_not_taken_for_it() -> None:
    world = cluster()
    stranger = Machine("printer", there=(), seen_from_here=(internal(4),))
    world.machines.insert(0, stranger)
    found = found_by(world)
    assert node(found, 4).host.ssh_args, "the way through N is the right one"
    asked = [argv for address, jump, argv in world.asked if (address, jump) == (internal(4), "")]
    assert set(asked) == {WHO.argv}, "a stranger is asked who it is, and nothing else"
    assert any("printer" in one.why for one in node(found, 4).tries)


def test_a_node_that_answers_as_another_user_is_not_reached() -> None:
    world = cluster()
    world.named(3).uid = 1000
    found = found_by(world)
    assert [one.node.hostname for one in found.unreached] == [node_name(3)]
    assert "as user upgrade (uid 1000), expected root" in render(found)


def test_a_key_that_is_not_offered_to_the_jump_host(tmp_path: Path) -> None:
    key = tmp_path / "key"
    world = cluster()
    world.denying_jumps = True
    text = render(found_by(world, key_file=key))
    assert f"(ssh-add {key}), then ask again" in " ".join(text.replace("#", "").split())
    assert "ansible_user=USER" not in text
    assert "ansible_user=USER" in render(found_by(world)), "without -i it is another reason"


def test_a_node_that_is_down() -> None:
    world = cluster()
    world.machines.remove(world.named(3))
    found = found_by(world)
    assert read(found).host(node_name(3)).address == internal(3)
    assert "To correct on its line" in render(found)


def test_what_the_cluster_contradicts_itself_in_is_told() -> None:
    world = cluster()
    world.status = said(crm_mon(2))
    world.named(2).cluster = cluster_file(3, 1)
    world.named(3).cluster = ""
    found = found_by(world)
    told = " ".join(found.remarks)
    assert f"{node_name(3)} is operative in /etc/neteye-cluster and no member" in told
    assert f"{node_name(2)} has another /etc/neteye-cluster" in told
    assert f"{node_name(3)}: there is no /etc/neteye-cluster" in told
    assert "Look at this first" in render(found)


def test_pacemaker_that_does_not_answer_is_told() -> None:
    world = cluster()
    world.status = None
    assert "no connection to the cluster" in " ".join(found_by(world).remarks)


def test_a_rehearsal_is_called_one() -> None:
    world = cluster()
    for machine in world.machines:
        machine.extra = {"rehearsal": ""}
    assert read(found_by(world)).settings.environment is Environment.REHEARSAL


def test_the_operators_user_port_and_key_are_those_of_all(tmp_path: Path) -> None:
    key = tmp_path / "a key # of mine"
    found = found_by(cluster(), user="upgrade", become=True, key_file=key)
    inventory = read(found)
    assert {(host.user, host.become, host.key_file) for host in inventory.hosts} == {
        ("upgrade", True, key)
    }
    assert inventory.hosts[3].ssh_args == ("-J", f"upgrade@{external(1)}")


def test_a_voting_only_node_may_be_named_first() -> None:
    world = cluster()
    world.named(5).seen_from_here = (external(5),)
    found = found_by(world, external(5))
    assert (found.unreached, found.remarks) == ((), ())
    asked = {address for address, _, argv in world.asked if argv == STATUS.argv}
    assert asked == {external(1)}, "pacemaker is on operative nodes only"


def test_members_that_nobody_can_tell() -> None:
    world = cluster()
    world.named(5).seen_from_here = (external(5),)
    for number in (1, 2, 3):
        world.machines.remove(world.named(number))
    told = " ".join(found_by(world, external(5)).remarks)
    assert "pacemaker's members are not known" in told


# what leads to no cluster


def test_no_cluster_at_all() -> None:
    world = World([Machine("web01", there=(), seen_from_here=(external(1),))])
    assert "is no node of a cluster: it has neither /etc/neteye-cluster" in refused(world)


def test_a_satellite() -> None:
    machine = Machine("sat01", there=("satellite", "product"), seen_from_here=(external(1),))
    assert "is a satellite" in refused(World([machine]))


def test_a_single_node() -> None:
    machine = Machine("neteye", there=("product",), seen_from_here=(external(1),))
    assert "is a single node" in refused(World([machine]))


@pytest.mark.parametrize(("text", "told"), [("{", "is no JSON"), ("[]", "expected")])
def test_a_cluster_file_that_can_t_be_read(text: str, told: str) -> None:
    machine = Machine(node_name(1), text, seen_from_here=(external(1),))
    said_ = refused(World([machine]))
    assert "what it has as /etc/neteye-cluster can't be read" in said_
    assert told in said_


def test_a_cluster_file_with_one_node() -> None:
    machine = Machine(node_name(1), cluster_file(1), seen_from_here=(external(1),))
    assert "Nodes: has 1 entries, expected at least 2" in refused(World([machine]))


def test_not_root() -> None:
    world = cluster()
    world.named(1).uid = 1000
    world.named(1).cluster = ""
    told = refused(world, user="upgrade")
    assert "it answers as user upgrade (uid 1000), expected root" in told
    assert "--become" in told


def test_nobody_there_and_a_login_that_is_denied() -> None:
    world = cluster()
    assert "is not reached: gone.example.test does not react" in refused(world, "gone.example.test")
    world.named(1).denied = ("root",)
    assert "is not reached: login was denied" in refused(world)


def test_a_host_key_of_the_first_node_that_is_not_known() -> None:
    world = cluster()
    world.named(1).unknown_keys = (external(1),)
    told = refused(world, port=2222, ssh_args=("-F", "/a b"))
    assert f"ssh asks you about it by: ssh -F '/a b' -p 2222 root@{external(1)}" in told
    assert len(world.asked) == 1


def test_a_machine_that_its_own_cluster_does_not_have() -> None:
    world = cluster()
    with_definition(world, Nodes=[{"addr": internal(n), "hostname": f"n{n}"} for n in (7, 8)])
    told = refused(world)
    assert "not one of the nodes that its /etc/neteye-cluster has: n7, n8" in told


def test_nodes_keep_their_roles() -> None:
    found = found_by(cluster(2, 2, 0))
    assert [one.host.role for one in found.nodes] == [Role.OPERATIVE] * 2 + [Role.ELASTIC_ONLY] * 2
