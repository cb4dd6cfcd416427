"""`neteye health light|deep`: runs the check scripts of this node, deep includes light."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neteye_standin import faults
from neteye_standin.health_checks import (
    CRITICAL,
    OK,
    UNKNOWN,
    WARNING,
    WORDS,
    outcome,
    own_check,
    unexpected_is_unknown,
)
from neteye_standin.remote import run

SCRIPTS = Path("/usr/share/neteye/scripts/neteye/health.d")
SCRIPT_DEADLINE = 90.0  # seconds
_WORST_LAST = (OK, WARNING, UNKNOWN, CRITICAL)


@dataclass(frozen=True)
class Outcome:
    """One script: its path, its monitoring state, and its first line."""

    path: str
    state: int
    text: str


def scripts(kind: str, root: Path = SCRIPTS) -> list[Path]:
    """The scripts of a kind in their order."""
    kinds = ("light", "deep") if kind == "deep" else ("light",)
    return [path for name in kinds for path in sorted((root / name).glob("[0-9]*"))]


def run_all(kind: str) -> list[Outcome]:
    """Run all scripts of a kind, and the injected faults."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        outcomes = list(pool.map(_run_script, scripts(kind)))
    injected = faults.load("health")
    kinds = ("light", "deep") if kind == "deep" else ("light",)
    return outcomes + [_injected(name, injected[name]) for name in kinds if name in injected]


def _injected(kind: str, fault: Mapping[str, Any]) -> Outcome:
    if fault.get("hang"):
        threading.Event().wait()
    path = fault.get("script", str(SCRIPTS / kind / "900_injected"))
    message = fault.get("message", "injected by the rehearsal")
    return Outcome(path, fault.get("status", CRITICAL), message)


def _run_script(path: Path) -> Outcome:
    check = own_check(path.read_text(encoding="utf-8", errors="replace"))
    if check is not None:  # in this process: eight starts of Python are most of what all cost
        return Outcome(str(path), *outcome(check))
    answer = run([str(path)], deadline=SCRIPT_DEADLINE)
    state = answer.rc if 0 <= answer.rc < len(WORDS) else UNKNOWN
    lines = answer.out.strip().splitlines() or [answer.tail]
    return Outcome(str(path), state, lines[0])


def worst(outcomes: Sequence[Outcome]) -> int:
    """The worst state: CRITICAL, then UNKNOWN, WARNING, OK."""
    return max((o.state for o in outcomes), key=_WORST_LAST.index, default=UNKNOWN)


def report(kind: str, outcomes: Sequence[Outcome]) -> str:
    """What the command prints: a status line, then path and line of each script not OK."""
    bad = [outcome for outcome in outcomes if outcome.state != OK]
    if not bad and outcomes:
        return f"OK - All {kind} health checks succeeded ({len(outcomes)} checks)\n"
    word = WORDS[worst(outcomes)]
    lines = [f"{word} - {len(bad)} of {len(outcomes)} {kind} health checks did not succeed"]
    lines += [f"{outcome.path}: {outcome.text}" for outcome in bad]
    return "\n".join(lines) + "\n"


def main(kind: str) -> int:
    """Run, print, and give the exit status."""
    unexpected_is_unknown()
    outcomes = run_all(kind)
    print(report(kind, outcomes), end="", flush=True)
    return worst(outcomes)
