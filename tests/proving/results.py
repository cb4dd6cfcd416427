"""Results of single cases, kept by commit: a proof that was ended goes on where it was."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".proving"
# what every proof exercises; its own tests come to it. A table or another test that is committed
# afterwards is not another state of it
CODE = (
    *("conftest.py", "pytest.ini", "requirements.txt", "engine", "runbook", "rehearsal"),
    *(f"tests/proving/{name}.py" for name in ("kind", "results", "worker")),
    *(f"tests/integration/{name}.py" for name in ("clusters", "invocation", "outcome", "snapshot")),
)

FINDINGS = (
    "tests/findings",
    *(f"tests/faults/{name}.py" for name in ("fault", "lab", "running", "strikes")),
    *(f"tests/matrix/{name}.py" for name in ("clones", "edges", "endstate", "kill")),
)
OWN: Mapping[str, tuple[str, ...]] = {
    "matrix": ("tests/matrix",),
    "edges": ("tests/matrix",),
    "faults": ("tests/faults",),
    "findings": FINDINGS,
    "storms": ("tests/storms", *FINDINGS),
}
"""What a kind of proof is made of beside that."""


def code_commit(kinds: Iterable[str] = OWN, root: Path = ROOT) -> str:
    """The newest commit that changed what these proofs exercise; `-dirty` when files differ.

    Documents and other tests are left out: committing the page does not void the proof.
    """
    paths = dict.fromkeys((*CODE, *(path for kind in kinds for path in OWN[kind])))
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
    """Column of the page -> what it says of this case."""
    problem: str = ""
    """Why it is red."""


@dataclass(frozen=True)
class Results:
    """The results of one kind of proof on one commit."""

    kind: str
    commit: str
    kept: Path = KEPT

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
        """Name -> its last result on this commit."""
        if not self.directory.is_dir():
            return {}
        texts = (path.read_text(encoding="utf-8") for path in sorted(self.directory.glob("*.json")))
        return {result.name: result for result in (Result(**json.loads(text)) for text in texts)}

    @property
    def done(self) -> set[str]:
        """Those green on exactly this commit. Of a tree with changes nothing counts as done."""
        if self.commit.endswith("-dirty"):
            return set()
        return {name for name, result in self.all().items() if result.is_green}
