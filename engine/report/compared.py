"""`python -m engine compare`: what it reads, and its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.given_path import is_file, is_there
from engine.model.approval import Statement
from engine.model.ending import Mode
from engine.model.prediction import Prediction
from engine.prove.statement import NAME, read_statement, refuse_altered
from engine.record.course import UpgradeCourse
from engine.report.change import of_change
from engine.report.compare import compare, lines_of
from engine.report.evidence_files import Evidence, read_unaltered, told_as_odd
from engine.report.predicted import Beside, beside, first_seen
from engine.report.predicted import lines_of as lines_beside
from engine.report.summary import summary_of


def compared(one: Path, other: Path, *, everything: bool) -> Iterator[str]:
    """The lines of two runs, or of a rehearsal's statement and a run. Raises UsageError."""
    if is_file(one) or (one.name == NAME and not is_there(one)):
        yield from _with_statement(one, other, everything=everything)
        return
    read = [_Read(path) for path in (one, other)]
    yield from lines_of(compare(*(each.summary for each in read)), everything=everything)
    if all(each.summary["mode"] == Mode.EXECUTE for each in read):
        first, second = read
        found = _beside(str(first.summary["run_id"]), first.course.prediction, second)
        yield ""
        yield from lines_beside(found, everything=everything)
    for each in read:
        yield from each.lacking()


def _with_statement(path: Path, run: Path, *, everything: bool) -> Iterator[str]:
    statement, prediction = prediction_in(path)
    read = _Read(run)
    pair = read.summary["source"], read.summary["target"]
    if (statement.source, statement.target) != pair:
        raise UsageError(
            f"{path}: it predicts an upgrade from {statement.source} to {statement.target}, the run"
            f" {read.summary['run_id']} is one from {pair[0]} to {pair[1]}; name a rehearsal of"
            " that one"
        )
    yield from lines_beside(_beside(statement.run, prediction, read), everything=everything)
    yield from read.lacking()


def _beside(run: str, prediction: Prediction, read: _Read) -> Beside:
    return beside(run, prediction, read.course, first_seen(prediction, read.change))


def prediction_in(path: Path) -> tuple[Statement, Prediction]:
    """The rehearsal's statement, and what it predicts; UsageError for a file without either."""
    refuse_altered(path)
    seen = read_statement(path)
    if seen.statement is None:
        raise UsageError(seen.problem)
    if seen.statement.predicted is None:
        raise UsageError(
            f"{path}: it predicts nothing, as an older runbook wrote it; rehearse again, or name"
            " the rehearsal's directory, which has the whole run"
        )
    return seen.statement, seen.statement.predicted


class _Read:
    """One run's evidence, unaltered."""

    def __init__(self, path: Path) -> None:
        self._evidence: Evidence = read_unaltered(path)
        with told_as_odd(self._evidence.directory):
            own, earlier = self._evidence.own, self._evidence.earlier
            summary = summary_of(own, earlier)
            self.summary: Mapping[str, Any] = {**summary, "head": self._evidence.head}
            # by itself: which run is odd?
            lines_of(compare(self.summary, self.summary), everything=True)
            self.change = of_change([*earlier, *own])
            self.course = UpgradeCourse.of(self.change)

    def lacking(self) -> Iterator[str]:
        """What its evidence lacks."""
        for text in self._evidence.found():
            yield f"FOUND: run {self.summary['run_id']}: {text}"
