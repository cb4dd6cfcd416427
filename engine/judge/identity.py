"""Whether each connection leads to the machine that is meant, judged from their own words.

What a machine says without being asked for it by name: its host names, pacemaker's name for it,
its machine id, its addresses. Names count in every form, without case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.judge.text import listed
from engine.model.definition import ClusterDefinition, DefinedNode, short
from engine.model.finding import Command, Finding
from engine.model.groups import grouped
from engine.model.identity import Identity, same_name
from engine.model.inventory import Environment, Host, Inventory

CLUSTER_FILE = "/etc/neteye-cluster"
ID_FILE = "/etc/machine-id"
_NEW_ID = ("bash", "-c", f"tr -d - < /proc/sys/kernel/random/uuid > {ID_FILE}")
"""Not systemd's own tool: it would take the old id again, from D-Bus or the hypervisor."""
_READ_AT_START = "reboot it while nothing runs on it, as services read the id when they start"


def definition_of(identities: Mapping[str, Identity], cluster: str) -> ClusterDefinition | None:
    """The cluster as most machines define it; those of the cluster that is meant before others."""
    found = [one.definition for one in identities.values() if one.definition is not None]
    meant = [one for one in found if one.hostname.lower() == cluster.lower()] or found
    return max(meant, key=meant.count) if meant else None


def strangers(inventory: Inventory, identities: Mapping[str, Identity]) -> tuple[Finding, ...]:
    """Names of the inventory that lead to another machine, or to none that can be told.

    Codes: `machine-mistaken`, `machine-twice`, `machine-id-missing`, `cluster-name-mismatch`.
    """
    definition = definition_of(identities, inventory.settings.cluster)
    twice = _twice(identities)
    doubled = {name for group in twice for name in group}
    findings = [_is_twice(group, identities, inventory, definition) for group in twice]
    for name, seen in identities.items():
        host = inventory.host(name)
        if name not in doubled and (why := why_another(host.name, seen, definition)):
            findings.append(_mistaken(host, seen, why, inventory, definition))
        elif not seen.has_id:
            findings.append(_without_id(name, seen))
    if definition and definition.hostname.lower() != inventory.settings.cluster.lower():
        findings.append(other_cluster(inventory, definition))
    return tuple(findings)


def markers(environment: Environment, identities: Mapping[str, Identity]) -> tuple[Finding, ...]:
    """A cluster called a rehearsal carries the rehearsal's marker, and no other one does.

    Code: `rehearsal-marker`.
    """
    return tuple(
        Finding(
            "rehearsal-marker",
            node,
            "it carries the rehearsal's marker"
            if seen.is_rehearsal
            else "no marker of a rehearsal",
            f"what runbook_environment = {environment} says",
            "Correct runbook_environment in the inventory: it decides which checks count.",
        )
        for node, seen in identities.items()
        if seen.is_rehearsal != (environment is Environment.REHEARSAL)
    )


_ON_RECORD = (
    "Accept it: the attempt has these ids on record, and a machine that gets another one now is"
    " another machine to it. Give each its own when the attempt is over. Until then the node's name"
    " alone tells these machines apart."
)


def clones(
    identities: Mapping[str, Identity], *, is_on_record: bool = False
) -> tuple[Finding, ...]:
    """Different machines with one machine id: made from a template that had one already.

    `is_on_record`: an attempt under way goes by these ids. Code: `machine-id-cloned`. Names,
    addresses and starts tell them apart all the same.
    """
    by_id = grouped((seen.machine_id, name) for name, seen in identities.items() if seen.has_id)
    return tuple(
        Finding(
            "machine-id-cloned",
            ", ".join(names),
            f"{listed(names)} are different machines (names, addresses and starts differ) with"
            f" one id in {ID_FILE}: {id_}. They were made from one template or image",
            "an id of its own on each",
            _ON_RECORD
            if is_on_record
            else f"Give each but {names[0]} an id of its own, then {_READ_AT_START}. Until then the"
            " node's name alone tells these machines apart.",
            commands=() if is_on_record else tuple(Command(n, _NEW_ID) for n in names[1:]),
        )
        for id_, names in by_id.items()
        if len(names) > 1 and not _is_one_machine(names, identities)
    )


