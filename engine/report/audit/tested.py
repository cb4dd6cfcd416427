"""What was tested, and apart from it what changed something, and what had nothing to test. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.judge.text import counted, many, shortened
from engine.model.ending import Ending
from engine.model.event import Event
from engine.model.finding import Severity
from engine.model.groups import grouped
from engine.model.outcomes import IDLE, NOT_DONE
from engine.model.steps import base_of, phase_of
from engine.record.rows import Course, RowState

BEFORE = ("preflight", "again")
"""The phases that test before the upgrade; the update may lie between them."""
_UPDATE, _VERIFIED, _CLOSED = "update", "verification", "closing"
AFTER_THE_UPDATE = "after the update"
TO_COME = "to come"
"""Left out by a run that ended where it was asked to end."""
_IDLE_ROWS = {RowState.NOT_NEEDED, RowState.NOT_APPLICABLE}
_WITHOUT_WEIGHT = "done, with findings that were given no weight"
"""The upgrade had begun: its start conditions were looked at, and held nothing up."""


def events_before(change: Sequence[Event]) -> list[Event]:
    """The events of each phase before the first change that comes after that phase.

    A run that goes on looks at the same things once more, when they are changed already.
    """
    course, kept = Course(), []
    for event in change:
        course.add(event)
        if not course.is_past(event):
            kept.append(event)
    return kept


def ended_as_asked(change: Iterable[Event]) -> set[str]:
    """The runs that ended where they were asked to end: what they left out is to come."""
    ends = [event for event in change if event["event"] == "run-ended"]
    return {str(event["run"]) for event in ends if event["outcome"] == Ending.AS_ASKED}


def phases_after(change: Iterable[Event]) -> list[str]:
    """The phases from the verification up to the closing, those of the version step among them."""
    steps = [step for event in change if event["event"] == "steps" for step in event["steps"]]
    phases = list(dict.fromkeys(phase_of(str(step["name"])) for step in steps))
    until = phases.index(_CLOSED) if _CLOSED in phases else len(phases)
    return phases[phases.index(_VERIFIED) : until] if _VERIFIED in phases else []


@dataclass
class Tested:
    """The steps of some phases, each as the last run that did it left it."""

    ended: dict[str, Event] = field(default_factory=dict)
    """Step -> the event of its end."""
    as_asked: frozenset[str] = frozenset()
    """Runs that ended where they were asked to end."""
    _changed: set[tuple[str, str]] = field(default_factory=set)
    """(run, step) that made a change."""
    _findings: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(run, step) -> the states that it gave rows of the guide."""
    _late: set[str] = field(default_factory=set)
    """Steps that ended when the update had changed something."""

    @classmethod
    def of(
        cls, events: Iterable[Event], phases: Sequence[str], as_asked: Iterable[str] = ()
    ) -> Tested:
        found, is_updated = cls(as_asked=frozenset(as_asked)), False
        for event in events:
            kind, key = event["event"], (str(event["run"]), str(event.get("step")))
            if kind == "intent":
                found._changed.add(key)
                is_updated = is_updated or phase_of(key[1]) == _UPDATE
            elif kind == "finding":
                found._findings.setdefault(key, []).append(event)
            elif kind == "row":
                found._rows.setdefault(key, []).append(str(event["state"]))
            elif kind == "step-ended" and phase_of(str(event["name"])) in phases:
                found._end(event, is_late=is_updated)
        return found

    def _end(self, event: Event, *, is_late: bool) -> None:
        name = str(event["name"])
        former = self.ended.get(name)
        # a later run that found nothing left to test takes no test away
        is_nothing = event["outcome"] in IDLE or self._is_to_come(event)
        if not (former and former["outcome"] == "done" and is_nothing):
            self.ended[name] = event
            (self._late.add if is_late else self._late.discard)(name)

    @property
    def bad(self) -> list[str]:
        """Steps that are not passed, though a run was to come to them."""
        failed = [name for name, event in self.ended.items() if event["outcome"] in NOT_DONE]
        return sorted(set(failed) - set(self.to_come))

    @property
    def to_come(self) -> list[str]:
        """Steps that the last run that knew them left out, as it was asked to."""
        return sorted(name for name, event in self.ended.items() if self._is_to_come(event))

    def _is_to_come(self, event: Event) -> bool:
        return event["outcome"] == "not reached" and str(event["run"]) in self.as_asked

    def is_late(self, phase: str) -> bool:
        """All of the phase was tested when the update had changed something."""
        to_come = self.to_come
        mine = [n for n in self.ended if phase_of(n) == phase and n not in to_come]
        return bool(mine) and all(name in self._late for name in mine)

    def sentence(self) -> str:
        """How many steps tested, with what result; which others were run beside them, and why."""
        idle = {name: event for name, event in self.ended.items() if self._is_idle(event)}
        changed = [n for n, e in self.ended.items() if n not in idle and _key(e) in self._changed]
        tests = [name for name in self.ended if name not in idle and name not in changed]
        said = f"{many(len(tests), 'step')}: {counted(map(self._word, tests))}" if tests else _NONE
        done = [name for name in tests if name not in self.to_come]
        if late := [name for name in done if name in self._late and phase_of(name) in BEFORE]:
            said += f"; {len(late)} of them {AFTER_THE_UPDATE}"
        codes = self._warnings()
        warned = {name: codes[name] for name in self.ended if name in codes and name not in idle}
        return "; ".join([said, *_warned(warned), *_changing(changed), *_idle(idle, codes)])

    def _is_idle(self, event: Event) -> bool:
        """It had nothing to test: by its end, or by all that it says of the guide's rows."""
        rows = self._rows.get(_key(event))
        is_untested = rows is not None and set(rows) <= _IDLE_ROWS
        return event["outcome"] in IDLE or (event["outcome"] == "done" and is_untested)

    def _word(self, name: str) -> str:
        event = self.ended[name]
        if name in self.to_come:
            return TO_COME
        is_light = any(one["severity"] == Severity.INFO for one in self._told_by(event))
        return _WITHOUT_WEIGHT if event["outcome"] == "done" and is_light else event["outcome"]

    def _told_by(self, event: Event) -> list[Event]:
        return self._findings.get(_key(event), [])

    def _warnings(self) -> dict[str, str]:
        """Step -> the codes that it warned of; without those that did not."""
        found: dict[str, dict[str, None]] = {}
        for name, event in self.ended.items():
            for one in self._told_by(event):
                if one["severity"] == Severity.WARN:
                    found.setdefault(name, {})[str(one["code"])] = None
        return {name: ", ".join(codes) for name, codes in found.items()}


