"""Whether each name of the inventory leads to its machine, by what the machines say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.judge.identity import changed, clones, definition_of, markers, strangers
from engine.model.finding import Finding
from engine.model.identity import Identity
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.parse.neteye_cluster import parse_neteye_cluster
from tests.parse.topology import cluster_file

CLUSTER = parse_neteye_cluster(cluster_file(3, 1, 1))
NAMES = tuple(node.hostname for node in CLUSTER.nodes)
N, SECOND, THIRD, ELASTIC, VOTING = NAMES
ROLES = (*[Role.OPERATIVE] * 3, Role.ELASTIC_ONLY, Role.VOTING_ONLY)


def inventory(*names: str, cluster: str = "neteye.example.test") -> Inventory:
    hosts = tuple(
        Host(name, role, f"10.0.0.{number}", line=number + 1)
        for number, (name, role) in enumerate(zip(names or NAMES, ROLES, strict=True), 1)
    )
    return Inventory(Path("prod.ini"), hosts, Settings(cluster, Environment.PRODUCTION))


def machine(number: int, **changes: object) -> Identity:
    """The machine of the cluster's node of this number, as a NetEye node usually speaks."""
    node = CLUSTER.nodes[number - 1]
    is_member = node.role is Role.OPERATIVE
    plain = Identity(
        machine_id=f"{number:032x}",
        hostname=node.hostname,
        static_name=node.hostname,
        other_names=(node.hostname, f"neteye{number:02}", f"neteye{number:02}.example.test"),
        member=node.hostname if is_member else "",
        configured=node.hostname if is_member else "",
        addresses=(node.addr, f"10.0.0.{number}"),
        system=f"boot-{number}/{number}",
        definition=CLUSTER,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def cluster(**places: Identity) -> dict[str, Identity]:
    """What answers behind each name; `n2=...` in the place of the second node's own machine."""
    found = {name: machine(number) for number, name in enumerate(NAMES, 1)}
    return found | {NAMES[int(key[1:]) - 1]: seen for key, seen in places.items()}


def judged(machines: dict[str, Identity], given: Inventory | None = None) -> list[Finding]:
    return list(strangers(given or inventory(), machines))


def test_a_cluster_whose_machines_are_those_that_are_meant() -> None:
    assert judged(cluster()) == []


def test_two_addresses_that_were_swapped() -> None:
    found = judged(cluster(n1=machine(3), n3=machine(1)))
    assert [(f.code, f.subject) for f in found] == [
        ("machine-mistaken", N),
        ("machine-mistaken", THIRD),
    ]
    first = found[0]
    assert f"at 10.0.0.1, prod.ini line 2 there is a machine that calls itself {THIRD}" in (
        first.observed
    )
    assert f"machine id {3:032x}" in first.observed
    assert f"it is {THIRD} (by the name {THIRD}, in pacemaker" in first.observed
    assert "line 2 of prod.ini" in first.remedy
    assert "192.168.1.1" in first.remedy


def test_an_elastic_only_node_with_the_address_of_the_voting_only_one() -> None:
    found = judged(cluster(n4=machine(5)))
    assert [(f.code, f.subject) for f in found] == [("machine-twice", f"{ELASTIC}, {VOTING}")]
    assert f"calls itself {VOTING}" in found[0].observed
    assert f"Mend ansible_host of {ELASTIC} in line 5 of prod.ini" in found[0].remedy
    assert f"of {VOTING} in" not in found[0].remedy


def test_a_jump_host_that_leads_to_itself() -> None:
    jump = Identity("j" * 32, "jump", "jump", system="x/1", unreadable="there is no cluster file")
    host = replace(inventory().hosts[3], ssh_args=("-J", "jump.example.test"))
    hosts = tuple(host if h.name == ELASTIC else h for h in inventory().hosts)
    (found, without) = (
        judged(cluster(n4=replace(jump, machine_id=one)), replace(inventory(), hosts=hosts))
        for one in ("a" * 32, "")
    )
    assert [f.code for f in (*found, *without)] == ["machine-mistaken"] * 2
    assert "by -J jump.example.test" in found[0].observed
    assert "calls itself jump, there is no cluster file" in found[0].observed
    assert "the way there" in found[0].remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"hostname": "NETEYE02.Example.Test"},
        {"hostname": "neteye02", "static_name": ""},
        {"hostname": "neteye02.another.domain"},
        {"hostname": "localhost.localdomain", "static_name": "localhost.localdomain"},
        {"member": "", "configured": ""},
        {"member": "NetEye02.neteyelocal"},
        {"hostname": "ip-10-0-0-2", "static_name": "ip-10-0-0-2", "other_names": ()},
        {"addresses": ("10.0.0.2",)},
        {"addresses": ()},
    ],
)
def test_every_form_of_a_name_is_the_same_name(changes: dict[str, object]) -> None:
    assert judged(cluster(n2=machine(2, **changes))) == []


