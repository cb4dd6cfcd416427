"""The inventory: an Ansible INI file -> a checked Inventory, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.definition import short
from engine.model.groups import grouped
from engine.model.inventory import Host, Inventory, Role, Setting
from engine.parse.inventory_lines import (
    GROUPS,
    SECTIONS,
    HostLine,
    Lines,
    Wrong,
    did_you_mean,
    read_lines,
)
from engine.parse.inventory_settings import (
    Problems,
    Readers,
    check_variable,
    read_host,
    read_settings,
    readers_with,
)
from engine.verify import read_file

Step = tuple[Setting[Any], ...]
_LARGEST = 16 << 20
"""Bytes."""


def read_inventory(path: Path, step: Step = ()) -> Inventory:
    """Reads and checks an inventory; `step` are settings that only the version step has.

    UsageError with a line `file:line: what is wrong, what is allowed` for each of the first
    problems, and how many more there are.
    Hosts are ordered operative, Elastic-only, voting-only, within a group as in the file.
    """
    return parse_inventory(_text(path), path, step)


def parse_inventory(text: str, path: Path, step: Step = ()) -> Inventory:
    """The same for a text that was read from `path`."""
    lines = read_lines(text)
    resolve(lines)
    problems = Problems(path, lines.problems)
    warnings = _check_variables(lines, readers_with(step), problems)
    problems.raise_any()
    hosts = [read_host(host, lines.variables, problems) for host in lines.hosts]
    settings = read_settings(lines.variables.get("all", {}), step, problems)
    _check_unique(lines.hosts, hosts, problems)
    _check_roles(lines, hosts, problems)
    problems.raise_any()
    if settings is None:
        raise UsageError(f"{path}: settings are incomplete, expected them in [all:vars]")
    order = list(Role)
    ordered = sorted(hosts, key=lambda host: order.index(host.role))
    return Inventory(path, tuple(ordered), settings, warnings)


def _text(path: Path) -> str:
    try:
        content = read_file(path, _LARGEST)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{path}: can't read the inventory: {reason}") from None
    except ValueError as error:
        raise UsageError(f"{str(path)!r}: can't read the inventory: {error}") from None
    if content.startswith(b"\xef\xbb\xbf"):
        raise UsageError(f"{path}:1: begins with a byte order mark; save it as plain UTF-8")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from None


def _check_variables(lines: Lines, readers: Readers, problems: Problems) -> tuple[str, ...]:
    """Warnings of variables that change nothing here, one for each variable."""
    # hosts of one range share their variables: told once
    own = {(name, v.line): v for host in lines.hosts for name, v in host.variables.items()}
    given = [
        *(
            (name, v, g == "all")
            for g, named in lines.variables.items()
            for name, v in named.items()
        ),
        *((name, value, False) for (name, _), value in sorted(own.items(), key=lambda one: one[0])),
    ]
    remarks: dict[str, int] = {}
    for name, value, is_for_all in given:
        try:
            if said := check_variable(name, value, readers, is_for_all):
                remarks.setdefault(said, value.line)
        except Wrong as wrong:
            problems.add(value.line, str(wrong))
    return tuple(f"{problems.place(line)}: {said}" for said, line in remarks.items())


def _check_unique(lines: list[HostLine], hosts: list[Host], problems: Problems) -> None:
    """A name, its short form and an address (with port) belong to one host only."""
    names: dict[str, HostLine] = {}
    addresses: dict[tuple[str, int], HostLine] = {}
    for line, host in zip(lines, hosts, strict=True):
        first = _same_name(host.name.lower(), names)
        if first:
            problem = f"host {host.name!r} is there twice, already as {first.name!r}"
            problems.add(line.line, f"{problem} in line {first.line} ([{first.group}])")
            continue
        names[host.name.lower()] = line
        key = (host.address.lower(), host.port)
        if key in addresses:
            other = addresses[key]
            problem = f"host {host.name!r} has the address {host.address} port {host.port}"
            problems.add(line.line, f"{problem} of {other.name!r} in line {other.line}")
        addresses.setdefault(key, line)


def _same_name(name: str, names: dict[str, HostLine]) -> HostLine | None:
    """The host that has this name, its short form, or a long form of it."""
    longer = (key for key in names if "." not in name and key.startswith(f"{name}."))
    candidates: Iterable[str] = (name, short(name), *longer)
    return next((names[key] for key in candidates if key in names), None)


def _check_roles(lines: Lines, hosts: list[Host], problems: Problems) -> None:
    operative = [host for host in hosts if host.role is Role.OPERATIVE]
    if len(operative) < 2:
        found = f"has {len(operative) or 'no'} operative node{'s' * (len(operative) != 1)}"
        expected = "expected at least 2: a cluster is what the runbook upgrades"
        problems.add(lines.groups.get("operative"), f"[operative] {found}, {expected}")
    voting = [host for host in lines.hosts if host.role == Role.VOTING_ONLY.value]
    for extra in voting[1:]:
        problem = f"{extra.name!r} is a second voting-only node beside {voting[0].name!r}"
        problems.add(extra.line, f"{problem}, expected at most 1 in [voting_only]")


def resolve(lines: Lines) -> None:
    """Give each host its role and the groups above its own; adds a problem where it can't.

    As Ansible has it: `[PARENT:children]` lists groups, a host has the variables of all groups
    above its own, and the nearer group's value counts. A role is given by one of the runbook's
    groups, which may be a parent or a child like any other.
    """
    groups = _Groups(lines)
    groups.check()
    lines.hosts = [host for line in lines.hosts for host in groups.placed(line)]


class _Groups:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._parents = grouped(
            (child, parent) for parent, children in lines.children.items() for child in children
        )

    def check(self) -> None:
        for parent, children in self._lines.children.items():
            for child, line in children.items():
                self._check_child(parent, child, line)
        for group, line in self._lines.groups.items():
            if len(roles := self._roles(group)) > 1:
                self._problem(line, f"[{group}] is in {' and '.join(roles)}; a host has one role")
            elif not roles:
                self._problem(line, _unknown(group))
        for group, variables in self._lines.variables.items():
            if group != "all" and group not in self._known() and variables:
                self._problem(*self._without_hosts(group))

    def placed(self, host: HostLine) -> Iterator[HostLine]:
        """The host with its role; none when it has not exactly one."""
        roles = self._roles(host.group)
        if len(roles) == 1:
            yield replace(host, role=roles[0], groups=tuple(self._above(host.group)))

    def _check_child(self, parent: str, child: str, line: int) -> None:
        if child == "all" or parent == "all":
            self._problem(line, "[all] is above every group already")
        elif child not in self._known():
            near = did_you_mean(child, self._known())
            self._problem(line, f"there is no group {child!r} for [{parent}:children]{near}")
        elif parent == child or parent in self._below(child):
            self._problem(line, f"[{parent}:children] has {child!r}, which is above it already")

    def _known(self) -> set[str]:
        return {*self._lines.groups, *self._lines.children}

    def _without_hosts(self, group: str) -> tuple[int, str]:
        first = min(value.line for value in self._lines.variables[group].values())
        section = self._lines.sections.get(f"[{group}:vars]", first)
        if group in GROUPS:
            return first, f"[{group}:vars] without [{group}]; add the group or remove its variables"
        return section, _unknown(group)

    def _problem(self, line: int, problem: str) -> None:
        self._lines.problems.append((line, problem))

    def _roles(self, group: str) -> list[str]:
        return [name for name in (*self._above(group), group) if name in GROUPS]

    def _above(self, group: str) -> list[str]:
        """All groups above it, the farthest first; each once, whatever the ways to it."""
        depth: dict[str, int] = {}
        level = [group]
        # a circle ends here as well: no way is longer than there are groups
        for distance in range(1, len(self._parents) + 1):
            level = [parent for name in level for parent in self._parents.get(name, ())]
            depth |= dict.fromkeys((name for name in level if name != group), distance)
        return sorted(depth, key=lambda name: (-depth[name], name))

    def _below(self, group: str) -> set[str]:
        found: set[str] = set()
        left = [group]
        while left:
            children = set(self._lines.children.get(left.pop(), ())) - found
            found |= children
            left += children
        return found


def _unknown(group: str) -> str:
    near = did_you_mean(group, GROUPS)
    return f"unknown group {group!r}{near or ';'} allowed are {', '.join(SECTIONS)}"
