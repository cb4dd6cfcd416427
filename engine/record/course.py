"""The course of an upgrade, event by event: what a rehearsal predicts, and what then happens.

It keeps what a prediction has and no event, so it is as small at the end of a long run as such a
prediction is. Events of several runs may come in any order of the runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.judge.prediction import DEVIATES
from engine.model.event import Event
from engine.model.facts import CONFLICTS
from engine.model.finding import Severity
from engine.model.prediction import (
    Act,
    Counted,
    Passage,
    Places,
    Prediction,
    Seen,
    Waiting,
    is_apart,
    shares,
)
from engine.model.steps import Scope, phase_of

MOST_PASSAGES, MOST_IN_ONE, MOST_SUBJECTS = 2000, 200, 1000
"""What a course keeps: of a cluster of sixteen nodes there are a few hundred passages."""
LONGEST = 300
"""Characters of what a change is called."""


@dataclass
class _Step:
    """A passage while it is made."""

    acts: dict[Act, None] = field(default_factory=dict)
    subjects: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Of findings, by code and place."""
    waiting: dict[Waiting, None] = field(default_factory=dict)
    counted: dict[tuple[str, str, str], Counted] = field(default_factory=dict)
    is_early: bool = False
    """It ended a night, and comes once more at the upgrade's own end."""

    @property
    def size(self) -> int:
        return len(self.acts) + len(self.subjects) + len(self.waiting) + len(self.counted)

    def passage(self, step: str, place: str) -> Passage:
        found = ((*key, len(subjects)) for key, subjects in self.subjects.items())
        return Passage(
            step,
            place,
            tuple(self.acts),
            tuple(sorted(Seen(code, where, count) for code, where, count in found)),
            tuple(sorted(self.waiting)),
            tuple(sorted(self.counted.values())),
        )


