"""DRBD as all nodes together describe it: disks, connections, replication.

A voting-only node is a diskless peer: `Diskless` is its health (domain facts, trap 6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.judge.text import listed
from engine.model.drbd import DrbdConnection, DrbdPeerDevice, DrbdResource
from engine.model.finding import Command, Finding, Way
from engine.model.groups import grouped

Drbd = Mapping[str, tuple[DrbdResource, ...]]


@dataclass(frozen=True)
class _Link:
    """A connection of one resource as one end sees it."""

    node: str
    peer: str
    resource: DrbdResource
    connection: DrbdConnection

    @property
    def is_connected(self) -> bool:
        return self.connection.connection_state == "Connected"

    def seen_as(self, state: str) -> str:
        return f"{state} from {self.node} to {self.peer}"


def drbd_normal(
    drbd: Drbd,
    voting_only: Collection[str],
    *,
    resync_allowed: bool = False,
    names: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Disks UpToDate (Diskless where that is meant), all connected, one Primary, no resync.

    `drbd`: node -> its resources; `names` translates the peers' names to those of the keys.
    Codes: `drbd-disk` (subject `node:resource`), `drbd-connection`, `drbd-resync`,
    `drbd-suspended`, `drbd-primary`, `drbd-quorum`, `drbd-io-failures` (subject: the resource).
    """
    links = tuple(_links(drbd, names or {}))
    return (
        *_disks(drbd, links, voting_only),
        *_connections(drbd, links),
        *(() if resync_allowed else _resyncs(links, voting_only)),
        *_suspended(drbd),
        *_without_quorum(drbd),
        *_failing_io(drbd),
        *_primaries(drbd),
    )


def _links(drbd: Drbd, names: Mapping[str, str]) -> Iterator[_Link]:
    for node, resources in drbd.items():
        for resource in resources:
            for connection in resource.connections:
                peer = names.get(connection.name, connection.name)
                yield _Link(node, peer, resource, connection)


def _disks(
    drbd: Drbd, links: tuple[_Link, ...], voting_only: Collection[str]
) -> tuple[Finding, ...]:
    """Findings from what each node says of its own disks; else from what its peers say of them."""
    own = grouped(
        ((node, resource.name), (device.volume, device.disk_state))
        for node, resources in drbd.items()
        for resource in resources
        for device in resource.devices
        if not _disk_is_right(device.disk_state, device.is_client or node in voting_only)
    )
    findings = [_own_disk(node, name, seen) for (node, name), seen in own.items()]
    return (*findings, *_disks_of_peers(links, voting_only, own))


