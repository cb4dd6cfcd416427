"""What a plan, an approval or a takeover depends on, and a hash over it.

Material is what decides what a run would do: nodes, roles, versions, the runbook's text, settings,
steps, blocking findings, acceptances. Counts, times, free space and placement are not: two plans
of an unchanged cluster have the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from engine.model.change import Change
from engine.model.finding import Acceptance, Finding
from engine.model.inventory import Counts, Settings
from engine.model.plan import PlannedStep
from engine.model.release import Release

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = ("engine", "runbook")
BESIDE = ("conftest.py", "pytest.ini", "requirements.txt", "requirements-dev.txt")
"""Files beside those folders that decide as well what runs."""


def runbook_hash(root: Path | None = None, step: Path | None = None) -> str:
    """sha256 over names and contents of what the runbook is made of, as hexadecimal digits.

    The same for every clone of the same text: paths are relative, and line ends count as one
    character, except in data.
    """
    return _hash_of(root, _elsewhere(root or PROJECT, step))


@cache
def _hash_of(root: Path | None, step: Path | None) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(source_files(root, step).items()):
        content = path.read_bytes()
        if b"\0" not in content:
            content = content.replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def source_files(root: Path | None = None, step: Path | None = None) -> Mapping[str, Path]:
    """Relative name -> file: engine/ and runbook/ with templates and data, and those beside them.

    Also the folder `step` of a version step that is kept elsewhere. Caches are no part of it.
    """
    return _sources_of(root or PROJECT, _elsewhere(root or PROJECT, step))


def _elsewhere(root: Path, step: Path | None) -> Path | None:
    """The folder of the version step, unless it lies in one of the runbook's own."""
    is_own = step is None or any(step.is_relative_to(root / part) for part in SOURCES)
    return None if is_own else step


@cache
def _sources_of(root: Path, step: Path | None) -> Mapping[str, Path]:
    found = [(root, path) for part in SOURCES for path in (root / part).rglob("*")]
    found += [(root, root / name) for name in BESIDE]
    if step is not None:
        found += [(step.parent, path) for path in step.rglob("*")]
    names = {path.relative_to(base).as_posix(): path for base, path in found if path.is_file()}
    return {name: path for name, path in names.items() if not _is_cached(name)}


def _is_cached(name: str) -> bool:
    """Python's and other tools' own. A compiled module beside the sources is none: it may run."""
    return any(part == "__pycache__" or part.startswith(".") for part in name.split("/"))


def canonical(value: Any) -> str:
    """JSON in one form only: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def material_hash(material: Mapping[str, Any]) -> str:
    """sha256 over the canonical form, as hexadecimal digits."""
    return hashlib.sha256(canonical(material).encode()).hexdigest()


def steering_settings(settings: Settings) -> dict[str, Any]:
    """`runbook_*` of the inventory that decide what a run does; no connection variables."""
    return {n: _plain(value) for n, value in settings.by_name(Counts.FOR_PLAN).items()}


def material_of(
    facts: Mapping[str, Any],
    *,
    position: str,
    steps: Iterable[PlannedStep],
    findings: Iterable[Finding],
) -> dict[str, Any]:
    """All material facts of a plan, JSON-able: what it knew at its start, and what it found."""
    return {
        **facts,
        "position": position,
        "steps": [_step(step) for step in steps],
        "blocking": sorted({(f.code, f.subject) for f in findings if _is_material(f)}),
    }


def _is_material(finding: Finding) -> bool:
    """All findings are, except that the plan is not approved yet."""
    return finding.blocks and not finding.code.startswith("approval")


def facts_before_a_change(
    *,
    roles: Mapping[str, str],
    active: str,
    versions: Mapping[str, object],
    release: Release,
    scope: str,
    settings: Settings,
    acceptances: Iterable[Acceptance],
    runbook: str,
) -> dict[str, Any]:
    """Those of the material facts that a run knows at its start, to compare with a plan's.

    `roles` and `versions` are by node, `active` is N. A node whose version is not known is left
    out of `versions`; a finding tells why.
    """
    return {
        "cluster": settings.cluster,
        "nodes": dict(roles),
        "active": active,
        "versions": {node: str(version) for node, version in versions.items()},
        "source": str(release.source),
        "target": str(release.target),
        "runbook": runbook,
        "scope": scope,
        "settings": steering_settings(settings),
        "acceptances": sorted((_acceptance(a) for a in acceptances), key=canonical),
    }


def _step(step: PlannedStep) -> dict[str, Any]:
    commands = [list(change.argv) for change in step.changes if is_stable(change)]
    return {"name": step.name, "verdict": step.verdict.value, "commands": commands}


def is_stable(change: Change) -> bool:
    """A plain command. Scripts carry sizes, dates and the attempt's directory with them."""
    return "-c" not in change.argv[1:2]


def _acceptance(acceptance: Acceptance) -> dict[str, Any]:
    """What was accepted, by whom, why, until when; not in which run it was said first."""
    wanted = ("code", "subject", "reason", "by", "until")
    return {name: _plain(getattr(acceptance, name)) for name in wanted}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        # the same moment in another zone is the same fact
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple | list | frozenset | set):
        return sorted(map(str, value)) if isinstance(value, frozenset | set) else list(value)
    return value if isinstance(value, str | int | float | None) else str(value)
