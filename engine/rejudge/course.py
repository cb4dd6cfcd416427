"""How far a run came in its steps, by its journal, and where that contradicts itself. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.model.event import Event
from engine.model.outcomes import NOT_DONE
from engine.model.plan import Verdict

_OWN = frozenset({"observation", "finding", "row", "intent", "fact", "loss", "attachment", "note"})
"""What a step tells while it is under way: one that was skipped tells none of it."""
_SKIPPED = ("not reached", Verdict.BLOCKED)
"""Outcomes of a step that was skipped: of a run, and in a plan."""
_FAILED = ("failed", Verdict.BLOCKED, Verdict.MANUAL)


@dataclass(frozen=True)
class Course:
    """The steps of a run that have a beginning or an end, in their order."""

    begun: Mapping[str, Event]
    """Step -> `step-started`, or else the first event that is its own."""
    ended: Mapping[str, Event]
    """Step -> `step-ended`."""
    wrong: Mapping[str, Sequence[str]]
    """Step -> sentences on what no run writes of it."""

    def was_reached(self, step: str) -> bool:
        """False: the run did not begin it, as a step that it waits for was not done."""
        ended = self.ended.get(step)
        return ended is None or ended.get("result") != "skipped" or step in self.wrong


def course_of(own: Sequence[Event]) -> Course:
    """The course by a run's own events."""
    started = [event for event in own if event["event"] == "step-started"]
    ended = [event for event in own if event["event"] == "step-ended"]
    ends = {str(event["name"]): event for event in ended}
    begun = {str(event["step"]): event for event in started}
    begun |= {n: _first_of(n, end, own) for n, end in ends.items() if n not in begun}
    begun = dict(sorted(begun.items(), key=lambda pair: int(pair[1]["seq"])))
    counted = (
        Counter(str(event["step"]) for event in started),
        Counter(str(event["name"]) for event in ended),
    )
    told = {(event.get("step"), event["event"]) for event in own}
    wrong: dict[str, list[str]] = {}
    for name in begun:
        found = [*_numbers(counted[0][name], counted[1][name])]
        if name in ends:
            found += _end(ends[name], any((name, kind) in told for kind in _OWN))
        elif name != next(reversed(begun)):
            found.append("it has no end, and a later step began")
        if found:
            wrong[name] = found
    for name in _left_out(own, begun):
        wrong[name] = ["nothing of it is on record, and a later step began"]
    return Course(begun, ends, wrong)


def _first_of(name: str, end: Event, own: Sequence[Event]) -> Event:
    """The first event of a step without a beginning, after what came before it."""
    first = end
    for event in reversed(own):
        if event["seq"] >= end["seq"]:
            continue
        if event["event"] in ("step-started", "step-ended"):
            break
        if event.get("step") == name:
            first = event
    return first


def _numbers(beginnings: int, ends: int) -> Iterable[str]:
    if ends and not beginnings:
        yield "it has an end without a beginning"
    if beginnings > 1:
        yield f"it has {beginnings} beginnings"
    if ends > 1:
        yield f"it has {ends} ends"


def _end(end: Event, tells: bool) -> Iterable[str]:
    """What pytest said beside the outcome; an older journal does not have it."""
    result, outcome = end.get("result"), end["outcome"]
    fits = {"skipped": outcome in _SKIPPED, "failed": outcome in _FAILED}
    fits["passed"] = outcome not in (*NOT_DONE, Verdict.BLOCKED, Verdict.MANUAL)
    if result is not None and not fits.get(result, False):
        yield f"it has the result {result!r} beside the outcome {outcome!r}"
    elif result == "skipped" and tells:
        yield "it was skipped, and yet there is on record what it saw or did"


def _left_out(own: Sequence[Event], begun: Mapping[str, Event]) -> list[str]:
    """Planned steps of which there is nothing, before one that the run came to."""
    planned = [str(s["name"]) for e in own if e["event"] == "steps" for s in e["steps"]]
    last = max((number for number, name in enumerate(planned) if name in begun), default=0)
    return [name for name in planned[:last] if name not in begun]
