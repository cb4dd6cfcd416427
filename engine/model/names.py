"""The sets of nodes that the guide speaks of, by the names of the inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.model.cluster import Cib, ClusterStatus, LocationConstraint
from engine.model.definition import ClusterDefinition, short
from engine.model.inventory import Inventory, Role


class Aliases(Mapping[str, str]):
    """Every name that a node may be called by -> its name in the inventory, in any case."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {alias.casefold(): name for alias, name in names.items()}

    def __getitem__(self, alias: str) -> str:
        return self._names[alias.casefold()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Names:
    """N, OTHER, E and V, derived from `/etc/neteye-cluster`; never typed in."""

    active: str
    operative: tuple[str, ...]
    elastic_only: tuple[str, ...]
    voting_only: tuple[str, ...]
    internal: Mapping[str, str]
    """Inventory name -> internal name, as in pacemaker and in the node's `/etc/hosts`."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Every name that a node may be called by -> inventory name."""
    is_known: bool = True
    """A node has told which one is N; else `active` only stands in, for questions."""

    @property
    def other(self) -> tuple[str, ...]:
        """ALL without N, E and V."""
        return tuple(name for name in self.operative if name != self.active)

    @property
    def all(self) -> tuple[str, ...]:
        return self.operative + self.elastic_only + self.voting_only

    def of_pacemaker(self, name: str) -> str:
        """The inventory name of a pacemaker node; the name itself when it is unknown."""
        return self.aliases.get(name) or self.aliases.get(short(name), name)

    def spelled(self, name: str, status: ClusterStatus) -> str:
        """The node as pacemaker writes it: pcs takes no other spelling."""
        node = status.node(name)
        return (node.uname if node else "") or self.internal[name]

    def in_pacemaker(self, bans: Iterable[LocationConstraint]) -> tuple[LocationConstraint, ...]:
        """Bans of a localised status with the nodes' names as the configuration has them."""
        return tuple(replace(ban, node=self.internal.get(ban.node, ban.node)) for ban in bans)

    def localised(self, status: ClusterStatus) -> ClusterStatus:
        """The status with pacemaker's node names replaced by the inventory's."""
        return status_in_names(status, self.of_pacemaker)


def status_in_names(status: ClusterStatus, named: Callable[[str], str]) -> ClusterStatus:
    """The same look at the cluster with every node called by another name."""
    return replace(
        status,
        dc=None if status.dc is None else named(status.dc),
        nodes=tuple(replace(node, name=named(node.name)) for node in status.nodes),
        resources=tuple(
            replace(r, nodes=tuple(named(node) for node in r.nodes)) for r in status.resources
        ),
        failures=tuple(replace(f, node=named(f.node)) for f in status.failures),
        fail_counts=tuple(replace(f, node=named(f.node)) for f in status.fail_counts),
        fence_events=tuple(
            replace(e, target=named(e.target), origin=named(e.origin)) for e in status.fence_events
        ),
        bans=tuple(replace(ban, node=named(ban.node)) for ban in status.bans),
    )


def cib_in_names(cib: Cib, named: Callable[[str], str]) -> Cib:
    """The same configuration with every node called by another name."""
    return replace(
        cib,
        location=tuple(replace(c, node=named(c.node)) for c in cib.location),
        attributes=tuple(replace(a, node=named(a.node)) for a in cib.attributes),
    )


def aliases(definition: ClusterDefinition | None, inventory: Inventory) -> Aliases:
    """Every name a node may be called by (pacemaker, DRBD, Elasticsearch) -> inventory name.

    Short forms that fit several nodes are left out.
    """
    forms = {
        host: node.aliases if definition and (node := definition.find(host)) else {short(host)}
        for host in inventory.names
    }
    meant = Counter(form.casefold() for host in forms for form in forms[host] | {host})
    found = {form: host for host in forms for form in forms[host] if meant[form.casefold()] == 1}
    return Aliases(found | {host: host for host in inventory.names})


def names_of(inventory: Inventory, definition: ClusterDefinition | None) -> Names:
    """The sets of nodes. Without a readable definition the order of the inventory stands in,

    which is good enough to ask questions; judge/roles blocks before anything is changed. Where the
    two contradict each other the definition counts, so that a question and the command of a remedy
    go to the node that they are for.
    """
    internal: dict[str, str] = {}
    named = ""
    roles: dict[Role, list[str]] = {role: [] for role in Role}
    for host in inventory.hosts:
        found = definition.find(host.name) if definition else None
        internal[host.name] = found.hostname if found else host.name
        roles[found.role if found else host.role].append(host.name)
        if definition and found and found == definition.active_node:
            named = host.name
    operative = tuple(roles[Role.OPERATIVE]) or inventory.operative
    return Names(
        active=named or operative[0],
        operative=operative,
        elastic_only=tuple(roles[Role.ELASTIC_ONLY]),
        voting_only=tuple(roles[Role.VOTING_ONLY]),
        internal=internal,
        aliases=aliases(definition, inventory),
        is_known=bool(named),
    )
