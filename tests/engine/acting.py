"""An applier on a bench: a real journal here, real records on a node N in a directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.act.applier import Applier
from engine.act.driving import Action, Applied
from engine.act.stops import NotDone
from engine.attempt import detached_scripts
from engine.attempt.records import RecordsWriter
from engine.model.change import Change, Nothing
from engine.model.ending import Ending
from engine.record.run import Run
from tests.engine import kit

SET = ("pcs", "property", "set", "x=1")
STEP = "phase.step"


def change(**changes: Any) -> Change:
    plain: dict[str, Any] = {"what": "set x", "node": kit.N, "argv": SET, "deadline": 60.0}
    return Change(**{**plain, **changes})


def action(*changes: Change, end: Nothing | str | None = None) -> Action:
    """An action of these changes; it keeps no look at the cluster."""
    for one in changes:  # noqa: UP028  # a tuple takes no answers
        yield one
    return end


class Bench:
    """An applier with a real journal here and real records on a node N in a directory."""

    def __init__(self, tmp_path: Path, answers: Mapping[Any, Any], **of_run: Any) -> None:
        self.node = kit.Node(tmp_path / "records", answers)
        self.run: Run = kit.make_run(tmp_path, **of_run)
        self.time = kit.FakeTime()
        self.records = RecordsWriter(self.node, kit.N, {"who": "test"}, self.time.clock)
        self.records.acquire()
        self.output: list[str] = []
        self.words: list[str] = []
        self.applier = Applier(
            self.run,
            self.node,
            self.records,
            self.output.append,
            self.words.append,
            clock=self.time.clock,
        )

    def apply(self, *changes: Change, step: str = STEP, end: Any = None) -> Applied:
        self.run.step = step
        return self.applier.apply(step, action(*changes, end=end))

    def refused(self, *changes: Change) -> str:
        """Apply what can't be done; the text for the operator."""
        with pytest.raises(NotDone) as caught:
            self.apply(*changes)
        return str(caught.value)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """What was run on nodes, record scripts apart."""
        return [argv for _, argv in self.node.asked if not kit.is_record_script(argv)]

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        return [event for event in self.run.journal.events if event["event"] == kind]

    def on_n(self) -> list[str]:
        """Kinds of the events of this run on N."""
        lines = self.node.journal_on_n().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def ending(self) -> tuple[Ending, int] | None:
        stop = self.run.stop
        return (stop.ending, stop.ending.code) if stop else None


Make = Callable[..., Bench]


UPGRADE = ("neteye", "upgrade")


def upgrade(**changes: Any) -> Change:
    return change(argv=UPGRADE, detached="upgrade-1", repeatable=False, **changes)


class Detached(kit.Node):
    """START and FOLLOW are answered here; every other record script runs for real."""

    def __init__(self, root: Path, started: Any, looks: Callable[[], Any]) -> None:
        super().__init__(root)
        self.started, self.looks = started, looks
        self.starts = 0

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        source = argv[2] if len(argv) > 2 else ""
        if source == detached_scripts.START.strip():
            assert argv[7:] == UPGRADE
            self.starts += 1
            return self.started
        if source == detached_scripts.FOLLOW.strip():
            return self.looks()
        return super()._reply(node, argv, stdin)
