"""Whose records these are, and what has changed since they were written."""

from __future__ import annotations

from typing import Any

import pytest

from engine.judge.takeover import (
    changed_runbook,
    changed_settings,
    foreign_records,
    missing_runs,
    steering,
)
from engine.model.inventory import Environment, Settings

HERE: dict[str, Any] = {
    "cluster": "ours",
    "nodes": {"n1": "operative", "n2": "operative", "v1": "voting_only"},
    "source": "4.25",
    "target": "4.26",
}


def test_records_of_the_same_upgrade_are_ours() -> None:
    assert foreign_records(dict(HERE), HERE, "n1") == []


@pytest.mark.parametrize(
    ("changed", "observed"),
    [
        ({"cluster": "theirs"}, "cluster 'theirs'"),
        ({"cluster": None}, "cluster None"),
        ({"nodes": {"n1": "operative"}}, "the nodes n1"),
        ({"nodes": None}, "the nodes (none)"),
        ({"nodes": {**HERE["nodes"], "v1": "elastic_only"}}, "v1 as elastic_only"),
        ({"target": "4.27"}, "an upgrade to 4.27"),
        ({"source": None}, "an upgrade from a version that is not told"),
    ],
)
def test_what_differs_or_is_missing_is_told_in_one_finding(
    changed: dict[str, Any], observed: str
) -> None:
    (finding,) = foreign_records({**HERE, **changed}, HERE, "n1")
    assert (finding.code, finding.subject) == ("records-foreign", "n1")
    assert observed in finding.observed
    assert "or no records" in finding.expected


def settings(**changes: Any) -> Settings:
    return Settings(**{"cluster": "ours", "environment": Environment.STAGING, **changes})


def test_settings_that_steer_are_compared_and_the_others_not() -> None:
    before = steering(settings(change_id="CHG1"))
    assert changed_settings(before, steering(settings(change_id="CHG2"))) == []
    (finding,) = changed_settings(before, steering(settings(reactivate_after_update=False)))
    assert finding.code == "settings-changed"
    assert finding.subject == "runbook_reactivate_after_update"
    assert "'no'" in finding.observed
    assert "'yes'" in finding.expected


def test_a_setting_that_is_not_on_record_has_changed() -> None:
    found = changed_settings({}, steering(settings()))
    assert {finding.subject for finding in found} == set(steering(settings()))


@pytest.mark.parametrize("before", ["a" * 64, None])
def test_another_runbook_is_told_with_both_versions(before: str | None) -> None:
    (finding,) = changed_runbook(before, "b" * 64, "RUN-1")
    assert (finding.code, finding.subject) == ("runbook-changed", "b" * 12)
    assert "RUN-1" in finding.expected


def test_the_same_runbook_is_no_finding() -> None:
    assert changed_runbook("b" * 64, "b" * 64, "RUN-1") == []


def test_a_run_that_nobody_can_tell_of_is_named_by_its_generation() -> None:
    one, several = missing_runs([(4, 4), (6, 8)], "n1")
    assert {finding.code for finding in (one, several)} == {"run-missing"}
    assert (one.subject, several.subject) == ("generation-4", "generations-6-8")
    assert "n1 has no journal" in one.observed
    assert missing_runs([], "n1") == []