class UpgradeCourse:
    """Takes the events of an upgrade's runs. `prediction` is what there is of it by now."""

    def __init__(self) -> None:
        self._nodes: Mapping[str, str] = {}
        self._active = ""
        self._called: dict[str, str] = {}
        self.places = Places({})
        self.questions: tuple[str, ...] = ()
        self.apart: tuple[str, ...] = ()
        self.ended: dict[tuple[str, str], str] = {}
        """Step and place -> how it ended last."""
        self._steps: dict[tuple[str, str], _Step] = {}
        self._of_another_kind: set[str] = set()
        """Runs that were no upgrade: their steps are not part of it."""
        self._new: dict[str, tuple[tuple[str, str], Act]] = {}
        """Key of a change whose end is not on record -> what it has brought into the course."""
        self._seconds: dict[str, float] = {}
        self._phases: list[str] = []
        self._until: dict[str, int] = {}
        """Run that was to end before the upgrade does -> number of its last phase."""
        self._left_out = 0

    @classmethod
    def of(cls, events: Iterable[Event]) -> UpgradeCourse:
        course = cls()
        for event in events:
            course.add(event)
        return course

    def add(self, event: Event) -> None:
        """An event that lacks something, as another runbook wrote it, adds nothing."""
        handler = _HANDLERS.get(str(event.get("event")))
        if handler is not None and event.get("run") not in self._of_another_kind:
            handler(self, event)

    @property
    def prediction(self) -> Prediction:
        # a copy: whoever looks on from another thread reads it too
        steps = sorted([*self._steps.items()], key=lambda item: item[1].is_early)
        return Prediction(
            nodes=self.places.counts,
            active=self.places.active,
            passages=tuple(one.passage(*key) for key, one in steps if one.size),
            times=shares(self._seconds),
            questions=self.questions,
            apart=self.apart,
            left_out=self._left_out,
        )

    def act(self, node: str, what: str, detached: str | None) -> Act:
        """A change in words that name no node."""
        return Act(self.places.place(node), self.places.worded(what)[:LONGEST], detached or "")

    def take(self, key: tuple[str, str], acts: Iterable[Act]) -> list[Act]:
        """A step makes these changes, or a plan shows them; those that it had not made before."""
        step, new = self._step(key), []
        for act in acts:
            if step is not None and act not in step.acts and self._has_room(step):
                step.acts[act] = None
                new.append(act)
        return new

    def _on_run_started(self, event: Event) -> None:
        if event.get("scope", Scope.UPGRADE) != Scope.UPGRADE:
            self._of_another_kind.add(str(event.get("run")))
            return
        stages = event.get("stages") or ()
        self._phases = self._phases or [p for stage in stages for p in stage.get("phases") or ()]
        if event.get("until") in self._phases:
            self._until[str(event.get("run"))] = self._phases.index(str(event["until"]))
        if not self._nodes:
            self._nodes = dict(event.get("nodes") or {})
            self.questions = tuple(event.get("questions") or ())
            self.apart = tuple(event.get("not_predicted") or ())
            self._place()

    def _place(self) -> None:
        self.places = Places(self._nodes, self._active, self._called)

    def _on_machines(self, event: Event) -> None:
        machines = event.get("machines")
        for node, told in machines.items() if isinstance(machines, Mapping) else ():
            if isinstance(told, Mapping) and told.get("hostname"):
                self._called[str(told["hostname"])] = str(node)
        self._place()

    def _on_position(self, event: Event) -> None:
        if not self._active:
            self._active = str(event.get("active") or "")
            self._place()

    def _on_intent(self, event: Event) -> None:
        key = self.places.apart(_step_of(event))
        self._keep_order(key, is_early=self._is_early(event, key[0]))
        told = (str(event.get(name) or "") for name in ("node", "what", "detached"))
        for act in self.take(key, [self.act(*told)]):
            self._new[str(event.get("key"))] = key, act

    def _is_early(self, event: Event, step: str) -> bool:
        """A step behind the phase that its run was to end behind."""
        until, phase = self._until.get(str(event.get("run"))), phase_of(step)
        return until is not None and phase in self._phases[until + 1 :]

    def _keep_order(self, key: tuple[str, str], *, is_early: bool) -> None:
        """What ended a night has its place in the order where it ends the upgrade."""
        step = self._step(key)
        if step is not None and step.is_early and not is_early:
            self._steps[key] = self._steps.pop(key)
        if step is not None and (step.is_early or not step.acts):
            step.is_early = is_early

    def _on_result(self, event: Event) -> None:
        made = self._new.pop(str(event.get("key")), None)
        if made is not None and event.get("never_started"):
            key, act = made
            self._steps[key].acts.pop(act, None)

    def _on_finding(self, event: Event) -> None:
        code, step = str(event.get("code")), _step_of(event)
        if event.get("severity") == Severity.INFO or code == DEVIATES:
            return
        if is_apart(step, code, self.apart):
            return
        subject = str(event.get("subject") or "")
        kept, place = self._step(self.places.apart(step)), self.places.named_in(subject)
        if kept is None or ((code, place) not in kept.subjects and not self._has_room(kept)):
            return
        subjects = kept.subjects.setdefault((code, place), set())
        if len(subjects) < MOST_SUBJECTS:
            subjects.add(subject)

    def _on_fact(self, event: Event) -> None:
        files = event.get("files")
        if not str(event.get("name")).startswith(CONFLICTS) or not isinstance(files, Mapping):
            return
        step = self._step(self.places.apart(_step_of(event)))
        for node, names in files.items():
            for name in names if isinstance(names, Sequence) else ():
                if step is not None and self._has_room(step):
                    step.waiting[Waiting(str(name), self.places.place(str(node)))] = None

    def _on_loss(self, event: Event) -> None:
        step = self._step(self.places.apart(_step_of(event)))
        if step is None:
            return
        of, state, total = str(event.get("of")), str(event.get("state")), event.get("total")
        changed = (one for one in event.get("no_loss") or () if one.get("is_changed"))
        for one in (event, *changed):
            what = str(one.get("what"))
            if self._has_room(step):
                step.counted[of, what, state] = Counted(
                    of, what, state, _number(one.get("count")), _number(total)
                )

    def _on_step_ended(self, event: Event) -> None:
        name = str(event.get("name") or "")
        outcome = str(event.get("outcome"))
        if not self._is_early(event, name):
            self.ended[self.places.apart(name)] = outcome
        phase, seconds = phase_of(name), event.get("seconds")
        if isinstance(seconds, int | float):
            self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    def _step(self, key: tuple[str, str]) -> _Step | None:
        if key not in self._steps:
            if len(self._steps) >= MOST_PASSAGES:
                self._left_out += 1
                return None
            self._steps[key] = _Step()
        return self._steps[key]

    def _has_room(self, step: _Step) -> bool:
        if step.size >= MOST_IN_ONE:
            self._left_out += 1
            return False
        return True


def _step_of(event: Event) -> str:
    return str(event.get("step") or "")


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


_HANDLERS = {
    "run-started": UpgradeCourse._on_run_started,
    "machines": UpgradeCourse._on_machines,
    "position": UpgradeCourse._on_position,
    "intent": UpgradeCourse._on_intent,
    "result": UpgradeCourse._on_result,
    "finding": UpgradeCourse._on_finding,
    "fact": UpgradeCourse._on_fact,
    "loss": UpgradeCourse._on_loss,
    "step-ended": UpgradeCourse._on_step_ended,
}
