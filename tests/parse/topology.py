"""Outputs of clusters larger than the captured one, in the forms of the real commands."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

SERVICES = ("mariadb", "httpd", "nats-server", "icinga2-master")


def node_name(number: int) -> str:
    """`neteye07.neteyelocal` of 7."""
    return f"neteye{number:02}.neteyelocal"


def cluster_file(operative: int, elastic: int = 0, voting: int = 0) -> str:
    """`/etc/neteye-cluster` of a cluster with so many nodes of each role."""

    def entry(number: int, has_id: bool = True) -> dict[str, object]:
        node: dict[str, object] = {
            "addr": f"192.168.1.{number}",
            "hostname": node_name(number),
            "hostname_ext": f"neteye{number:02}.example.test",
        }
        return node | ({"id": number} if has_id else {})

    definition: dict[str, object] = {
        "ClusterInterface": "ens224",
        "Hostname": "neteye.example.test",
        "ClusterIp": "203.0.113.10",
        "ClusterCIDR": 24,
        "Nodes": [entry(n) for n in range(1, operative + 1)],
    }
    first_elastic = operative + 1
    if elastic:
        numbers = range(first_elastic, first_elastic + elastic)
        definition["ElasticOnlyNodes"] = [entry(n, has_id=False) for n in numbers]
    if voting:
        definition["VotingOnlyNode"] = entry(first_elastic + elastic)
    return json.dumps(definition)


def crm_mon(operative: int, standby: frozenset[int] = frozenset()) -> str:
    """A cluster of pacemaker 2.1.2 whose services run on its first node."""
    active = node_name(1)
    nodes = "".join(_node(number, number in standby) for number in range(1, operative + 1))
    groups = "".join(_group(service, active) for service in SERVICES)
    return (
        '<pacemaker-result api-version="2.15" request="crm_mon --output-as=xml">'
        f'<summary><current_dc present="true" version="2.1.2" name="{active}" id="1"'
        ' with_quorum="true"/><cluster_options stonith-enabled="true" symmetric-cluster="true"'
        ' no-quorum-policy="stop" maintenance-mode="false" stop-all-resources="false"/></summary>'
        f"<nodes>{nodes}</nodes><resources>{_resource('cluster_ip', active)}{groups}</resources>"
        '<status code="0" message="OK"/></pacemaker-result>'
    )


def _node(number: int, is_standby: bool) -> str:
    flags = {"online": True, "standby": is_standby, "standby_onfail": False}
    flags |= {"maintenance": False, "pending": False, "unclean": False, "shutdown": False}
    flags |= {"expected_up": True, "is_dc": number == 1}
    shown = " ".join(f'{name}="{str(value).lower()}"' for name, value in flags.items())
    name = quoteattr(node_name(number))
    return f'<node name={name} id="{number}" {shown} resources_running="0" type="member"/>'


def _group(service: str, node: str) -> str:
    members = (f"{service}_drbd_fs", f"{service}_virt_ip", service)
    content = "".join(_resource(member, node) for member in members)
    head = f'<group id="{service}_group" number_resources="3" managed="true" disabled="false">'
    return f"{head}{content}</group>"


def _resource(name: str, node: str) -> str:
    flags = 'active="true" orphaned="false" blocked="false" managed="true" failed="false"'
    return (
        f'<resource id="{name}" resource_agent="systemd:{name}" role="Started" {flags}'
        f' failure_ignored="false" nodes_running_on="1"><node name="{node}" id="1" cached="true"/>'
        "</resource>"
    )
