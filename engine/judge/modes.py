"""Standby and maintenance of a node: set for good, until its next start, or by a failure.

`pcs node unstandby` and `unmaintenance` take permanent attributes away and end with 0 when there
is none; a transient one stays (pcs 0.10 to 0.12).
"""

from __future__ import annotations

from engine.model.cluster import Cib, NodeAttributes

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


def way_out(node: str, mode: str, cib: Cib | None) -> str:
    """The commands that really end the mode."""
    found = cib.of_node(node) if cib else None
    usual = f"`pcs node un{mode} {found.uname if found else node}`"
    if found is None or not found.is_transient(mode):
        return usual
    transient = f"`{' '.join(transient_deleted(found.uname, mode))}`"
    if found.is_permanent(mode):
        return f"{transient} and {usual}"
    return f"{transient} (`pcs node un{mode}` leaves a transient attribute as it is)"
