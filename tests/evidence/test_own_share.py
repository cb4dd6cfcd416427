"""What of a run's time is the runbook's own: the benchmark's sums."""

from __future__ import annotations

from typing import Any

import pytest

from bench.own_share import FAILOVER, VENDOR, WAITS, lines_of, shares_of
from tests.engine.kit import N, event
from tests.evidence.journals import started, step


def answer(at: float, command: str, seconds: float, **fields: Any) -> dict[str, Any]:
    told = {"step": "a.b", "node": N, "question": "q", "command": command, "code": 0}
    return {**event("observation", at), **told, "seconds": seconds, **fields}


def change(begin: float, end: float, command: str, **fields: Any) -> list[dict[str, Any]]:
    named = {"step": "a.b", "node": N, "key": f"a.b#{begin}"}
    return [
        event("intent", begin, command=command, **named),
        event("result", end, outcome="ok", **named, **fields),
    ]


def test_each_second_counts_once() -> None:
    begun, ended = step("a.b", 10, 40)
    proof = step("failover.proof", 50, 60)
    events = [
        started(),
        begun,
        *change(11, 21, "neteye update"),
        # seen at work on two nodes at a time, and within the proof
        answer(25, "bash -c 'dnf -q repoquery'", 3.0),
        answer(26, "bash -c 'dnf -q repoquery'", 3.0),
        *change(30, 35, "pcs node unstandby --all --wait=300"),
        answer(38, "rpm -q -- dnf", 1.0),
        ended,
        proof[0],
        answer(55, "neteye health deep", 2.0, step="failover.proof"),
        proof[1],
        event("run-ended", 70, outcome="done", exit_code=0),
    ]
    shares = shares_of(events)
    assert shares.wall == 70
    assert shares.kinds == {VENDOR: 16.0, FAILOVER: 8.0, WAITS: 5.0}
    assert shares.own == 41
    assert shares.steps == {"a.b": 11.0, "failover.proof": 0.0, "": 30.0}
    assert any("own rest" in line and "0.50 of" in line for line in _beside(shares))


def _beside(shares: Any) -> list[str]:
    return lines_of(shares, shares._replace(wall=shares.wall + shares.own))


@pytest.mark.parametrize(("ended", "own"), [("2026-11-02T00:00:16Z", 14.0), ("", 10.0)])
def test_a_long_command_ends_when_it_ended_not_when_that_was_seen(ended: str, own: float) -> None:
    told = {"ended": ended} if ended else {}
    events = [started(), *change(10, 20, "neteye upgrade", **told), event("note", 20, text="x")]
    assert shares_of(events).own == own


def test_an_answer_that_was_asked_ahead_counts_when_it_came() -> None:
    events = [started(), answer(10, "dnf -q list", 5.0, answered="2026-11-02T00:00:05Z")]
    assert shares_of(events).kinds[VENDOR] == 5.0
    assert shares_of(events).own == 5.0
