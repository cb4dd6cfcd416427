"""Changes whose end is not on record when a run ends: what may still run on the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.attempt import remote
from engine.model.event import Event
from engine.record.memory import Memory

SEEN = "command-seen"
"""The event of a last look at a long command, when the run ends."""


def open_changes(memory: Memory, own: Sequence[Event], attempt: str | None) -> list[dict[str, Any]]:
    """One entry a change, oldest first: what, where, since when, and how it was last seen.

    `state` of a long command that the run looked at before it ended: `running`, `ended`, `gone`;
    of any other change `unknown`. `goes_on_by` says which run goes on with it: one like this one
    (`again`), one of the upgrade (`upgrade`), or `none`, as the attempt is closed.
    """
    goes_on_by = _goes_on_by(memory, own)
    seen = {event["key"]: event for event in own if event["event"] == SEEN}
    return [
        {
            "key": record.key,
            "step": record.intent["step"],
            "node": record.intent["node"],
            "what": record.intent["what"],
            "since": record.intent["time"],
            "log": log_of(attempt, record.intent),
            "state": seen[record.key]["state"] if record.key in seen else "unknown",
            "status": seen[record.key].get("status") if record.key in seen else None,
            "goes_on_by": goes_on_by,
        }
        for record in memory.open_intents()
    ]


def _goes_on_by(memory: Memory, own: Sequence[Event]) -> str:
    if memory.closed:
        return "none"
    return "upgrade" if own[0].get("scope") == "restore" else "again"


def log_of(attempt: str | None, intent: Event) -> str | None:
    """Path of a long command's log on its node (the wrapper's, `engine/act/detached.py`)."""
    if not intent.get("detached") or attempt is None:
        return None
    return f"{remote.ROOT}/attempts/{attempt}/commands/{intent['detached']}/nohup.out"


def sentence(intent: Event) -> str:
    """The change in a few words."""
    return f"{intent['what']} on {intent['node']} since {intent['time']} ({intent['step']})"


def lines_of(changes: Iterable[dict[str, Any]]) -> list[str]:
    """For the console: each open change, and what it means for whoever comes next."""
    lines = []
    for change in changes:
        where = f"{change['what']} on {change['node']} since {change['since']} ({change['step']})"
        lines.append(f"{HEADS[_kind(change)]}: {where}")
        if change["log"]:
            lines.append(f"    log: {change['node']}:{change['log']}")
        lines.append(f"    {_meaning(change)}")
    return lines


def _meaning(change: dict[str, Any]) -> str:
    if change["goes_on_by"] == "none":
        seen = _SEEN[_kind(change)].format(**change)
        place = "the log" if change["log"] else change["node"]
        return f"{seen}; the attempt is closed: no run goes on with it; look at {place}"
    again = {"again": "run again", "upgrade": "run again without --restore"}[change["goes_on_by"]]
    return _MEANINGS[_kind(change)].format(again=again, **change)


def _kind(change: dict[str, Any]) -> str:
    if change["state"] != "unknown":
        return str(change["state"])
    return "long" if change["log"] else "short"


HEADS = {
    "running": "STILL RUNNING",
    "ended": "ENDED MEANWHILE",
    "gone": "GONE WITHOUT AN EXIT STATUS",
    "long": "MAY STILL BE RUNNING",
    "short": "NOT KNOWN HOW IT ENDED",
}
_SEEN = {
    "running": "it goes on by itself",
    "ended": "with exit status {status}",
    "gone": "its process is not there any more",
    "long": "it does not depend on this machine",
    "short": "its answer did not come",
}
_MEANINGS = {
    "running": "it goes on by itself; {again}, and it is followed to its end",
    "ended": "with exit status {status}; {again}, and its result is read",
    "gone": "its process is not there any more; look at the log, then {again}",
    "long": "it does not depend on this machine; {again}: it is followed, or its result is read",
    "short": "{again}: its effect is looked for first; if it can't be seen, you are asked",
}
