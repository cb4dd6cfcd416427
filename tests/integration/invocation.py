"""`pytest runbook` as a user types it: a process of its own, in a copy of the project."""

from __future__ import annotations

import atexit
import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PARTS = (
    *("runbook", "engine", "rehearsal", "conftest.py", "pytest.ini", "inventory.ini"),
    *("requirements.txt", "requirements-dev.txt"),
)
DEADLINE = 1200.0
_DEVELOPERS = ("hypothesispytest", "xdist", "xdist.looponfail")
"""Plugins of pytest that production's environment does not have."""
# pytest's own compiled modules name the files they were made of
_OF_PYTEST = shutil.ignore_patterns("*-pytest-*.pyc")


def copy_project(target: Path) -> Path:
    """A copy of what runs: its reports are not among the user's own."""
    return shutil.copytree(_compiled(), target)


@cache
def _compiled() -> Path:
    """What runs, with its modules compiled, for this process: each run would do it again.

    What is compiled here comes along: it has the time and size of its source, which copies keep.
    """
    base = Path(tempfile.mkdtemp(prefix="neteye-runbook-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    project = base / "project"
    project.mkdir()
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, project / part, ignore=_OF_PYTEST)
        else:
            shutil.copy2(source, project / part)
    compileall.compile_dir(project, quiet=2)
    return project


def with_settings(inventory: str, settings: Mapping[str, str | None]) -> str:
    """The text of an inventory with these settings in place of those of their names; None: none.

    Its last section is that of all nodes, as the rehearsal writes it.
    """
    lines = inventory.rstrip().splitlines()
    lines = [line for line in lines if re.split(r"\s*=", line, maxsplit=1)[0] not in settings]
    lines += [f"{name}={value}" for name, value in settings.items() if value is not None]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Ran:
    """How a run ended: exit code, what the console showed, what it left."""

    code: int
    console: str
    directory: Path | None

    @property
    def summary(self) -> dict[str, Any]:
        assert self.directory is not None, f"no run directory was made:\n{self.console}"
        content: dict[str, Any] = json.loads((self.directory / "summary.json").read_text())
        return content

    @property
    def events(self) -> list[dict[str, Any]]:
        assert self.directory is not None, f"no run directory was made:\n{self.console}"
        lines = (self.directory / "journal.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Every intent to change something on the cluster."""
        return [event for event in self.events if event["event"] == "intent"]

    def findings(self, code: str) -> list[dict[str, Any]]:
        """All findings of a code, as they were told when they were found."""
        found = [e for e in self.events if e["event"] == "finding" and e["code"] == code]
        return list({(f["subject"], f["observed"]): f for f in found}.values())

    def finding(self, code: str, subject: str) -> dict[str, Any]:
        """The one finding of a code about a subject."""
        found = [f for f in self.findings(code) if f["subject"] == subject]
        assert len(found) == 1, f"{len(found)} findings {code} of {subject}:\n{self.console}"
        return found[0]

    @property
    def blocking(self) -> set[str]:
        """Codes of the findings that block, by the summary."""
        found = self.summary["findings"]
        return {f["code"] for f in found if f["severity"] == "block" and not f["accepted"]}

    @property
    def states(self) -> dict[str, str]:
        """Row of the guide -> its state."""
        return {row["id"]: row["state"] for row in self.summary["guide"]}

    @property
    def outcomes(self) -> dict[str, str]:
        """Step -> its outcome."""
        return {step["name"]: step["outcome"] for step in self.summary["steps"]}


def environment() -> dict[str, str]:
    """The environment of a user's shell: nothing of the pytest that runs these tests.

    What pytest makes of a step's assertions is kept for the next run, as a user's is.
    """
    ours = ("PYTEST", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True)
class Project:
    """A copy of the project, and the ways to run it."""

    directory: Path

    def command(self, *arguments: str | Path) -> list[str]:
        without = [word for name in _DEVELOPERS for word in ("-p", f"no:{name}")]
        return [sys.executable, "-m", "pytest", *without, "runbook", *map(str, arguments)]

    def run(
        self, *arguments: str | Path, extra: Mapping[str, str] | None = None, folder: str = ""
    ) -> Ran:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory / folder,
            env={**environment(), **(extra or {})},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return self.ran(done.returncode, done.stdout + done.stderr)

    def execute(self, inventory: Path) -> Ran:
        """`pytest runbook --inventory FILE`."""
        return self.run("--inventory", inventory)

    def plan(self, inventory: Path) -> Ran:
        """The same with `--plan`."""
        return self.run("--inventory", inventory, "--plan")

    def follow_up(self, inventory: Path, run: Path) -> Ran:
        """The same with `--follow-up RUN`."""
        return self.run("--inventory", inventory, "--follow-up", run)

    def start(self, inventory: Path, console: Path) -> subprocess.Popen[bytes]:
        """Start it and let it run; the caller ends it. Its console goes to a file."""
        with console.open("wb") as file:
            return subprocess.Popen(
                self.command("--inventory", inventory),
                cwd=self.directory,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def ran(self, code: int, console: str) -> Ran:
        """What a finished run says about itself."""
        place = re.search(r"^run \S+ \([\w-]+\), evidence in (.+)$", console, re.MULTILINE)
        return Ran(code, console, Path(place[1]) if place else None)

    def evidence(self) -> Iterator[Path]:
        """Every file that the runs left."""
        return (path for path in (self.directory / "reports").rglob("*") if path.is_file())
