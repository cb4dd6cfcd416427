"""Copies of the project, each with reports and a home directory of its own, and runs in them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.integration.invocation import ROOT, Project, Ran, copy_project, environment
from tests.matrix import kill
from tests.matrix.edges import Point

DEADLINE = 900.0
"""Seconds for one run; it takes 70 on an idle machine."""


class NotKilled(Exception):
    """The run that was to be killed at an edge did not get there."""


@dataclass(frozen=True)
class Clone:
    """A copy of the project on some machine of some person."""

    directory: Path
    home: Path
    caches: Path
    """Compiled modules; shared, as paths tell the clones apart."""

    @classmethod
    def make(cls, base: Path, name: str) -> Clone:
        home = base / f"home-{name}"
        home.mkdir(parents=True)
        return cls(copy_project(base / name), home, base / "pycache")

    @property
    def reports(self) -> Path:
        return self.directory / "reports"

    def forget(self) -> None:
        """As freshly cloned: no report is left, nothing in the home directory."""
        for path in (self.reports, self.home):
            shutil.rmtree(path, ignore_errors=True)
        self.home.mkdir()

    def run(self, inventory: Path, console: Path) -> Ran:
        """The runbook from start to end; its console is kept in a file."""
        code = self._run(inventory, console, (), {})
        return Project(self.directory).ran(code, console.read_text(errors="replace"))

    def run_killed(self, inventory: Path, key: str, point: Point, console: Path) -> Ran:
        """The runbook until it is killed at an edge. Raises NotKilled when it ended otherwise."""
        witness = console.with_suffix(".killed")
        witness.unlink(missing_ok=True)
        plugin = ("-p", "tests.matrix.kill")
        extra = {"PYTHONPATH": str(ROOT), **kill.environment(key, point, witness)}
        code = self._run(inventory, console, plugin, extra)
        said = witness.read_text() if witness.exists() else ""
        if code != -signal.SIGKILL or said.split() != [key, point.value]:
            raise NotKilled(f"the run to be killed at {key} {point} ended with {code}")
        return Project(self.directory).ran(code, console.read_text(errors="replace"))

    def _run(
        self, inventory: Path, console: Path, more: tuple[str, ...], extra: Mapping[str, str]
    ) -> int:
        own = {
            "HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.caches),
            _MARK: str(inventory),
            **extra,
        }
        with console.open("wb") as file:
            process = subprocess.Popen(
                Project(self.directory).command(*more, "--inventory", inventory),
                cwd=self.directory,
                env={**environment(), **own},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return process.wait(timeout=DEADLINE)
            finally:
                process.kill()
                process.wait()
                kill_left_behind(inventory)


_MARK = "MATRIX_INVENTORY"


def kill_left_behind(inventory: Path) -> None:
    """End what is left of runs on that cluster: ssh clients, which are in sessions of their own,
    and runs of a matrix that was itself ended. The machine they ran on is gone."""
    wanted = f"{_MARK}={inventory}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "environ").read_bytes().split(b"\0")
            if wanted in words:
                os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # ended meanwhile
