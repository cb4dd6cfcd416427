"""`/etc/neteye-cluster` (JSON, domain facts 1.1) -> ClusterDefinition."""

from __future__ import annotations

from collections import Counter

from engine.errors import ParseError
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.inventory import Role
from engine.parse.fields import Fields, excerpt, json_value
from engine.parse.names import ALLOWED_NAME, is_ip_address, is_safe_name

PATH = "/etc/neteye-cluster"

_OF_A_ROLE = ("OnlyNodes", "OnlyNode")
"""How the keys of special roles end: later versions have more of them."""
_KNOWN = ("ElasticOnlyNodes", "VotingOnlyNode")


def parse_neteye_cluster(text: str, source: str = PATH) -> ClusterDefinition:
    """The cluster as its configuration file defines it.

    `source` names the file (and node) in errors. Keys of later versions are left out of
    account, but a list of nodes in a role that is not known here is an error.
    """
    top = Fields(json_value(text, source), source, "")
    _refuse_unknown_roles(top, source)
    nodes = [_node(entry, Role.OPERATIVE, source) for entry in top.objects("Nodes")]
    if len(nodes) < 2:
        raise ParseError(source, "Nodes", f"has {len(nodes)} entries, expected at least 2")
    elastic = top.objects("ElasticOnlyNodes", required=False)
    nodes += [_node(entry, Role.ELASTIC_ONLY, source) for entry in elastic]
    if top.has("VotingOnlyNode"):
        nodes.append(_node(top.entry("VotingOnlyNode"), Role.VOTING_ONLY, source))
    _refuse_duplicates(nodes, source)
    return ClusterDefinition(
        hostname=_name(top, "Hostname", source),
        cluster_ip=_address(top, "ClusterIp", source),
        nodes=tuple(nodes),
        cidr=_cidr(top, source),
        interface=top.text("ClusterInterface") if top.has("ClusterInterface") else None,
    )


def _refuse_unknown_roles(top: Fields, source: str) -> None:
    for key in top.filled:
        if key.endswith(_OF_A_ROLE) and key not in _KNOWN:
            problem = "lists nodes of a role that this runbook does not know"
            raise ParseError(source, key, f"{problem}; it can't judge them")


def _node(fields: Fields, role: Role, source: str) -> DefinedNode:
    return DefinedNode(
        hostname=_name(fields, "hostname", source),
        addr=_address(fields, "addr", source),
        role=role,
        hostname_ext=_name(fields, "hostname_ext", source) if fields.has("hostname_ext") else None,
        id=fields.number("id") if fields.has("id") else None,
    )


def _name(fields: Fields, key: str, source: str) -> str:
    name = fields.text(key)
    if not is_safe_name(name):
        problem = f"is {excerpt(name)}, no host name; allowed are {ALLOWED_NAME}"
        raise ParseError(source, fields.path(key), problem)
    return name


def _address(fields: Fields, key: str, source: str) -> str:
    address = fields.text(key)
    if not is_ip_address(address):
        problem = f"is {excerpt(address)}, expected an IP address"
        raise ParseError(source, fields.path(key), problem)
    return address


def _cidr(top: Fields, source: str) -> int | None:
    if not top.has("ClusterCIDR"):
        return None
    cidr = top.number("ClusterCIDR")
    if not 8 <= cidr <= 32:
        raise ParseError(source, "ClusterCIDR", f"is {cidr}, expected a number from 8 to 32")
    return cidr


def _refuse_duplicates(nodes: list[DefinedNode], source: str) -> None:
    """One node under two roles, or two nodes under one name, address or id."""
    names = [{n.hostname.lower(), (n.hostname_ext or n.hostname).lower()} for n in nodes]
    kinds: list[tuple[str, list[object]]] = [
        ("hostname", [name for both in names for name in both]),
        ("addr", [node.addr for node in nodes]),
        ("id", [node.id for node in nodes if node.id is not None]),
    ]
    for key, values in kinds:
        value, count = Counter(values).most_common(1)[0] if values else (None, 0)
        if count > 1:
            problem = f"{value!s} is there {count} times, expected a different one for each node"
            raise ParseError(source, key, problem)
