"""A cluster as it is seen from a controller: who answers at which address, and through whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.discovery.ways import jumps_of
from engine.model.answer import Answer, Lost, LostKind
from engine.model.inventory import Host, Inventory, Role
from engine.queries.identity import WHO
from engine.queries.membership import MEMBERSHIP
from engine.queries.pacemaker import STATUS
from tests.engine.kit import who
from tests.engine.scripted import Argv, FakeTransport, said
from tests.parse.topology import cluster_file, crm_mon, node_name

NAME = "neteye.example.test"
CLUSTER_IP = "203.0.113.10"


def external(number: int) -> str:
    return f"neteye{number:02}.example.test"


def internal(number: int) -> str:
    """The address that `/etc/neteye-cluster` has."""
    return f"192.168.1.{number}"


@dataclass
class Machine:
    """One machine, what it says, and what its sshd does."""

    name: str
    cluster: str = ""
    addresses: str = ""
    uid: int = 0
    there: Sequence[str] = ("cluster", "product")
    """Files, as the question about membership calls them."""
    seen_from_here: Sequence[str] = ()
    """Addresses that lead to it from the controller."""
    seen_from_nodes: Sequence[str] = ()
    """Addresses that lead to it behind a jump host."""
    unknown_keys: Sequence[str] = ()
    """Addresses for which known_hosts has no key."""
    denied: Sequence[str] = ()
    """Users who are not let in from the controller."""
    denied_from_nodes: Sequence[str] = ()
    """Users who are not let in through a jump host, either."""
    extra: dict[str, str] = field(default_factory=dict)
    """More lines of its answer who it is."""

    def who(self) -> Answer:
        return who(self.name, self.cluster, addresses=self.addresses, **self.extra)

    def membership(self) -> Answer:
        lines = [f"uid {self.uid}", f"user {'root' if self.uid == 0 else 'upgrade'}"]
        return said("\n".join([*lines, *(f"there {one}" for one in self.there), ""]))


@dataclass
class World:
    """All machines. `door` makes the door to one host, as the real one would be."""

    machines: list[Machine]
    status: Answer | None = None
    resolved: Mapping[str, str] = field(default_factory=dict)
    """Name -> its address, as every node finds it."""
    denying_jumps: bool = False
    """The nodes deny the login of a jump."""
    logins: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Node -> how root's login there ends, from any other node."""
    asked: list[tuple[str, str, Argv]] = field(default_factory=list)
    """Who was asked what, and by which way: (address, jump host, command)."""

    def door(self, inventory: Inventory) -> FakeTransport:
        (host,) = inventory.hosts
        world = self

        class Door(FakeTransport):
            def _reply(self, node: str, argv: Argv, stdin: object) -> Answer | Lost:
                world.asked.append((host.address, "".join(jumps_of(host.ssh_args)), argv))
                return world.reply(host, argv)

        door = Door({})
        door.question = WHO.argv
        return door

    def reply(self, host: Host, argv: Argv) -> Answer | Lost:
        found = self._machine(host)
        if isinstance(found, Lost):
            return found
        if argv == WHO.argv:
            return found.who()
        if argv == MEMBERSHIP.argv:
            return found.membership()
        if argv == STATUS.argv:
            return self.status or said(code=102, stderr="crm_mon: no connection to the cluster")
        assert argv[:2] == ("sh", "-c")
        if argv[3] == "addresses":
            lines = [f"{n}\n{n} {self.resolved[n]}" if n in self.resolved else n for n in argv[4:]]
            return said("\n".join(lines) + "\n")
        assert argv[3] == "logins"
        told = {name: self.logins.get(name, (255, "Permission denied")) for name in argv[4:]}
        return said("".join(f"{name}\t{code}\t{text}\n" for name, (code, text) in told.items()))

    def _machine(self, host: Host) -> Machine | Lost:
        # the operator's own jump host is a part of the controller's network
        jumps = [jump for jump in ",".join(jumps_of(host.ssh_args)).split(",") if "@" in jump]
        if jumps and self.denying_jumps:
            why = f"Login was denied by the jump host {jumps[-1]}"
            return Lost(host.name, why, LostKind.AUTHENTICATION)
        for machine in self.machines:
            if host.address not in (machine.seen_from_nodes if jumps else machine.seen_from_here):
                continue
            if host.address in machine.unknown_keys:
                why = "the host key of the node is not known here"
                return Lost(host.name, why, LostKind.HOST_KEY)
            if host.user in (machine.denied_from_nodes if jumps else machine.denied):
                return Lost(host.name, "login was denied by the node", LostKind.AUTHENTICATION)
            return machine
        return Lost(host.name, f"{host.address} does not react", LostKind.UNREACHABLE)

    def named(self, number: int) -> Machine:
        return next(one for one in self.machines if one.name == node_name(number))


def cluster(operative: int = 3, elastic: int = 1, voting: int = 1) -> World:
    """Operative nodes are reached by their external names, the others from those only."""
    text = cluster_file(operative, elastic, voting)
    machines = []
    for number in range(1, operative + elastic + voting + 1):
        is_operative = number <= operative
        machines.append(
            Machine(
                node_name(number),
                text,
                internal(number),
                seen_from_here=(external(number),) if is_operative else (),
                seen_from_nodes=(internal(number), node_name(number)),
            )
        )
    return World(machines, said(crm_mon(operative)))


def with_definition(world: World, **changed: object) -> None:
    """Every machine gets a cluster file with these keys changed."""
    for machine in world.machines:
        machine.cluster = json.dumps({**json.loads(machine.cluster), **changed})


def at(address: str = external(1), **of_host: object) -> Host:
    """The node that the operator names."""
    plain: dict[str, object] = {"name": f"root@{address}", "role": Role.OPERATIVE}
    return Host(**{**plain, "address": address, **of_host})  # type: ignore[arg-type]
