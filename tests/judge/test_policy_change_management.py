"""Change id, window, fallback, release notes; the announced time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from engine.judge.change_management import (
    FirstNight,
    governance,
    time_stamps,
    window_not_begun,
    window_remaining,
)
from engine.model.inventory import Environment, Settings
from engine.model.release import Stage, remaining, up_to
from tests.engine import kit
from tests.judge import builders as b

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
NEED = timedelta(minutes=105)
HOUR = timedelta(hours=1)
GIVEN: dict[str, Any] = {
    "change_id": "CHG-1",
    "window_start": NOW - HOUR,
    "window_end": NOW + 4 * HOUR,
    "release_notes_read": "A. Person, 2026-11-20",
    "fallback": "snapshots by the hypervisor team",
}


def judge(environment: Environment = Environment.PRODUCTION, **changes: Any) -> list[str]:
    findings = governance(Settings("c", environment, **(GIVEN | changes)), NOW, NEED)
    b.assert_told_well(findings)
    return b.codes(findings)


def test_an_authority_that_gives_no_time_stamp() -> None:
    (finding,) = time_stamps("http://tsa.example.com/tsr: it answered HTTP 503")
    b.assert_told_well([finding])
    assert finding.code == "timestamp-missing"
    assert "HTTP 503" in finding.observed
    assert time_stamps("") == ()


def test_everything_given() -> None:
    assert judge() == []


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"change_id": None}, "change-id-missing"),
        ({"change_id": "  "}, "change-id-missing"),
        ({"window_start": None}, "window-missing"),
        ({"window_end": None}, "window-missing"),
        ({"release_notes_read": None}, "release-notes-unread"),
        ({"release_notes_read": ""}, "release-notes-unread"),
        ({"release_notes_read": "\u200b\u2060"}, "release-notes-unread"),
        ({"fallback": None}, "fallback-missing"),
        ({"fallback": "\ufeff"}, "fallback-missing"),
    ],
)
def test_what_is_missing_matters_in_production_only(missing: dict[str, Any], code: str) -> None:
    assert judge(**missing) == [code]
    assert judge(Environment.STAGING, **missing) == []
    assert judge(Environment.REHEARSAL, **missing) == []


def test_everything_missing_is_told_together() -> None:
    nothing: dict[str, Any] = dict.fromkeys(GIVEN)
    assert judge(**nothing) == [
        "change-id-missing",
        "fallback-missing",
        "release-notes-unread",
        "window-missing",
    ]


@pytest.mark.parametrize("environment", Environment)
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"window_start": NOW + HOUR}, "window-outside"),
        ({"window_end": NOW}, "window-past"),
        ({"window_start": NOW - 2 * HOUR, "window_end": NOW - HOUR}, "window-past"),
        ({"window_end": NOW + NEED - timedelta(seconds=1)}, "window-too-short"),
        ({"release_notes_read": "A. Person"}, "release-notes-unread"),
        ({"release_notes_read": "A. Person, yesterday"}, "release-notes-unread"),
        ({"release_notes_read": ", 2026-11-20"}, "release-notes-unread"),
        ({"release_notes_read": "\u200b, 2026-11-20"}, "release-notes-unread"),
        ({"release_notes_read": "A. Person, 2026-12-24"}, "release-notes-unread"),
    ],
)
def test_what_is_given_is_always_judged(
    environment: Environment, given: dict[str, Any], code: str
) -> None:
    assert judge(environment, **given) == [code]


def test_a_window_ahead_is_told_to_be_too_short_in_time() -> None:
    ahead = {"window_start": NOW + 9 * HOUR, "window_end": NOW + 9 * HOUR + NEED}
    assert judge(**ahead) == ["window-outside"]
    short = ahead | {"window_end": ahead["window_end"] - timedelta(minutes=1)}
    assert judge(**short) == ["window-outside", "window-too-short"]
    settings = Settings("c", Environment.PRODUCTION, **(GIVEN | short))
    outside, too_short = governance(settings, NOW, NEED)
    assert outside.observed == "the window has not begun: it opens in 9 h 00 min"
    assert "1 h 44 min long" in too_short.observed
    assert "1 h 45 min" in too_short.expected


@pytest.mark.parametrize("begun", [timedelta(), 9 * HOUR], ids=["begun", "ahead"])
def test_a_window_that_holds_the_first_of_two_nights(begun: timedelta) -> None:
    first = FirstNight("update", timedelta(minutes=30))

    def remedy_with(minutes: int) -> str:
        window = {
            "window_start": NOW + begun,
            "window_end": NOW + begun + timedelta(minutes=minutes),
        }
        settings = Settings("c", Environment.PRODUCTION, **(GIVEN | window))
        findings = governance(settings, NOW, NEED, first)
        b.assert_told_well(findings)
        return next(one.remedy for one in findings if one.code == "window-too-short")

    told = "Or do it in two nights: this window holds `--until update`, which takes 30 min."
    assert remedy_with(30).endswith(told)
    assert "two nights" not in remedy_with(29)


def test_a_window_that_is_over_is_told_alone() -> None:
    over = {"window_start": NOW - HOUR, "window_end": NOW - timedelta(minutes=20)}
    (finding,) = governance(Settings("c", Environment.PRODUCTION, **(GIVEN | over)), NOW, NEED)
    assert finding.observed == "the window is over: it ended 20 min ago"
    assert finding.subject == "runbook_window_end"


def test_the_window_that_just_fits() -> None:
    assert judge(window_start=NOW, window_end=NOW + NEED) == []


def test_zones_are_compared_as_moments() -> None:
    zone = timezone(timedelta(hours=5))
    assert judge(window_start=(NOW - HOUR).astimezone(zone)) == []


def test_a_name_with_a_comma() -> None:
    assert judge(release_notes_read="Person, A., 2026-11-20") == []


def test_window_remaining() -> None:
    settings = Settings("c", Environment.REHEARSAL, window_end=NOW + HOUR)
    assert window_remaining(settings, NOW, HOUR) is None
    assert window_remaining(Settings("c", Environment.PRODUCTION), NOW, HOUR) is None
    finding = window_remaining(settings, NOW + timedelta(minutes=15), HOUR)
    assert finding is not None
    assert (finding.code, finding.guide) == ("window-too-short", ("time-announced",))
    assert "45 min are left" in finding.observed
    assert "at least 1 h 00 min" in finding.expected
    over = window_remaining(settings, NOW + 3 * HOUR, HOUR)
    assert over is not None
    assert "0 s are left" in over.observed


def test_window_not_begun() -> None:
    settings = Settings("c", Environment.STAGING, window_start=NOW, window_end=NOW + HOUR)
    assert window_not_begun(settings, NOW) is None
    assert window_not_begun(Settings("c", Environment.PRODUCTION), NOW) is None
    finding = window_not_begun(settings, NOW - HOUR)
    assert finding is not None
    assert finding.code == "window-outside"
    assert "opens in 1 h 00 min" in finding.observed


def test_announced_time() -> None:
    release = replace(kit.RELEASE, estimate_base=30, estimate_per_node=15, stages=())
    assert release.announced(5) == timedelta(minutes=105)
    assert release.announced(16) == timedelta(minutes=270)


def test_what_it_takes_up_to_a_phase() -> None:
    stages = (Stage("a", ("a",), 10, 1), Stage("b", ("b", "c"), 5, 2), Stage("d", ("d",), 1, 0))
    assert up_to(stages, "a", 5) == timedelta(minutes=15)
    assert up_to(stages, "b", 5) == up_to(stages, "c", 5) == timedelta(minutes=30)
    assert up_to(stages, "d", 5) == up_to(stages, "x", 5) == timedelta(minutes=31)


def test_what_remains_from_a_phase_on() -> None:
    stages = (Stage("a", ("a",), 10, 1), Stage("b", ("b", "c"), 5, 2), Stage("d", ("d",), 1, 0))
    assert remaining(stages, "a", 5) == timedelta(minutes=16 + 5 * 3)
    assert remaining(stages, "b", 5) == remaining(stages, "c", 5) == timedelta(minutes=16)
    assert remaining(stages, "d", 5) == timedelta(minutes=1)
