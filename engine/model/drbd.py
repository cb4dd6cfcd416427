"""DRBD as `drbdsetup status --json` describes it (drbd-utils 9)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DrbdDevice:
    """A volume of the node that was asked."""

    volume: int
    disk_state: str
    is_client: bool = False
    """Diskless on purpose (a voting-only node), not by a lost disk."""
    has_quorum: bool = True
    """Enough of its peers are there; without them it refuses to write, or all input and output."""


@dataclass(frozen=True)
class DrbdPeerDevice:
    """A volume as the connection sees it at the peer."""

    volume: int
    replication_state: str
    peer_disk_state: str
    peer_is_client: bool = False
    out_of_sync: int = 0


@dataclass(frozen=True)
class DrbdConnection:
    name: str
    connection_state: str
    peer_role: str
    peer_devices: tuple[DrbdPeerDevice, ...] = ()


@dataclass(frozen=True)
class DrbdResource:
    name: str
    role: str
    devices: tuple[DrbdDevice, ...]
    connections: tuple[DrbdConnection, ...] = ()
    suspended: bool = False
    fails_io: bool = False
    """It was demoted by force. All input and output fails until its users have closed it."""
