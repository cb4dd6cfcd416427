"""Results of single cases, kept by commit: a proof that was ended goes on where it was."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".proving"
# what every proof exercises; its own tests come to it. A table or another test that is committed
# afterwards is not another state of it
CODE = (
    *("conftest.py", "pytest.ini", "requirements.txt", "engine", "runbook", "rehearsal"),
    "tests/proving",
    *(f"tests/integration/{name}.py" for name in ("clusters", "invocation", "outcome", "snapshot")),
)

BORROWED = {"findings": ("tests/faults/lab.py", "tests/faults/running.py", "tests/matrix/kill.py")}
"""What a proof takes from another one."""


def code_commit(kind: str = "", root: Path = ROOT) -> str:
    """The newest commit that changed what that proof exercises, `-dirty` when files differ from it.

    Documents and other tests are left out: committing a proof's table does not void the proof.
    """
    paths = (*CODE, f"tests/{kind}", *BORROWED.get(kind, ())) if kind else CODE
    commit = _git(root, "log", "-1", "--format=%H", "--", *paths)
    changed = _git(root, "status", "--porcelain", "--", *paths)
    return f"{commit}-dirty" if changed else commit


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Result:
    """How one case ended."""

    name: str
    is_green: bool
    started: str
    """UTC, ISO 8601."""
    seconds: float
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of the table -> what it says of this case."""
    problem: str = ""
    """Why it is red."""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """The results of one kind of proof on one commit."""

    kind: str
    commit: str
    kept: Path = KEPT
    record: Path | None = None
    """A file of the repository with what is green on one commit: parts that were run on several
    machines come together there."""

    @property
    def directory(self) -> Path:
        return self.kept / self.kind / self.commit

    def evidence(self, name: str) -> Path:
        """Where a case leaves consoles and reports; they are kept when it is red."""
        return self.directory / f"{name}.evidence"

    def put(self, result: Result) -> None:
        """Keep a result, whole or not at all."""
        self.directory.mkdir(parents=True, exist_ok=True)
        target = self.directory / f"{result.name}.json"
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        fresh.replace(target)

    def all(self) -> dict[str, Result]:
        """Name -> its last result on this commit, here or on record."""
        return {result.name: result for result in (*self._recorded(), *self._read())}

    def is_done(self, name: str) -> bool:
        """Green on exactly this commit. Of a tree with changes nothing counts as done."""
        found = self.all().get(name)
        return found is not None and found.is_green and not self.commit.endswith("-dirty")

    def write_record(self) -> None:
        """Put what is green on this commit on record; other commits' results go."""
        if self.record is None:
            return
        green = [asdict(result) for result in self.all().values() if result.is_green]
        content = {"commit": self.commit, "green": sorted(green, key=itemgetter("name"))}
        self.record.parent.mkdir(exist_ok=True)
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.record)

    def _recorded(self) -> Iterator[Result]:
        if self.record is not None and self.record.exists():
            content = json.loads(self.record.read_text(encoding="utf-8"))
            if content["commit"] == self.commit:
                yield from (Result(**fields) for fields in content["green"])

    def _read(self) -> Iterator[Result]:
        if self.directory.is_dir():
            for path in sorted(self.directory.glob("*.json")):
                yield Result(**json.loads(path.read_text(encoding="utf-8")))
