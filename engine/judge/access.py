"""What later steps need of the nodes: ways to their sockets, logins from N, names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from engine.judge.text import listed
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.finding import Finding
from engine.model.groups import grouped
from engine.model.host import Login

_LATE = 124
_ITSELF = "the node itself"


def sockets_are_reached(refused: Mapping[str, str]) -> tuple[Finding, ...]:
    """`refused`: node -> why no way leads to its sockets. The database is reached by one."""
    return tuple(
        Finding(
            "forwarding-off",
            node,
            why,
            "a way to the sockets of every operative node: the database may run on each of them",
            f"Have perl or Python 3 on {node} work for root; where root logs in,"
            " AllowStreamLocalForwarding yes in its sshd_config does too (no DisableForwarding, no"
            " `restrict` beside the key, sshd reloaded). Then run again.",
        )
        for node, why in refused.items()
    )


def logs_in_everywhere(
    active: str, wanted: Mapping[str, str], logins: Mapping[str, Login]
) -> tuple[Finding, ...]:
    """N's own ssh. `wanted`: a node's name -> the host name by which N logs in to it."""
    return tuple(
        Finding(
            "login-between-nodes",
            node,
            f"root of {active} does not log in to {host}: {_how_it_ended(logins.get(host))}",
            "root logs in from N to every node by key and without a question: the neteye commands"
            " do",
            f"Try it on {active}: `ssh -o BatchMode=yes root@{host} true`. Put the key of root, the"
            f" entry in authorized_keys of {node}, or its host key in known_hosts back, then run"
            " again.",
        )
        for node, host in wanted.items()
        if (login := logins.get(host)) is None or not login.is_in
    )


def _how_it_ended(login: Login | None) -> str:
    if login is None:
        return "it was not told how that ended"
    if login.code == _LATE:
        return "not done in time"
    return f"exit code {login.code}, {login.said or 'without a word'}"


def nodes_resolve(
    definition: ClusterDefinition, found: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> tuple[Finding, ...]:
    """`found`: node -> name -> addresses. Each node of the cluster file is found at its address."""
    return tuple(
        _misled(node, f"{other.hostname} is {_addresses(addresses)}", other.addr)
        for node, names in found.items()
        for other in definition.nodes
        if not _leads_to(addresses := names.get(other.hostname, ()), other, node)
    )


def _leads_to(addresses: Iterable[str], to: DefinedNode, node: str) -> bool:
    """A node may know itself by its loopback address."""
    found = {ip_address(address.partition("%")[0]) for address in addresses}
    itself = to.is_called(node) and any(address.is_loopback for address in found)
    return itself or ip_address(to.addr) in found


def services_resolve(
    services: Iterable[str],
    definition: ClusterDefinition,
    found: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> tuple[Finding, ...]:
    """A service's name that some operative nodes know is known to all, with the same address.

    A service may run on each node: then its name leads each of them to itself. Which services a
    cluster has decides which names it has: a name that no node knows is no finding.
    """
    findings: list[Finding] = []
    for service in services if found else ():
        by_node = {node: names.get(service, ()) for node, names in found.items()}
        counted = grouped((_seen_from(n, a, definition), n) for n, a in by_node.items())
        usual = max(counted, key=lambda key: (len(counted[key]), key))
        findings += [
            _misled(
                node, f"{service} is {_addresses(addresses)}", _addresses(usual), counted[usual]
            )
            for node, addresses in by_node.items()
            if _seen_from(node, addresses, definition) != usual
        ]
    return tuple(findings)


def _seen_from(
    node: str, addresses: Iterable[str], definition: ClusterDefinition
) -> tuple[str, ...]:
    """The addresses in one order, the node's own in words."""
    own = definition.find(node)
    return tuple(sorted({_ITSELF if _is_own(a, own) else a for a in addresses}))


def _is_own(address: str, node: DefinedNode | None) -> bool:
    parsed = ip_address(address.partition("%")[0])
    return parsed.is_loopback or (node is not None and parsed == ip_address(node.addr))


def _misled(node: str, seen: str, expected: str, others: Iterable[str] = ()) -> Finding:
    as_on = f", as on {listed(others)}" if others else ", as in /etc/neteye-cluster"
    return Finding(
        "name-misleading",
        node,
        f"{seen} there",
        f"{expected}{as_on}",
        f"Mend /etc/hosts of {node} (or the name service it asks), then run again.",
    )


def _addresses(addresses: Iterable[str]) -> str:
    return " ".join(addresses) or "not known"
