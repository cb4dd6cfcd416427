"""JSON of a snapshot -> `Snapshot`; whatever is not as the form has it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rehearsal.errors import UsageError
from rehearsal.like.fields import MASKED, NODE, Fields, SnapshotError, line
from rehearsal.like.snapshot import (
    FileSystem,
    Level,
    Node,
    Pacemaker,
    Replicated,
    Repository,
    Resource,
    Snapshot,
)
from rehearsal.topology import Role, check_counts

SCHEMA = "neteye-snapshot/1"
KINDS = ("primitive", "group", "clone", "promotable", "bundle")
_STANDARDS = ("ocf", "systemd", "service", "lsb", "upstart", "stonith")
"""What pacemaker has agents of, and a dummy can stand for."""
_AGENT = re.compile(r"([a-z]+)(:[A-Za-z0-9_.@-]+){1,2}\Z")
_DEPTH = 3
"""A clone of a group of primitives: pacemaker knows nothing deeper."""
MOST_RESOURCES = 500
"""Each is a process and a monitor of the twin, on each node. No cluster of NetEye has as many."""
_MOST_CONSTRAINTS = 2000
_MOST_LEFT = 500
_MOST_REPOSITORIES = 100
_LONGEST_PATH = 400
"""Characters: all paths of a node, or repositories, have to fit into one command."""
_INTERVAL = re.compile(r"(?:0|[1-9][0-9]{0,6})(?:s|sec|m|min|h|hr)?|[0-9]{4,7}ms(?:ec)?|0ms(?:ec)?")


def parse(content: object, sha256: str) -> Snapshot:
    """The snapshot; raises SnapshotError, whose text is one sentence."""
    top = Fields(content, "")
    schema = top.text("schema", "")
    if schema != SCHEMA:
        raise SnapshotError(
            f"it is of the form {schema[:60]!r}, and this rehearsal reads {SCHEMA!r}: take the"
            " rehearsal of the runbook that wrote it"
        )
    cluster = top.object("cluster")
    nodes = cluster.objects("nodes", _node)
    _check_nodes(nodes)
    packages = cluster.object("packages")
    quorum = cluster.object("quorum")
    found = Snapshot(
        source=top.text("source"),
        target=top.text("target"),
        runbook=top.text("runbook", ""),
        made=top.text("made", ""),
        nodes=nodes,
        packages=packages.object("named").by_name(_versions),
        others=packages.object("others").as_numbers(),
        pending=packages.object("pending").as_numbers(),
        pacemaker=_pacemaker(cluster.object("pacemaker")),
        drbd=cluster.objects("drbd", _replicated),
        has_qdevice=quorum.truth("qdevice", False),
        votes=quorum.object("votes").as_numbers(),
        step=top.raw("step"),
        sha256=sha256,
        content=content if isinstance(content, dict) else {},
    )
    quorum.number("expected", 0)
    cluster.object("names").names()
    for one in (quorum, packages, cluster, top):
        one.done()
    _check_names(found)
    return found


def _check_nodes(nodes: tuple[Node, ...]) -> None:
    expected = [f"node-{number}" for number in range(1, len(nodes) + 1)]
    roles = [list(Role).index(node.role) for node in nodes]
    if [node.name for node in nodes] != expected or roles != sorted(roles):
        raise SnapshotError(
            "cluster.nodes are not node-1 and so on, in the order operative, elastic_only,"
            " voting_only"
        )
    try:
        check_counts({role: sum(node.role is role for node in nodes) for role in Role})
    except UsageError as error:
        raise SnapshotError(f"it can't be rehearsed: {error}") from error


def _check_names(found: Snapshot) -> None:
    """Ids are unique, and whoever is named is there."""
    pacemaker, known = found.pacemaker, {node.name for node in found.nodes}
    every = [one.ident for top in pacemaker.resources for one in top.all()]
    if len(every) > MOST_RESOURCES:
        raise SnapshotError(
            f"it has {len(every)} resources, and a twin has at most {MOST_RESOURCES}"
        )
    idents = set()
    for ident in every:
        if ident in idents:
            raise SnapshotError(f"two resources are called {ident!r}")
        idents.add(ident)
    named = {
        "pacemaker.running": [*pacemaker.running, *pacemaker.disabled, *pacemaker.unmanaged],
        "pacemaker.fencing_topology": [
            d for one in pacemaker.fencing_topology for d in one.devices
        ],
    }
    for where, names in named.items():
        stranger = next((name for name in names if name not in idents), None)
        if stranger is not None:
            raise SnapshotError(f"cluster.{where} names {stranger!r}, which is no resource")
    nodes = [
        *(node for where in pacemaker.running.values() for node in where),
        *(node for one in found.drbd for node in (*one.nodes, *one.diskless)),
        *(node for one in pacemaker.primitives() for node in one.fences),
    ]
    missing = next((name for name in nodes if name not in known), None)
    if missing is not None:
        raise SnapshotError(f"it names {missing!r}, which is no node of it")


def _node(one: Fields) -> Node:
    name = one.text("name")
    if not NODE.match(name):
        raise SnapshotError(f"{one.at('name')} is {name[:80]!r}, not node-1 or another number")
    dnf = one.object("dnf")
    found = Node(
        name=name,
        role=Role(one.word("role", [str(role) for role in Role])),
        release=_release(one),
        is_standby=one.truth("standby", False),
        is_active=one.truth("active", False),
        memory=one.number("memory_mb", 0),
        processors=one.number("processors", 0),
        file_systems=one.objects("file_systems", _file_system),
        becomes_by_sudo=one.word("become", ("root", "sudo"), "root") == "sudo",
        is_behind_jump_host=one.truth("through_jump_host", False),
        can_forward=one.truth("forwarding", True),
        leftovers=tuple(one.objects("leftovers", _leftover, _MOST_LEFT)),
        dnf=dnf.pairs("settings"),
        repositories=dnf.objects("repositories", _repository, _MOST_REPOSITORIES),
        locks=len(dnf.items("locks")),
        programs_missing=tuple(map(_program, one.texts("programs_missing", _MOST_LEFT))),
    )
    dnf.done()
    return found


def _file_system(one: Fields) -> FileSystem:
    return FileSystem(_path(one, "at"), one.number("size_mb"), one.number("free_mb"))


def _path(one: Fields, key: str) -> str:
    path = one.text(key, most=_LONGEST_PATH)
    if not path.startswith("/") or any(part in (".", "..") for part in path.split("/")):
        raise SnapshotError(f"{one.at(key)} is {path[:80]!r}, no path from the root")
    return path


def _release(one: Fields) -> str:
    found = one.text("release", "")
    if not re.fullmatch(r"[0-9A-Za-z.-]{0,20}", found):
        raise SnapshotError(f"{one.at('release')} is {found[:80]!r}, which is no release")
    return found


_LEFT = (".rpmnew", ".rpmsave", ".rpmorig")


def _leftover(one: Fields) -> str:
    path = _path(one, "path")
    one.truth("known", False)
    if not path.endswith(_LEFT):
        raise SnapshotError(f"{one.at('path')} ends with none of {', '.join(_LEFT)}")
    return path


def _repository(one: Fields) -> Repository:
    name = one.text("id")
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,100}", name):
        raise SnapshotError(f"{one.at('id')} is {name[:80]!r}, which is no repository's id")
    lists = (one.text("exclude", ""), one.text("includepkgs", ""))
    return Repository(name, one.truth("enabled", True), *lists)


def _program(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.+-]{1,60}", word):
        raise SnapshotError(f"a missing program is {word[:80]!r}, which is no program's name")
    return word


def _versions(one: Fields) -> Mapping[str, tuple[str, ...]]:
    return {version: one.texts(version) for version in one.names()}


def _pacemaker(one: Fields) -> Pacemaker:
    found = Pacemaker(
        properties=one.pairs("properties"),
        resource_defaults=one.pairs("resource_defaults"),
        operation_defaults=one.pairs("operation_defaults"),
        resources=one.objects("resources", _resource),
        constraints=tuple(
            _any_object(c, "constraints") for c in one.items("constraints", _MOST_CONSTRAINTS)
        ),
        fencing_topology=one.objects("fencing_topology", _level),
        node_attributes=one.object("node_attributes").by_name(Fields.as_pairs),
        node_utilization=one.object("node_utilization").by_name(Fields.as_pairs),
        running=_running(one.object("running")),
        disabled=one.texts("disabled"),
        unmanaged=one.texts("unmanaged"),
        left_out=one.object("left_out").as_numbers(),
        failures=len(one.items("failed")) + len(one.items("fail_counts")),
    )
    one.done()
    return found


def _any_object(content: object, where: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise SnapshotError(f"cluster.pacemaker.{where} has something that is no object")
    return content


def _running(one: Fields) -> Mapping[str, tuple[str, ...]]:
    return {name: one.texts(name) for name in one.names()}


def _level(one: Fields) -> Level:
    return Level(
        target=one.text("target", ""),
        pattern=one.text("target_pattern", ""),
        attribute=(one.text("target_attribute", ""), one.text("target_value", "")),
        index=one.number("index"),
        devices=one.texts("devices"),
    )


def _resource(one: Fields, depth: int = 1) -> Resource:
    if depth > _DEPTH:
        raise SnapshotError(f"{one.where} lies deeper than pacemaker's resources can")
    kind = one.word("kind", KINDS)
    is_primitive = kind == "primitive"
    found = Resource(
        ident=one.ident("id"),
        kind=kind,
        meta=one.pairs("meta"),
        members=one.objects("members", lambda member: _resource(member, depth + 1)),
        agent=_agent(one) if is_primitive else one.text("agent", ""),
        parameters=one.pairs("parameters"),
        operations=one.objects("operations", _operation),
        fences=one.texts("fences"),
    )
    expected = {"primitive": (0, 0), "group": (1, 1000), "bundle": (0, 1)}.get(kind, (1, 1))
    if not expected[0] <= len(found.members) <= expected[1]:
        raise SnapshotError(f"{found.ident} is a {kind} of {len(found.members)} resources")
    inside = {member.kind for member in found.members}
    if not inside <= ({"primitive"} if kind in ("group", "bundle") else {"primitive", "group"}):
        raise SnapshotError(f"{found.ident} is a {kind} of a {sorted(inside)[0]}")
    return found


def _agent(one: Fields) -> str:
    agent = one.text("agent")
    match = _AGENT.match(agent)
    if match is None or match[1] not in _STANDARDS:
        raise SnapshotError(
            f"{one.at('agent')} is {agent[:80]!r}, an agent of no kind that is known"
            f" ({', '.join(_STANDARDS)})"
        )
    return agent


_OPERATION = (
    *("name", "interval", "timeout", "role", "on-fail", "enabled", "start-delay"),
    *("interval-origin", "record-pending"),
)


def _operation(one: Fields) -> Mapping[str, str]:
    found = one.as_pairs()
    unknown = next((name for name in found if name not in _OPERATION), None)
    if unknown is not None:
        raise SnapshotError(f"{one.where} has {unknown!r}, which is not known")
    interval = found.get("interval", MASKED)
    if interval != MASKED and not _INTERVAL.fullmatch(interval):
        raise SnapshotError(
            f"{one.at('interval')} is {interval[:80]!r}, no time of at least a second"
        )
    return found


def _replicated(one: Fields) -> Replicated:
    return Replicated(
        line(one.raw("name"), one.at("name")),
        one.texts("nodes"),
        one.text("primary", ""),
        one.texts("diskless"),
    )
