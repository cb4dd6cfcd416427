"""Looks for the nodes of a cluster: from here, then through a node that is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.discovery.asking import AnotherMachine, Door, logins_from, reach
from engine.discovery.found import FoundNode, Reached, Try
from engine.discovery.ways import (
    Addresses,
    direct_ways,
    farthest,
    in_words,
    is_of_the_cluster,
    ways_through,
)
from engine.errors import RunbookError, Unanswered
from engine.judge.identity import described, why_another
from engine.model.answer import Lost, LostKind
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.host import Login as LoginFromNode
from engine.model.identity import Identity
from engine.model.inventory import Host
from engine.transport.base import in_parallel

Say = Callable[[str], object]


@dataclass(frozen=True)
class Search:
    """Looks for nodes of a cluster from here, as `start` was reached, and through its nodes."""

    start: Reached
    definition: ClusterDefinition
    addresses: Addresses
    open_door: Door
    say: Say
    likes: Mapping[str, Host] = field(default_factory=dict)
    """`hostname` -> as whom to log in there, when it is not as at the start."""

    def find(
        self, wanted: Iterable[DefinedNode], known: Mapping[str, Reached]
    ) -> tuple[FoundNode, ...]:
        """Each of the nodes with a way that works, or with all that were tried.

        `known`: nodes that were reached already, by `hostname`.
        """
        nodes = tuple(wanted)
        found = {n.hostname: self._as_known(n, known) for n in nodes if n.hostname in known}
        left = [node for node in nodes if node.hostname not in found]
        found |= self._try_all(left, lambda node: self._direct(node))
        gateway = self._gateway({**known, **_reached(found.values())})
        left = [node for node in left if found[node.hostname].reached is None]
        if left:
            self.say(f"{_names(left)}: not reached directly, so tried through {gateway.address}")
        through = self._try_all(left, lambda node: self._through(gateway, node))
        for name, one in through.items():
            tries = (*found[name].tries, *one.tries)
            found[name] = replace(one, tries=tries)
        self._ask_from_within(found)
        return tuple(
            one
            if one.reached
            else replace(one, host=farthest(one.tries) if one.tries else one.host)
            for one in (found[node.hostname] for node in nodes)
        )

    def known(self, reached: Mapping[str, Reached]) -> dict[str, Reached]:
        """Without those that only the cluster's address leads to: it moves to another node."""
        return {
            name: one
            for name, one in reached.items()
            if not is_of_the_cluster(one.host.address, self.definition)
        }

    def _as_known(self, node: DefinedNode, known: Mapping[str, Reached]) -> FoundNode:
        reached = known[node.hostname]
        host = replace(reached.host, name=node.hostname, role=node.role, line=0)
        return FoundNode(node, host, reached)

    def _try_all(
        self, nodes: Sequence[DefinedNode], ways: Callable[[DefinedNode], Sequence[Host]]
    ) -> dict[str, FoundNode]:
        by_name = {node.hostname: node for node in nodes}
        results = in_parallel(by_name, lambda name: self._first(by_name[name], ways(by_name[name])))
        found = {}
        for name, result in results.items():
            if isinstance(result, RunbookError):
                raise result
            found[name] = result
        return found

    def _first(self, node: DefinedNode, ways: Sequence[Host]) -> FoundNode:
        """The first of the ways that leads to the node, as root."""
        tries: list[Try] = []
        for way in ways:
            try:
                reached = reach(way, self.open_door, lambda seen: self._why_not(node, seen))
            except Lost as lost:
                tries.append(Try(way, lost.why, lost.kind))
            except (Unanswered, AnotherMachine) as error:
                tries.append(Try(way, str(error)))
            else:
                if why := reached.why_not_enough:
                    tries.append(Try(way, why, LostKind.AUTHENTICATION))
                    continue
                self.say(f"{node.hostname}: reached {in_words(way)}")
                return FoundNode(node, way, reached, tuple(tries))
        return FoundNode(node, ways[0] if ways else self._by_address(node), None, tuple(tries))

    def _why_not(self, node: DefinedNode, seen: Identity) -> str:
        why = why_another(node.hostname, seen, self.definition)
        return f"there is {described(seen)}; {why}" if why else ""

    def _by_address(self, node: DefinedNode) -> Host:
        like = self._like(node)
        return replace(like, name=node.hostname, role=node.role, address=node.addr, line=0)

    def _direct(self, node: DefinedNode) -> tuple[Host, ...]:
        return direct_ways(node, self._like(node), self.definition, self.addresses)

    def _through(self, gateway: Host, node: DefinedNode) -> tuple[Host, ...]:
        return ways_through(gateway, node, self._like(node), self.definition, self.addresses)

    def _like(self, node: DefinedNode) -> Host:
        return self.likes.get(node.hostname, self.start.host)

    def _gateway(self, reached: Mapping[str, Reached]) -> Host:
        """N where it is reached, as it stays active; else an operative node; else the first one."""
        active = self.definition.active_node.hostname
        ordered = [active, *(node.hostname for node in self.definition.nodes)]
        hosts = [reached[name].host for name in ordered if name in reached]
        own = [h for h in hosts if not is_of_the_cluster(h.address, self.definition)]
        return (own or [self.start.host])[0]

    def _ask_from_within(self, found: dict[str, FoundNode]) -> None:
        """Whether root of the first node gets in where we do not: so the nodes know each other."""
        unreached = [name for name, one in found.items() if one.reached is None]
        logins = logins_from(self.start, unreached, self.open_door) if unreached else {}
        for name, login in logins.items():
            told = _in_words(self.start.host.name, login)
            found[name] = replace(found[name], from_within=told)


def _in_words(start: str, login: LoginFromNode) -> str:
    if login.is_in:
        return f"root of {start} logs in there by its own key: the node is up"
    return f"root of {start} does not get in there either: {login.said or 'it says nothing'}"


def _reached(nodes: Iterable[FoundNode]) -> dict[str, Reached]:
    return {one.node.hostname: one.reached for one in nodes if one.reached is not None}


def _names(nodes: Iterable[DefinedNode]) -> str:
    return ", ".join(node.hostname for node in nodes)