@pytest.mark.parametrize("form", ["NETEYE02", "neteye02", "neteye02.example.test"])
def test_the_inventory_may_use_any_form(form: str) -> None:
    names = [form if name == SECOND else name for name in NAMES]
    machines = dict(zip(names, cluster().values(), strict=True))
    assert judged(machines, inventory(*names)) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"static_name": THIRD}, f"by the name {THIRD}"),
        ({"member": THIRD}, f"in pacemaker {THIRD}"),
        ({"configured": THIRD}, f"in corosync.conf {THIRD}"),
        ({"addresses": ("192.168.1.3",)}, "by the address 192.168.1.3"),
        ({"hostname": "neteye03.example.test"}, "by the name neteye03.example.test"),
        ({"hostname": "NETEYE03"}, "by the name NETEYE03"),
    ],
)
def test_a_machine_that_says_two_things_is_none_of_them(
    changes: dict[str, object], says: str
) -> None:
    (found,) = judged(cluster(n2=machine(2, **changes)))
    assert (found.code, found.subject) == ("machine-mistaken", SECOND)
    assert says in found.observed
    assert "it says both" in found.remedy


def test_a_machine_that_gives_no_name_of_the_cluster() -> None:
    away = machine(
        2, hostname="x", static_name="x", other_names=(), member="", configured="", addresses=()
    )
    (found,) = judged(cluster(n2=away))
    assert "it is no node of /etc/neteye-cluster" in found.observed


def test_a_name_server_s_word_alone_makes_no_other_node() -> None:
    assert judged(cluster(n2=machine(2, other_names=(THIRD, SECOND)))) == []


def test_a_name_that_is_in_no_cluster_file() -> None:
    names = [*NAMES[:1], "stranger", *NAMES[2:]]
    machines = dict(zip(names, cluster().values(), strict=True))
    (found,) = judged(machines, inventory(*names))
    assert (found.code, found.subject) == ("machine-mistaken", "stranger")
    assert "stranger is no node of /etc/neteye-cluster, which has neteye01" in found.observed


def test_of_a_large_cluster_sixteen_nodes_are_listed() -> None:
    large = parse_neteye_cluster(cluster_file(17))
    seen = [replace(one, definition=large) for one in cluster().values()]
    names = [*NAMES[:1], "stranger", *NAMES[2:]]
    found = judged(dict(zip(names, seen, strict=True)), inventory(*names))
    (told,) = [one.observed for one in found if one.subject == "stranger"]
    assert "neteye16" in told
    assert "neteye17" not in told


def test_without_any_cluster_file_the_names_alone_count() -> None:
    bare = {
        name: replace(seen, definition=None, unreadable="there is none")
        for name, seen in cluster().items()
    }
    assert judged(bare) == []
    swapped = {**bare, N: bare[SECOND], SECOND: bare[N]}
    assert [f.subject for f in judged(swapped)] == [N, SECOND]