def _disks_of_peers(
    links: tuple[_Link, ...], voting_only: Collection[str], told: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    seen = grouped(
        (owner, f"volume {device.volume} is {device.peer_disk_state} as seen by {link.node}")
        for link in links
        # of a peer that is not connected nothing is known: the connection is the finding
        if link.is_connected and (owner := (link.peer, link.resource.name)) not in told
        for device in link.connection.peer_devices
        if not _disk_is_right(
            device.peer_disk_state, device.peer_is_client or link.peer in voting_only
        )
    )
    return (_disk(node, name, listed(states)) for (node, name), states in seen.items())


def _disk_is_right(state: str, client: bool) -> bool:
    return state == "UpToDate" or (client and state == "Diskless")


def _own_disk(node: str, resource: str, seen: Sequence[tuple[int, str]]) -> Finding:
    """A disk that was detached comes back by its attachment, and is synced then."""
    finding = _disk(node, resource, listed(f"volume {volume} is {state}" for volume, state in seen))
    is_detached = all(state == "Diskless" for _, state in seen)
    return (
        finding.healed_by(Command(node, ("drbdadm", "attach", resource)))
        if is_detached
        else finding
    )


def _disk(node: str, resource: str, seen: str) -> Finding:
    return Finding(
        "drbd-disk",
        f"{node}:{resource}",
        f"DRBD resource {resource!r} on {node}: {seen}",
        "UpToDate",
        "Inconsistent or Outdated: wait for the resync. Diskless or Failed: look at the disk of "
        f"{node} (`drbdadm status {resource}`, kernel log), mend it, and attach it again. Then run "
        "this again.",
    )


def _connections(drbd: Drbd, links: tuple[_Link, ...]) -> Iterator[Finding]:
    """One finding for each resource: a lost node shows on all its links."""
    lost = [
        (link.resource.name, link.seen_as(link.connection.connection_state))
        for link in links
        if not link.is_connected
    ]
    alone = _where(drbd, lambda r: not r.connections and len(drbd) > 1)
    lost += [
        (name, f"no connection at all on {node}") for name, nodes in alone.items() for node in nodes
    ]
    return (
        Finding(
            "drbd-connection",
            name,
            f"DRBD resource {name!r} is not connected everywhere: {listed(seen)}",
            "Connected between all its nodes",
            _SPLIT.format(name=name)
            if (split := _is_split(seen))
            else "Bring the peer or the network back, then run this again.",
            way=Way.SUPPORT if split else Way.AGAIN,
            commands=() if split else _adjusted(name, alone.get(name, ())),
        )
        for name, seen in grouped(lost).items()
    )


def _adjusted(resource: str, nodes: Iterable[str]) -> tuple[Command, ...]:
    """Where it has no connection, those of its configuration are made."""
    return tuple(Command(node, ("drbdadm", "adjust", resource)) for node in nodes)


_SPLIT = (
    "StandAlone: the peers refuse each other, perhaps a split brain. Stop here, throw no data away,"
    " and call the vendor's support with `drbdadm status {name}` of all its nodes."
)


def _is_split(seen: Sequence[str]) -> bool:
    """A node has given up its peer, which does not mend itself."""
    return any(said.startswith("StandAlone") for said in seen)


def _resyncs(links: tuple[_Link, ...], voting_only: Collection[str]) -> Iterator[Finding]:
    under_way = grouped(
        (link.resource.name, link.seen_as(state))
        for link in links
        if link.is_connected
        for device in link.connection.peer_devices
        if (state := _replication(link, device, voting_only))
    )
    return (
        Finding(
            "drbd-resync",
            name,
            f"DRBD resource {name!r} is not in sync: {listed(seen)}",
            "Established, nothing out of sync",
            _NO_RESYNC.format(name=name)
            if (stuck := any(_STUCK in said for said in seen))
            else "Wait until the resync or verification has ended (`drbdmon`), then run again.",
            way=Way.SUPPORT if stuck else Way.AGAIN,
        )
        for name, seen in under_way.items()
    )


_STUCK = "KiB out of sync"
_NO_RESYNC = (
    "It is out of sync and nothing resyncs it. Stop here and call the vendor's support: whether"
    " `drbdadm invalidate-remote {name}` is right is theirs to decide."
)


def _replication(link: _Link, device: DrbdPeerDevice, voting_only: Collection[str]) -> str:
    """What is wrong with the replication of this volume; empty when nothing is."""
    if device.replication_state != "Established":
        return f"volume {device.volume} {device.replication_state}"
    diskless = (
        device.peer_is_client
        or {link.node, link.peer} & set(voting_only)
        or any(d.is_client for d in link.resource.devices if d.volume == device.volume)
    )
    if device.out_of_sync and not diskless:
        return f"volume {device.volume} {device.out_of_sync} {_STUCK}"
    return ""


def _suspended(drbd: Drbd) -> Iterator[Finding]:
    suspended = _where(drbd, lambda r: r.suspended)
    return (
        Finding(
            "drbd-suspended",
            name,
            f"DRBD resource {name!r} has its input and output suspended on {listed(nodes)}",
            "not suspended",
            f"`drbdadm status {name}` tells the cause (lost quorum, fencing, by hand).",
        )
        for name, nodes in suspended.items()
    )


def _without_quorum(drbd: Drbd) -> Iterator[Finding]:
    where = _where(drbd, lambda r: not all(device.has_quorum for device in r.devices))
    return (
        Finding(
            "drbd-quorum",
            name,
            f"DRBD resource {name!r} has no quorum on {listed(nodes)}",
            "quorum on every node, so that the data can be written",
            f"`drbdadm status {name}` shows which peers are away: bring them or the network back."
            " Until then the resource refuses its users there.",
        )
        for name, nodes in where.items()
    )


def _failing_io(drbd: Drbd) -> Iterator[Finding]:
    where = _where(drbd, lambda r: r.fails_io)
    return (
        Finding(
            "drbd-io-failures",
            name,
            f"DRBD resource {name!r} fails all input and output on {listed(nodes)}, after a forced"
            " demotion (force-io-failures)",
            "no forced failures",
            "It ends when nothing has the device open any more: find what still uses it there"
            " (`fuser -vm` on the mount point, `lsof` on the device), stop it and unmount.",
        )
        for name, nodes in where.items()
    )


def _where(drbd: Drbd, is_so: Callable[[DrbdResource], bool]) -> dict[str, list[str]]:
    """Resource -> nodes on which that is so."""
    return grouped((r.name, node) for node, each in drbd.items() for r in each if is_so(r))


def _primaries(drbd: Drbd) -> Iterator[Finding]:
    primaries = _where(drbd, lambda r: r.role == "Primary")
    return (
        Finding(
            "drbd-primary",
            name,
            f"DRBD resource {name!r} is Primary on several nodes: {listed(nodes)}",
            "Primary on one node at most",
            "Two nodes may be writing the same data: stop here and call the vendor's support.",
            way=Way.SUPPORT,
        )
        for name, nodes in primaries.items()
        if len(nodes) > 1
    )
