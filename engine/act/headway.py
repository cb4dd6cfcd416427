"""What goes on record of a long command while it is followed: what it is at, and who is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from engine.act.livelog import LiveLog
from engine.record.run import Run

EVERY = 30.0
"""Seconds between two events of a command's progress."""


class Headway:
    """What a followed command is at, for who looks on meanwhile: its end would come too late.

    Recorded when its log has gone on, and seldom.
    """

    def __init__(
        self, run: Run, key: str, node: str, log: LiveLog, clock: Callable[[], float]
    ) -> None:
        self._run = run
        self._of = {"key": key, "node": node}
        self._log = log
        self._clock = clock
        self._told = 0
        """Size of the log when it was told."""
        self._begun = clock()
        self._due = self._begun

    def note(self) -> None:
        """Called at every look at the log."""
        now, size = self._clock(), self._log.size
        if now < self._due or size == self._told:
            return
        place = self._log.at()
        if not place.tasks and now < self._begun + EVERY:
            return  # a word of its own comes soon
        self._run.record("progress", step=self._run.step, **self._of, **asdict(place), size=size)
        self._told, self._due = size, now + EVERY


class Reach:
    """When the node of a followed command was out of reach and back, for the timeline.

    Hears every word of the follower; records changes only.
    """

    def __init__(self, run: Run, node: str) -> None:
        self._run = run
        self._node = node
        self._is_lost = False

    def note(self, problem: str) -> None:
        """`problem` says why the node does not answer; empty: it does."""
        if bool(problem) == self._is_lost:
            return
        self._is_lost = bool(problem)
        state = "lost" if problem else "back"
        self._run.record(
            "connection", step=self._run.step, node=self._node, state=state, why=problem
        )
