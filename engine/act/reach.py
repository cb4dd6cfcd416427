"""When the node of a followed command was out of reach, and when it was back: for the timeline."""

from __future__ import annotations

from engine.record.run import Run


class Reach:
    """Hears every word of the follower; records changes only."""

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
