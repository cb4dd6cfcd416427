"""Which nodes and addresses a rehearsal cluster has: pure values, no side effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from rehearsal.errors import UsageError
from rehearsal.services import CORE, Service

DEFAULT_NAME = "neteye"
DEFAULT_NETWORK = IPv4Network("10.125.26.0/24")
_FIRST_NODE = 11
_CLUSTER_IP = 100
_FIRST_SERVICE = 101


class Role(str, Enum):
    """A node's role; the values are the inventory's group names, and so is its text."""

    OPERATIVE = "operative"
    ELASTIC = "elastic_only"
    VOTING = "voting_only"

    __str__ = str.__str__


# --nodes uses the short words of the command line
_COUNT_WORDS = {"operative": Role.OPERATIVE, "elastic": Role.ELASTIC, "voting": Role.VOTING}
_LIMITS = {Role.OPERATIVE: (2, 16), Role.ELASTIC: (0, 8), Role.VOTING: (0, 1)}


@dataclass(frozen=True)
class Node:
    """One machine; `number` counts all roles and is the node id of corosync."""

    number: int
    role: Role
    address: IPv4Address
    domain_ext: str

    @property
    def short(self) -> str:
        return f"neteye{self.number:02d}"

    @property
    def name(self) -> str:
        """Internal name: that of pacemaker, ssh and the inventory."""
        return f"{self.short}.neteyelocal"

    @property
    def name_ext(self) -> str:
        return f"{self.short}.{self.domain_ext}"


@dataclass(frozen=True)
class Topology:
    """A whole cluster: its name, network, clustered services, and nodes in the order operative,
    elastic, voting."""

    name: str
    network: IPv4Network
    nodes: tuple[Node, ...]
    services: tuple[Service, ...]

    @property
    def operative(self) -> tuple[Node, ...]:
        return self._of(Role.OPERATIVE)

    @property
    def elastic(self) -> tuple[Node, ...]:
        return self._of(Role.ELASTIC)

    @property
    def voting(self) -> Node | None:
        return next(iter(self._of(Role.VOTING)), None)

    @property
    def counts(self) -> Mapping[Role, int]:
        """How many nodes of each role."""
        return {role: len(self._of(role)) for role in Role}

    def _of(self, role: Role) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.role is role)

    @property
    def gateway(self) -> IPv4Address:
        return self.network[1]

    @property
    def cluster_ip(self) -> IPv4Address:
        return self.network[_CLUSTER_IP]

    @property
    def fqdn(self) -> str:
        """The cluster's own name: `Hostname` of /etc/neteye-cluster, `runbook_cluster`."""
        return f"{self.name}.example.test"

    def service_address(self, service: str) -> IPv4Address:
        """Virtual address of a clustered service of this cluster."""
        position = [known.name for known in self.services].index(service)
        return self.network[_FIRST_SERVICE + position]

    def find(self, word: str) -> Node:
        """The node called `word`: internal, short or external name, or its number."""
        for node in self.nodes:
            if word in (node.name, node.short, node.name_ext, str(node.number)):
                return node
        known = ", ".join(node.short for node in self.nodes)
        raise UsageError(f"no node {word!r} in cluster {self.name!r}; there are: {known}")


def parse_counts(text: str) -> dict[Role, int]:
    """Read `operative=3,elastic=1,voting=1`; a role left out has no node.

    Raises UsageError for an unknown role, no number, or a number that is not supported.
    """
    counts = dict.fromkeys(Role, 0)
    for item in filter(None, text.split(",")):
        word, _, number = item.partition("=")
        role = _COUNT_WORDS.get(word.strip())
        if role is None or not number.strip().isdigit():
            raise UsageError(
                f"--nodes: {item!r} is not ROLE=NUMBER with one of {', '.join(_COUNT_WORDS)}"
            )
        counts[role] = int(number)
    check_counts(counts)
    return counts


def check_counts(counts: Mapping[Role, int]) -> None:
    """Raise UsageError unless every role's number of nodes is one that is supported."""
    for role, (least, most) in _LIMITS.items():
        if not least <= counts.get(role, 0) <= most:
            raise UsageError(
                f"{counts.get(role, 0)} {role} nodes: a cluster has {least} to {most} of them"
            )


DEFAULT_COUNTS: Mapping[Role, int] = {Role.OPERATIVE: 3, Role.ELASTIC: 1, Role.VOTING: 1}


def build(
    name: str = DEFAULT_NAME,
    counts: Mapping[Role, int] = DEFAULT_COUNTS,
    network: IPv4Network = DEFAULT_NETWORK,
    services: Sequence[Service] = CORE,
) -> Topology:
    """Lay out a cluster: addresses .11 and up, in the order operative, elastic, voting."""
    check_counts(counts)
    domain = "example.test" if name == DEFAULT_NAME else f"{name}.example.test"
    nodes = tuple(
        Node(number, role, network[_FIRST_NODE + number - 1], domain)
        for number, role in enumerate(_roles(counts), start=1)
    )
    return Topology(name, network, nodes, tuple(services))


def _roles(counts: Mapping[Role, int]) -> Iterator[Role]:
    for role in Role:
        yield from [role] * counts.get(role, 0)
