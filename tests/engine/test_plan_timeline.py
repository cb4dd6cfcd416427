"""Expected times of the phases, and what the window has to do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from engine.model.inventory import Environment, Settings
from engine.model.release import Release, Stage
from engine.plan.timeline import Timeline, timeline, timeline_lines
from runbook.to_4_26.release import RELEASE
from tests.engine import kit

NOW = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = {phase for stage in RELEASE.stages for phase in stage.phases}


def line(nodes: int = 5, left: set[str] = ALL, **settings: Any) -> Timeline:
    found = timeline(
        RELEASE.stages,
        node_count=nodes,
        settings=Settings("c", Environment.STAGING, **settings),
        now=NOW,
        left=left,
        no_return="upgrade",
    )
    assert found is not None
    return found


@pytest.mark.parametrize("nodes", [2, 5, 16])
def test_the_stages_together_take_the_announced_time(nodes: int) -> None:
    found = line(nodes)
    assert found.ends - found.begins == timedelta(minutes=30 + 15 * nodes)
    assert [s.begins for s in found.stretches[1:]] == [s.ends for s in found.stretches[:-1]]


def test_shares_that_do_not_add_up_are_refused() -> None:
    good = kit.RELEASE
    whole = {name: getattr(good, name) for name in good.__dataclass_fields__}
    whole |= {"stages": (Stage("all", ("a",), 29, 15),)}
    with pytest.raises(ValueError, match=r"\(29, 15\) minutes, the estimate is \(30, 15\)"):
        Release(**whole)


def test_it_begins_now_without_a_window_and_within_it() -> None:
    assert line().begins == NOW
    assert line(window_start=NOW - HOUR, window_end=NOW + 9 * HOUR).begins == NOW


def test_it_begins_with_a_window_that_is_ahead_in_its_zone() -> None:
    zone = timezone(HOUR)
    start = (NOW + 24 * HOUR).astimezone(zone)
    found = line(window_start=start, window_end=start + 2 * HOUR)
    assert found.begins == start
    text = "\n".join(timeline_lines(found))
    assert "expected times (UTC+01:00), from 2026-11-29 20:00" in text
    assert "holds it, 15 min to spare" in text


def test_a_window_that_is_too_short_says_by_how_much() -> None:
    found = line(window_start=NOW, window_end=NOW + HOUR)
    assert found.spare == timedelta(minutes=-45)
    assert "DOES NOT HOLD THIS: 45 min are missing" in "\n".join(timeline_lines(found))
    assert found.as_data()["fits"] is False


def test_a_window_that_is_over_says_so() -> None:
    found = line(window_start=NOW - 2 * HOUR, window_end=NOW - HOUR)
    assert found.begins == NOW
    assert "IS OVER" in "\n".join(timeline_lines(found))


def test_what_is_done_takes_no_time() -> None:
    found = line(left={"preflight", "upgrade", "verification", "reactivation", "closing"})
    spans = {stretch.title: stretch.takes for stretch in found.stretches}
    assert spans["update"] == spans["preflight again, backup"] == timedelta()
    assert found.ends - found.begins == timedelta(minutes=5 + 40 + 9 + 13)
    assert "update: nothing left to do" in "\n".join(timeline_lines(found))


def test_the_point_of_no_return_is_where_the_upgrade_begins() -> None:
    found = line()
    marked = [s for s in found.stretches if s.has_no_return]
    assert [s.title for s in marked] == ["upgrade, migration"]
    text = list(timeline_lines(found))
    number = next(i for i, t in enumerate(text) if "POINT OF NO RETURN" in t)
    assert text[number + 1].endswith("upgrade, migration (40 min)")
    behind = line(left=ALL - {"upgrade", "migration"})
    assert not any(s.has_no_return for s in behind.stretches)
