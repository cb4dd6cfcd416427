"""Behind which phases of this upgrade a run may be told to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.model.ending import Ending
from engine.model.steps import mark_of
from engine.run.until import pause_of
from runbook.phases import test_90_closing
from runbook.to_4_26.release import RELEASE
from tests.engine import kit

PHASES = [phase for stage in RELEASE.stages for phase in stage.phases]
SAFE = ("update", "backup")
SETTINGS = kit.inventory().settings


def refused(phase: str) -> str:
    with pytest.raises(UsageError) as caught:
        pause_of(phase, RELEASE, SETTINGS)
    return str(caught.value)


@pytest.mark.parametrize("phase", SAFE)
def test_where_it_is_safe(phase: str) -> None:
    pause = pause_of(phase, RELEASE, SETTINGS)
    assert pause is not None
    assert pause.phase == phase
    assert "no `neteye upgrade` by hand" in pause.meanwhile
    assert "fencing is as before" in pause.why


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase not in SAFE])
def test_everywhere_else_it_is_refused_and_a_safe_one_named(phase: str) -> None:
    told = refused(phase)
    assert "\n" not in told
    named = told.partition("; name ")[2]
    behind = PHASES.index(phase) > PHASES.index("backup")
    assert ("backup" in named) is (behind or phase == "again")
    assert ("update" in named) is not behind


@pytest.mark.parametrize("phase", ["", None])
def test_without_it_the_run_goes_through(phase: str | None) -> None:
    assert pause_of(phase, RELEASE, SETTINGS) is None


def test_another_word_is_no_phase() -> None:
    assert "a run can end behind update or backup" in refused("updates")


@pytest.mark.parametrize("phase", SAFE)
def test_without_the_reactivation_no_place_is_safe(phase: str) -> None:
    settings = replace(SETTINGS, reactivate_after_update=False)
    with pytest.raises(UsageError, match="runbook_reactivate_after_update = no"):
        pause_of(phase, RELEASE, settings)


@pytest.mark.parametrize("phase", SAFE)
def test_a_downtime_is_no_hindrance(phase: str) -> None:
    """It ends with the night."""
    assert pause_of(phase, RELEASE, replace(SETTINGS, downtime=True)) is not None


def test_what_ends_a_night_gives_something_back() -> None:
    """And nothing else: whatever else is behind the phase is to come."""
    marks = [mark_of(function) for function in vars(test_90_closing).values()]
    assert [mark.name for mark in marks if mark and mark.ends_night] == ["closing.downtime"]


def test_no_place_lies_behind_the_point_of_no_return() -> None:
    point = PHASES.index(RELEASE.no_return.partition(".")[0])
    assert all(PHASES.index(pause.phase) < point for pause in RELEASE.pauses)


def test_what_goes_wrong_after_such_an_end_counts_and_nothing_after_that(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    run.halt(Ending.AS_ASKED, "as asked", "Nothing.")
    assert not run.may_change
    assert not run.is_stopped
    run.halt(Ending.LOCKED, "another run has the cluster", "Leave it to that run.")
    run.halt(Ending.AS_ASKED, "as asked", "Nothing.")
    run.halt(Ending.FAILED, "later", "Look.")
    assert run.stop is not None
    assert (run.stop.ending, run.stop.reason) == (Ending.LOCKED, "another run has the cluster")