def changed(
    recorded: Mapping[str, str], identities: Mapping[str, Identity], inventory: Inventory
) -> tuple[Finding, ...]:
    """Nodes that are another machine than when the attempt was opened.

    `recorded`: node -> machine id in the baseline. Code: `machine-changed`.
    """
    return tuple(
        has_changed(
            inventory.host(name),
            inventory,
            f"machine id {recorded[name]} when the attempt began",
            described(seen) + _whose(seen.machine_id, recorded, name),
            recorded[name],
        )
        for name, seen in identities.items()
        if name in recorded and seen.machine_id != recorded[name]
    )


def has_changed(
    host: Host, inventory: Inventory, before: str, now: str, machine_id: str
) -> Finding:
    """`host` was `before`, and is `now`, another machine; it was `machine_id`."""
    return Finding(
        "machine-changed",
        host.name,
        f"it was {before}; {_where(host, inventory)} there is now {now}",
        "the same machine from the beginning of the attempt to its end",
        f"Find out who has {host.address} now (an address that moved, a"
        f" jump host that leads elsewhere, a machine restored or set up anew), bring {host.name}"
        f" back or mend the inventory, then run again. If this machine takes its place on purpose,"
        f" and has all that was on it, say so there: `echo {machine_id} > {ID_FILE}`.",
    )


def described(seen: Identity) -> str:
    """A machine in its own words."""
    names = listed(seen.own_names) or "nothing"
    words = [f"a machine that calls itself {names}"]
    if seen.member:
        words.append(f"{seen.member} in pacemaker")
    if seen.definition is not None:
        words.append(f"of cluster {seen.definition.hostname}")
    else:
        words.append(seen.unreadable)
    words.append(f"machine id {seen.machine_id or 'none'}")
    return ", ".join(words)


def why_another(name: str, seen: Identity, definition: ClusterDefinition | None) -> str:
    """Why this is not the machine of that name; empty when it is."""
    own = seen.definition
    if own and definition and own.hostname.lower() != definition.hostname.lower():
        return f"it belongs to cluster {own.hostname}, not {definition.hostname}"
    meant = _nodes_called(name, definition)
    if len(meant) != 1:
        return _why_unknown(name, seen, definition)
    (node,) = meant
    others = _others(node, seen, definition)
    if others:
        return f"it is {listed(others)}"
    if node.addr in seen.addresses or any(_is_called(node, name) for name in seen.names):
        return ""
    return f"it is no node of {CLUSTER_FILE}"


def _why_unknown(name: str, seen: Identity, definition: ClusterDefinition | None) -> str:
    """The cluster file can't say which node is meant: the names themselves have to agree."""
    if any(same_name(name, own) for own in seen.names):
        return ""
    if definition is None:
        return f"it is not {name}"
    known = listed([node.hostname for node in definition.nodes], limit=16)
    return f"{name} is no node of {CLUSTER_FILE}, which has {known}"


def _others(node: DefinedNode, seen: Identity, definition: ClusterDefinition | None) -> list[str]:
    """Other nodes that it claims to be, each with what says so."""
    claims = [(f"by the name {name}", _nodes_called(name, definition)) for name in seen.own_names]
    for what, name in (("pacemaker", seen.member), ("corosync.conf", seen.configured)):
        claims.append((f"in {what} {name}", _nodes_called(name, definition) if name else []))
    nodes = definition.nodes if definition else ()
    for address in seen.addresses:
        found = [other for other in nodes if other.addr == address]
        claims.append((f"by the address {address}", found))
    found_by = grouped((c[0].hostname, how) for how, c in claims if c and node not in c)
    return [f"{other} ({', '.join(hows)})" for other, hows in found_by.items()]


def _nodes_called(name: str, definition: ClusterDefinition | None) -> list[DefinedNode]:
    """The nodes that `name` may mean: full names count before short forms."""
    nodes = definition.nodes if definition else ()
    full = [node for node in nodes if node.has_full_name(name)]
    return full or [node for node in nodes if _is_called(node, name)]


