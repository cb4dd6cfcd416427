"""Weighing: severities and acceptances are data; nobody accepts what must not be accepted."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.judge import Judge
from engine.model.finding import Acceptance, Severity
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


def test_all_findings_are_kept_each_once() -> None:
    one = judge()
    one.weigh([kit.finding(), kit.finding("a-note")])
    one.weigh([kit.finding()])
    assert [finding.code for finding in one.findings] == ["disk-space", "a-note"]
