"""Real connections to the hosts of an inventory: made here, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection

from engine.model.inventory import Inventory
from engine.queries.identity import WHO
from engine.transport.firewall import Firewall
from engine.transport.ssh import SshTransport


def open_door(inventory: Inventory, bookkeeping: Collection[str] = ()) -> SshTransport:
    """The door to these hosts. `bookkeeping`: scripts that only keep records (see `Firewall`).

    Before a machine was confirmed only the question who it is passes. UsageError when this machine
    lacks what ssh needs.
    """
    guard = Firewall(inventory, bookkeeping=frozenset(bookkeeping))
    return SshTransport(inventory, guard, WHO.argv)
