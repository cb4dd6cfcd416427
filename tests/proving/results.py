"""Results of single cases, kept by what they are made of: a proof goes on where it was ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".proving"
DIRTY = "-dirty"
"""Behind the name of a state of the code that is not committed."""
# what every proof exercises; its own tests come to it. A table or another test that is committed
# afterwards is not another state of it, and neither is how results are kept
CODE = (
    *("conftest.py", "pytest.ini", "requirements.txt", "engine", "runbook", "rehearsal"),
    *(f"tests/proving/{name}.py" for name in ("kind", "worker")),
    *(f"tests/integration/{name}.py" for name in ("clusters", "invocation", "outcome", "snapshot")),
)

FINDINGS = (
    "tests/findings",
    *(f"tests/faults/{name}.py" for name in ("fault", "lab", "running", "strikes")),
    *(f"tests/matrix/{name}.py" for name in ("clones", "edges", "endstate", "kill")),
)
_OTHERS = ("faults/running", "evidence/schemas", "evidence/sealed", "httpd_view")
VERSIONS = (
    "tests/versions",
    *(f"tests/{folder}" for folder in ("integration", "matrix", "secrets", "rehearsal")),
    *(f"tests/{name}.py" for name in _OTHERS),
)
OWN: Mapping[str, tuple[str, ...]] = {
    "matrix": ("tests/matrix",),
    "edges": ("tests/matrix",),
    "faults": ("tests/faults",),
    "findings": FINDINGS,
    "storms": ("tests/storms", *FINDINGS),
    "twins": ("tests/twins",),
    **dict.fromkeys(("tools", "bases", "controllers"), VERSIONS),
}
"""What a kind of proof is made of beside that."""


def code_commit(kinds: Iterable[str] = OWN, root: Path = ROOT) -> str:
    """The newest commit that changed what these proofs exercise; `-dirty` when files differ.

    Documents and other tests are left out: committing the page does not void the proof.
    """
    paths = dict.fromkeys((*CODE, *(path for kind in kinds for path in OWN[kind])))
    commit = git(root, "log", "-1", "--format=%H", "--", *paths).strip()
    changed = git(root, "status", "--porcelain", "--", *paths)
    return f"{commit}{DIRTY}" if changed else commit


def git(root: Path, *words: str) -> str:
    """What git says about the project."""
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


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
    """The results of one kind of proof, each for the code that its case is made of now."""

    kind: str
    keys: Mapping[str, str]
    """Case -> digest of that code (`tests.proving.sources`)."""
    kept: Path = KEPT

    def evidence(self, name: str) -> Path:
        """Where a case leaves consoles and reports; they are kept when it is red."""
        return self._path(name).with_suffix(".evidence")

    def put(self, result: Result) -> None:
        """Keep a result, whole or not at all."""
        target = self._path(result.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        fresh.replace(target)

    def all(self) -> dict[str, Result]:
        """Name -> its last result."""
        paths = {name: self._path(name) for name in self.keys}
        return {
            name: Result(**json.loads(path.read_text(encoding="utf-8")))
            for name, path in paths.items()
            if path.exists()
        }

    @property
    def done(self) -> set[str]:
        """Those that are green. Of code that is not committed nothing counts as done."""
        found = {name for name, result in self.all().items() if result.is_green}
        return {name for name in found if not self.keys[name].endswith(DIRTY)}

    def _path(self, name: str) -> Path:
        return self.kept / self.kind / self.keys[name] / f"{name}.json"
