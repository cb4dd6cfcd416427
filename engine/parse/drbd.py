"""`drbdsetup status --json` -> the DRBD resources of the node that was asked.

Keys as drbd-utils 9 prints them (LINBIT/drbd-utils, user/v9/drbdsetup.c): hyphens in all of
them but `peer_devices`. `client`, `quorum` and `force-io-failures` came later than the rest and
`out-of-sync` is statistics; they alone are optional.
"""

from __future__ import annotations

from engine.model.drbd import DrbdConnection, DrbdDevice, DrbdPeerDevice, DrbdResource
from engine.parse.fields import Fields, json_value, objects

SOURCE = "drbdsetup status --json"


def parse_drbdsetup(text: str) -> tuple[DrbdResource, ...]:
    """Every configured resource; empty when DRBD runs without one. Sizes in KiB as printed."""
    found = objects(json_value(text, SOURCE), SOURCE, "")
    return tuple(_resource(resource) for resource in found)


def _resource(fields: Fields) -> DrbdResource:
    return DrbdResource(
        name=fields.text("name"),
        role=fields.text("role"),
        devices=tuple(_device(device) for device in fields.objects("devices")),
        connections=tuple(_connection(peer) for peer in fields.objects("connections")),
        suspended=fields.boolean("suspended"),
        fails_io=fields.boolean("force-io-failures", default=False),
    )


def _device(fields: Fields) -> DrbdDevice:
    return DrbdDevice(
        volume=fields.number("volume"),
        disk_state=fields.text("disk-state"),
        is_client=fields.boolean("client", default=False),
        has_quorum=fields.boolean("quorum", default=True),
    )


def _connection(fields: Fields) -> DrbdConnection:
    return DrbdConnection(
        name=fields.text("name"),
        connection_state=fields.text("connection-state"),
        peer_role=fields.text("peer-role"),
        peer_devices=tuple(_peer_device(device) for device in fields.objects("peer_devices")),
    )


def _peer_device(fields: Fields) -> DrbdPeerDevice:
    return DrbdPeerDevice(
        volume=fields.number("volume"),
        replication_state=fields.text("replication-state"),
        peer_disk_state=fields.text("peer-disk-state"),
        peer_is_client=fields.boolean("peer-client", default=False),
        out_of_sync=fields.number("out-of-sync", default=0),
    )
