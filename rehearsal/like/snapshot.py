"""What a snapshot tells of a cluster: plain values, as `rehearsal.like.parsing` reads them.

Nodes are called `node-1` and so on, in the order operative, Elastic-only, voting-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.topology import Role


@dataclass(frozen=True)
class FileSystem:
    """One mounted file system; sizes in MB."""

    at: str
    size: int
    free: int


@dataclass(frozen=True)
class Repository:
    """One repository of dnf; `exclude` and `include` are patterns, apart by blanks."""

    name: str
    is_enabled: bool
    exclude: str = ""
    include: str = ""


@dataclass(frozen=True)
class Node:
    """One machine, as it was."""

    name: str
    role: Role
    release: str
    is_standby: bool
    is_active: bool
    file_systems: tuple[FileSystem, ...]
    becomes_by_sudo: bool
    is_behind_jump_host: bool
    can_forward: bool
    leftovers: tuple[str, ...]
    dnf: Mapping[str, str]
    repositories: tuple[Repository, ...]
    programs_missing: tuple[str, ...]
    locks: int = 0
    """Rules of dnf that hold packages at a version."""
    memory: int = 0
    processors: int = 0


@dataclass(frozen=True)
class Resource:
    """A resource of pacemaker; what is masked in its parameters is `*`."""

    ident: str
    kind: str
    meta: Mapping[str, str]
    members: tuple[Resource, ...] = ()
    agent: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[Mapping[str, str], ...] = ()
    fences: tuple[str, ...] = ()
    """Of a fence device: the nodes that it stops; empty where that is not told."""

    def all(self) -> tuple[Resource, ...]:
        """Itself and all that is in it."""
        return (self, *(one for member in self.members for one in member.all()))


@dataclass(frozen=True)
class Level:
    """Fence devices that are tried together, of a node, of a pattern, or by an attribute."""

    target: str
    pattern: str
    attribute: tuple[str, str]
    index: int
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Pacemaker:
    """Its configuration; of constraints `rehearsal.like.constraints` knows the form."""

    properties: Mapping[str, str]
    resource_defaults: Mapping[str, str]
    operation_defaults: Mapping[str, str]
    resources: tuple[Resource, ...]
    constraints: tuple[Mapping[str, Any], ...]
    fencing_topology: tuple[Level, ...]
    node_attributes: Mapping[str, Mapping[str, str]]
    node_utilization: Mapping[str, Mapping[str, str]]
    running: Mapping[str, tuple[str, ...]]
    """Resource -> nodes on which it ran."""
    disabled: tuple[str, ...]
    unmanaged: tuple[str, ...]
    """What pacemaker said of these; why it is so, their meta attributes tell."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What the snapshot does not have of it -> how many."""
    failures: int = 0
    """Failed actions, and counts of failures, that pacemaker showed."""

    def primitives(self) -> tuple[Resource, ...]:
        """All of them, also those of groups, clones and bundles."""
        every = (one for top in self.resources for one in top.all())
        return tuple(one for one in every if one.kind == "primitive")


@dataclass(frozen=True)
class Replicated:
    """A resource of DRBD."""

    name: str
    nodes: tuple[str, ...]
    primary: str
    diskless: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """All of it; `step` is the part of the version step, as it was written.

    `sha256` is that of the file, `content` the whole JSON, which the cluster's state keeps.
    """

    source: str
    target: str
    runbook: str
    made: str
    nodes: tuple[Node, ...]
    packages: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Package -> version-release -> nodes."""
    others: Mapping[str, int]
    """Node -> how many other packages."""
    pacemaker: Pacemaker
    drbd: tuple[Replicated, ...]
    has_qdevice: bool
    votes: Mapping[str, int]
    step: Mapping[str, Any]
    sha256: str
    content: Mapping[str, Any]
    pending: Mapping[str, int] = field(default_factory=dict)
    """Node -> updates of its version that are left to install; empty where that is not told."""

    @property
    def counts(self) -> Mapping[Role, int]:
        """How many nodes of each role."""
        return {role: sum(node.role is role for node in self.nodes) for role in Role}
