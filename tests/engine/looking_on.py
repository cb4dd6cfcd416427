"""Journals for who looks on: of runs that are made up, and their lines as a run writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.verify import GENESIS, digest
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals

STAGES = [
    {"title": "preparation", "phases": ["preflight"], "minutes": 10.0},
    {"title": "the upgrade", "phases": ["update", "upgrade"], "minutes": 40.0},
    {"title": "verification", "phases": ["verification", "closing"], "minutes": 10.0},
]
KEY = "upgrade.run[1]#1"
AT = event("x", 7)["time"]


def begun(**fields: Any) -> list[dict[str, Any]]:
    """A run that has looked at its nodes."""
    return [
        journals.started(**{"stages": STAGES, "host": "", **fields}),
        journals.collected(),
        event("position", 1, position="not started", active=N, attempt=None, records="known"),
        journals.asked(2),
        journals.asked(3, node=SECOND),
    ]


def upgrading() -> list[dict[str, Any]]:
    """A run that follows a long command: nobody knows yet how it ends."""
    command = kit.intent("upgrade.run[1]", what="neteye upgrade", detached="upgrade-1")
    return [
        *begun(),
        *journals.step("preflight.one", 5, 9),
        journals.step("upgrade.run[1]", 60, 999)[0],
        {**command, "time": event("x", 70)["time"]},
        event("standby", 80, node=SECOND, state="entered", other=None),
        event("fencing", 81, state="off", other=None),
        progress(90),
    ]


def progress(seconds: float, **fields: Any) -> dict[str, Any]:
    plain = {"play": "cluster", "task": "os : dnf", "host": "n2", "tasks": 12, "size": 345}
    return event("progress", seconds, **{"step": "", "key": KEY, "node": N, **plain, **fields})


def gap(seconds: float, state: str, **fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"since": AT, "why": "Connection refused", "unseen": False}
    ended = {"until": event("x", seconds)["time"], "seconds": 5.0, "steps": []}
    more = ended if state == "ended" else {}
    return event("service-gap", seconds, target="httpd", state=state, **{**plain, **more, **fields})


def answers(seconds: float) -> dict[str, Any]:
    return event("probing", seconds, target="httpd", state="answers", way="http://192.0.2.10/")


def stopped(seconds: float, outcome: str = "stopped", code: int = 11) -> dict[str, Any]:
    return event(
        "stopped", seconds, outcome=outcome, exit_code=code, reason="it is odd.", what_to_do="Look."
    )


def ended(seconds: float, outcome: str = "done", code: int = 0) -> dict[str, Any]:
    return event("run-ended", seconds, outcome=outcome, exit_code=code)


def everything() -> list[dict[str, Any]]:
    """Events of every kind that counts here, in some order."""
    seen = {"key": KEY, "state": "running", "status": None}
    return [
        *journals.whole(),
        *upgrading(),
        *journals.interrupted(),
        answers(5),
        *(gap(n, state, **more) for n, state, more in GAPS),
        event("connection", 91, node=N, state="lost", why="no route to host"),
        event("connection", 95, node=N, state="back", why=""),
        event("lasting", 4, kind="standby", subject=SECOND, since=AT),
        event("lasting", 4, kind="fencing", subject="cluster", since=AT),
        event("not-known", 4, why="N does not answer"),
        journals.asked(6, node=SECOND, problem="no route to host", lost="unreachable"),
        journals.asked(6, node="controller"),
        kit.result("upgrade.run[1]", outcome="unknown", code=None),
        event("command-seen", 120, **seen),
        stopped(121),
        event("sealed", 122, step="", files=3, list="a" * 64, key=""),
    ]


GAPS: list[tuple[float, str, dict[str, Any]]] = [
    (8, "began", {}),
    (9, "ended", {}),
    (10, "began", {"unseen": True}),
    (11, "ended", {"unseen": True}),
    (12, "began", {}),
    (13, "ended", {"still": True}),
]


def lines(events: Iterable[dict[str, Any]]) -> list[bytes]:
    """As a run writes them, each with its end and the hash of the one before."""
    found: list[bytes] = []
    previous = GENESIS
    for number, one in enumerate(events, start=1):
        text = json.dumps({**one, "seq": number, "prev": previous}).encode()
        previous = digest(text)
        found.append(text + b"\n")
    return found


def journal(directory: Path, events: Sequence[dict[str, Any]]) -> Path:
    """A run's directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "journal.jsonl").write_bytes(b"".join(lines(events)))
    return directory
