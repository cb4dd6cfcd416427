"""The first cib.xml of a twin: the snapshot's resources, constraints and settings."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Mapping, Sequence

from rehearsal.bases import Base
from rehearsal.like import constraints, hands_off
from rehearsal.like.agents import Agent, agents, is_fence_device
from rehearsal.like.fields import MASKED
from rehearsal.like.snapshot import Level, Pacemaker, Resource, Snapshot
from rehearsal.render.cib import DC_DEADTIME, PATIENCE, empty, pairs, text_of
from rehearsal.topology import Topology

_NOT_OURS = (
    *("cluster-name", "dc-deadtime", "dc-version", "have-watchdog", "cluster-infrastructure"),
    *("last-lrm-refresh", "stonith-watchdog-timeout"),
)
"""Properties that the twin has of its own: pacemaker writes them, or they need a machine."""
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "msec": 0.001, "m": 60.0, "min": 60.0}
_TIME = re.compile(r"([0-9]+)\s*([a-z]*)\Z")


def names(topology: Topology) -> Mapping[str, str]:
    """The snapshot's names of all nodes -> the twin's."""
    return {f"node-{node.number}": node.name for node in topology.nodes}


def cib(topology: Topology, base: Base, snapshot: Snapshot) -> str:
    """The text of cib.xml; raises SnapshotError where a constraint is of no form that is known."""
    pacemaker = snapshot.pacemaker
    operative = {f"node-{node.number}": node.name for node in topology.operative}
    root, configuration = empty(base)
    own = {"cluster-name": "NetEye", "dc-deadtime": DC_DEADTIME}
    put_off = hands_off.of_cluster(pacemaker.properties)
    properties = {**_unmasked(pacemaker.properties, put_off), **own}
    section = ET.SubElement(configuration, "crm_config")
    pairs(section, "cluster_property_set", "cib-bootstrap-options", properties)
    _nodes(ET.SubElement(configuration, "nodes"), topology, snapshot)
    run_by = agents(pacemaker, topology, operative)
    resources = ET.SubElement(configuration, "resources")
    for one in pacemaker.resources:
        _Resources(pacemaker, run_by).add(resources, one)
    known = [one.ident for top in pacemaker.resources for one in top.all()]
    section = ET.SubElement(configuration, "constraints")
    section.extend(constraints.elements(pacemaker.constraints, known, operative))
    defaults = pacemaker.resource_defaults
    put_off = hands_off.of_defaults(defaults)
    operations = _unmasked(pacemaker.operation_defaults)
    _defaults(configuration, "op_defaults", "op-options", operations)
    _defaults(configuration, "rsc_defaults", "rsc-options", _unmasked(defaults, put_off))
    _fencing_topology(configuration, pacemaker, operative)
    ET.SubElement(root, "status")
    return text_of(root)


def _unmasked(values: Mapping[str, str], without: Collection[str] = ()) -> dict[str, str]:
    left_out = (*_NOT_OURS, *without)
    return {k: v for k, v in values.items() if v != MASKED and k not in left_out}


def _nodes(parent: ET.Element, topology: Topology, snapshot: Snapshot) -> None:
    pacemaker = snapshot.pacemaker
    for node in topology.operative:
        there = snapshot.nodes[node.number - 1]
        element = ET.SubElement(parent, "node", {"id": str(node.number), "uname": node.name})
        attributes = pacemaker.node_attributes.get(there.name, {})
        values = _unmasked(attributes, hands_off.of_node(attributes))
        if there.is_standby:
            values["standby"] = "on"
        if values:
            pairs(element, "instance_attributes", f"nodes-{node.number}", values)
        used = _unmasked(pacemaker.node_utilization.get(there.name, {}))
        if used:
            pairs(element, "utilization", f"nodes-{node.number}-utilization", used)


def _defaults(parent: ET.Element, tag: str, name: str, values: Mapping[str, str]) -> None:
    if values:
        pairs(ET.SubElement(parent, tag), "meta_attributes", name, values)


def _fencing_topology(parent: ET.Element, pacemaker: Pacemaker, nodes: Mapping[str, str]) -> None:
    if not pacemaker.fencing_topology:
        return
    section = ET.SubElement(parent, "fencing-topology")
    for number, one in enumerate(pacemaker.fencing_topology, start=1):
        by = level_of(one, nodes)
        if by:
            level = {"id": f"fl-{number}", "index": str(one.index or number)}
            ET.SubElement(
                section, "fencing-level", {**level, **by, "devices": ",".join(one.devices)}
            )


def level_of(one: Level, nodes: Mapping[str, str]) -> Mapping[str, str]:
    """Whom a level of fencing is for, in attributes; nothing for a pattern of names, which is not
    told."""
    if one.target:
        return {"target": nodes.get(one.target, one.target)}
    name, value = one.attribute
    return {"target-attribute": name, "target-value": value} if name else {}


class _Resources:
    """Makes the elements of resources, one inside the other."""

    def __init__(self, pacemaker: Pacemaker, run_by: Mapping[str, Agent]) -> None:
        self._pacemaker = pacemaker
        self._run_by = run_by

    def add(self, parent: ET.Element, one: Resource) -> None:
        if one.kind == "primitive":
            self._primitive(parent, one)
            return
        tag = "group" if one.kind == "group" else "clone"
        element = ET.SubElement(parent, tag, {"id": one.ident})
        for member in self._members(one):
            self.add(element, member)
        self._meta(element, one)

    def _members(self, one: Resource) -> Sequence[Resource]:
        """Of a bundle without a resource in it, a service that stands for its containers."""
        if one.members:
            return one.members
        return (Resource(f"{one.ident}-container", "primitive", {}),)

    def _primitive(self, parent: ET.Element, one: Resource) -> None:
        agent = self._run_by.get(one.ident) or Agent("ocf:pacemaker:Dummy", {}, False)
        words = agent.name.split(":")
        attributes = {"id": one.ident, "class": words[0], "type": words[-1]}
        if len(words) == 3:
            attributes["provider"] = words[1]
        element = ET.SubElement(parent, "primitive", attributes)
        if agent.parameters:
            name = f"{one.ident}-instance_attributes"
            pairs(element, "instance_attributes", name, agent.parameters)
        self._meta(element, one)
        self._operations(element, one, agent)

    def _meta(self, element: ET.Element, one: Resource) -> None:
        values = _unmasked(one.meta, hands_off.of_resource(one, self._pacemaker))
        if one.kind == "promotable":
            values["promotable"] = "true"
        if values:
            pairs(element, "meta_attributes", f"{one.ident}-meta_attributes", values)

    def _operations(self, element: ET.Element, one: Resource, agent: Agent) -> None:
        if not one.operations:
            return
        section = ET.SubElement(element, "operations")
        seen: set[str] = set()
        for operation in one.operations:
            values = {"interval": "0s", **_unmasked(operation)}
            if "name" not in values:
                continue
            name = f"{one.ident}-{values['name']}-interval-{values['interval']}"
            if name in seen:
                name = f"{name}-{len(seen)}"
            seen.add(name)
            if "timeout" in values and (agent.is_real or is_fence_device(one)):
                values["timeout"] = _patient(values["timeout"])
            ET.SubElement(section, "op", {"id": _ident(name), **values})


def _ident(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _patient(timeout: str) -> str:
    """What takes a moment on real machines takes long in containers that share one."""
    match = _TIME.match(timeout.strip().lower())
    if match is None or match[2] not in _SECONDS:
        return timeout
    is_longer = int(match[1]) * _SECONDS[match[2]] >= int(PATIENCE.rstrip("s"))
    return timeout if is_longer else PATIENCE


def homes(topology: Topology, snapshot: Snapshot) -> Mapping[str, str]:
    """Top resource -> the twin's node that all of it ran on; fence devices and clones left out."""
    known, running = names(topology), snapshot.pacemaker.running
    found = {}
    for one in snapshot.pacemaker.resources:
        inside = [r for r in one.all() if r.kind == "primitive"]
        where = {node for r in inside for node in running.get(r.ident, ())}
        is_one = one.kind in ("primitive", "group") and len(where) == 1
        if is_one and not any(map(is_fence_device, inside)):
            found[one.ident] = known[where.pop()]
    return found


def expected(snapshot: Snapshot) -> Mapping[str, int]:
    """Primitive -> on how many nodes it ran; a fence device may be anywhere, and is left out."""
    found = {
        one.ident: len(snapshot.pacemaker.running.get(one.ident, ()))
        for one in snapshot.pacemaker.primitives()
        if not is_fence_device(one)
    }
    return {name: number for name, number in found.items() if number}
