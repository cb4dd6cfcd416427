"""The preflight asks the time stamp authority, in a plan too: the night brings no surprise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge import change_management
from engine.prove.timestamp import Tried
from engine.record.position import Position
from runbook.phases import test_10_preflight
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.test_positions import Weights, position_look
from tests.engine import kit

URL = "http://tsa.example.com/tsr"
HEAD = "5d" * 32


class Told(Weights):
    """What the step says of itself."""

    def judge(self, findings: Any, *, observed: str, **more: Any) -> Any:
        self.said.append(observed)
        return super().judge(findings, observed=observed, information=more.get("information", ""))

    def fulfilled(self, row: str, reason: str) -> None: ...


def asked(monkeypatch: pytest.MonkeyPatch, tried: Tried, **settings: Any) -> tuple[Told, list[Any]]:
    questions: list[Any] = []

    def here(question: Any) -> Tried:
        questions.append(question)
        return tried

    look = position_look(Position.NOT_STARTED)
    look.settings = kit.inventory(**settings).settings
    look.inventory, look.here, look.now = kit.inventory(), here, lambda: kit.BEGIN
    monkeypatch.setattr(change_management, "governance", lambda *_: ())
    evidence = Told()
    run = SimpleNamespace(journal=SimpleNamespace(head=HEAD), until=None)
    session: Any = SimpleNamespace(run=run)
    test_10_preflight.test_governance(session, look, evidence)  # type: ignore[arg-type]
    return evidence, questions


def test_an_authority_that_is_silent_is_told_before_the_night(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evidence, (question,) = asked(monkeypatch, Tried(problem="no answer"), timestamp_url=URL)
    assert question.where == URL
    (finding,) = evidence.findings
    assert (finding.code, SEVERITIES.of(finding.code)) == ("timestamp-missing", "warn")


def test_one_that_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, _ = asked(monkeypatch, Tried("2026-11-02 00:00:02 UTC", "CN=TSA"), timestamp_url=URL)
    assert evidence.findings == []
    assert "; time stamps by CN=TSA" in " ".join(evidence.said)


def test_nobody_is_asked_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, Tried())[1] == []
