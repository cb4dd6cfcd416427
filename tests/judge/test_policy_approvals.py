"""Which approvals count: one a person, other than the operator, for facts that still hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.approvals import COMPARED, Operator, approvals, drift
from engine.model.approval import Approval, Approved, SeenApproval
from tests.engine.kit import BEGIN

FACTS: dict[str, Any] = {
    "cluster": "c",
    "nodes": {"n1": "operative", "n2": "operative"},
    "active": "n1",
    "versions": {"n1": "4.25", "n2": "4.25"},
    "source": "4.25",
    "target": "4.26",
    "runbook": "a" * 64,
    "scope": "upgrade",
    "settings": {"change_id": "CHG1"},
    "acceptances": [{"code": "x", "by": "B"}],
}
APPROVAL = Approval("h", FACTS, "B. Bianchi", BEGIN, BEGIN + timedelta(days=2))
GOOD = SeenApproval("b.approval.json", APPROVAL, "b@example.test", "SHA256:b")
OTHER = replace(GOOD, file="c.approval.json", principal="c@example.test", key="SHA256:c")
OPERATOR = Operator("a.rossi", ("SHA256:a", "SHA256:a2"))
NOW = BEGIN + timedelta(days=1)


def judged(*seen: SeenApproval, wanted: int = 1, **facts: Any) -> tuple[list[str], list[str]]:
    found, counted = approvals(
        wanted, seen, operator=OPERATOR, material={**FACTS, **facts}, now=NOW, used={}
    )
    return [finding.code for finding in found], [one.principal for one in counted]


def why(one: SeenApproval, **facts: Any) -> str:
    found, _ = approvals(1, [one], operator=OPERATOR, material={**FACTS, **facts}, now=NOW, used={})
    return next(f.observed for f in found if f.code == "approval-unusable")


def test_a_valid_one_counts() -> None:
    assert judged(GOOD) == ([], ["b@example.test"])


def test_too_few_block_and_say_who_has() -> None:
    found, _ = approvals(2, [GOOD], operator=OPERATOR, material=FACTS, now=NOW, used={})
    (finding,) = found
    assert finding.code == "approvals-missing"
    assert "b@example.test" in finding.observed
    assert judged(GOOD, OTHER, wanted=2) == ([], ["b@example.test", "c@example.test"])


def test_one_person_counts_once() -> None:
    again = replace(GOOD, file="again.approval.json")
    assert judged(GOOD, again, wanted=2)[0] == ["approvals-missing"]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (replace(GOOD, problem="altered"), "altered"),
        (replace(GOOD, approval=None), "nobody"),
        (replace(GOOD, principal=""), "nobody"),
        (replace(GOOD, principal="a.rossi"), "who runs the upgrade"),
        (replace(GOOD, key="SHA256:a"), "whoever runs the upgrade has that key"),
        (replace(GOOD, key="SHA256:a2"), "whoever runs the upgrade has that key"),
        (replace(GOOD, approval=replace(APPROVAL, name="a.rossi")), "who runs the upgrade"),
        (replace(GOOD, approval=replace(APPROVAL, until=NOW)), "valid until"),
        (replace(GOOD, approval=replace(APPROVAL, given=NOW + timedelta(hours=1))), "future"),
    ],
)
def test_what_does_not_count_says_why(one: SeenApproval, said: str) -> None:
    assert said in why(one)
    assert judged(one) == (["approval-unusable", "approvals-missing"], [])


def test_one_that_has_counted_for_another_attempt_counts_no_more() -> None:
    mine = Approved("h", "SHA256:b", "2026-11-02T00:00:00.000Z")
    found, counted = approvals(
        1, [GOOD, OTHER], operator=OPERATOR, material=FACTS, now=NOW, used={mine: "attempt-1"}
    )
    assert [one.principal for one in counted] == ["c@example.test"]
    (finding,) = found
    assert (finding.code, finding.subject) == ("approval-unusable", "b.approval.json")
    assert finding.observed.startswith("it has counted for attempt attempt-1: ")


@pytest.mark.parametrize("name", ["plan", "key", "given"])
def test_another_word_of_the_same_person_is_another_approval(name: str) -> None:
    mine = Approved("h", "SHA256:b", "2026-11-02T00:00:00.000Z")
    used = {replace(mine, **{name: "another"}): "attempt-1"}
    found, _ = approvals(1, [GOOD], operator=OPERATOR, material=FACTS, now=NOW, used=used)
    assert found == []


def test_an_operator_without_a_key_is_told_by_name_only() -> None:
    found, counted = approvals(
        1, [replace(GOOD, key="")], operator=Operator("x"), material=FACTS, now=NOW, used={}
    )
    assert (found, len(counted)) == ([], 1)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"versions": {"n1": "4.25", "n2": "4.24"}}, "versions (n2: 4.25, now 4.24)"),
        ({"nodes": {"n1": "operative"}}, "nodes (n2: operative, now not given)"),
        ({"runbook": "b" * 64}, "runbook ("),
        ({"settings": {"change_id": "CHG2"}}, "settings (change_id: CHG1, now CHG2)"),
        ({"acceptances": []}, "acceptances (0 added, 1 gone)"),
        ({"active": "n2"}, "active (n1, now n2)"),
    ],
)
def test_what_has_drifted_is_named(facts: dict[str, Any], said: str) -> None:
    assert said in why(GOOD, **facts)


@given(st.sampled_from(COMPARED))
def test_every_compared_fact_counts(name: str) -> None:
    assert drift(APPROVAL, {**FACTS, name: "something else"})
    assert drift(APPROVAL, FACTS) == []


def test_steps_and_times_do_not() -> None:
    assert drift(APPROVAL, {**FACTS, "steps": [1], "position": "updated"}) == []


def test_who_accepts_that_one_is_missing_keeps_those_that_were_given() -> None:
    missing = {"code": "approvals-missing", "by": "A"}
    accepted = [*FACTS["acceptances"], missing]
    assert judged(GOOD, acceptances=accepted) == ([], ["b@example.test"])
    planned = replace(APPROVAL, material={**FACTS, "acceptances": accepted})
    assert judged(replace(GOOD, approval=planned)) == ([], ["b@example.test"])
    another = [*accepted, {"code": "disk-space", "by": "A"}]
    assert "acceptances (1 added, 0 gone)" in why(GOOD, acceptances=another)


@pytest.mark.parametrize("name", ["B. Bianchi", "b. bianchi", " B. BIANCHI "])
def test_who_says_by_name_that_he_runs_it_approves_nothing(name: str) -> None:
    """Whatever his login is: he may sit at somebody else's machine."""
    operator = replace(OPERATOR, by=name)
    assert GOOD.approval is not None
    named = replace(GOOD, approval=replace(GOOD.approval, name="B. Bianchi"))
    findings, counted = approvals(1, [named], operator=operator, material=FACTS, now=NOW, used={})
    assert counted == []
    assert "who runs the upgrade" in findings[0].observed


def test_who_gives_no_name_is_nobody_without_one() -> None:
    assert GOOD.approval is not None
    named = replace(GOOD, approval=replace(GOOD.approval, name=""))
    _, counted = approvals(1, [named], operator=OPERATOR, material=FACTS, now=NOW, used={})
    assert counted == [named]
