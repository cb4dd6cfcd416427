"""Whether an upgrade was rehearsed, lately, and like this: a warning otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.judge.statement import rehearsed, sentence
from engine.model.approval import SeenStatement, Statement
from tests.engine.kit import BEGIN

NODES = {"operative": 3, "elastic_only": 1, "voting_only": 1}
GOOD = Statement(
    run="r",
    cluster="c",
    environment="rehearsal",
    scenario="guide",
    runbook="a" * 64,
    source="4.25",
    target="4.26",
    nodes=NODES,
    finished=BEGIN - timedelta(days=3),
    key="SHA256:k",
)


def judged(statement: Statement | None, **facts: Any) -> dict[str, str]:
    now: dict[str, Any] = {
        "runbook": "a" * 64,
        "source": "4.25",
        "target": "4.26",
        "nodes": NODES,
        "now": BEGIN,
        "days": 60,
    }
    found = rehearsed(SeenStatement(statement, "no rehearsal is named"), **{**now, **facts})
    return {finding.code: finding.observed for finding in found}


def test_a_rehearsal_like_this_is_good() -> None:
    assert judged(GOOD) == {}


def test_none_is_told() -> None:
    assert judged(None) == {"rehearsal-missing": "no rehearsal is named"}


@pytest.mark.parametrize(("days", "when"), [(61, "61 days ago"), (-1, "in the future")])
def test_an_old_one_or_one_of_tomorrow_is_told(days: int, when: str) -> None:
    found = judged(replace(GOOD, finished=BEGIN - timedelta(days=days)))
    assert list(found) == ["rehearsal-old"]
    assert when in found["rehearsal-old"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"runbook": "b" * 64}, "another runbook (aaaaaaaaaaaa, this is bbbbbbbbbbbb)"),
        ({"target": "4.27"}, "4.25 to 4.26, this is 4.25 to 4.27"),
        ({"nodes": {**NODES, "operative": 4}}, "3 operative, here are 4"),
        ({"nodes": {"operative": 3, "elastic_only": 1}}, "1 voting_only, here are 0"),
    ],
)
def test_what_differs_is_named(facts: dict[str, Any], said: str) -> None:
    assert said in judged(GOOD, **facts)["rehearsal-mismatch"]


def test_the_evidence_says_what_was_rehearsed() -> None:
    said = sentence(SeenStatement(GOOD))
    for word in ("by r", "2026-10-30", "scenario guide", "3 operative", "signed with SHA256:k"):
        assert word in said, said
    assert "not signed" in sentence(SeenStatement(replace(GOOD, key="")))
    assert sentence(SeenStatement(problem="no rehearsal is named")).endswith("is named")
