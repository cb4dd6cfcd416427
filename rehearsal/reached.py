"""What a cluster had reached when it was saved: who is in standby, what runs where.

A loaded cluster is ready when it has reached the same again.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FENCING = "stonith:"


@dataclass(frozen=True)
class Reached:
    """Pacemaker's state, without what is on its way."""

    standby: tuple[str, ...]
    running: Mapping[str, str]
    """Resource, also of a group -> node that it is Started on, "" when it is not Started."""
    homes: Mapping[str, str]
    """Group, or resource of no group, without fence devices -> node that all of it runs on."""

    def as_json(self) -> dict[str, Any]:
        return {
            "standby": list(self.standby),
            "running": dict(self.running),
            "homes": dict(self.homes),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Reached":
        return cls(tuple(content["standby"]), dict(content["running"]), dict(content["homes"]))

    def lacks(self, wanted: "Reached") -> str | None:
        """What is still different from `wanted`, in a few words; None when nothing is."""
        if self.standby != wanted.standby:
            return f"in standby {list(wanted.standby)}, it is {list(self.standby)}"
        for resource, node in wanted.running.items():
            if self.running.get(resource) != node:
                where = node or "no node"
                return f"resource {resource} on {where}, it is {self.running.get(resource)!r}"
        return None


def reached(crm_mon: str) -> Reached:
    """Read `crm_mon --output-as=xml`. Fence devices count as running, wherever they do."""
    root = ET.fromstring(crm_mon)
    nodes = root.iterfind("nodes/node")
    standby = sorted(str(n.get("name")) for n in nodes if n.get("standby") == "true")
    running, homes = {}, {}
    for resource in root.iter("resource"):
        name = str(resource.get("id"))
        node = _node_of(resource)
        is_fencing = resource.get("resource_agent", "").startswith(_FENCING)
        # which node a fence device runs on says nothing, and pacemaker may choose another one
        running[name] = "anywhere" if is_fencing and node else node
    for element in root.find("resources") or ():
        members = list(element.iter("resource"))
        places = {_node_of(member) for member in members}
        if len(places) == 1 and "" not in places and not _is_fencing(members):
            homes[str(element.get("id"))] = places.pop()
    return Reached(tuple(standby), running, homes)


def _is_fencing(members: list[ET.Element]) -> bool:
    return any(member.get("resource_agent", "").startswith(_FENCING) for member in members)


def _node_of(resource: ET.Element) -> str:
    """The node it is Started on, without being on its way; "" otherwise."""
    is_started = resource.get("role") == "Started" and resource.get("failed") == "false"
    node = resource.find("node")
    if not is_started or resource.get("pending") or node is None:
        return ""
    return str(node.get("name"))
