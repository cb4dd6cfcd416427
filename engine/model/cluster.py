"""The cluster as pacemaker and corosync describe it.

Field names follow crm_mon's XML (pacemaker 2.1) where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.definition import is_same_node

INFINITY = 1_000_000
"""Pacemaker's score for INFINITY: everything from there on is the same."""


@dataclass(frozen=True)
class ClusterNode:
    """A node as pacemaker sees it."""

    name: str
    id: str
    online: bool
    standby: bool
    maintenance: bool
    pending: bool
    unclean: bool
    standby_onfail: bool = False
    shutdown: bool = False
    health: str | None = None
    """green, yellow or red, by its #health attributes; None where crm_mon does not tell it."""
    uname: str = ""
    """As pacemaker writes it, whatever it is called here: pcs takes no other spelling."""


@dataclass(frozen=True)
class Resource:
    """One resource instance."""

    id: str
    agent: str
    role: str
    active: bool
    orphaned: bool
    blocked: bool
    managed: bool
    failed: bool
    nodes: tuple[str, ...] = ()
    """Where it runs; empty when it runs nowhere."""
    target_role: str | None = None
    pending: str | None = None
    group: str | None = None
    group_disabled: bool = False
    maintenance: bool = False
    clone: str | None = None
    """The clone that it is an instance of."""
    locked_to: str | None = None
    """The node that it waits for, and starts nowhere else (shutdown-lock)."""

    @property
    def unit(self) -> str:
        """What constraints name: the clone or group that it is in, or itself."""
        return self.clone or self.group or self.id

    @property
    def is_fence_device(self) -> bool:
        return self.agent.startswith("stonith:")

    @property
    def is_started(self) -> bool:
        return self.role == "Started" and self.active

    @property
    def is_disabled(self) -> bool:
        """Somebody told pacemaker not to run it (target-role Stopped, on it or its group)."""
        return self.group_disabled or (self.target_role or "").lower() == "stopped"


@dataclass(frozen=True)
class FailedAction:
    """An entry of crm_mon's `failures`."""

    op_key: str
    node: str
    exit_status: str
    exit_code: int
    status: str
    exit_reason: str = ""
    last_rc_change: str = ""

    @property
    def resource(self) -> str:
        """`nats-server` of `nats-server_monitor_30000`."""
        return self._parts[0]

    @property
    def operation(self) -> str:
        """`monitor` of `nats-server_monitor_30000`."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        found = _OPERATION.fullmatch(self.op_key)
        return (found[1], found[2]) if found else (self.op_key, "")


# an operation's name may have an underscore of its own, and so may a resource's
_OPERATION = re.compile(
    r"(.+?)_((?:migrate|pre_notify|post_notify|confirmed-pre_notify|confirmed-post_notify)"
    r"_[a-z]+|[a-z-]+)_[0-9]+"
)


@dataclass(frozen=True)
class FailCount:
    """How often a resource has failed on a node: from its threshold on it may not run there."""

    resource: str
    node: str
    count: str
    """A number or INFINITY."""


@dataclass(frozen=True)
class FenceEvent:
    """An entry of crm_mon's fence history."""

    target: str
    action: str
    status: str
    """success, failed or pending."""
    completed: str = ""
    exit_reason: str = ""
    origin: str = ""
    """The node that asked for it."""


@dataclass(frozen=True)
class Ticket:
    """A ticket that resources hang on (booth), and whether this cluster holds it."""

    id: str
    is_granted: bool
    is_standby: bool
    """Held, and nothing that hangs on it may run."""


@dataclass(frozen=True)
class LocationConstraint:
    """A location constraint for one node (a ban has score -INFINITY).

    As crm_mon tells it, the id is that of its rule when it has one; `Cib.rules` knows whose.
    """

    id: str
    resource: str
    node: str
    score: str
    is_certain: bool = True
    """False: its rule can't be decided from the configuration, and counts as matching."""
    is_of_promotion: bool = False
    """It is about the promoted role only."""
    is_exclusive: bool = False
    """The resource may run on no node but those of such constraints (resource-discovery)."""

    @property
    def is_leftover(self) -> bool:
        """Made by `pcs resource move|ban` and never cleared."""
        return self.id.startswith("cli-")

    @property
    def forbids(self) -> bool:
        """The score is -INFINITY, as the word or as the number that crm_mon prints."""
        number = self.score.removeprefix("-")
        return self.score.startswith("-") and (
            number == "INFINITY" or (number.isdecimal() and int(number) >= INFINITY)
        )


@dataclass(frozen=True)
class ClusterOptions:
    """Cluster options in force, defaults included."""

    stonith_enabled: bool
    maintenance_mode: bool
    stop_all_resources: bool
    no_quorum_policy: str
    symmetric_cluster: bool = True


