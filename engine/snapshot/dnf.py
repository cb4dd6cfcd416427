"""How dnf is set up on a node, for a snapshot: settings, repositories, what hides packages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.model.packages import PackageState, RuleKind
from engine.model.release import Release
from engine.queries.machine import optional_file_text
from engine.queries.packages import PENDING, package_state
from engine.snapshot.names import Names
from engine.snapshot.recorded import Recorded
from engine.snapshot.shapes import is_harmless

_SETTINGS = frozenset(
    {
        *("assumeno", "assumeyes", "autocheck_running_kernel", "best", "check_config_file_age"),
        *("clean_requirements_on_remove", "debuglevel", "deltarpm", "exclude_from_weak"),
        *("exclude_from_weak_autodetect", "fastestmirror", "gpgcheck", "install_weak_deps"),
        *("installonly_limit", "keepcache", "localpkg_gpgcheck", "max_parallel_downloads"),
        *("metadata_expire", "minrate", "module_obsoletes", "module_platform_id", "obsoletes"),
        *("protect_running_kernel", "repo_gpgcheck", "retries", "skip_broken"),
        *("skip_if_unavailable", "sslverify", "strict", "timeout", "upgrade_group_objects_upgrade"),
        *("zchunk", "log_size", "log_rotate", "plugins", "history_record", "ip_resolve"),
    }
)
"""Settings of [main] whose values are switches and numbers."""
_WORDS = frozenset({"platform:el7", "platform:el8", "platform:el9", "4", "6", "never", "-1"})
_LINE = re.compile(r"(?P<key>[A-Za-z_]+)[ \t]*=[ \t]*(?P<value>.*)")
MAIN = "/etc/dnf/dnf.conf"
_VENDOR_REPOSITORY = re.compile(
    r"rhel-[0-9]-for-(?:x86_64|aarch64)-(?:baseos|appstream|highavailability|supplementary)"
    r"(?:-eus)?-(?:rpms|debug-rpms|source-rpms)|epel(?:-modular|-testing)?|baseos|appstream|extras"
    r"|powertools|highavailability|codeready-builder-for-rhel-[0-9]-(?:x86_64|aarch64)-rpms"
)
"""Ids that a distribution gives."""


def dnf_of_node(recorded: Recorded, names: Names, release: Release) -> dict[str, dict[str, Any]]:
    """Node -> `settings`, `repositories`, `locks`; nodes that did not answer are left out."""
    states = recorded.of_each(package_state(release.repository, parts=PENDING))
    texts = recorded.of_each(optional_file_text(MAIN))
    return {
        node: {
            "settings": {
                **_settings(texts.get(node) or ""),
                **_rules_of("main", state, names),
            },
            "repositories": [
                {
                    "id": _repository(one, names, release),
                    "enabled": one in state.enabled,
                    **_rules_of(one, state, names),
                }
                for one in state.repositories
            ],
            "locks": [
                {"kind": rule.kind.value, "package": _patterns(rule.patterns, names)}
                for rule in state.rules
                if rule.kind in (RuleKind.LOCK, RuleKind.BAR)
            ],
        }
        for node, state in states.items()
    }


def _settings(text: str) -> dict[str, str]:
    """Those of [main] that are switches and numbers; excludes come with the rules."""
    found, section = {}, "main"
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip().strip("[]").strip()
        match = _LINE.fullmatch(line.strip())
        if match is None or section != "main":
            continue
        key, value = match["key"].lower(), match["value"].strip()
        if key in _SETTINGS and is_harmless(value, _WORDS):
            found[key] = value
    return found


_NAMED = {RuleKind.EXCLUDE: "exclude", RuleKind.INCLUDE: "includepkgs"}


def _rules_of(section: str, state: PackageState, names: Names) -> dict[str, str]:
    found: dict[str, str] = {}
    for rule in state.rules:
        key = _NAMED.get(rule.kind)
        if key is not None and rule.section == section:
            patterns = _patterns(rule.patterns, names)
            found[key] = f"{found[key]} {patterns}" if key in found else patterns
    return found


def _patterns(patterns: Iterable[str], names: Names) -> str:
    return " ".join(names.package(pattern) for pattern in patterns)


def _repository(name: str, names: Names, release: Release) -> str:
    if name == release.repository or _VENDOR_REPOSITORY.fullmatch(name):
        return name
    return names.of("repository", name)
