"""Which of a run's files go into its support bundle, as they were recorded: masked already."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.record.archive import Entry

FILES = ("journal.jsonl", "summary.json", "plan.json", "evidence.html", "report.html")
MIB = 1 << 20
OUTPUTS = 64 * MIB
"""Bytes of long outputs that are taken, the newest first."""
LEFT_OUT = (
    "backups/ (the table's dump, the list of machines), CSV lists of outputs/, junit.xml, manifest"
    " and signature: they stay in the run's directory"
)


@dataclass
class Recorded:
    """The entries, and what is not there and why."""

    entries: list[Entry] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def recorded(directory: Path) -> Recorded:
    """The files of a run's directory, below `run/`. Raises OSError when it can't be listed."""
    found = Recorded()
    for name in FILES:
        if _is_file(directory / name):
            found.entries.append(_entry(directory, directory / name))
        elif name != "plan.json":  # only a plan leaves one
            found.missing.append(f"{name}: the run has not written it")
    found.entries += [_entry(directory, path) for path in _files(directory / "earlier", "*.jsonl")]
    left = OUTPUTS
    # their names begin with a number that counts up; those of earlier runs come after this one's
    place = directory / "outputs"
    for path in (*reversed(_files(place, "*.txt")), *reversed(_files(place, "*/*.txt"))):
        size = path.stat().st_size
        if size > left:
            name = path.relative_to(directory).as_posix()
            found.missing.append(f"{name}: {size} bytes, {OUTPUTS >> 20} MiB are full")
            continue
        left -= size
        found.entries.append(_entry(directory, path))
    return found


def _files(directory: Path, pattern: str) -> list[Path]:
    return sorted(path for path in directory.glob(pattern) if _is_file(path))


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _entry(directory: Path, path: Path) -> Entry:
    return Entry(f"run/{path.relative_to(directory).as_posix()}", path)
