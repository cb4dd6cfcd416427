"""The first cib.xml: nodes, fence devices, cluster_ip and one group a service.

Written to /var/lib/pacemaker/cib/ before the first start, so that no `pcs cluster setup` is
needed. `crm_feature_set` must not be above that of the installed pacemaker, or no node is ever
elected (rehearsal facts, section 3).
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field

from rehearsal.bases import Base
from rehearsal.services import Service
from rehearsal.topology import Node, Topology

_STICKINESS = "100"  # resources stay where they are when a node comes back
DC_DEADTIME = "5s"  # the wait before the first election, and nothing else; the default is 20 s
# what takes a moment takes long on a machine that carries other clusters, too; 20 s were too few
PATIENCE = "120s"
PRIVATE_DATA = "/.drbd"


@dataclass(frozen=True)
class CibOptions:
    """What a scenario may set: properties, standby nodes, bans (resource, node), modules
    that it is without."""

    properties: Mapping[str, str] = field(default_factory=dict)
    standby: tuple[str, ...] = ()
    bans: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()


def cib(topology: Topology, base: Base, options: CibOptions) -> str:
    """The text of cib.xml."""
    root, configuration = empty(base)
    crm_config = ET.SubElement(configuration, "crm_config")
    properties = {
        "cluster-name": "NetEye",
        "stonith-enabled": "true",
        "no-quorum-policy": "stop",
        "dc-deadtime": DC_DEADTIME,
        **options.properties,
    }
    pairs(crm_config, "cluster_property_set", "cib-bootstrap-options", properties)
    nodes = ET.SubElement(configuration, "nodes")
    for node in topology.operative:
        _node(nodes, node, standby=node.name in options.standby)
    _resources(ET.SubElement(configuration, "resources"), topology, options)
    _constraints(ET.SubElement(configuration, "constraints"), topology, options)
    defaults = ET.SubElement(configuration, "rsc_defaults")
    pairs(defaults, "meta_attributes", "rsc-options", {"resource-stickiness": _STICKINESS})
    ET.SubElement(root, "status")
    return text_of(root)


def empty(base: Base) -> tuple[ET.Element, ET.Element]:
    """The root of a first cib.xml, and its configuration, in which nothing is yet."""
    root = ET.Element(
        "cib",
        {
            "crm_feature_set": base.feature_set,
            "validate-with": base.schema,
            "epoch": "1",
            "num_updates": "0",
            "admin_epoch": "1",
        },
    )
    return root, ET.SubElement(root, "configuration")


def text_of(root: ET.Element) -> str:
    """The text of the file."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def fence_device(node: Node) -> str:
    """Id of the fence device that stops `node`."""
    return f"fence_{node.short}"


def _node(parent: ET.Element, node: Node, *, standby: bool) -> None:
    element = ET.SubElement(parent, "node", {"id": str(node.number), "uname": node.name})
    if standby:
        pairs(element, "instance_attributes", f"nodes-{node.number}", {"standby": "on"})


def _resources(parent: ET.Element, topology: Topology, options: CibOptions) -> None:
    for node in topology.operative:
        _fence_device(parent, node)
    _address(parent, "cluster_ip", str(topology.cluster_ip))
    for service in topology.services:
        if service.module not in options.without:
            _group(parent, service, str(topology.service_address(service.name)))


def _fence_device(parent: ET.Element, node: Node) -> None:
    ident = fence_device(node)
    parameters = {
        "plug": node.name,
        "pcmk_host_list": node.name,
        "pcmk_reboot_action": "off",  # a container can't be started from inside another one
    }
    element = _primitive(parent, ident, {"class": "stonith", "type": "fence_rehearsal"}, parameters)
    _operations(element, ident, {"monitor": ("60s", PATIENCE)})


def _group(parent: ET.Element, service: Service, address: str) -> None:
    group = ET.SubElement(parent, "group", {"id": service.group})
    parameters = {
        "device": f"{PRIVATE_DATA}/{service.folder}",
        "directory": service.mount_point,
    }
    agent = {"class": "ocf", "provider": "neteye", "type": "Filesystem"}
    filesystem = _primitive(group, service.filesystem, agent, parameters)
    operations = {"monitor": ("20s", PATIENCE), "start": ("0s", "60s"), "stop": ("0s", "60s")}
    _operations(filesystem, service.filesystem, operations)
    _address(group, service.virtual_ip, address)
    unit = _primitive(group, service.name, {"class": "systemd", "type": service.name}, {})
    operations = {
        "monitor": ("30s", PATIENCE),
        "start": ("0s", PATIENCE),
        "stop": ("0s", PATIENCE),
    }
    _operations(unit, service.name, operations)


def _address(parent: ET.Element, ident: str, address: str) -> None:
    agent = {"class": "ocf", "provider": "heartbeat", "type": "IPaddr2"}
    parameters = {"ip": address, "cidr_netmask": "24", "nic": "eth0"}
    element = _primitive(parent, ident, agent, parameters)
    operations = {
        "monitor": ("30s", PATIENCE),
        "start": ("0s", PATIENCE),
        "stop": ("0s", PATIENCE),
    }
    _operations(element, ident, operations)


def _primitive(
    parent: ET.Element, ident: str, agent: Mapping[str, str], parameters: Mapping[str, str]
) -> ET.Element:
    element = ET.SubElement(parent, "primitive", {"id": ident, **agent})
    if parameters:
        pairs(element, "instance_attributes", f"{ident}-instance_attributes", parameters)
    return element


def _operations(parent: ET.Element, ident: str, table: Mapping[str, tuple[str, str]]) -> None:
    """`table`: operation -> (interval, timeout)."""
    operations = ET.SubElement(parent, "operations")
    for name, (interval, timeout) in table.items():
        attributes = {
            "id": f"{ident}-{name}-interval-{interval}",
            "name": name,
            "interval": interval,
            "timeout": timeout,
        }
        ET.SubElement(operations, "op", attributes)


def _constraints(parent: ET.Element, topology: Topology, options: CibOptions) -> None:
    for node in topology.operative:
        ident = f"location-{fence_device(node)}"
        _never(parent, ident, fence_device(node), node.name)
    for resource, node_name in options.bans:
        # the id that `pcs resource ban` gives
        _never(parent, f"cli-ban-{resource}-on-{node_name}", resource, node_name)


def _never(parent: ET.Element, ident: str, resource: str, node_name: str) -> None:
    attributes = {"id": ident, "rsc": resource, "node": node_name, "score": "-INFINITY"}
    if ident.startswith("cli-"):
        attributes["role"] = "Started"
    ET.SubElement(parent, "rsc_location", attributes)


def pairs(parent: ET.Element, tag: str, ident: str, values: Mapping[str, str]) -> None:
    """Put a block of names and values below `parent`, by name."""
    block = ET.SubElement(parent, tag, {"id": ident})
    for name, value in sorted(values.items()):
        ET.SubElement(block, "nvpair", {"id": f"{ident}-{name}", "name": name, "value": value})
