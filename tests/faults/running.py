"""A run of the runbook as a process of its own, watched through what it leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.run import wait_for
from tests.integration.invocation import ROOT, Project, Ran, environment

DEADLINE = 600.0
"""Seconds in which every run of a fault has to end; longer is a hang."""


class RunEnded(Exception):
    """The run was over before it came to what was waited for."""


@dataclass
class Running:
    """A run that was started; `end` waits for it."""

    project: Project
    console: Path
    before: frozenset[str]
    process: subprocess.Popen[bytes]
    peak_memory: int = 0
    """Bytes that the run's own process had at most."""

    @classmethod
    def start(
        cls,
        project: Project,
        arguments: list[str],
        console: Path,
        *,
        plugins: tuple[str, ...] = (),
        extra: Mapping[str, str] | None = None,
    ) -> Running:
        """Start it in a process group of its own, so that a kill reaches its ssh clients too."""
        before = frozenset(_runs(project))
        words = [*arguments, *(word for name in plugins for word in ("-p", name))]
        with console.open("wb") as file:
            process = subprocess.Popen(
                project.command(*words),
                cwd=project.directory,
                env={
                    **environment(),
                    "PYTHONUNBUFFERED": "1",
                    **({"PYTHONPATH": str(ROOT)} if plugins else {}),
                    **(extra or {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(project, console, before, process)

    @property
    def directory(self) -> Path | None:
        """The run's directory, as soon as it is there."""
        new = sorted(set(_runs(self.project)) - self.before)
        return self.project.directory / "reports" / new[-1] if new else None

    @property
    def text(self) -> str:
        return self.console.read_text(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """The journal so far; a line that is being written is left out."""
        directory = self.directory
        path = directory / "journal.jsonl" if directory else None
        if path is None or not path.exists():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def intends(self, key: str) -> bool:
        """Whether the intent of that change is on record."""
        return any(e["event"] == "intent" and e.get("key") == key for e in self.events())

    def until(self, what: str, is_there: Callable[[], bool], seconds: float = DEADLINE) -> None:
        """Wait for the moment to strike. RunEnded when the run is over before."""

        def missing() -> str | None:
            if is_there():
                return None
            if self.process.poll() is not None:
                raise RunEnded(f"{what}: the run ended with {self.process.returncode} before")
            return what

        wait_for(what, missing, seconds=seconds, every=0.3)

    def until_intent(self, key: str) -> None:
        self.until(f"the intent of {key}", lambda: self.intends(key))

    def kill(self) -> None:
        """SIGKILL for the run and everything it started here."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def end(self, seconds: float = DEADLINE) -> Ran:
        """Wait until it ends. RehearsalError, with the process gone, when it does not."""

        def missing() -> str | None:
            self.peak_memory = max(self.peak_memory, _peak(self.process.pid))
            return None if self.process.poll() is not None else "the end of the run"

        try:
            wait_for("the run hung", missing, seconds=seconds, every=0.3)
        finally:
            self.stop()
        console = self.text
        place = re.search(r"^run \S+ \(\w+\), evidence in (.+)$", console, re.MULTILINE)
        directory = Path(place[1]) if place else self.directory
        return Ran(self.process.returncode, console, directory)

    def stop(self) -> None:
        """Nothing of it is left running, however the story ended."""
        if self.process.poll() is None:
            self.kill()


def _runs(project: Project) -> list[str]:
    reports = project.directory / "reports"
    if not reports.is_dir():
        return []
    return [path.name for path in reports.iterdir() if path.is_dir() and not path.is_symlink()]


def _peak(process: int) -> int:
    """Bytes that a process had at most until now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
