"""What findings say where the attempt is: of the update, the upgrade, its rounds and its end.

A remedy is followed at 3 a.m. to the letter: at no place may it speak of another one, or print what
would do harm there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge import normal
from engine.judge.fencing import fencing_is
from engine.model.facts import MACHINE_IDS
from engine.model.finding import Finding
from engine.record.evidence import OVER, Evidence
from engine.record.position import Position
from runbook.phases import test_10_preflight
from runbook.to_4_26.release import RELEASE
from tests.actions.test_positions import CHECKS, SESSION, STARTS, UNDER_WAY, Weights, position_look
from tests.engine import kit
from tests.judge import builders as b

IN_UPDATE = (Position.UPDATE_UNDER_WAY, Position.UPDATED)
IN_ROUNDS = (Position.UPGRADE_UNDER_WAY, Position.PLANNED_STOP)
AFTER_ROUNDS = (Position.UPGRADED, Position.REACTIVATED)


def said(check: str, position: Position) -> str:
    """What a check says of findings without weight; '' where they count, or it judges nothing."""
    evidence: Any = Weights()
    look = position_look(position)
    if check in STARTS:
        STARTS[check](look, evidence)
    else:
        getattr(test_10_preflight, f"test_{check}")(look, evidence)
    return " ".join(evidence.said)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_10_preflight, "settled", lambda *_, **__: ([], None))
    monkeypatch.setattr(test_10_preflight, "describe", lambda seen: "looked at")


ALL = (*CHECKS, *STARTS, "normal")


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize("position", Position)
def test_what_has_begun_is_told_as_it_is(check: str, position: Position) -> None:
    text = said(check, position)
    if position in IN_UPDATE:
        assert "upgrade has begun" not in text
    if position in (*IN_ROUNDS, *AFTER_ROUNDS):
        assert "update" not in text
    if position in AFTER_ROUNDS:
        assert "goes on all the same" not in text, "nothing is left that it could stop"
    assert bool(text) is (position in UNDER_WAY) or position in (Position.UPDATED, Position.CLOSED)


JUDGED_AGAIN = ("sameness", "access", "repository", "space", "constraints", "kernels", "health")


@pytest.mark.parametrize("check", JUDGED_AGAIN)
@pytest.mark.parametrize("position", IN_UPDATE)
def test_what_counts_again_before_the_first_round_says_so(check: str, position: Position) -> None:
    text = said(check, position)
    assert not text or "counts before the first round" in text


@pytest.mark.parametrize("position", IN_ROUNDS)
def test_a_file_that_the_run_migrates_itself_is_not_to_be_merged_by_hand(
    position: Position, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = sorted(RELEASE.known_conflicts)[0]
    found = {kit.N: (known, "/etc/other.conf.rpmnew")}
    evidence: Any = Weights()
    look = position_look(position)
    look.ask_all = lambda names, query: SimpleNamespace(values=found, is_complete=True)
    monkeypatch.setattr("runbook.cluster.leftovers.attach_diffs", lambda *_: None)
    test_10_preflight.test_leftovers(look, evidence)
    by_code = {finding.code: finding for finding in evidence.findings}
    assert "by the run itself" in by_code["rpmnew-known"].remedy
    assert "carry your values" in by_code["rpmnew-foreign"].remedy


# the profile of the position

STANDBY = {"only_active": True}
ON, OFF = {"fencing": True}, {"fencing": False}
# position -> what is normal there: who is in standby, fencing now and at the baseline
NORMAL_AT: tuple[tuple[Position, dict[str, bool], bool], ...] = (
    # the command failed before it touched the cluster
    (Position.UPDATE_UNDER_WAY, ON, True),
    (Position.UPDATE_UNDER_WAY, OFF, False),
    # it runs, stopped on its way, or ended and nothing is given back yet
    (Position.UPDATE_UNDER_WAY, STANDBY | OFF, True),
    (Position.UPDATE_UNDER_WAY, STANDBY | ON, True),
    (Position.UPDATE_UNDER_WAY, OFF, True),
    (Position.UPDATED, ON, True),
    (Position.UPGRADE_UNDER_WAY, ON, True),
    (Position.UPGRADE_UNDER_WAY, STANDBY | ON, True),
    (Position.UPGRADE_UNDER_WAY, STANDBY | OFF, True),
    (Position.UPGRADE_UNDER_WAY, STANDBY | OFF, False),
    (Position.PLANNED_STOP, STANDBY | OFF, True),
    (Position.PLANNED_STOP, ON, True),
    (Position.UPGRADED, STANDBY | OFF, True),
    # active again, and fencing not yet as before
    (Position.UPGRADED, OFF, True),
    (Position.REACTIVATED, ON, True),
    (Position.REACTIVATED, OFF, False),
    (Position.CLOSED, ON, True),
    (Position.CLOSED, OFF, False),
)


def profile_at(position: Position, state: dict[str, bool], before: bool) -> list[Finding]:
    """What `preflight.normal` finds on a cluster that is whole but for this state."""
    seen = b.observed(**state)  # type: ignore[arg-type]
    look = position_look(position)
    look.cluster_status = lambda: seen.status
    judged: list[Finding] = []

    def settled(look: Any, profile: Any, *, version: Any, **_: Any) -> tuple[list[Finding], None]:
        found = profile(seen, b.expected(fencing=before, version=version))
        judged.extend(found)
        return list(found), None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_10_preflight, "settled", settled)
        patch.setattr(test_10_preflight, "describe", lambda seen: "looked at")
        evidence: Any = Weights()
        test_10_preflight.test_normal(look, evidence)
    return list(evidence.findings)


@pytest.mark.parametrize(("position", "state", "before"), NORMAL_AT)
def test_what_is_normal_at_a_place_is_no_finding_there(
    position: Position, state: dict[str, bool], before: bool
) -> None:
    assert [finding.code for finding in profile_at(position, state, before)] == []


@pytest.mark.parametrize("position", UNDER_WAY)
def test_a_fault_is_told_wherever_the_attempt_is(position: Position) -> None:
    seen = b.with_resource(b.observed(only_active=True, fencing=False), "httpd", failed=True)
    look = position_look(position)
    look.cluster_status = lambda: seen.status
    profile, version = test_10_preflight._profile_of(look)
    assert "resource-failed" in b.codes(profile(seen, b.expected(version=version)))


# to the letter: what is printed, and what it would do

SWITCHED_OFF = "stonith-enabled=false"


def every_state() -> Iterable[tuple[Position, dict[str, bool], bool]]:
    for position in UNDER_WAY:
        for state in (ON, OFF, STANDBY | ON, STANDBY | OFF):
            for before in (True, False):
                yield position, state, before


@pytest.mark.parametrize(("position", "state", "before"), [*every_state()])
def test_what_has_no_weight_prints_no_command(
    position: Position, state: dict[str, bool], before: bool, tmp_path: Path
) -> None:
    """It would be pasted into a cluster that the vendor's command is changing, or has half done."""
    found = profile_at(position, state, before)
    run = kit.make_run(tmp_path)
    Evidence(run, "preflight.normal", ()).judge(found, observed="seen", information="So:")
    for event in run.journal.events:
        assert not event.get("commands")