def _key(event: Event) -> tuple[str, str]:
    return str(event["run"]), str(event["name"])


def _warned(codes: Mapping[str, str]) -> Iterator[str]:
    if codes:
        alike = grouped(((base_of(name), said), name) for name, said in codes.items())
        told = ", ".join(f"{_times(base, n)} ({why})" for (base, why), n in alike.items())
        yield f"{len(codes)} with warnings: {told}"


def _changing(names: Sequence[str]) -> Iterator[str]:
    if names:
        alike = grouped((base_of(name), name) for name in names)
        told = ", ".join(_times(base, items) for base, items in alike.items())
        yield f"beside them {many(len(names), 'step')} that changed something: {told}"


def _idle(ended: Mapping[str, Event], codes: Mapping[str, str]) -> Iterator[str]:
    if ended:
        said = ((n, _own_left_out(n, str(e["reason"])), codes.get(n, "")) for n, e in ended.items())
        alike = grouped(((base_of(name), why, code), name) for name, why, code in said)
        told = "; ".join(
            f"{_times(base, n)}{f' (warned of {code})' if code else ''}: {shortened(why)}"
            for (base, why, code), n in alike.items()
        )
        yield f"beside them {many(len(ended), 'step')} with nothing to do or to test: {told}"


def _own_left_out(name: str, reason: str) -> str:
    """What each item of a fan-out says of itself is the same but for its round and node."""
    own = name.removeprefix(base_of(name))
    return reason.replace(own, "") if own else reason


_NONE = "no step has tested anything"


def _times(base: str, items: Sequence[object]) -> str:
    """`a.b`, of several items of a fan-out `a.b (3)`."""
    return f"{base} ({len(items)})" if len(items) > 1 else base
