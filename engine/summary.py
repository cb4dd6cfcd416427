"""summary.json: the run in the contract's form, from the journal's events alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.journal import Event
from engine.rows import Row

SCHEMA = 1


def build_summary(
    *,
    header: Mapping[str, Any],
    events: Iterable[Event],
    rows: Iterable[Row],
) -> dict[str, Any]:
    """The summary of one run. `events` are this run's; `rows` cover the whole attempt."""
    listed = list(events)
    return {
        "schema": SCHEMA,
        **header,
        "steps": [_step(event) for event in listed if event["event"] == "step-ended"],
        "guide": [
            {
                "id": row.id,
                "duty": row.duty,
                "state": row.state.value,
                "steps": list(row.steps),
                "reason": row.reason,
            }
            for row in rows
        ],
        "findings": _findings(listed),
    }


def _step(event: Event) -> dict[str, Any]:
    wanted = ("name", "node", "outcome", "guide", "started", "seconds", "reason")
    return {key: event[key] for key in wanted}


def _findings(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Each finding once, in the order it was first seen; its last weight counts."""
    seen: dict[tuple[str, str, str], dict[str, Any]] = {}
    wanted = (
        *("code", "severity", "subject", "observed", "expected"),
        *("remedy", "guide", "accepted"),
    )
    for event in events:
        if event["event"] == "finding":
            key = (event["code"], event["subject"], event["observed"])
            seen[key] = {name: event[name] for name in wanted}
    return list(seen.values())


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the file whole (0600) or not at all."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
