"""Which agent of the rehearsal a resource of the snapshot gets: the real one, or a dummy service.

Real are the services of the version step, file systems of shared data, and addresses. A fence
device becomes one of the rehearsal's power switch. For all else a dummy service stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from rehearsal.like.fields import MASKED
from rehearsal.like.snapshot import Pacemaker, Resource
from rehearsal.render.cib import PRIVATE_DATA
from rehearsal.services import Service
from rehearsal.topology import Topology

DUMMY = "ocf:pacemaker:Dummy"
STATEFUL = "ocf:pacemaker:Stateful"
FENCING = "stonith:"
FENCE = "stonith:fence_rehearsal"
_FILE_SYSTEM = "ocf:neteye:Filesystem"
_ADDRESS = "ocf:heartbeat:IPaddr2"
_FILE_SYSTEM_SUFFIX = "_drbd_fs"
_OF_SHARED_DATA = "/neteye/shared/"
_ADDRESSES = range(101, 255)
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")


@dataclass(frozen=True)
class Agent:
    """What runs a resource in the twin; `is_real`: it does what the snapshot's does."""

    name: str
    parameters: Mapping[str, str]
    is_real: bool = True


def is_fence_device(resource: Resource) -> bool:
    """Whether it stops nodes."""
    return resource.agent.startswith(FENCING)


def folder(resource: Resource) -> str:
    """The folder of shared data that a file system's resource mounts; '' when it is none."""
    if not resource.ident.endswith(_FILE_SYSTEM_SUFFIX) or is_fence_device(resource):
        return ""
    where = resource.parameters.get("directory", MASKED)
    name = where.removeprefix(_OF_SHARED_DATA) if where.startswith(_OF_SHARED_DATA) else ""
    if not _FOLDER.fullmatch(name):
        name = resource.ident.removesuffix(_FILE_SYSTEM_SUFFIX)
    return name


def agents(
    pacemaker: Pacemaker, topology: Topology, nodes: Mapping[str, str]
) -> Mapping[str, Agent]:
    """Primitive -> its agent; `nodes`: the snapshot's names -> the twin's."""
    promotable = {
        one.ident
        for top in pacemaker.resources
        if top.kind == "promotable"
        for one in top.all()
        if one.kind == "primitive"
    }
    services = {service.name: service for service in topology.services}
    addresses = _addresses(pacemaker, topology)
    found = {}
    for one in pacemaker.primitives():
        if is_fence_device(one):
            found[one.ident] = _fence_device(one, pacemaker, nodes)
        elif one.ident in addresses:
            address = {"ip": str(addresses[one.ident]), "cidr_netmask": "24", "nic": "eth0"}
            found[one.ident] = Agent(_ADDRESS, address)
        elif folder(one):
            found[one.ident] = _file_system(one, services)
        elif one.ident in services and one.agent == f"systemd:{one.ident}":
            found[one.ident] = Agent(one.agent, {})
        else:
            found[one.ident] = Agent(STATEFUL if one.ident in promotable else DUMMY, {}, False)
    return found


def _file_system(one: Resource, services: Mapping[str, Service]) -> Agent:
    service = services.get(one.ident.removesuffix(_FILE_SYSTEM_SUFFIX))
    name = folder(one) if service is None else service.folder
    where = {"device": f"{PRIVATE_DATA}/{name}", "directory": f"{_OF_SHARED_DATA}{name}"}
    return Agent(_FILE_SYSTEM, where)


def folders(pacemaker: Pacemaker, topology: Topology) -> tuple[str, ...]:
    """Folders of shared data that the twin has besides those of the step's services."""
    known = {service.filesystem for service in topology.services}
    here = {service.folder for service in topology.services}
    wanted = (folder(one) for one in pacemaker.primitives() if one.ident not in known)
    return tuple(sorted({name for name in wanted if name} - here))


def _addresses(pacemaker: Pacemaker, topology: Topology) -> Mapping[str, IPv4Address]:
    """Those of the step's services and of the cluster itself are as ever, others are free ones."""
    fixed = {"cluster_ip": topology.cluster_ip}
    for service in topology.services:
        fixed[service.virtual_ip] = topology.service_address(service.name)
    taken = {*fixed.values(), *(node.address for node in topology.nodes)}
    free = (a for a in (topology.network[n] for n in _ADDRESSES) if a not in taken)
    asked = [one.ident for one in pacemaker.primitives() if one.agent == _ADDRESS]
    found = {}
    for name in asked:
        address = fixed.get(name) or next(free, None)
        if address is not None:
            found[name] = address
    return found


_KEPT = (
    *("pcmk_delay_base", "pcmk_delay_max", "pcmk_off_timeout", "pcmk_reboot_timeout"),
    *("pcmk_monitor_timeout", "pcmk_status_timeout", "pcmk_action_limit", "pcmk_off_retries"),
    *("pcmk_monitor_retries", "pcmk_reboot_retries"),
)


def _fence_device(one: Resource, pacemaker: Pacemaker, nodes: Mapping[str, str]) -> Agent:
    """It stops the nodes that it stops in the snapshot, or all where that is not told."""
    kept = {k: v for k, v in one.parameters.items() if k in _KEPT and v != MASKED}
    stopped = [nodes[name] for name in _stopped(one, pacemaker) if name in nodes]
    stopped = stopped or list(nodes.values())
    parameters = {**kept, "pcmk_host_list": " ".join(stopped), "pcmk_reboot_action": "off"}
    if len(stopped) == 1:
        parameters["plug"] = stopped[0]
    return Agent(FENCE, parameters)


def _stopped(one: Resource, pacemaker: Pacemaker) -> Sequence[str]:
    if one.fences:
        return one.fences
    told = one.parameters.get("pcmk_host_list", "").replace(",", " ").split()
    if told and MASKED not in told:
        return told
    levels = [
        level.target
        for level in pacemaker.fencing_topology
        if one.ident in level.devices and level.target
    ]
    if levels:
        return list(dict.fromkeys(levels))
    return [  # it is kept away from the node that it stops
        str(constraint.get("node"))
        for constraint in pacemaker.constraints
        if constraint.get("rsc") == one.ident and constraint.get("score") == "-INFINITY"
    ]
