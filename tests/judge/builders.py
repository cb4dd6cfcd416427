"""A healthy cluster of any topology as values, and small ways to break one thing in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.judge.normal import Expected, Observed
from engine.model.cluster import (
    ClusterNode,
    ClusterOptions,
    ClusterStatus,
    DaemonState,
    FailedAction,
    QuorumMember,
    QuorumStatus,
    Resource,
)
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.drbd import DrbdConnection, DrbdDevice, DrbdPeerDevice, DrbdResource
from engine.model.finding import Finding
from engine.model.host import ElasticHealth, Version
from engine.model.inventory import Environment, Host, Inventory, Role, Settings

SOURCE, TARGET = Version(4, 25), Version(4, 26)
SERVICES = ("mariadb", "httpd", "nats-server")


@dataclass(frozen=True)
class Topology:
    operative: tuple[str, ...]
    elastic: tuple[str, ...]
    voting: tuple[str, ...]

    @property
    def active(self) -> str:
        return self.operative[0]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.operative, *self.elastic, *self.voting)


def topology(operative: int = 3, elastic: int = 1, voting: int = 1) -> Topology:
    names = [f"neteye{i:02}.neteyelocal" for i in range(1, operative + elastic + voting + 1)]
    return Topology(
        tuple(names[:operative]),
        tuple(names[operative : operative + elastic]),
        tuple(names[operative + elastic :]),
    )


DEFAULT = topology()
N, SECOND, THIRD, ELASTIC, VOTING = DEFAULT.all


def node(name: str, **changes: Any) -> ClusterNode:
    plain = ClusterNode(
        name, name, online=True, standby=False, maintenance=False, pending=False, unclean=False
    )
    return replace(plain, **changes)


def resource(id: str, where: str | None, agent: str = "systemd:x", **changes: Any) -> Resource:
    plain = Resource(
        id,
        agent,
        role="Started" if where else "Stopped",
        active=where is not None,
        orphaned=False,
        blocked=False,
        managed=True,
        failed=False,
        nodes=(where,) if where else (),
    )
    return replace(plain, **changes)


def cluster_status(
    top: Topology = DEFAULT, *, only_active: bool = False, fencing: bool = True
) -> ClusterStatus:
    """All operative nodes active with the services spread, or only N with everything on it."""
    carriers = (top.active,) if only_active else top.operative
    resources = [resource("cluster_ip", top.active, "ocf:heartbeat:IPaddr2")]
    for index, service in enumerate(SERVICES):
        where = carriers[index % len(carriers)]
        resources += [
            resource(
                f"{service}_drbd_fs", where, "ocf:neteye:Filesystem", group=f"{service}_group"
            ),
            resource(service, where, f"systemd:{service}", group=f"{service}_group"),
        ]
    for target in top.operative:
        others = [name for name in carriers if name != target]
        # with only N active, nobody is left to hold the device that would fence N
        where_fence = others[0] if others else None
        resources.append(resource(f"fence_{target}", where_fence, "stonith:fence_x"))
    nodes = [node(n, standby=only_active and n != top.active) for n in top.operative]
    return ClusterStatus(
        dc=top.operative[-1],
        with_quorum=True,
        options=ClusterOptions(fencing, False, False, "stop"),
        nodes=tuple(nodes),
        resources=tuple(resources),
    )


def quorum_status(
    top: Topology = DEFAULT, *, flags: tuple[str, ...] = ("A", "V", "NMW")
) -> QuorumStatus:
    members = tuple(
        QuorumMember(i, 1, name, flags if top.voting else ())
        for i, name in enumerate(top.operative, 1)
    )
    votes = len(members) + len(top.voting)
    return QuorumStatus(
        quorate=True,
        expected_votes=votes,
        total_votes=votes,
        quorum=votes // 2 + 1,
        has_qdevice=bool(top.voting),
        qdevice_votes=1 if top.voting else None,
        members=members,
    )


def daemon_states() -> tuple[DaemonState, ...]:
    names = ("corosync", "pacemaker", "corosync-qdevice", "pcsd")
    return tuple(DaemonState(name, "active", "enabled") for name in names)


def drbd_resource(
    top: Topology, owner: str, name: str, primary: str, *, short_peers: bool = False
) -> DrbdResource:
    """One resource as `owner` sees it; the voting-only node is a diskless client."""
    voting = owner in top.voting
    connections = tuple(
        DrbdConnection(
            peer.split(".")[0] if short_peers else peer,
            "Connected",
            "Primary" if peer == primary else "Secondary",
            (_peer_device(peer in top.voting),),
        )
        for peer in (*top.operative, *top.voting)
        if peer != owner
    )
    device = DrbdDevice(0, "Diskless" if voting else "UpToDate", is_client=voting)
    role = "Primary" if owner == primary else "Secondary"
    return DrbdResource(name, role, (device,), connections)


def _peer_device(client: bool) -> DrbdPeerDevice:
    state = "Diskless" if client else "UpToDate"
    return DrbdPeerDevice(0, "Established", state, peer_is_client=client)


def drbd_all(top: Topology = DEFAULT, status: ClusterStatus | None = None) -> dict[str, Any]:
    status = status or cluster_status(top)
    primary = {s: status.placement[f"{s}_drbd_fs"][0] for s in SERVICES}
    return {
        owner: tuple(drbd_resource(top, owner, s, primary[s]) for s in SERVICES)
        for owner in (*top.operative, *top.voting)
    }


def observed(
    top: Topology = DEFAULT,
    *,
    only_active: bool = False,
    fencing: bool = True,
    version: Version = TARGET,
) -> Observed:
    status = cluster_status(top, only_active=only_active, fencing=fencing)
    return Observed(
        status=status,
        quorum={name: quorum_status(top) for name in top.operative},
        daemons={name: daemon_states() for name in top.operative},
        drbd=drbd_all(top, status),
        elastic=ElasticHealth("neteye", "green", len(top.all), 0, 0),
        elastic_nodes=top.all,
        versions=dict.fromkeys(top.all, version),
    )


def expected(top: Topology = DEFAULT, **changes: Any) -> Expected:
    plain = Expected(
        active_node=top.active,
        operative=top.operative,
        elastic_only=top.elastic,
        voting_only=top.voting,
        fencing=True,
        has_qdevice=bool(top.voting),
        elastic_nodes=top.all,
        version=TARGET,
    )
    return replace(plain, **changes)


# ways to break one thing


def with_status(seen: Observed, **changes: Any) -> Observed:
    return replace(seen, status=replace(seen.status, **changes))


def with_options(seen: Observed, **changes: Any) -> Observed:
    return with_status(seen, options=replace(seen.status.options, **changes))


def with_node(seen: Observed, name: str, **changes: Any) -> Observed:
    nodes = tuple(replace(n, **changes) if n.name == name else n for n in seen.status.nodes)
    return with_status(seen, nodes=nodes)


def with_resource(seen: Observed, id: str, **changes: Any) -> Observed:
    """Change the resource `id`, or all members of the group `id`."""
    resources = tuple(
        replace(r, **changes) if id in (r.id, r.group) else r for r in seen.status.resources
    )
    return with_status(seen, resources=resources)


def with_failure(seen: Observed, op_key: str, where: str = N) -> Observed:
    failure = FailedAction(op_key, where, "error", 1, "complete", "exit reason")
    return with_status(seen, failures=(*seen.status.failures, failure))


def with_quorum(seen: Observed, name: str, **changes: Any) -> Observed:
    return replace(seen, quorum={**seen.quorum, name: replace(seen.quorum[name], **changes)})


def with_daemons(seen: Observed, name: str, states: tuple[DaemonState, ...]) -> Observed:
    return replace(seen, daemons={**seen.daemons, name: states})


def with_drbd(
    seen: Observed, name: str, resource_name: str = "mariadb", **changes: Any
) -> Observed:
    resources = tuple(
        replace(r, **changes) if r.name == resource_name else r for r in seen.drbd[name]
    )
    return replace(seen, drbd={**seen.drbd, name: resources})


def with_link(
    seen: Observed,
    name: str,
    peer: str,
    *,
    connection: dict[str, Any] | None = None,
    peer_device: dict[str, Any] | None = None,
    resource_name: str = "mariadb",
) -> Observed:
    """Change what `name` sees of `peer` for one DRBD resource."""
    drbd = next(r for r in seen.drbd[name] if r.name == resource_name)
    links = tuple(
        replace(
            link,
            **(connection or {}),
            peer_devices=tuple(replace(d, **(peer_device or {})) for d in link.peer_devices),
        )
        if link.name == peer
        else link
        for link in drbd.connections
    )
    return with_drbd(seen, name, resource_name, connections=links)


def without(seen: Observed, what: str, name: str) -> Observed:
    """Nobody observed `what` (quorum, daemons, drbd, versions) on this node."""
    left = {node: value for node, value in getattr(seen, what).items() if node != name}
    changes: dict[str, Any] = {what: left}
    return replace(seen, **changes)


# definitions and inventories


def definition(top: Topology = DEFAULT, hostname: str = "neteye.example.test") -> ClusterDefinition:
    roles = [(Role.OPERATIVE, top.operative), (Role.ELASTIC_ONLY, top.elastic)]
    roles.append((Role.VOTING_ONLY, top.voting))
    nodes = [
        DefinedNode(name, f"192.0.2.{i}", role, name.split(".")[0] + ".example.test", i)
        for i, (role, name) in enumerate(((r, n) for r, names in roles for n in names), 1)
    ]
    return ClusterDefinition(hostname, "192.0.2.200", tuple(nodes))


def inventory(hosts: Iterable[tuple[str, Role]], **settings: Any) -> Inventory:
    plain = Settings("neteye.example.test", Environment.PRODUCTION)
    return Inventory(
        Path("prod.ini"),
        tuple(Host(name, role, f"192.0.2.{i}") for i, (name, role) in enumerate(hosts, 1)),
        replace(plain, **settings),
    )


def hosts_of(of: ClusterDefinition) -> list[tuple[str, Role]]:
    return [(n.hostname, n.role) for n in of.nodes]


def codes(findings: Iterable[Finding]) -> list[str]:
    return sorted(f.code for f in findings)


AT_REST = "crm_resource --wait --timeout=300"


def lines(finding: Finding) -> list[str]:
    """The commands of the finding's remedy, wherever they are run."""
    return [str(command) for command in finding.commands]


def told(finding: Finding) -> list[tuple[str, str]]:
    """Node and line of each command that the finding's remedy has."""
    return [(command.node, str(command)) for command in finding.commands]


def assert_told_well(findings: Iterable[Finding]) -> None:
    """Each finding is complete: subject, what was seen, what was expected, the way out."""
    for finding in findings:
        assert all((finding.code, finding.subject, finding.observed, finding.expected)), finding
        assert len(finding.remedy) > 15, finding
        assert "\n" not in str(finding), finding
