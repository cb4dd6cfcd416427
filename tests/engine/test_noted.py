"""The list of an attempt's runs on N: who took the lock, whose journal was there; what lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import remote
from engine.attempt.chains import Altered
from engine.attempt.noted import Noted, missing_runs, parse_noted, refuse_lost
from engine.verify import Missing
from tests.engine.test_remote_scripts import acquire, expire, on


def holder(run: str, **more: str) -> dict[str, str]:
    return {"who": "root", "host": "c1", "run": run, "since": "then", "pid": "7", **more}


def told(run: str) -> dict[str, str]:
    return {key: value for key, value in holder(run).items() if key != "pid"}


def had_lock(generation: int, run: str, *events: str) -> list[dict[str, Any]]:
    """The events of a journal on N."""
    kinds = [{"event": "lock-taken", "generation": generation}, *({"event": e} for e in events)]
    return [{"run": run, **one} for one in kinds]


# what N writes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An attempt is open."""
    root = tmp_path / "records"
    acquire(root, holder=json.dumps(holder("A")))
    on(root, remote.REPLACE, "1", "attempts/A/runs", stdin=b'taken 1 {"run": "A"}\n')
    on(root, remote.REPLACE, "1", "attempt", stdin=b"A\n")
    return root


def noted(root: Path) -> Noted:
    return parse_noted((root / "attempts/A/runs").read_text())


def test_who_takes_the_lock_is_noted_with_it(root: Path) -> None:
    assert acquire(root, holder=json.dumps(holder("B"))).code == remote.HELD
    assert sorted(noted(root).taken) == [1], "nobody had it"
    expire(root)
    acquire(root, holder=json.dumps(holder("B")))
    assert noted(root).taken == {1: {"run": "A"}, 2: holder("B")}
    assert (root / "attempts/A/runs").stat().st_mode & 0o777 == 0o600


def test_a_journal_is_noted_once_n_has_lines_of_it(root: Path) -> None:
    for text in (b"one\n", b"two\n"):
        on(root, remote.APPEND, "1", "attempts/A/journal/A.jsonl", stdin=text)
    on(root, remote.APPEND, "1", "attempts/A/commands/c/nohup.out", stdin=b"log\n")
    assert noted(root).begun == {"A.jsonl"}
    on(root, remote.APPEND, "9", "attempts/A/journal/Z.jsonl", stdin=b"not ours\n")
    assert noted(root).begun == {"A.jsonl"}


def test_a_lock_that_somebody_removed_goes_on_behind_the_last_one(root: Path) -> None:
    """A generation that comes twice would hide a run, and put it in the wrong place."""
    expire(root)
    acquire(root, holder=json.dumps(holder("B")))
    (root / "lock").unlink()
    assert acquire(root, holder=json.dumps(holder("C"))).text.startswith("3 free ")
    assert sorted(noted(root).taken) == [1, 2, 3]


def test_without_an_attempt_nobody_is_noted(tmp_path: Path) -> None:
    acquire(tmp_path / "records")
    assert not list((tmp_path / "records").rglob("runs"))
    (tmp_path / "records" / "attempt").write_text("gone\n")
    expire(tmp_path / "records")
    assert acquire(tmp_path / "records").code == 0


@pytest.mark.parametrize(
    "text", ["taken 1 x\n", "taken x {}\n", "taken 1 []\n", "journal\n", "x y\n"]
)
def test_what_is_no_such_list_can_not_be_read(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its words are those of JSON, of int, and ours
        parse_noted(text)


# what is missing


def test_a_journal_that_n_has_had_and_has_no_more_is_refused() -> None:
    seen = Noted(begun=frozenset({"A.jsonl", "B.jsonl"}))
    refuse_lost(seen, ["A.jsonl", "B.jsonl", "C.jsonl"])
    with pytest.raises(Altered, match=r"B\.jsonl is missing: its run had written it there"):
        refuse_lost(seen, ["A.jsonl"])


FIRST = had_lock(3, "A")


@pytest.mark.parametrize(
    ("taken", "earlier", "generation", "missing"),
    [
        pytest.param({3: "A"}, FIRST, 4, [], id="one after the other"),
        pytest.param({}, FIRST, 4, [], id="of an older runbook"),
        pytest.param({3: "A"}, FIRST, None, [], id="a plan has none"),
        pytest.param({3: "A", 4: "own"}, FIRST, 4, [], id="its own"),
        pytest.param(
            {3: "A", 4: "B"}, FIRST, 5, [Missing(4, 4, told("B"))], id="killed before a line came"
        ),
        pytest.param({3: "A", 4: "B"}, FIRST, None, [Missing(4, 4, told("B"))], id="to a plan"),
        pytest.param({3: "A", 4: "working"}, FIRST, None, [], id="beside the one that works"),
        pytest.param({3: "A"}, FIRST, 5, [Missing(4, 4, {})], id="nobody noted it"),
        pytest.param({}, FIRST, 9, [Missing(4, 8, {})], id="nor several"),
        pytest.param(
            {3: "A", 5: "B"}, FIRST, 7,
            [Missing(4, 4, {}), Missing(5, 5, told("B")), Missing(6, 6, {})], id="both",
        ),
        pytest.param(
            {3: "A"}, [], 4, [Missing(3, 3, told("A"))], id="the first one, before a line came"
        ),
        pytest.param(
            {3: "A", 4: "B"}, [*FIRST, {"run": "B", "event": "note"}], 5, [], id="without its line"
        ),
        pytest.param(
            {3: "A", 4: "B", 7: "D"},
            [*FIRST, *had_lock(5, "C", "attempt-closed")],
            8,
            [Missing(4, 4, told("B"))],
            id="after its end",
        ),
    ],
)  # fmt: skip
def test_the_runs_that_had_the_lock_and_left_no_journal(
    taken: dict[int, str],
    earlier: list[dict[str, Any]],
    generation: int | None,
    missing: list[Missing],
) -> None:
    seen = Noted({number: holder(run) for number, run in taken.items()})
    assert missing_runs(seen, earlier, "own", generation, "working") == missing


def test_it_says_what_is_known_of_them() -> None:
    assert str(Missing(4, 4, told("B"))) == (
        "generation 4 of the cluster's lock: taken by a run of which there is no journal (host c1,"
        " run B, since then, who root); N never had a line of it, and without its intent there no"
        " change is made"
    )
    assert str(Missing(4, 8, {})) == (
        "generations 4 to 8 of the cluster's lock: no journal, and nobody noted who had taken it"
    )
