"""The cluster as `/etc/neteye-cluster` describes it, and how its nodes are called."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.inventory import Role


def is_same_node(one: str, other: str) -> bool:
    """Pacemaker compares the names of nodes without regard to case."""
    return one.casefold() == other.casefold()


def short(name: str) -> str:
    """A host's name without its domain."""
    return name.partition(".")[0]


@dataclass(frozen=True)
class DefinedNode:
    """One entry of `/etc/neteye-cluster` (domain facts 1.1)."""

    hostname: str
    addr: str
    role: Role
    hostname_ext: str | None = None
    id: int | None = None

    @property
    def full_names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.hostname, self.hostname_ext) if name)

    @property
    def aliases(self) -> frozenset[str]:
        """Every name this node may be called by: internal, external and their short forms."""
        return frozenset(self.full_names).union(map(short, self.full_names))

    def has_full_name(self, name: str) -> bool:
        """Whether `name` is its internal or its external name, in any case."""
        return any(is_same_node(name, one) for one in self.full_names)

    def is_called(self, name: str) -> bool:
        """Whether `name` is one of its names, in any case."""
        return any(is_same_node(name, alias) for alias in self.aliases)


@dataclass(frozen=True)
class ClusterDefinition:
    """`/etc/neteye-cluster`: the same file on every node."""

    hostname: str
    cluster_ip: str
    nodes: tuple[DefinedNode, ...]
    cidr: int | None = None
    interface: str | None = None

    def of(self, role: Role) -> tuple[DefinedNode, ...]:
        return tuple(node for node in self.nodes if node.role is role)

    @property
    def active_node(self) -> DefinedNode:
        """The NetEye active node N by the file: the first operative node (domain facts 2.2)."""
        return self.of(Role.OPERATIVE)[0]

    def find(self, name: str) -> DefinedNode | None:
        """The node that `name` means; None when none does, or when a short form fits several.

        Full names (`hostname`, `hostname_ext`) come before short forms (domain facts 1.1).
        """
        fitting = [node for node in self.nodes if node.has_full_name(name)] or [
            node for node in self.nodes if node.is_called(name)
        ]
        return fitting[0] if len(fitting) == 1 else None
