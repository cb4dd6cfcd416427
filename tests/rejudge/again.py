"""Runs of the tiny project judged again, as they are and with their record altered."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.record.lines import JournalFile
from engine.rejudge.again import judge_again
from engine.rejudge.compare import Again, State
from engine.report.evidence_files import JOURNAL, Evidence
from engine.verify import GENESIS, SEALED, WITNESSED, digest
from tests.plugin.kit import Project

Event = dict[str, Any]


def evidence_of(directory: Path, own: Sequence[Event]) -> Evidence:
    """A run's directory with these events."""
    path = directory / JOURNAL
    path.write_text("".join(f"{json.dumps(event)}\n" for event in own), encoding="utf-8")
    return Evidence(directory, JournalFile(path), {})


def judged(project: Project, run: Path | None = None) -> Again:
    """`python -m engine judge RUN` with the tiny project's runbook, in this process."""
    # the project's modules are loaded anew, as by a process of its own
    before = set(sys.modules)
    path = list(sys.path)
    kept = {n: sys.modules.pop(n) for n in list(sys.modules) if n.startswith(("conftest", "test_"))}
    try:
        return judge_again(run or project.latest, project.path)
    finally:
        for name in set(sys.modules) - before:
            if name.startswith(("conftest", "test_")):
                del sys.modules[name]
        sys.modules.update(kept)
        sys.path[:] = path


def altered(run: Path, place: Path, change: Callable[[Event], Event | None]) -> Path:
    """A copy of the run whose events are what `change` makes of them, its chain made anew.

    None leaves an event out. There is no seal: it would be that of another journal. Nor was
    its head given to anybody.
    """
    shutil.copytree(run, place)
    lines, previous = [], GENESIS
    for text in (run / "journal.jsonl").read_text().split("\n")[:-1]:
        event = change(json.loads(text))
        if event is None or event["event"] in (WITNESSED, SEALED):
            continue
        line = json.dumps({**event, "seq": len(lines) + 1, "prev": previous}, ensure_ascii=False)
        lines.append(line)
        previous = digest(line.encode())
    (place / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines))
    for name in ("manifest.json", "manifest.json.sig"):
        (place / name).unlink(missing_ok=True)
    return place


def states(again: Again) -> dict[str, State]:
    return {step.name: step.state for step in again.steps}


def differences(again: Again) -> list[tuple[str, str, str, str]]:
    """(step, code, subject, what) of each difference."""
    return [
        (step.name, one.code, one.subject, one.what)
        for step in again.steps
        for one in step.differences
    ]


def contents(run: Path) -> dict[str, bytes]:
    return {str(p.relative_to(run)): p.read_bytes() for p in run.rglob("*") if p.is_file()}
