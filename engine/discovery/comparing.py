"""An inventory that is there, compared with the cluster: what is not as it says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.discovery.found import FoundNode, Reached
from engine.discovery.rendering import host_line, to_do
from engine.discovery.ways import in_words, is_of_the_cluster
from engine.judge.identity import markers, strangers
from engine.judge.roles import members_agree, roles_agree
from engine.judge.text import many
from engine.model.cluster import ClusterStatus
from engine.model.definition import ClusterDefinition
from engine.model.finding import Finding
from engine.model.identity import Identity
from engine.model.inventory import Host, Inventory


@dataclass(frozen=True)
class Seen:
    """What was asked and found for an inventory."""

    inventory: Inventory
    definition: ClusterDefinition
    identities: Mapping[str, Identity]
    """Host of the inventory -> the machine that its line leads to, whichever that is."""
    reached: Mapping[str, Reached]
    """Of these, the machines that are the ones that are meant."""
    unreached: Mapping[str, str] = field(default_factory=dict)
    """Host of the inventory -> why its line leads nowhere."""
    others: Mapping[str, FoundNode] = field(default_factory=dict)
    """`hostname` of a node that no line leads to -> the way that was found, if any."""
    status: ClusterStatus | None = None


def differences(seen: Seen) -> tuple[str, ...]:
    """One line each, with file and line where one is meant; empty when all is as written."""
    told = [*_by_findings(seen), *_by_logins(seen), *_by_ways(seen)]
    return tuple(dict.fromkeys(told))


def _by_findings(seen: Seen) -> Iterator[str]:
    """What a run would find, judged by what it judges by."""
    inventory, definition = seen.inventory, seen.definition
    identities, status = seen.identities, seen.status
    first = [
        *strangers(inventory, identities),
        *markers(inventory.settings.environment, identities),
        *(members_agree(definition, status) if status is not None else ()),
    ]
    subjects = {finding.subject for finding in first}
    roles = roles_agree(definition, inventory, inventory.settings.cluster)
    for finding in (*first, *(one for one in roles if one.subject not in subjects)):
        told = f"[{finding.code}] {finding.observed}; {_wanted(seen, finding)}"
        yield f"{_where(seen, finding)}: {told}"


def _wanted(seen: Seen, finding: Finding) -> str:
    """What is expected, with the lines of the nodes that no line leads to."""
    nodes = [seen.definition.find(name) for name in finding.subject.split(", ")]
    others = [seen.others[n.hostname] for n in nodes if n is not None and n.hostname in seen.others]
    return ", ".join([f"expected: {finding.expected}", *map(_as_line, others)])


def _as_line(other: FoundNode) -> str:
    is_reached = "as" if other.reached is not None else "as (not reached from here)"
    return f"{is_reached}: {host_line(other.host)}"


def _by_logins(seen: Seen) -> Iterator[str]:
    for name, reached in seen.reached.items():
        host = seen.inventory.host(name)
        if reached.why_not_enough:
            yield (
                f"{_place(seen, host)}: {name}: {reached.why_not_enough}; mend ansible_user, or set"
                " ansible_become=yes for a user with sudo"
            )
        if is_of_the_cluster(host.address, seen.definition):
            yield (
                f"{_place(seen, host)}: {name}: {host.address} is the cluster's own address, which"
                " moves from node to node; expected one of the node itself, such as"
                f" {_own_address(seen, name)}"
            )


def _own_address(seen: Seen, name: str) -> str:
    node = seen.definition.find(name)
    return node.addr if node is not None else "addr of /etc/neteye-cluster"


def _by_ways(seen: Seen) -> Iterator[str]:
    for name, why in seen.unreached.items():
        host = seen.inventory.host(name)
        node = seen.definition.find(name)
        other = seen.others.get(node.hostname) if node is not None else None
        begin = f"{_place(seen, host)}: {name} is not reached {in_words(host)}: {why}"
        if other is None:
            yield begin
        elif other.reached is not None:
            yield f"{begin}; it is reached {in_words(other.host)}: {host_line(other.host)}"
        else:
            ways = many(len(other.tries), "way")
            seen_there = f"; {other.from_within}" if other.from_within else ""
            yield f"{begin}; nor by any of {ways} tried{seen_there}. {to_do(other)}"


def _where(seen: Seen, finding: Finding) -> str:
    hosts = {host.name: host for host in seen.inventory.hosts}
    host = hosts.get(finding.subject.partition(", ")[0])
    return str(seen.inventory.path) if host is None else _place(seen, host)


def _place(seen: Seen, host: Host) -> str:
    return f"{seen.inventory.path}:{host.line}" if host.line else str(seen.inventory.path)
