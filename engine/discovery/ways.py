"""Which ways to a node are tried, and in which order. Pure."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.discovery.found import Try
from engine.model.answer import LostKind
from engine.model.definition import ClusterDefinition, DefinedNode, is_same_node
from engine.model.inventory import Host
from engine.parse.names import is_ip_address

_SSH = 22
_NEARNESS = {LostKind.AUTHENTICATION: 2, LostKind.HOST_KEY: 1}
"""How far a login got that failed: its sshd was there, and was the right one."""

Addresses = Mapping[str, Sequence[str]]
"""Name -> its addresses, as a node of the cluster finds them."""


def is_of_the_cluster(address: str, definition: ClusterDefinition) -> bool:
    """It leads to whichever node has the cluster's address now, and later to another one."""
    return address == definition.cluster_ip or is_same_node(address, definition.hostname)


def direct_ways(
    node: DefinedNode, like: Host, definition: ClusterDefinition, addresses: Addresses
) -> tuple[Host, ...]:
    """As `like` was reached, by the names of the node first: known_hosts has mostly these."""
    names = [name for name in (node.hostname_ext, node.hostname) if name]
    found = [*names, *(a for name in names for a in addresses.get(name, ())), node.addr]
    return _ways(node, like, like.ssh_args, _possible(found, definition))


def ways_through(
    gateway: Host,
    node: DefinedNode,
    like: Host,
    definition: ClusterDefinition,
    addresses: Addresses,
) -> tuple[Host, ...]:
    """Through a node that is reached: what it finds itself comes first, as it resolves there."""
    if "@" in gateway.user:
        return ()  # no such user can be written before a jump host
    jumps = ",".join([*jumps_of(gateway.ssh_args), jump_to(gateway)])
    names = [name for name in (node.hostname, node.hostname_ext) if name]
    found = [node.addr, *names, *(a for name in names for a in addresses.get(name, ()))]
    args = (*_without_jumps(like.ssh_args), "-J", jumps)
    # the port is that of the way here: behind the gateway it is the usual one first
    behind = replace(like, port=_SSH)
    ways = _ways(node, behind, args, _possible(found, definition))
    other = (replace(way, port=like.port) for way in ways if like.port != _SSH)
    return (*ways, *other)


def _ways(
    node: DefinedNode, like: Host, args: tuple[str, ...], addresses: Iterable[str]
) -> tuple[Host, ...]:
    ports = dict.fromkeys((like.port, _SSH))
    return tuple(
        replace(
            like,
            name=node.hostname,
            role=node.role,
            address=address,
            port=port,
            ssh_args=args,
            line=0,
        )
        for port in ports
        for address in addresses
    )


def _possible(addresses: Iterable[str], definition: ClusterDefinition) -> tuple[str, ...]:
    return tuple(
        address
        for address in dict.fromkeys(addresses)
        if not is_of_the_cluster(address, definition) and not _is_here_only(address)
    )


def _is_here_only(address: str) -> bool:
    """Whoever asks means himself by it, as with 127.0.1.1 for a machine's own name."""
    if not is_ip_address(address):
        return "%" in address
    found = ipaddress.ip_address(address)
    return found.is_loopback or found.is_unspecified or found.is_link_local


def jumps_of(ssh_args: Sequence[str]) -> tuple[str, ...]:
    """The jump hosts that these arguments of ssh name; the first of several options counts."""
    for option, value in zip(ssh_args[::2], ssh_args[1::2], strict=True):
        if option == "-J":
            return (value,)
        if option == "-o":
            return (value.partition("=")[2],)
    return ()


def _without_jumps(ssh_args: Sequence[str]) -> tuple[str, ...]:
    pairs = zip(ssh_args[::2], ssh_args[1::2], strict=True)
    return tuple(word for option, value in pairs if option == "-F" for word in (option, value))


def jump_to(gateway: Host) -> str:
    """The host as `ssh -J` takes it.

    >>> from engine.model.inventory import Role
    >>> jump_to(Host("n1", Role.OPERATIVE, "2001:db8::1", port=2222))
    'root@[2001:db8::1]:2222'
    """
    address = f"[{gateway.address}]" if ":" in gateway.address else gateway.address
    return f"{gateway.user}@{address}{f':{gateway.port}' * (gateway.port != _SSH)}"


def farthest(tries: Sequence[Try]) -> Host:
    """The way that led farthest; of several, the first by an address that needs no resolving."""

    def rank(one: Try) -> tuple[int, bool]:
        kind = _NEARNESS.get(one.kind, 0) if one.kind is not None else 0
        return kind, is_ip_address(one.host.address)

    return max(tries, key=rank).host


def in_words(host: Host) -> str:
    """`directly at ADDRESS`, `at ADDRESS through JUMP`."""
    port = f" port {host.port}" * (host.port != _SSH)
    jumps = jumps_of(host.ssh_args)
    where = f"at {host.address}{port}"
    return f"{where} through {', '.join(jumps)}" if jumps else f"directly {where}"


def login_command(host: Host) -> str:
    """What a person types to log in there by this way: ssh asks about a host key then."""
    key = ("-i", str(host.key_file)) if host.key_file is not None else ()
    port = ("-p", str(host.port)) if host.port != _SSH else ()
    return shlex.join(["ssh", *host.ssh_args, *key, *port, f"{host.user}@{host.address}"])
