"""The section `cluster` of a snapshot: what every version step finds, from recorded answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.errors import ParseError, UsageError
from engine.model.cluster import ClusterStatus
from engine.model.host import FileSystem
from engine.model.inventory import Host, Role
from engine.model.names import Names as NodeNames
from engine.model.names import names_of
from engine.model.release import Release
from engine.queries.identity import WHO
from engine.queries.machine import FILE_SYSTEMS, LEFTOVERS, MEMORY, PROCESSORS
from engine.queries.neteye import DRBD, VERSION
from engine.queries.pacemaker import CIB, QUORUM, STATUS
from engine.snapshot.dnf import dnf_of_node
from engine.snapshot.names import Names
from engine.snapshot.pacemaker import Configuration
from engine.snapshot.packages import packages
from engine.snapshot.parts import Parts
from engine.snapshot.recorded import Recorded
from engine.snapshot.shapes import count_of, kept_or_masked
from engine.snapshot.words import OPERATIONS

_ORDER = tuple(Role)
_MIB = 1 << 20
_PASSING = ("/dev", "/run", "/sys", "/proc")
"""File systems that the kernel makes with each start."""
_SUFFIXES = (".rpmnew", ".rpmsave", ".rpmorig")
_JUMPS = ("-J", "ProxyJump")
_MOST = 10_000
"""Processors of a node, votes of a cluster: no number is larger."""
_LARGEST = 1 << 32
"""MiB of a file system."""
_FAILURES = 1000
"""Failed actions that are listed."""


class Cluster:
    """The section of one run's record."""

    def __init__(self, recorded: Recorded, names: Names, release: Release, parts: Parts) -> None:
        """UsageError where the run lacks what no snapshot can do without."""
        self._recorded, self._names = recorded, names
        self._release, self._parts = release, parts
        inventory = recorded.inventory
        self._hosts = sorted(inventory.hosts, key=lambda host: _ORDER.index(host.role))
        self._who = recorded.of_each(WHO)
        definition = next((one.definition for one in self._who.values() if one.definition), None)
        if definition is not None:
            names.guard(definition.hostname, "the name of the cluster")
            names.guard(definition.cluster_ip, "an address")
        self._nodes: NodeNames = names_of(inventory, definition)
        for host in self._hosts:
            names.add_node(self._aliases(host))
        for text in recorded.strings_of_the_start():
            names.guard(text, "who or what the run was started with")
        status = recorded.first(STATUS)
        configuration = next(iter(recorded.texts(CIB.name).values()), None)
        if status is None or configuration is None:
            raise UsageError(_lacking(recorded, CIB.name if status else STATUS.name))
        self._status: ClusterStatus = self._nodes.localised(status)
        try:
            self._configuration = Configuration(configuration, names)
        except ParseError as error:
            raise UsageError(_lacking(recorded, CIB.name)) from error

    def _aliases(self, host: Host) -> Iterator[str]:
        yield host.name
        yield host.address
        yield from (alias for alias, name in self._nodes.aliases.items() if name == host.name)
        yield self._nodes.internal[host.name]
        seen = self._who.get(host.name)
        if seen is not None:
            for name in seen.names:
                yield name
                yield name.partition(".")[0]
            yield from seen.addresses
            self._names.guard(seen.machine_id, "the id of a machine")

    def as_data(self) -> dict[str, Any]:
        """JSON-able; the names that stay are told last."""
        section = {
            "nodes": self._of_nodes(),
            "packages": packages(self._recorded, self._names, self._release),
            "pacemaker": {**self._configuration.as_data(), **self._of_status()},
            "drbd": self._drbd(),
            "quorum": self._quorum(),
        }
        return {**section, "names": self._names.as_data()}

    def _of_nodes(self) -> list[dict[str, Any]]:
        record, name = self._recorded, self._names.node
        versions, file_systems = record.of_each(VERSION), record.of_each(FILE_SYSTEMS)
        memory, processors = record.of_each(MEMORY), record.of_each(PROCESSORS)
        leftovers, missing = record.of_each(LEFTOVERS), record.every(self._parts.programs)
        dnf = dnf_of_node(record, self._names, self._release)
        standby = {self._nodes.of_pacemaker(one) for one in self._status.standby_nodes}
        found = []
        for host in self._hosts:
            node = host.name
            one: dict[str, Any] = {
                "name": name(node),
                "role": host.role.value,
                "release": str(versions[node]) if node in versions else None,
                "standby": node in standby,
                "active": node == self._nodes.active,
                "memory_mb": _mib(memory[node].total) if node in memory else None,
                "processors": count_of(processors.get(node), _MOST),
                "file_systems": list(self._file_systems(file_systems.get(node, ()))),
                "become": "sudo" if host.become else "root",
                "through_jump_host": any(
                    arg.startswith(_JUMPS) or "ProxyJump" in arg for arg in host.ssh_args
                ),
                "forwarding": record.sockets.get(node, "forwarding") == "forwarding",
                "leftovers": list(self._leftovers(leftovers.get(node, ()))),
                "dnf": dnf.get(node),
                "programs_missing": [
                    program
                    for seen in missing.get(node, ())
                    for program in seen
                    if program in self._parts.program_names
                ],
            }
            found.append(one)
        return found

    def _file_systems(self, seen: Iterable[FileSystem]) -> Iterator[dict[str, Any]]:
        for one in seen:
            if one.mount.startswith(tuple(f"{place}/" for place in _PASSING)):
                continue
            if one.mount in _PASSING:
                continue
            yield {
                "at": self._names.path(one.mount),
                "size_mb": _mib(one.size),
                "free_mb": _mib(max(0, one.available)),
            }

    def _leftovers(self, paths: Iterable[str]) -> Iterator[dict[str, Any]]:
        for path in paths:
            if path in self._release.known_conflicts:
                yield {"path": path, "known": True}
                continue
            suffix = next((one for one in _SUFFIXES if path.endswith(one)), "")
            plain = path.removesuffix(suffix)
            yield {"path": f"{self._names.path(plain)}{suffix}", "known": False}

    def _of_status(self) -> dict[str, Any]:
        """What runs where, and what somebody has stopped or keeps pacemaker off."""
        status, resource = self._status, self._configuration.resource
        node = self._names.node
        running = {
            resource(one): [node(place) for place in places]
            for one, places in sorted(status.placement.items())
        }
        return {
            "running": running,
            "disabled": sorted({resource(r.id) for r in status.resources if r.is_disabled}),
            "unmanaged": sorted({resource(r.id) for r in status.resources if not r.managed}),
            "failed": [
                {
                    "resource": resource(one.resource),
                    "operation": kept_or_masked(one.operation, OPERATIONS),
                    "node": node(one.node),
                    "code": count_of(one.exit_code, 255),
                }
                for one in status.failures[:_FAILURES]
            ],
            "fail_counts": [
                {
                    "resource": resource(one.resource),
                    "node": node(one.node),
                    "count": kept_or_masked(one.count),
                }
                for one in status.fail_counts[:_FAILURES]
            ],
        }

    def _drbd(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for host in self._hosts:
            for one in self._answers_of_drbd().get(host.name, ()):
                name, node = self._names.service(one.name), self._names.node(host.name)
                told = found.setdefault(
                    name, {"name": name, "nodes": [], "primary": None, "diskless": []}
                )
                told["nodes"].append(node)
                if one.role == "Primary":
                    told["primary"] = node
                if any(device.is_client for device in one.devices):
                    told["diskless"].append(node)
        return [found[name] for name in sorted(found)]

    def _answers_of_drbd(self) -> Mapping[str, Any]:
        return self._recorded.of_each(DRBD)

    def _quorum(self) -> dict[str, Any]:
        seen = self._recorded.first(QUORUM)
        if seen is None:
            return {"qdevice": None, "expected": None, "votes": {}}
        return {
            "qdevice": seen.has_qdevice,
            "expected": count_of(seen.expected_votes, _MOST),
            "votes": {
                self._names.node(one.name): count_of(one.votes, _MOST)
                for one in seen.members
                if self._names.is_node(one.name.partition(" ")[0])
            },
        }


def _mib(size: int) -> int | None:
    return count_of(size // _MIB, _LARGEST)


def _lacking(recorded: Recorded, question: str) -> str:
    return (
        f"run {recorded.begun['run']} has no answer to {question!r} that can be read, and no"
        " snapshot can do without it; make one of a plan that came to its end"
    )
