"""Weighing: severities and acceptances are data; nobody accepts what must not be accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from engine.errors import UsageError
from engine.judge.weighing import Judge
from engine.model.finding import Acceptance, Finding, Severity
from tests.engine import kit


def accept(code: str = "disk-space", subject: str | None = None) -> Acceptance:
    return Acceptance(code, subject, "known", "A. Rossi")


def judge(*acceptances: Acceptance) -> Judge:
    return Judge(kit.SEVERITIES, acceptances)


@pytest.mark.parametrize(
    ("code", "severity", "blocks"),
    [
        ("disk-space", Severity.BLOCK, True),
        ("updates-pending", Severity.WARN, False),
        ("a-note", Severity.INFO, False),
        ("never-heard-of", Severity.BLOCK, True),
        ("outcome-unknown", Severity.BLOCK, True),
    ],
)
def test_the_table_weighs_and_what_is_not_in_it_blocks(
    code: str, severity: Severity, blocks: bool
) -> None:
    (weighed,) = judge().weigh([kit.finding(code)])
    assert (weighed.severity, weighed.blocks) == (severity, blocks)


@pytest.mark.parametrize(
    ("acceptance", "accepted"),
    [
        (accept(), True),
        (accept(subject=kit.SECOND), True),
        (accept(subject=kit.THIRD), False),
        (accept("updates-pending"), False),
    ],
)
def test_an_acceptance_is_for_its_code_and_subject(acceptance: Acceptance, accepted: bool) -> None:
    (weighed,) = judge(acceptance).weigh([kit.finding()])
    assert (weighed.accepted is not None) is accepted
    assert weighed.blocks is not accepted


@pytest.mark.parametrize("code", ["disk-space", "outcome-unknown", "drbd-disk"])
@pytest.mark.parametrize("subject", [None, kit.SECOND, kit.THIRD])
@pytest.mark.parametrize("until", [None, date(2026, 1, 1)])
def test_to_ask_whether_it_is_accepted_says_the_same_as_weighing_and_leaves_no_trace(
    code: str, subject: str | None, until: date | None
) -> None:
    given = replace(accept(subject=subject), until=until)
    made, finding = judge(given), kit.finding(code)
    asked = made.accepts(finding)
    assert (made.newly_used(), made.findings, made.unused) == ([], [], [given])
    (weighed,) = made.weigh([finding])
    assert asked is (weighed.accepted is not None)


@pytest.mark.parametrize(("subject", "accepted"), [(None, True), ("ne02", True), ("ne03", False)])
def test_what_follows_is_accepted_with_its_cause(subject: str | None, accepted: bool) -> None:
    """It was not: whoever accepted a node out of reach was stopped by each question to it."""
    below = Finding("disk-space", "ne02", "not asked", "an answer", "", follows="drbd-disk@ne02")
    (seen,) = judge(accept("drbd-disk", subject)).weigh([below])
    assert bool(seen.accepted) is accepted


def test_an_accepted_finding_keeps_its_severity_and_who_took_it() -> None:
    (weighed,) = judge(accept()).weigh([kit.finding()])
    assert weighed.severity is Severity.BLOCK
    assert weighed.accepted == accept()


def test_one_acceptance_serves_every_finding_of_its_code() -> None:
    two = judge(accept()).weigh([kit.finding(), kit.finding(subject=kit.THIRD)])
    assert not any(finding.blocks for finding in two)


@pytest.mark.parametrize("code", ["version-path", "outcome-unknown"])
def test_what_nobody_can_accept_stays_blocking(code: str) -> None:
    (weighed,) = judge(accept(code)).weigh([kit.finding(code)])
    assert weighed.blocks


@pytest.mark.parametrize("code", ["version-path", "outcome-unknown"])
def test_accepting_what_nobody_can_accept_is_a_usage_error(code: str) -> None:
    with pytest.raises(UsageError, match=f"--accept {code}: .*can't be accepted by anybody"):
        judge(accept(code)).check_acceptances()


def test_accepting_an_unknown_code_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--accept disk-spce: no such finding"):
        judge(accept("disk-spce")).check_acceptances()


def test_known_codes_may_be_accepted() -> None:
    judge(accept(), accept("updates-pending")).check_acceptances()


def test_as_information_nothing_weighs_and_no_acceptance_is_used() -> None:
    one = judge(accept())
    (weighed,) = one.weigh([kit.finding("version-path")], information=True)
    assert (weighed.severity, weighed.blocks) == (Severity.INFO, False)
    assert one.unused == [accept()]


def test_acceptances_that_nothing_needed_are_known() -> None:
    one = judge(accept(), accept(subject=kit.THIRD))
    one.weigh([kit.finding(subject=kit.SECOND)])
    assert one.unused == [accept(subject=kit.THIRD)]


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def judge_at(now: datetime, *acceptances: Acceptance) -> Judge:
    return Judge(kit.SEVERITIES, acceptances, now=lambda: now)


@pytest.mark.parametrize(
    ("until", "accepted"), [(date(2026, 11, 1), False), (date(2026, 11, 2), True)]
)
def test_an_acceptance_holds_to_the_end_of_its_last_day(until: date, accepted: bool) -> None:
    (weighed,) = judge_at(NOON, replace(accept(), until=until)).weigh([kit.finding()])
    assert weighed.blocks is not accepted


def test_the_last_day_is_by_utc() -> None:
    late = datetime(2026, 11, 3, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    (weighed,) = judge_at(late, replace(accept(), until=date(2026, 11, 2))).weigh([kit.finding()])
    assert not weighed.blocks


def test_one_that_has_ended_is_told_and_not_called_unused() -> None:
    one = judge_at(NOON, replace(accept(), until=date(2026, 11, 1)))
    one.weigh([kit.finding()])
    (warning,) = one.warnings()
    assert "disk-space by A. Rossi ended with 2026-11-01" in warning


def test_behind_one_that_has_ended_another_one_holds() -> None:
    ended, holds = replace(accept(), until=date(2026, 11, 1)), replace(accept(), reason="still so")
    (weighed,) = judge_at(NOON, ended, holds).weigh([kit.finding()])
    assert weighed.accepted == holds


def on_record(**changes: Any) -> Acceptance:
    return replace(accept(), run="RUN-1", given="2026-11-01T10:00:00Z", **changes)


def test_one_on_record_is_honoured_and_not_recorded_again() -> None:
    one = judge()
    one.honour([on_record()])
    (weighed,) = one.weigh([kit.finding()])
    assert weighed.accepted == on_record()
    assert one.newly_used() == []
    assert one.warnings() == []


def test_the_same_one_given_again_is_the_one_on_record() -> None:
    one = judge(accept())
    one.honour([on_record()])
    (weighed,) = one.weigh([kit.finding()])
    assert weighed.accepted == on_record()
    assert (one.newly_used(), one.unused) == ([], [])


def test_another_reason_is_a_new_one() -> None:
    other = replace(accept(), reason="known since today")
    one = judge(other)
    one.honour([on_record()])
    (weighed,) = one.weigh([kit.finding()])
    assert weighed.accepted == other
    assert one.newly_used() == [other]


def test_what_is_used_is_handed_out_once() -> None:
    one = judge(accept())
    one.weigh([kit.finding(), kit.finding(subject=kit.THIRD)])
    assert one.newly_used() == [accept()]
    one.weigh([kit.finding()])
    assert one.newly_used() == []


def test_one_on_record_that_has_ended_is_told_when_it_is_missed() -> None:
    one = judge_at(NOON)
    one.honour([on_record(until=date(2026, 11, 1))])
    assert one.warnings() == []
    (weighed,) = one.weigh([kit.finding()])
    assert weighed.blocks
    assert "ended with 2026-11-01" in one.warnings()[0]


def test_one_on_record_for_what_nobody_may_accept_any_more_counts_nothing() -> None:
    one = judge()
    one.honour([on_record(code="version-path")])
    (weighed,) = one.weigh([kit.finding("version-path")])
    assert weighed.blocks


def test_all_findings_are_kept_each_once() -> None:
    one = judge()
    one.weigh([kit.finding(), kit.finding("a-note")])
    one.weigh([kit.finding()])
    assert [finding.code for finding in one.findings] == ["disk-space", "a-note"]
