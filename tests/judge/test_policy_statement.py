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
    environment="staging",
    scenario="guide",
    runbook="a" * 64,
    source="4.25",
    target="4.26",
    nodes=NODES,
    finished=BEGIN - timedelta(days=3),
    key="SHA256:k",
    accepted=[{"code": "disk-space", "subject": "n1", "by": "A. Rossi", "reason": "known"}],
    runbooks=["a" * 64],
    machines={"t1": "1" * 32},
)


def judged(
    statement: Statement | None, by: str | None = "the operator", **facts: Any
) -> dict[str, str]:
    now: dict[str, Any] = {
        "runbook": "a" * 64,
        "source": "4.25",
        "target": "4.26",
        "nodes": NODES,
        "machines": {"n1": "2" * 32, "n2": ""},
        "now": BEGIN,
        "days": 60,
    }
    seen = SeenStatement(statement, "no rehearsal is named", by)
    found = rehearsed(seen, **{**now, **facts})
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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"runbooks": ["b" * 64, "a" * 64]},
            "a runbook that was changed on the way (bbbbbbbbbbbb, then aaaaaaaaaaaa)",
        ),
        ({"machines": {"t1": "2" * 32}}, "on machines of this very cluster (n1)"),
    ],
)
def test_how_it_was_made_is_held_against_it(changes: dict[str, Any], said: str) -> None:
    assert said in judged(replace(GOOD, **changes))["rehearsal-mismatch"]


def test_a_machine_without_an_id_is_none_of_them() -> None:
    assert judged(replace(GOOD, machines={"t1": ""})) == {}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("rehearsal", "in containers, with stand-ins in the place of the vendor's commands"),
        ("production", "in an environment 'production', in which nothing is rehearsed"),
        ("", "in an environment ''"),
    ],
)
def test_another_kind_of_environment_has_its_own_words(environment: str, said: str) -> None:
    found = judged(replace(GOOD, environment=environment))
    assert list(found) == ["rehearsal-environment"]
    assert said in found["rehearsal-environment"]


def test_unsigned_and_signed_by_a_stranger_are_two_things() -> None:
    found = judged(replace(GOOD, key=""), by="")
    assert list(found) == ["rehearsal-unsigned"]
    assert "nobody has signed the statement of r" in found["rehearsal-unsigned"]
    found = judged(GOOD, by="")
    assert list(found) == ["rehearsal-key-unknown"]
    assert "SHA256:k" in found["rehearsal-key-unknown"]


def test_where_an_older_runbook_did_not_ask_whose_key_it_is_nothing_is_said() -> None:
    assert judged(GOOD, by=None) == {}


def test_one_of_an_older_form_says_nothing_of_how_it_was_made() -> None:
    assert judged(replace(GOOD, accepted=None, runbooks=(), machines={})) == {}


def test_the_evidence_says_what_was_rehearsed() -> None:
    said = sentence(SeenStatement(GOOD))
    for word in ("by r", "2026-10-30", "scenario guide", "3 operative", "signed with SHA256:k"):
        assert word in said, said
    assert "by nobody known" in said
    assert "findings accepted there: 1" in said
    assert "by the operator" in sentence(SeenStatement(GOOD, by="the operator"))
    assert "accepted" not in sentence(SeenStatement(replace(GOOD, accepted=None)))
    assert "; nodes of" not in said
    releases = {"t1": "Debian GNU/Linux 13", "t2": "Debian GNU/Linux 13", "t3": "another"}
    told = sentence(SeenStatement(replace(GOOD, releases=releases)))
    assert "; nodes of Debian GNU/Linux 13, another; signed" in told
    assert "not signed" in sentence(SeenStatement(replace(GOOD, key="")))
    assert sentence(SeenStatement(problem="no rehearsal is named")).endswith("is named")
