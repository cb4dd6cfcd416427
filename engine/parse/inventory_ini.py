"""The inventory: an Ansible INI file -> a checked Inventory, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.definition import short
from engine.model.inventory import Host, Inventory, Role, Setting
from engine.parse.inventory_groups import resolve
from engine.parse.inventory_lines import HostLine, Lines, Wrong, read_lines
from engine.parse.inventory_settings import (
    Problems,
    Readers,
    check_variable,
    read_host,
    read_settings,
    readers_with,
)

Step = tuple[Setting[Any], ...]


def read_inventory(path: Path, step: Step = ()) -> Inventory:
    """Reads and checks an inventory; `step` are settings that only the version step has.

    UsageError with a line `file:line: what is wrong, what is allowed` for each problem.
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
        content = path.read_bytes()
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
