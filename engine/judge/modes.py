"""Standby and maintenance of a node: set for good, until its next start, or by a failure.

`pcs node unstandby` and `unmaintenance` take permanent attributes away and end with 0 when there
is none; a transient one stays (pcs 0.10 to 0.12).
"""

from __future__ import annotations

from engine.judge.healing import WAITING, at_rest, pcs
from engine.model.cluster import Cib, NodeAttributes
from engine.model.finding import Command

STANDBY = "standby"
MAINTENANCE = "maintenance"


def transient_deleted(uname: str, mode: str) -> tuple[str, ...]:
    """The command that takes a transient mode away; `uname` as pacemaker writes the node."""
    return ("crm_attribute", "--node", uname, "--name", mode, "--lifetime", "reboot", "--delete")


def transient_in(cib: Cib, mode: str) -> tuple[NodeAttributes, ...]:
    """The nodes that are in this mode until pacemaker is started anew on them."""
    return tuple(one for one in cib.attributes if one.is_transient(mode))


def how(node: str, mode: str, cib: Cib | None) -> str:
    """In words how long the mode lasts, where that is not for good."""
    found = cib.of_node(node) if cib else None
    if found is None or not found.is_transient(mode):
        return ""
    return " until its next start (a transient attribute)" + (
        " and for good (a permanent one)" if found.is_permanent(mode) else ""
    )


def way_out(node: str, uname: str, mode: str, cib: Cib | None) -> tuple[Command, ...]:
    """The commands that really end the mode, run on that node; `uname` as pacemaker writes it."""
    usual = pcs(node, "node", f"un{mode}", uname, WAITING)
    found = cib.of_node(node) if cib else None
    if found is None or not found.is_transient(mode):
        return usual
    transient = Command(node, transient_deleted(found.uname, mode))
    return (transient, *(usual if found.is_permanent(mode) else (at_rest(node),)))
