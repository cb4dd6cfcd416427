"""Which findings still hold at the end, and what has settled the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.event import Event
from engine.model.steps import base_of

Key = tuple[str, str]
"""Code and subject of a finding."""
_LOOKED = ("done", "nothing to do", "failed")
"""How a step can end that has looked for what it found in an earlier run."""


def standing(events: Sequence[Event]) -> list[Event]:
    """Each finding as it was weighed last, without those that were settled.

    `events` are those of the attempt's runs, in order.
    """
    found, settled = _course(events)
    return [finding for key, finding in found.items() if key not in settled]


def settled_by(events: Sequence[Event]) -> dict[Key, Event]:
    """Findings that hold no more -> the end of the step that showed it."""
    return _course(events)[1]


def _course(events: Sequence[Event]) -> tuple[dict[Key, Event], dict[Key, Event]]:
    """All findings, as they were weighed last; and which are settled, by the end of which step."""
    found: dict[Key, Event] = {}
    settled: dict[Key, Event] = {}
    seen: dict[tuple[str, str], set[Key]] = {}
    for event in events:
        place = str(event["run"]), str(event.get("step", ""))
        if event["event"] == "finding":
            key = str(event["code"]), str(event["subject"])
            found[key] = event
            settled.pop(key, None)
            seen.setdefault(place, set()).add(key)
        elif event["event"] == "step-ended":
            mine = seen.get(place, set())
            gone = {key for key, one in found.items() if key not in mine and _ends(event, one)}
            settled |= {key: event for key in gone if key not in settled}
    return found, settled


def _ends(ended: Event, finding: Event) -> bool:
    """Whether the end of a step that did not find it shows that it holds no more.

    Where the finding does not name such steps, it is the step that found it, in a later run.
    """
    if "task" in finding or "settled_by" in finding:
        named = finding.get("settled_by", ())
        return ended["outcome"] == "done" and base_of(str(ended["step"])) in named
    return ended["outcome"] in _LOOKED and ended["step"] == finding["step"]
