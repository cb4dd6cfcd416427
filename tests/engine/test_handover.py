"""The end of a run on N: tried for a while; what N did not take is told with what it was about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.attempt import handover
from engine.attempt.lock import ClusterLock
from engine.attempt.records import RecordsWriter
from engine.errors import UsageError
from engine.model.answer import Lost, LostKind
from engine.record.run import Run
from tests.engine import kit
from tests.engine.acting import Bench, Make, change


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PATIENCE", 0.0)


def end(made: Bench) -> str:
    """What the console shows."""
    lines: list[str] = []
    lock = ClusterLock(made.run, made.records)
    handover.hand_over(made.run, made.applier.sync, lock, lines.append)
    return "\n".join(lines)


def test_everything_is_handed_over_in_silence(bench: Make) -> None:
    made = bench()
    made.apply(change())
    made.run.record("note", step="", text="last")
    assert end(made) == ""
    assert made.on_n() == ["intent", "result", "note"]
    assert (made.node.root / "lock").read_text().splitlines()[1] == "free"


def test_a_result_that_n_never_took_is_named(bench: Make) -> None:
    made = bench()
    made.node.failing = [None, *[kit.lost_connection()] * 9]
    made.apply(change())
    text = end(made)
    assert "N did not take the last 2 lines of the journal" in text
    assert f"not on N: phase.step#1 on {kit.N}: ok" in text
    assert str(made.run.journal.path) in text
    assert "N did not take the lock back" in text
    assert len(made.events("bookkeeping")) == 3


def test_it_is_tried_again_until_n_is_back(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PATIENCE", 60.0)
    monkeypatch.setattr("engine.waiting.EVERY", 0.01)
    made = bench()
    made.node.failing = [None, kit.lost_connection(), kit.unreachable(), kit.unreachable()]
    made.apply(change())
    assert end(made) == ""
    assert made.on_n() == ["intent", "result", "bookkeeping"]


def test_the_lock_is_given_back_also_when_the_journal_is_not_taken(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench()
    made.run.record("note", step="", text="last")

    def full(*_: object) -> None:
        raise UsageError("no space left")

    monkeypatch.setattr(made.records, "append_journal", full)
    assert "no space left" in end(made)
    assert (made.node.root / "lock").read_text().splitlines()[1] == "free"


def test_a_lock_of_another_run_is_left_alone(bench: Make) -> None:
    made = bench()
    made.run.record("note", step="", text="last")
    other = kit.N, {"who": "B. Bianchi"}
    RecordsWriter(made.node, *other).acquire(over="1")
    assert "took the cluster over (who B. Bianchi)" in end(made)
    assert (made.node.root / "lock").read_text().startswith("2\nheld")


def test_without_a_journal_on_n_the_lock_is_given_back(tmp_path: Path) -> None:
    run: Run = kit.make_run(tmp_path)
    ended: list[bool] = []

    class Lock(ClusterLock):
        def give_back(self) -> None:
            ended.append(True)

    say: Callable[[str], None] = ended.clear  # type: ignore[assignment]
    handover.hand_over(run, None, Lock(run, None), say)  # type: ignore[arg-type]
    assert ended == [True]


def test_the_key_goes_only_when_n_has_all_of_the_journal(bench: Make) -> None:
    """Whoever finds the attempt open needs it."""
    made = bench()
    made.run.record("note", step="", text="last")
    lines: list[str] = []
    seen: list[list[str]] = []
    lock = ClusterLock(made.run, made.records)
    handover.hand_over(
        made.run, made.applier.sync, lock, lines.append, forget=lambda: seen.append(made.on_n())
    )
    assert seen == [["note"]]
    made.run.record("note", step="", text="more")

    def full() -> None:
        raise UsageError("no space left")

    handover.hand_over(made.run, full, lock, lines.append, forget=lambda: seen.append([]))
    assert seen == [["note"]]


def test_a_key_that_stays_is_told_and_the_lock_given_back(bench: Make) -> None:
    made = bench()

    def full() -> None:
        raise UsageError("no space left")

    lines: list[str] = []
    lock = ClusterLock(made.run, made.records)
    handover.hand_over(made.run, made.applier.sync, lock, lines.append, forget=full)
    assert lines == [
        "N still has the key of the attempt's comparisons: no space left. The next run removes it."
    ]
    assert (made.node.root / "lock").read_text().splitlines()[1] == "free"


def test_another_machine_is_not_tried_again(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PATIENCE", 60.0)
    monkeypatch.setattr("engine.waiting.EVERY", 0.01)
    made = bench()
    stranger = Lost(kit.N, "it is another machine now", LostKind.IDENTITY)
    made.node.failing = [None, *[stranger] * 3, None]
    made.apply(change())
    text = end(made)
    assert "N did not take the last 2 lines of the journal: " in text
    assert "it is another machine now" in text
    assert len(made.node.failing) == 1