def _is_called(node: DefinedNode, name: str) -> bool:
    # the domain after a node's name may be a third one, which the cluster file does not have
    return any(same_name(full, form) for form in (name, short(name)) for full in node.full_names)


def _twice(identities: Mapping[str, Identity]) -> list[list[str]]:
    """Groups of names that lead to one machine."""
    groups: list[list[str]] = []
    for name, seen in identities.items():
        group = next((g for g in groups if seen.is_same_machine(identities[g[0]])), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return [group for group in groups if len(group) > 1]


def _is_one_machine(names: Iterable[str], identities: Mapping[str, Identity]) -> bool:
    first, *others = (identities[name] for name in names)
    return all(first.is_same_machine(other) for other in others)


def _is_twice(
    names: list[str],
    identities: Mapping[str, Identity],
    inventory: Inventory,
    definition: ClusterDefinition | None,
) -> Finding:
    seen = identities[names[0]]
    hosts = [inventory.host(name) for name in names]
    wrong = [host for host in hosts if why_another(host.name, seen, definition)] or hosts
    return Finding(
        "machine-twice",
        ", ".join(names),
        f"{listed(names)} lead to one machine: {described(seen)}",
        "a machine of its own behind each name",
        _mend(wrong, inventory, definition),
    )


def _mistaken(
    host: Host,
    seen: Identity,
    why: str,
    inventory: Inventory,
    definition: ClusterDefinition | None,
) -> Finding:
    says_both = any(
        node.addr in seen.addresses or any(_is_called(node, name) for name in seen.names)
        for node in _nodes_called(host.name, definition)
    )
    own = " Or mend what is wrong of it on the machine itself: it says both." if says_both else ""
    return Finding(
        "machine-mistaken",
        host.name,
        f"{_where(host, inventory)} there is {described(seen)}; {why}",
        f"the machine {host.name}",
        f"{_mend([host], inventory, definition)}{own}",
    )


def _mend(
    hosts: Collection[Host], inventory: Inventory, definition: ClusterDefinition | None
) -> str:
    """Which lines of the inventory to look at, and what the cluster says of the addresses."""
    told = []
    for host in hosts:
        line = f"line {host.line} of {inventory.path.name}" if host.line else inventory.path.name
        way = "ansible_host" + " or ansible_port" * (host.port != 22)
        way += " or the way there" * bool(host.ssh_args)
        meant = _nodes_called(host.name, definition)
        by_file = f" ({CLUSTER_FILE} has {meant[0].addr} for it)" if len(meant) == 1 else ""
        told.append(f"Mend {way} of {host.name} in {line}{by_file}.")
    return " ".join(told)


def _where(host: Host, inventory: Inventory) -> str:
    line = f", {inventory.path.name} line {host.line}" if host.line else ""
    way = f" by {' '.join(host.ssh_args)}" if host.ssh_args else ""
    return f"at {host.address}{f' port {host.port}' * (host.port != 22)}{way}{line}"


def _without_id(name: str, seen: Identity) -> Finding:
    has = f"has {seen.machine_id!r}" if seen.machine_id else "is empty or missing"
    return Finding(
        "machine-id-missing",
        name,
        f"{ID_FILE} {has}: this machine can't be told from another one of its name",
        "32 hexadecimal digits, another one on each machine",
        f"Give it one, or the id that it had before; then {_READ_AT_START}.",
        commands=(Command(name, _NEW_ID),),
    )


def _whose(machine_id: str, recorded: Mapping[str, str], name: str) -> str:
    was = [other for other, id_ in recorded.items() if id_ == machine_id and other != name]
    return f", which was {listed(was)} then" if was else ""


def other_cluster(inventory: Inventory, definition: ClusterDefinition) -> Finding:
    """They belong to another cluster, whose nodes often have the same names."""
    meant = inventory.settings.cluster
    return Finding(
        "cluster-name-mismatch",
        meant,
        f"the inventory is for cluster {meant!r}, {CLUSTER_FILE} names {definition.hostname!r}",
        f"runbook_cluster = {definition.hostname}",
        "Make sure that this is the cluster you mean; then correct runbook_cluster or the"
        " addresses in the inventory.",
        ("roles-agree",),
    )