# fencing: what is wanted, what is there, and where the attempt is


def place(profile: Callable[..., Any], *, now: bool, before: bool | None, **state: Any) -> Finding:
    seen = b.observed(fencing=now, **state)
    found = profile(seen, b.expected(fencing=before))
    (finding,) = (one for one in found if one.code in ("fencing-state", "fencing-off"))
    return finding  # type: ignore[no-any-return]


def test_before_the_attempt_fencing_that_was_forgotten_may_be_enabled() -> None:
    finding = place(normal.before_start, now=False, before=None)
    assert (finding.code, b.lines(finding)) == (
        "fencing-off",
        ["pcs property set stonith-enabled=true", b.AT_REST],
    )


def test_within_the_attempt_fencing_that_was_off_is_left_off_until_its_end() -> None:
    """Enabled by that remedy, the next look would say that it has to be off."""
    finding = place(normal.before_start, now=False, before=False)
    assert finding.code == "fencing-off"
    assert b.lines(finding) == []
    assert "when the upgrade is over" in finding.remedy


@pytest.mark.parametrize("profile", [normal.before_start, normal.final])
def test_fencing_that_somebody_enabled_is_no_danger_at_rest(profile: Any) -> None:
    """Nobody is fenced in the middle of an upgrade before it begins, or when it is over."""
    finding = place(profile, now=True, before=False)
    assert finding.code == "fencing-state"
    assert "middle" not in finding.remedy
    assert "when the attempt began" in finding.remedy
    assert b.lines(finding)[0].endswith(SWITCHED_OFF)


