"""summary.json: the run in the contract's form, a pure function of the journal's events.

The run itself and `python -m engine report` use the same function, so that a report rebuilt from
a journal says what the run said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.model.event import Event
from engine.record.rows import Row, rows_of
from engine.report.earlier import placed
from engine.report.header import header_of

SCHEMA = 1


def summary_of(own: Sequence[Event], earlier: Sequence[Event] = ()) -> dict[str, Any]:
    """The summary of one run; rows and ledger cover the whole attempt.

    `own` are this run's events, `run-started` first, `earlier` those of the attempt's runs before
    it, in order.
    """
    own, earlier = _until_the_end(own), placed(earlier, own)
    return {
        "schema": SCHEMA,
        **header_of(own, earlier),
        "steps": steps_of(own),
        "guide": [
            {
                "id": row.id,
                "duty": row.duty,
                "state": row.state.value,
                "steps": list(row.steps),
                "reason": row.reason,
            }
            for row in attempt_rows(own, earlier)
        ],
        "findings": _findings(own),
        "warnings": [event["text"] for event in own if event["event"] == "warning"],
    }


def _until_the_end(own: Sequence[Event]) -> Sequence[Event]:
    """The events up to the run's last word; a notification, say, may come after it."""
    ended = [number for number, event in enumerate(own, 1) if event["event"] == "run-ended"]
    return own[: ended[-1]] if ended else own


def attempt_rows(own: Sequence[Event], earlier: Sequence[Event]) -> list[Row]:
    """The guide's rows as the attempt has fulfilled them so far."""
    guide = own[0].get("guide")
    both = [*earlier, *own]
    if guide is None:  # an older journal does not have the guide: its rows, without duties
        guide = dict.fromkeys(sorted({e["row"] for e in both if e["event"] == "row"}), "")
    serving: dict[str, list[str]] = {}
    for step in planned_steps(own):
        for row in step["guide"]:
            names = serving.setdefault(row, [])
            if step["of"] not in names:
                names.append(step["of"])
    if own[0]["mode"] == "follow-up":  # it is about the rows of its steps only
        guide = {row: duty for row, duty in guide.items() if row in serving}
    return rows_of(both, guide, serving)


def planned_steps(own: Sequence[Event]) -> list[Mapping[str, Any]]:
    """The steps as they were collected; none when the run ended before."""
    return next((list(event["steps"]) for event in own if event["event"] == "steps"), [])


def steps_of(own: Sequence[Event]) -> list[dict[str, Any]]:
    """Every step in running order: ended, cut short by the run's end, or not reached."""
    wanted = ("name", "node", "outcome", "guide", "started", "seconds", "reason")
    ended = {
        event["name"]: {key: event[key] for key in wanted}
        for event in own
        if event["event"] == "step-ended"
    }
    begun = {event["step"]: event for event in own if event["event"] == "step-started"}
    planned = planned_steps(own) or [{"name": name, "guide": []} for name in begun]
    return [
        ended.get(step["name"]) or _without_end(step, begun.get(step["name"]), own[-1])
        for step in planned
    ]


def _without_end(step: Mapping[str, Any], begun: Event | None, last: Event) -> dict[str, Any]:
    seconds = 0.0
    if begun is not None:
        between = datetime.fromisoformat(last["time"]) - datetime.fromisoformat(begun["time"])
        seconds = round(between.total_seconds(), 2)
    return {
        "name": step["name"],
        "node": step.get("node"),
        "outcome": "interrupted" if begun else "not reached",
        "guide": list(step["guide"]),
        "started": begun["time"] if begun else None,
        "seconds": seconds,
        "reason": "the run ended while it was under way" if begun else "the run ended before it",
    }


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
            cause = {name: event[name] for name in ("follows", "question") if event.get(name)}
            seen[key] = {**{name: event[name] for name in wanted}, **cause}
    return list(seen.values())


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the file whole (0600) or not at all; raises OSError."""
    text = json.dumps(summary, indent=1, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())
