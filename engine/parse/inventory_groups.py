"""Groups of groups: which role a group's hosts have, and whose variables they inherit.

As Ansible has it: `[PARENT:children]` lists groups, a host has the variables of all groups above
its own, and the nearer group's value counts. A role is given by one of the runbook's groups, which
may be a parent or a child like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.parse.inventory_lines import GROUPS, SECTIONS, HostLine, Lines, did_you_mean


def resolve(lines: Lines) -> None:
    """Give each host its role and the groups above its own; adds a problem where it can't."""
    groups = _Groups(lines)
    groups.check()
    lines.hosts = [host for line in lines.hosts for host in groups.placed(line)]


class _Groups:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._parents: dict[str, list[str]] = {}
        for parent, children in lines.children.items():
            for child in children:
                self._parents.setdefault(child, []).append(parent)

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