@pytest.mark.parametrize("profile", [normal.before_start, normal.final])
def test_fencing_that_somebody_switched_off_is_enabled_at_rest(profile: Any) -> None:
    finding = place(profile, now=False, before=True)
    assert b.lines(finding)[0].endswith("stonith-enabled=true")


def test_in_mid_upgrade_it_is_off() -> None:
    finding = place(normal.mid_upgrade, now=True, before=True, only_active=True)
    assert "in the middle of the upgrade" in finding.remedy
    assert b.lines(finding)[0].endswith(SWITCHED_OFF)


def test_at_the_end_it_is_as_at_the_baseline() -> None:
    """`reactivation.fencing`: it was off, and somebody enabled it."""
    (finding,) = fencing_is(b.cluster_status(fencing=True), False, at_rest=True)
    assert "middle" not in finding.remedy


# the machines' ids


def test_the_ids_are_remembered_for_the_statement_of_a_rehearsal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(test_10_preflight.identity, "clones", lambda *_, **__: ())
    one = SimpleNamespace(hostname="x", machine_id="a" * 32, release="Debian GNU/Linux 12")
    session: Any = SimpleNamespace(
        survey=SimpleNamespace(reachable=SimpleNamespace(values={kit.N: one}))
    )
    evidence = Weights()
    look = position_look(Position.NOT_STARTED)
    test_10_preflight.test_machines(session, look, evidence)  # type: ignore[arg-type]
    assert evidence.facts == {
        MACHINE_IDS: {"ids": {kit.N: "a" * 32}, "releases": {kit.N: "Debian GNU/Linux 12"}}
    }


def test_an_id_that_is_on_record_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with another id is another machine to every run after it (`machine-changed`)."""
    one = SimpleNamespace(hostname="x", machine_id="a" * 32, release="Debian GNU/Linux 12")
    survey = SimpleNamespace(reachable=SimpleNamespace(values={kit.N: one}))
    asked: list[bool] = []

    def clones(identities: Any, *, is_on_record: bool) -> tuple[Finding, ...]:
        asked.append(is_on_record)
        return ()

    monkeypatch.setattr(test_10_preflight.identity, "clones", clones)
    for attempt, closed in ((None, False), ("run", False), ("run", True)):
        look = position_look(Position.NOT_STARTED)
        look.attempt, look.memory.closed = attempt, closed
        session: Any = SimpleNamespace(survey=survey)
        test_10_preflight.test_machines(session, look, Weights())  # type: ignore[arg-type]
    assert asked == [False, True, False]
    assert SESSION


def test_the_end_of_an_attempt_leaves_nothing_to_do(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.memory = replace(run.memory, closed=True)
    Evidence(run, "phase.step", ()).judge([kit.finding()], observed="seen", information="So:")
    (told,) = (event for event in run.journal.events if event["event"] == "finding")
    assert told["remedy"] == OVER