@dataclass(frozen=True)
class ClusterStatus:
    """One look at the cluster: `crm_mon --output-as=xml` on one node."""

    dc: str | None
    with_quorum: bool | None
    """None: there is no controller that could tell."""
    options: ClusterOptions
    nodes: tuple[ClusterNode, ...]
    resources: tuple[Resource, ...]
    failures: tuple[FailedAction, ...] = ()
    fail_counts: tuple[FailCount, ...] = ()
    """Those that are not zero."""
    fence_events: tuple[FenceEvent, ...] = ()
    bans: tuple[LocationConstraint, ...] = ()
    mixed_version: bool = False
    tickets: tuple[Ticket, ...] = ()
    has_fence_history: bool = True
    """False: the fencer did not answer; that no event is listed then says nothing."""

    @property
    def standby_nodes(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.nodes if node.standby)

    @property
    def active_nodes(self) -> tuple[str, ...]:
        """Those on which pacemaker may start something."""
        nodes = (node for node in self.nodes if node.online and not node.pending)
        return tuple(n.name for n in nodes if not (n.standby or n.standby_onfail or n.maintenance))

    @property
    def services(self) -> tuple[Resource, ...]:
        """Every resource that is no fence device."""
        return tuple(r for r in self.resources if not r.is_fence_device)

    @property
    def fence_devices(self) -> tuple[Resource, ...]:
        return tuple(r for r in self.resources if r.is_fence_device)

    def node(self, name: str) -> ClusterNode | None:
        return next((node for node in self.nodes if is_same_node(node.name, name)), None)

    def spelled(self, name: str) -> str:
        """The node as pacemaker writes it, for commands; the name itself when it is unknown."""
        node = self.node(name)
        return (node.uname if node else "") or name

    def resource(self, resource_id: str) -> Resource | None:
        return next((r for r in self.resources if r.id == resource_id), None)

    @property
    def placement(self) -> dict[str, tuple[str, ...]]:
        """Resource id -> nodes it runs on; the instances of a clone share an id."""
        found: dict[str, tuple[str, ...]] = {}
        for r in self.resources:
            found[r.id] = (*found.get(r.id, ()), *r.nodes)
        return found


@dataclass(frozen=True)
class NodeAttributes:
    """The attributes of a node by how long they last."""

    node: str
    uname: str
    """The node as it is written in pacemaker: its tools may take no other spelling."""
    permanent: Mapping[str, str] = field(default_factory=dict)
    transient: Mapping[str, str] = field(default_factory=dict)
    """They last until pacemaker is restarted on the node (`--lifetime reboot`)."""

    def is_transient(self, name: str) -> bool:
        """Whether a switch such as `standby` is on by a transient attribute."""
        return self.transient.get(name, "").lower() in TRUE

    def is_permanent(self, name: str) -> bool:
        """Whether a switch such as `standby` is on by a permanent attribute."""
        return self.permanent.get(name, "").lower() in TRUE


TRUE = frozenset({"true", "on", "yes", "y", "1"})
"""What pacemaker takes for a switch that is on, in any case."""


@dataclass(frozen=True)
class Unmanaged:
    """What keeps pacemaker from managing a resource."""

    owner: str
    """Where it is set: the resource, its group or clone; '' is a template or the defaults."""
    switch: str
    """`is-managed` (it is false) or `maintenance` (it is true)."""


@dataclass(frozen=True)
class Cib:
    """What is asked of `cibadmin --query`: configuration that crm_mon does not show."""

    properties: Mapping[str, str]
    """Explicitly set cluster properties (crm_config), name -> value."""
    location: tuple[LocationConstraint, ...] = ()
    location_ids: tuple[str, ...] = ()
    """Ids of all location constraints, those too whose rule matches no node."""
    fenced_on_failure: tuple[str, ...] = ()
    """Resources of which a failed start or monitor gets the node fenced (`on-fail=fence`)."""
    attributes: tuple[NodeAttributes, ...] = ()
    """The attributes of each of pacemaker's nodes."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Id of a location constraint's rule -> id of the constraint."""
    unmanaged: Mapping[str, tuple[Unmanaged, ...]] = field(default_factory=dict)
    """Resources that are unmanaged or in maintenance by their own configuration, and by what."""
    ticketed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ticket -> what hangs on it: resources, groups, clones."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Pacemaker's nodes, as they are written there."""
        return tuple(one.uname for one in self.attributes)

    def of_node(self, name: str) -> NodeAttributes | None:
        return next((one for one in self.attributes if is_same_node(one.node, name)), None)


@dataclass(frozen=True)
class QuorumMember:
    """A line of corosync-quorumtool's membership list."""

    nodeid: int
    votes: int
    name: str
    flags: tuple[str, ...] = ()
    """Qdevice flags: A|NA (alive), V|NV (voting), MW|NMW (master wins)."""


@dataclass(frozen=True)
class QuorumStatus:
    """`corosync-quorumtool -s` on one node."""

    quorate: bool
    expected_votes: int
    total_votes: int
    quorum: int
    has_qdevice: bool
    qdevice_votes: int | None
    members: tuple[QuorumMember, ...] = ()

    @property
    def is_qdevice_voting(self) -> bool:
        """The qdevice is there, has its vote, and every node sees it alive and voting."""
        return (
            self.has_qdevice
            and bool(self.qdevice_votes)
            and all({"A", "V"} <= set(member.flags) for member in self.members)
        )


@dataclass(frozen=True)
class DaemonState:
    """A daemon of the cluster on one node, as systemd has it; what pcs calls Daemon Status."""

    name: str
    active: str
    enabled: str

    @property
    def is_normal(self) -> bool:
        return self.active == "active" and self.enabled == "enabled"

    @property
    def is_in_use(self) -> bool:
        """Running, starting or failed, or to be started with the node."""
        return self.active != "inactive" or self.enabled.startswith("enabled")
