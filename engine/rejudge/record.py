"""A recorded run as the source of answers: step by step, each answer once, in their order."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from engine.judge.prediction import DEVIATES
from engine.model.ending import Ending, Stop
from engine.model.event import Event
from engine.rejudge.course import course_of
from engine.report.answers import Diverged
from engine.report.evidence_files import Evidence
from engine.support.bundle import EVENT as BUNDLE

FIRST_LOOK = ""
"""The step of what is asked before the first step."""
_OVER = 1e6
_HEAD = ("schema", "run", "seq", "prev", "time", "event")


class Record:
    """What the run asked, did and found, and the moment that judging has come to."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.own = evidence.own
        self.course = course_of(self.own)
        self._begun, self.ended = self.course.begun, self.course.ended
        self._lock = threading.Lock()
        self._asked: list[Event] = []
        """What the step asked, in its order."""
        self._left: dict[tuple[str, str], deque[Event]] = defaultdict(deque)
        self._over = 0.0
        self.step = FIRST_LOOK
        self.moment = datetime.fromisoformat(self.own[0]["time"])

    @property
    def directory(self) -> Path:
        return self.evidence.directory

    @property
    def begun(self) -> Event:
        """`run-started`."""
        return self.own[0]

    @property
    def steps(self) -> Sequence[str]:
        """The steps that the run began or ended, in their order."""
        return tuple(self._begun)

    def go_to(self, step: str) -> None:
        """Answer what this step asked, from its first question on."""
        self.step, self._over = step, 0.0
        self._left.clear()
        self._asked = [event for event in self.of(step) if event["event"] == "observation"]
        for event in self._asked:
            self._left[event["node"], event["question"]].append(event)
        if step in self._begun:
            self.moment = datetime.fromisoformat(self._begun[step]["time"])

    def of(self, step: str) -> list[Event]:
        """All events of a step; those of the first look came before any step."""
        first = next((int(e["seq"]) for e in self._begun.values()), None)
        until = first if step == FIRST_LOOK else None
        events = (e for e in self.evidence.journal.of_step(step) if e.get("step") == step)
        return list(takewhile(lambda e: until is None or e["seq"] < until, events))

    def before(self, step: str | None) -> list[Event]:
        """What is told of the run until a step began, None: the first one."""
        begun = self._begun.get(step) if step else next(iter(self._begun.values()), None)
        return [event for event in self.own if begun is None or event["seq"] < begun["seq"]]

    def findings(self, step: str) -> list[Event]:
        """Its own: that the upgrade went another way than predicted no step finds."""
        found = (event for event in self.of(step) if event["event"] == "finding")
        return [event for event in found if event["code"] != DEVIATES]

    def rows(self, step: str) -> list[Event]:
        """What the step told of rows; that there is a support bundle the run tells at its end."""
        packed = next((e["seq"] for e in self.of(step) if e["event"] == BUNDLE), None)
        return [
            event
            for event in self.of(step)
            if event["event"] == "row" and (packed is None or event["seq"] < packed)
        ]

    def has(self, node: str, question: str) -> bool:
        """There is a recorded answer that nobody has taken yet."""
        with self._lock:
            return bool(self._left[node, question])

    def take(self, node: str, question: str, command: Sequence[str] = ()) -> Event:
        """The next recorded answer to a question. Diverged when there is none any more.

        `command` is what would be sent, masked, in each form that it may be written down in; empty
        when nothing is.
        """
        with self._lock:  # nodes are asked in parallel
            waiting = self._left[node, question]
            if not waiting:
                raise Diverged(f"not asked in the run, or not so often: {question!r} of {node}")
            if command and waiting[0]["command"] not in command:
                raise Diverged(f"asked by another command than in the run: {question!r}")
            event = waiting.popleft()
            self.come_to(event)
            return event

    def database_of(self, question: str, status: str) -> str:
        """The node that the next answer of the database to a question came from; empty: the run
        asked for the cluster's `status` directly before it, to know that."""
        with self._lock:
            before: Event | None = None
            for event in self._asked:
                if event["question"] == question and self._is_left(event):
                    looked = before is not None and before["question"] == status and before
                    return "" if looked and self._is_left(looked) else str(event["node"])
                before = event
            return ""

    def _is_left(self, event: Event) -> bool:
        return any(one is event for one in self._left[event["node"], event["question"]])

    def come_to(self, event: Event) -> None:
        """What follows is at the time of this event, or later."""
        self.moment = max(self.moment, datetime.fromisoformat(event["time"]))

    def now(self) -> datetime:
        return self.moment

    def timer(self) -> float:
        """Seconds for deadlines; all of them are over when nothing more was asked in the step."""
        if any(self._left.values()):
            return self.moment.timestamp()
        self._over += _OVER
        return self.moment.timestamp() + self._over

    @property
    def unasked(self) -> int:
        """Recorded answers that the step did not ask for this time."""
        return sum(map(len, self._left.values()))

    def stop_before(self, step: str) -> Stop | None:
        """What had stopped the run when the step began."""
        return next((_stop(e) for e in self.before(step) if e["event"] == "stopped"), None)

    def stop_within(self, step: str) -> Stop | None:
        """What stopped the run in the step."""
        return next((_stop(e) for e in self.of(step) if e["event"] == "stopped"), None)

    def attempt_before(self, step: str) -> str | None:
        """The attempt that the run itself had opened when the step began."""
        opened = [e for e in self.before(step) if e["event"] == "attempt-opened"]
        return next((e["attempt"] for e in opened if not e.get("adopted")), None)


def fields_of(event: Event) -> dict[str, Any]:
    """The event's own fields, to be recorded once more."""
    return {name: value for name, value in event.items() if name not in _HEAD}


def _stop(event: Event) -> Stop:
    return Stop(Ending(event["outcome"]), event["reason"], event["what_to_do"])
