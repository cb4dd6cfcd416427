"""`python -m engine inventory`: write the inventory of a cluster, or compare one with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.discovery.asking import AnotherMachine, Door, addresses_at, members_at, reach
from engine.discovery.comparing import Seen, differences
from engine.discovery.found import Found, Reached
from engine.discovery.rendering import to_do
from engine.discovery.search import Say, Search
from engine.discovery.start import definition_at, start_at
from engine.errors import RunbookError, UsageError
from engine.judge.identity import definition_of, described, why_another
from engine.judge.roles import members_agree
from engine.model.cluster import ClusterStatus
from engine.model.definition import ClusterDefinition, DefinedNode
from engine.model.identity import Identity
from engine.model.inventory import Environment, Host, Inventory, Role
from engine.parse.inventory_ini import Step, read_inventory
from engine.transport.base import in_parallel


def discover(start: Host, open_door: Door, say: Say) -> Found:
    """The cluster that `start` belongs to: all its nodes, and the ways to them.

    UsageError with one sentence when nothing can be found by that node.
    """
    say(f"{start.name}: asking who it is")
    first = start_at(start, open_door)
    definition = definition_at(first)
    node = _node_of(first, definition)
    say(f"{start.name} is {node.hostname} of cluster {definition.hostname}")
    first = replace(first, host=replace(start, name=node.hostname, role=node.role))
    addresses, why = addresses_at(first, definition, open_door)
    search = Search(first, definition, addresses, open_door, say)
    nodes = search.find(definition.nodes, search.known({node.hostname: first}))
    reached = {one.node.hostname: one.reached for one in nodes if one.reached is not None}
    status, silence = _members(definition, reached, open_door)
    members = members_agree(definition, status) if status is not None else ()
    remarks = (
        *(text for text in (why, silence) if text),
        *(finding.observed for finding in members),
        *_definitions(definition, [one.seen for one in reached.values()]),
    )
    environment = Environment.REHEARSAL if first.seen.is_rehearsal else Environment.PRODUCTION
    return Found(definition, nodes, environment, remarks)


def _members(
    definition: ClusterDefinition, reached: Mapping[str, Reached], open_door: Door
) -> tuple[ClusterStatus | None, str]:
    """Of the first operative node that is reached, N before others; no other has pacemaker."""
    names = [node.hostname for node in definition.of(Role.OPERATIVE) if node.hostname in reached]
    if not names:
        return None, "pacemaker's members are not known: no operative node is reached"
    return members_at(reached[names[0]], open_door)


def _node_of(reached: Reached, definition: ClusterDefinition) -> DefinedNode:
    """The node that this machine is. UsageError when it is none of its own cluster's."""
    fitting = [n for n in definition.nodes if not why_another(n.hostname, reached.seen, definition)]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(node.hostname for node in definition.nodes)
    raise UsageError(
        f"{reached.host.name} is {described(reached.seen)}, and not one of the nodes that its"
        f" /etc/neteye-cluster has: {known}"
    )


def _definitions(definition: ClusterDefinition, identities: Iterable[Identity]) -> list[str]:
    """Nodes that define the cluster otherwise, or not at all."""
    found = []
    for seen in identities:
        if seen.definition is None:
            found.append(f"{seen.hostname}: {seen.unreadable}")
        elif seen.definition != definition:
            found.append(f"{seen.hostname} has another /etc/neteye-cluster than is gone by here")
    return found


def check(path: Path, step: Step, open_door: Door, say: Say) -> tuple[str, ...]:
    """What is not in the cluster as this inventory says, one line each.

    `step`: settings that only the version step has. UsageError when the inventory is none, or
    when no node answers by it.
    """
    inventory = read_inventory(path, step)
    for warning in inventory.warnings:
        say(f"warning: {warning}")
    say(f"{path}: asking {len(inventory.hosts)} nodes who they are")
    answers = in_parallel(inventory.names, lambda name: _meet(inventory.host(name), open_door))
    identities, reached, unreached = _sorted(answers)
    definition = _definition(inventory, identities, reached, unreached)
    led = {
        node.hostname: reached[name]
        for name in inventory.names
        if name in reached and not reached[name].why_not_enough
        if (node := definition.find(name)) is not None
        and not why_another(name, reached[name].seen, definition)
    }
    seen = Seen(inventory, definition, identities, reached, unreached)
    if not led:
        return differences(seen)
    start = next(led[node.hostname] for node in definition.nodes if node.hostname in led)
    addresses, why = addresses_at(start, definition, open_door)
    likes = _likes(inventory, definition, start)
    search = Search(start, definition, addresses, open_door, say, likes)
    left = [node for node in definition.nodes if node.hostname not in led]
    others = {one.node.hostname: one for one in search.find(left, led)}
    known = {**{name: one.reached for name, one in others.items() if one.reached}, **led}
    status, silence = _members(definition, known, open_door)
    own = [one.seen for one in known.values()]
    return (
        *differences(replace(seen, others=others, status=status)),
        *(f"{path}: {text}" for text in _definitions(definition, own)),
        *(f"{path}: not compared: {text}" for text in (why, silence) if text),
    )


def _meet(host: Host, open_door: Door) -> Reached:
    return reach(host, open_door, lambda seen: why_another(host.name, seen, seen.definition))


def _sorted(
    answers: Mapping[str, Reached | RunbookError],
) -> tuple[dict[str, Identity], dict[str, Reached], dict[str, str]]:
    """Who is there, which of them are the ones that are meant, and why others do not answer."""
    identities: dict[str, Identity] = {}
    reached: dict[str, Reached] = {}
    unreached: dict[str, str] = {}
    for name, answer in answers.items():
        if isinstance(answer, Reached):
            reached[name], identities[name] = answer, answer.seen
        elif isinstance(answer, AnotherMachine):
            identities[name] = answer.seen
        elif isinstance(answer, UsageError):
            raise answer
        else:
            unreached[name] = str(answer).removeprefix(f"{name}: ")
    return identities, reached, unreached


def _definition(
    inventory: Inventory,
    identities: Mapping[str, Identity],
    reached: Mapping[str, Reached],
    unreached: Mapping[str, str],
) -> ClusterDefinition:
    definition = definition_of(identities, inventory.settings.cluster)
    if definition is not None:
        return definition
    for one in reached.values():
        definition_at(one)  # says why it has none
    told = [f"{name}: {why}" for name, why in unreached.items()]
    told += [f"{name}: there is {described(seen)}" for name, seen in identities.items()]
    raise UsageError(f"{inventory.path}: no node of it can be compared with. {'; '.join(told)}")


def _likes(inventory: Inventory, definition: ClusterDefinition, start: Reached) -> dict[str, Host]:
    """The inventory's own logins, for ways that are not the inventory's."""
    found = {}
    for host in inventory.hosts:
        if (node := definition.find(host.name)) is not None:
            found[node.hostname] = replace(
                start.host, user=host.user, key_file=host.key_file, become=host.become
            )
    return found


def outcome(found: Found) -> Sequence[str]:
    """What is told of an inventory that was written, beside it."""
    told = [f"look at this first: {remark}" for remark in found.remarks]
    told += [f"{one.node.hostname}: not reached. {to_do(one)}" for one in found.unreached]
    total = len(found.nodes)
    told.append(f"{total - len(found.unreached)} of {total} nodes reached")
    return told
