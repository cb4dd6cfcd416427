"""Packages for a snapshot: the vendor's with their versions, the others counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.model.host import Package
from engine.model.packages import Unreadable
from engine.model.release import Release
from engine.queries.machine import PACKAGES
from engine.queries.packages import PENDING, package_state, repository_state
from engine.snapshot.names import Names
from engine.snapshot.recorded import Recorded

_VERSION = re.compile(r"[0-9]{1,8}(?:[.][0-9]{1,8}){0,2}(?:[~^.](?:rc|beta|alpha|a|b)[0-9]{0,3})?")
_EPOCH = re.compile(r"[1-9][0-9]?")
_RELEASE = re.compile(r"[0-9]{1,8}(?:[.][0-9]{1,8}){0,2}(?![.][0-9])")
"""Of three numbers at most: four could be an address."""
_TAG = re.compile(r"neteye(?:[0-9]{1,2}[.][0-9]{1,3})?|el[0-9]{1,2}(?:_[0-9]{1,2})?|noarch")
"""Of a distribution or of the vendor, behind the number of a package's release."""


def packages(recorded: Recorded, names: Names, release: Release) -> dict[str, Any]:
    """`named`: package -> version -> nodes; `others`: node -> how many it has beside these.

    `pending`: node -> how many updates of its version are left to install, where that was asked.
    """
    installed = _installed(recorded, release)
    named: dict[str, dict[str, list[str]]] = {}
    others: dict[str, int] = {}
    for host in recorded.inventory.hosts:
        if host.name not in installed:
            continue
        node = names.node(host.name)
        others[node] = 0
        for package in installed[host.name]:
            if package.name not in names.vocabulary.packages:
                others[node] += 1
                continue
            versions = named.setdefault(package.name, {})
            versions.setdefault(_evr(package, names), []).append(node)
    asked = recorded.of_each(package_state(release.repository, parts=PENDING))
    pending = {
        names.node(node): len(state.pending)
        for node, state in asked.items()
        if not isinstance(state, Unreadable)
    }
    return {"named": named, "others": others, **({"pending": pending} if pending else {})}


def _installed(recorded: Recorded, release: Release) -> dict[str, Iterable[Package]]:
    """Of all nodes, by what they said beside their repository; else of those that were asked."""
    beside = recorded.of_each(repository_state(release.repository, str(release.target)))
    asked = recorded.of_each(PACKAGES)
    found: dict[str, Iterable[Package]] = dict(asked.items())
    for node, state in beside.items():
        if not isinstance(state, Unreadable) and state.installed:
            found[node] = state.installed
    return found


def _evr(package: Package, names: Names) -> str:
    """As rpm prints it; what somebody else has added to it is replaced."""
    known = _VERSION.fullmatch(package.version)
    version = package.version if known else names.of("version", package.version)
    number = _RELEASE.match(package.release)
    tag = package.release[number.end() :].lstrip(".") if number else package.release
    kept = number[0] if number else "0"
    if tag:
        kept = f"{kept}.{tag if _is_tag(tag) else names.of('build', tag)}"
    epoch = f"{package.epoch}:" if _EPOCH.fullmatch(package.epoch) else ""
    return f"{epoch}{version}-{kept}"


def _is_tag(text: str) -> bool:
    parts = re.split(r"[.](?=[a-z])", text)
    return all(_TAG.fullmatch(part) for part in parts)