def test_machines_of_another_cluster_with_the_same_names() -> None:
    other = parse_neteye_cluster(
        cluster_file(3, 1, 1).replace("neteye.example.test", "staging.example.test")
    )
    all_of_them = {name: replace(seen, definition=other) for name, seen in cluster().items()}
    (found,) = judged(all_of_them)
    assert (found.code, found.subject) == ("cluster-name-mismatch", "neteye.example.test")
    assert "names 'staging.example.test'" in found.observed
    (one,) = judged(cluster(n2=machine(2, definition=other)))
    assert (one.code, one.subject) == ("machine-mistaken", SECOND)
    assert "it belongs to cluster staging.example.test, not neteye.example.test" in one.observed


def test_the_definition_is_that_of_the_cluster_that_is_meant() -> None:
    other = parse_neteye_cluster(cluster_file(2).replace("neteye.example", "x.example"))
    machines = {name: machine(number, definition=other) for number, name in enumerate(NAMES, 1)}
    machines[N] = machine(1)
    assert definition_of(machines, "NETEYE.example.test") is CLUSTER
    assert definition_of(machines, "none of them") is other
    assert definition_of({}, "neteye.example.test") is None


NEW_ID = "tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id"


@pytest.mark.parametrize("said", ["", "uninitialized", "0" * 32])
def test_a_machine_without_an_id(said: str) -> None:
    (found,) = judged(cluster(n5=machine(5, machine_id=said)))
    assert (found.code, found.subject) == ("machine-id-missing", VOTING)
    assert [(one.node, one.argv[2]) for one in found.commands] == [(VOTING, NEW_ID)]


def test_clones_are_different_machines_with_one_id() -> None:
    cloned = cluster(n2=machine(2, machine_id=f"{1:032x}"), n5=machine(5, machine_id=f"{1:032x}"))
    assert judged(cloned) == []
    (found,) = clones(cloned)
    assert (found.code, found.subject) == ("machine-id-cloned", f"{N}, {SECOND}, {VOTING}")
    assert [(one.node, one.argv[2]) for one in found.commands] == [
        (SECOND, NEW_ID),
        (VOTING, NEW_ID),
    ]
    assert clones(cluster()) == ()


def test_one_machine_behind_two_names_is_no_clone() -> None:
    twice = cluster(n2=machine(1))
    assert [f.code for f in judged(twice)] == ["machine-twice"]
    assert clones(twice) == ()


def test_clones_of_a_running_machine_have_its_start_too() -> None:
    """A copy of a virtual machine with its memory; by then it has another name and address."""
    copy = machine(2, machine_id=f"{1:032x}", system=machine(1).system)
    assert judged(cluster(n2=copy)) == []
    assert [f.code for f in clones(cluster(n2=copy))] == ["machine-id-cloned"]


def test_within_an_attempt_a_node_stays_the_machine_that_it_was() -> None:
    recorded = {name: seen.machine_id for name, seen in cluster().items()}
    assert changed(recorded, cluster(), inventory()) == ()
    assert changed({}, cluster(), inventory()) == ()
    (found,) = changed(recorded, cluster(n5=machine(5, machine_id="a" * 32)), inventory())
    assert (found.code, found.subject) == ("machine-changed", VOTING)
    assert f"it was machine id {5:032x} when the attempt began" in found.observed
    assert "a" * 32 in found.observed
    assert f"`echo {5:032x} > /etc/machine-id`" in found.remedy
    (moved,) = changed(recorded, cluster(n5=machine(5, machine_id=f"{4:032x}")), inventory())
    assert f"which was {ELASTIC} then" in moved.observed


def test_the_marker_of_a_rehearsal() -> None:
    machines = cluster(n2=machine(2, is_rehearsal=True))
    assert [f.subject for f in markers(Environment.PRODUCTION, machines)] == [SECOND]
    assert len(markers(Environment.REHEARSAL, machines)) == 4
