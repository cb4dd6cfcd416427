"""The directory that a run leaves below `reports/`, and where `reports/latest` points."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from engine.errors import UsageError
from engine.record.journal import Journal

LATEST = "latest"


def new_run_id(cluster: str, now: datetime) -> str:
    """UTC time, cluster name, four random characters: sorts by time, safe as a file name."""
    name = re.sub(r"[^A-Za-z0-9.-]", "-", cluster)
    return f"{now:%Y%m%dT%H%M%SZ}-{name}-{secrets.token_hex(2)}"


def latest_in(reports: Path) -> str:
    """The run that `reports/latest` points to; empty: it points to none."""
    with contextlib.suppress(OSError):
        return (reports / LATEST).readlink().name
    return ""


def give_latest_back(directory: Path, before: str) -> None:
    """Have `reports/latest` point from the run of `directory` to the one `before` it again.

    People look there for the one at work. When it points to a third one meanwhile, or there was
    none before (empty), it stays. Raises OSError.
    """
    reports, run_id = directory.parent, directory.name
    if latest_in(reports) == run_id and before and (reports / before).is_dir():
        _point_latest(reports, before, run_id)


def open_directory(reports: Path, run_id: str) -> Path:
    """`reports/<run-id>` (0700), with `reports/latest` pointing to it. Raises UsageError."""
    try:
        return _make_directory(reports, run_id)
    except OSError as error:
        raise UsageError(why_not_begun(reports / run_id, error.strerror or str(error))) from error


def open_journal(directory: Path, run_id: str, clean: Callable[[str], str]) -> Journal:
    """The run's journal in its directory. Raises UsageError."""
    path = directory / "journal.jsonl"
    try:
        return Journal(path, run_id, clean)
    except OSError as error:
        raise UsageError(why_not_begun(path, error.strerror or str(error))) from error


def why_not_begun(path: Path, why: str) -> str:
    """A sentence: this file or directory can't be written, so the run does nothing."""
    return (
        f"{path}: can't be written ({why}); nothing was asked or changed. Make room, or make the"
        " directory writable, then run again"
    )


def _make_directory(reports: Path, run_id: str) -> Path:
    directory = reports / run_id
    directory.mkdir(mode=0o700, parents=True)
    for part in ("outputs", "backups", "earlier"):
        (directory / part).mkdir(mode=0o700)
    _point_latest(reports, run_id, run_id)
    return directory


def _point_latest(reports: Path, to: str, by: str) -> None:
    fresh = reports / f".{LATEST}-{by}"
    fresh.symlink_to(to)
    fresh.replace(reports / LATEST)
