"""A run's snapshot, made of its record alone: the same record gives the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.ending import Mode
from engine.model.release import Release
from engine.record.archive import Entry, write_archive
from engine.report.evidence_files import Evidence, told_as_odd
from engine.snapshot import words
from engine.snapshot.cluster import Cluster
from engine.snapshot.guard import NotWritten, refuse_names
from engine.snapshot.index import NAME as INDEX
from engine.snapshot.index import render_index
from engine.snapshot.names import Names
from engine.snapshot.parts import Parts
from engine.snapshot.recorded import Recorded

NAME = "snapshot.tar.gz"
DOCUMENT = "snapshot.json"
SCHEMA = "neteye-snapshot/1"
MOST = 10 << 20
"""Bytes: more than a snapshot of any cluster has. One that is larger is none."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_FREE = frozenset({"named", "runbook", "release", "source", "target", "plugin", "shape"})
"""Keys below which versions and shapes stand, some of which look like addresses."""


def write_snapshot(
    evidence: Evidence, release: Release, path: Path, clean: Callable[[str], str] = str
) -> int:
    """Write the snapshot of a run as the file `path`; returns its size in bytes.

    `clean` masks secrets that are known. UsageError: the run lacks what is needed, or is of another
    upgrade. NotWritten: something in it would name somebody. OSError.
    """
    with told_as_odd(evidence.directory):
        recorded = Recorded(evidence)
        parts = _parts_of(release, recorded)
        names = Names(parts.vocabulary)
        document = _document(recorded, names, release, parts)
        mode = Mode(recorded.begun["mode"])
    fixed = (*parts.vocabulary.words, *parts.words, *_everybodys(document))
    refuse_names(document, names.originals, fixed, clean, _FREE)
    index = render_index(
        document,
        parts.in_words(document["step"]),
        recorded.missing,
        mode.value,
    )
    content = json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"
    if len(content) > MOST:
        raise NotWritten(
            f"the snapshot would have {len(content) >> 20} MiB, more than {MOST >> 20}; please hand"
            " in that this happened: it is a fault of ours"
        )
    moment = datetime.fromisoformat(f"{document['made']}T00:00:00").replace(tzinfo=UTC)
    entries = [Entry(INDEX, index), Entry(DOCUMENT, content)]
    write_archive(path, "", entries, moment)
    return path.stat().st_size


def _parts_of(release: Release, recorded: Recorded) -> Parts:
    begun, pair = recorded.begun, (str(release.source), str(release.target))
    if (begun["source"], begun["target"]) != pair:
        raise UsageError(
            f"run {begun['run']} is of the upgrade {begun['source']} -> {begun['target']}, but this"
            f" is the runbook of {pair[0]} -> {pair[1]}; use the version that made it"
        )
    parts: Parts | None = release.snapshot
    if parts is None:
        raise UsageError(f"the upgrade {pair[0]} -> {pair[1]} knows no snapshot")
    return parts


def _document(recorded: Recorded, names: Names, release: Release, parts: Parts) -> dict[str, Any]:
    cluster = Cluster(recorded, names, release, parts)
    section = cluster.as_data()
    step = parts.section(recorded, names)
    return {
        "schema": SCHEMA,
        "source": str(release.source),
        "target": str(release.target),
        "runbook": _held_to(_DIGEST, recorded.begun["runbook"]),
        "made": _held_to(_DAY, str(recorded.begun["time"])[:10]),
        "cluster": {**section, "names": names.as_data()},
        "step": step,
    }


def _held_to(form: re.Pattern[str], value: object) -> str:
    """ValueError for what is not of this form: it would stand in the snapshot as it is."""
    if not form.fullmatch(str(value)):
        raise ValueError("a field of run-started has not the form that a run gives it")
    return str(value)


def _everybodys(document: Mapping[str, Any]) -> list[str]:
    """Words of pacemaker, and keys that every snapshot has."""
    found = [
        *words.PROPERTIES,
        *words.META,
        *words.OPERATION,
        *words.OPERATIONS,
        *words.PARAMETERS,
        *words.ATTRIBUTES,
        *words.WORDS,
        *words.RESOURCE_AGENTS,
        *words.PROVIDERS,
        *words.CLASSES,
        *_KEYS,
    ]
    return [str(document["source"]), str(document["target"]), *found]


_KEYS = (
    *("schema", "source", "target", "runbook", "made", "cluster", "step", "nodes", "packages"),
    *("pacemaker", "drbd", "quorum", "names", "name", "role", "release", "standby", "active"),
    *("memory_mb", "processors", "file_systems", "become", "through_jump_host", "forwarding"),
    *("leftovers", "dnf", "programs_missing", "at", "size_mb", "free_mb", "path", "known", "id"),
    *("settings", "repositories", "locks", "enabled", "exclude", "includepkgs", "named", "others"),
    *("properties", "resource_defaults", "operation_defaults", "resources", "constraints"),
    *("fencing_topology", "node_attributes", "node_utilization", "left_out", "running", "failed"),
    *("disabled", "unmanaged", "fail_counts", "kind", "meta", "members", "agent", "parameters"),
    *("operations", "target", "index", "devices", "primary", "diskless", "qdevice", "expected"),
    *("votes", "services", "vendor", "site", "sudo", "root", "operative", "elastic_only"),
    *("voting_only", "node", "service", "host", "address", "user", "constraint", "rsc", "sets"),
    *("package", "code", "count", "operation", "resource", "order", "location", "colocation"),
    # what replacements are called
    *("text", "value", "path", "fence", "provider", "property", "attribute", "pattern", "class"),
    *("repository", "build", "version", "module", "variable", "directive", "database", "level"),
    *("group", "clone", "bundle", "primitive", "promotable", "ticket", "true", "false"),
    *("agent", "meta", "property", "cli", "ban", "prefer"),
)
"""A site's name that is one of these words names nobody, and so does one that is called like a
replacement: all that these begin with are here."""
