"""What a run that nobody disturbed leaves: made once for a state of the code, by one worker."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rehearsal.bases import DEFAULT
from tests.integration.invocation import _PARTS, ROOT
from tests.matrix import endstate
from tests.matrix.edges import CHANGES, LIST, Made
from tests.matrix.endstate import EndState
from tests.proving.results import KEPT

NODES = "operative=2"
SEED = 15
SECONDS_PER_NODE = 0.5
"""Simulated time of the package step on each node."""


def end_of_undisturbed(
    make: Callable[[], EndState], project: Path, kept: Path = KEPT, *, base: str = DEFAULT.name
) -> EndState:
    """Its end state, of the code in `project`, on nodes of that base; `make` lets a run be
    undisturbed when nobody did before.

    Workers that come meanwhile wait for the one that makes it.
    """
    path = kept / "undisturbed" / f"{code_hash(project, base)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_text(make().to_json(), encoding="utf-8")
            fresh.replace(path)
    return EndState.from_json(path.read_text(encoding="utf-8"))


def check(made: Sequence[Made], expected: Sequence[Made] = CHANGES) -> None:
    """RuntimeError when an undisturbed run makes other changes than the list has."""
    more, less = set(made) - set(expected), set(expected) - set(made)
    if more or less:
        told = [f"more: {change.key}" for change in made if change in more]
        told += [f"missing: {change.key}" for change in expected if change in less]
        raise RuntimeError(
            f"the undisturbed run does not make the changes of {LIST.relative_to(ROOT)}"
            f" ({'; '.join(told)}). When that is meant, correct the list"
        )


def code_hash(project: Path, base: str = DEFAULT.name) -> str:
    """Changes with everything that the end of a run depends on."""
    digest = hashlib.sha256(f"{NODES} {SEED} {SECONDS_PER_NODE} {base}".encode())
    digest.update(Path(str(endstate.__file__)).read_bytes())
    for path in _files(project / part for part in _PARTS):
        digest.update(f"\0{path.relative_to(project)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(places: Iterable[Path]) -> list[Path]:
    found = [f for p in places for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return sorted(path for path in found if "__pycache__" not in path.parts)
