"""The output formats of DRBD 9's tools, from the computed state. Pure."""

from __future__ import annotations

from typing import Any

from neteye_standin.drbd_state import Peer, Resource

_SIZE_KIB = 1048576


def status_json(resources: list[Resource]) -> list[dict[str, Any]]:
    """`drbdsetup status --json`, as drbd-utils 9 prints it."""
    return [
        {
            "name": r.name,
            "node-id": r.node_id,
            "role": r.role,
            "suspended": r.suspended,
            "force-io-failures": r.fails_io,
            "write-ordering": "flush",
            "devices": [_device(r)],
            "connections": [_connection(p) for p in r.peers],
        }
        for r in resources
    ]


def _device(resource: Resource) -> dict[str, Any]:
    return {
        "volume": 0,
        "minor": resource.minor,
        "disk-state": resource.disk,
        "client": resource.client,
        "quorum": resource.quorum,
        "size": 0 if resource.client else _SIZE_KIB,
        "read": 0,
        "written": 0,
        "al-writes": 0,
        "bm-writes": 0,
        "upper-pending": 0,
        "lower-pending": 0,
    }


def _connection(peer: Peer) -> dict[str, Any]:
    return {
        "peer-node-id": peer.node_id,
        "name": peer.name,
        "connection-state": peer.connection,
        "congested": False,
        "peer-role": peer.role,
        "ap-in-flight": 0,
        "rs-in-flight": 0,
        "peer_devices": [
            {
                "volume": 0,
                "replication-state": peer.replication,
                "peer-disk-state": peer.disk,
                "peer-client": peer.client,
                "resync-suspended": "no",
                "received": 0,
                "sent": 0,
                "out-of-sync": _out_of_sync(peer),
                "pending": 0,
                "unacked": 0,
                "has-sync-details": peer.replication.startswith("Sync"),
                "has-online-verify-details": False,
                "percent-in-sync": 100.0 - 100.0 * _out_of_sync(peer) / _SIZE_KIB,
            }
        ],
    }


def _out_of_sync(peer: Peer) -> int:
    """KiB; a peer that resynchronises, or is not up to date, lacks something."""
    healthy = peer.replication in ("Established", "Off") and peer.disk in (
        "UpToDate", "Diskless", "DUnknown",
    )  # fmt: skip
    return 0 if healthy else _SIZE_KIB // 16


def status_text(resources: list[Resource]) -> str:
    """`drbdadm status`: role and disk of the resource, then of each peer."""
    return "".join(_resource_text(resource) + "\n" for resource in resources)


def _resource_text(resource: Resource) -> str:
    lines = [f"{resource.name} role:{resource.role}"]
    if resource.suspended:
        lines[0] += " suspended:user"
    if resource.fails_io:
        lines[0] += " force-io-failures:yes"
    lines.append(f"  disk:{resource.disk}" + ("" if resource.quorum else " quorum:no"))
    for peer in resource.peers:
        if peer.connection != "Connected":
            lines.append(f"  {peer.name} connection:{peer.connection}")
            continue
        lines.append(f"  {peer.name} role:{peer.role}")
        moving = "" if peer.replication == "Established" else f"replication:{peer.replication} "
        lines.append(f"    {moving}peer-disk:{peer.disk}")
    return "\n".join(lines) + "\n"


def events(resources: list[Resource], *, statistics: bool) -> str:
    """`drbdsetup events2 --now`: what exists, and the line that ends the list."""
    lines: list[str] = []
    for resource in resources:
        lines += _resource_events(resource, statistics=statistics)
    return "\n".join([*lines, "exists -"]) + "\n"


def _resource_events(r: Resource, *, statistics: bool) -> list[str]:
    extra = " write-ordering:flush" if statistics else ""
    told = "user" if r.suspended else "no"
    lines = [f"exists resource name:{r.name} role:{r.role} suspended:{told}{extra}"]
    for p in r.peers:
        extra = " congested:no ap-in-flight:0 rs-in-flight:0" if statistics else ""
        lines.append(
            f"exists connection name:{r.name} peer-node-id:{p.node_id} conn-name:{p.name}"
            f" connection:{p.connection} role:{p.role}{extra}"
        )
    size = 0 if r.client else _SIZE_KIB
    extra = (
        f" size:{size} read:0 written:0 al-writes:0 bm-writes:0 upper-pending:0 lower-pending:0"
        " al-suspended:no blocked:no"
    )
    lines.append(
        f"exists device name:{r.name} volume:0 minor:{r.minor}"
        f" backing_dev:{'none' if r.client else f'/dev/vg00/{r.name}'} disk:{r.disk}"
        f" client:{_yes(r.client)} quorum:{_yes(r.quorum)}{extra if statistics else ''}"
    )
    for p in r.peers:
        extra = f" received:0 sent:0 out-of-sync:{_out_of_sync(p)} pending:0 unacked:0"
        lines.append(
            f"exists peer-device name:{r.name} peer-node-id:{p.node_id} conn-name:{p.name}"
            f" volume:0 replication:{p.replication} peer-disk:{p.disk}"
            f" peer-client:{_yes(p.client)} resync-suspended:no{extra if statistics else ''}"
        )
    return lines


def _yes(value: bool) -> str:
    return "yes" if value else "no"
