"""What stopped a run first, whoever saw it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from engine.model.ending import Ending, Stop
from engine.record.run import Run
from tests.engine import kit


class Slow(Run):
    """Two threads that look at `stop` at once both see it before one of them sets it."""

    both = threading.Barrier(2)
    seen: Stop | None = None

    def _get(self) -> Stop | None:
        found = self.seen
        if found is None and not self.both.broken:
            try:
                self.both.wait(0.2)
            except threading.BrokenBarrierError:
                return found  # the other one waits for its turn
        return found

    def _set(self, stop: Stop | None) -> None:
        self.seen = stop

    stop: Any = property(_get, _set)


def test_of_two_threads_one_is_first(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.__class__ = Slow
    told: list[Stop] = []
    run.on_stop.append(told.append)
    threads = [
        threading.Thread(target=run.halt, args=(ending, ending.value, "Look."))
        for ending in (Ending.LOCKED, Ending.FAILED)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (stopped,) = [event for event in run.journal.events if event["event"] == "stopped"]
    assert told == [run.stop]
    assert stopped["reason"] == told[0].reason


def test_what_comes_later_changes_nothing(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    first = run.halt(Ending.BLOCKED, "first", "Look.")
    assert run.halt(Ending.FAILED, "second", "Look.") is first
    assert run.stop is first
