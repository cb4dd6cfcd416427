"""Which findings still hold at the end, and what has settled the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.model.event import Event
from engine.model.finding import Severity
from engine.model.steps import base_of

Key = tuple[str, str]
"""Code and subject of a finding."""
_LOOKED = ("done", "nothing to do", "failed")
"""How a step can end that has looked for what it found in an earlier run."""


def standing(events: Sequence[Event]) -> list[Event]:
    """Each finding as it was weighed last, without those that were settled.

    `events` are those of the attempt's runs, in order.
    """
    course = _Course.of(events)
    return [finding for key, finding in course.found.items() if key not in course.settled]


def settled_by(events: Sequence[Event]) -> dict[Key, Event]:
    """Findings that hold no more -> the end of the step that showed it."""
    return _Course.of(events).settled


def tasks_of(events: Sequence[Event]) -> list[Event]:
    """The standing ones that are left for a person.

    One that was seen without weight alone, in the middle of the upgrade say, is none.
    """
    course = _Course.of(events)
    return [
        finding
        for key, finding in course.found.items()
        if key in course.warned and key not in course.settled and finding.get("task")
    ]


@dataclass
class _Course:
    """All findings as they were weighed last; which had weight; which are settled by what end."""

    found: dict[Key, Event] = field(default_factory=dict)
    warned: set[Key] = field(default_factory=set)
    settled: dict[Key, Event] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Sequence[Event]) -> _Course:
        course = cls()
        seen: dict[tuple[str, str], set[Key]] = {}
        for event in events:
            place = str(event["run"]), str(event.get("step", ""))
            if event["event"] == "finding":
                seen.setdefault(place, set()).add(course._add(event))
            elif event["event"] == "step-ended":
                course._settle(event, seen.get(place, set()))
        return course

    def _add(self, finding: Event) -> Key:
        key = str(finding["code"]), str(finding["subject"])
        if self.settled.pop(key, None):
            self.warned.discard(key)
        self.found[key] = finding
        if finding["severity"] != Severity.INFO:
            self.warned.add(key)
        return key

    def _settle(self, ended: Event, seen: set[Key]) -> None:
        for key, finding in self.found.items():
            if key not in seen and key not in self.settled and _ends(ended, finding):
                self.settled[key] = ended


def _ends(ended: Event, finding: Event) -> bool:
    """Whether the end of a step that did not find it shows that it holds no more.

    Where the finding does not name such steps, it is the step that found it, in a later run.
    """
    if "task" in finding or "settled_by" in finding:
        named = finding.get("settled_by", ())
        return ended["outcome"] == "done" and base_of(str(ended["step"])) in named
    return ended["outcome"] in _LOOKED and ended["step"] == finding["step"]
