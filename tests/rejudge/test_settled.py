"""A long command that a person settled, judged again: its step goes by that word as in the run."""

from __future__ import annotations

import pytest

from engine.rejudge.compare import State
from tests.plugin.kit import Project
from tests.plugin.test_plugin_detached import STEPS, long, settle, traceless
from tests.rejudge.again import differences, judged, states

__all__ = ["long"]
pytest_plugins = "pytester"

JUDGED = STEPS.replace("(long_command, evidence)", "(long_command, look, evidence)").replace(
    'evidence.note("it has ended")',
    'ended = [record.exit_status for record in look.memory.detached("long")]\n'
    '    findings = [bad(f"it ended with {end}") for end in ended if end != 0]\n'
    '    evidence.judge(findings, observed="seen")',
)


@pytest.fixture
def settled(long: Project) -> Project:
    """One run has lost the trace of the command, and nobody has settled it yet."""
    assert "record.exit_status for record" in JUDGED
    long.steps(JUDGED)
    traceless(long)
    return long


def test_the_run_that_lost_the_trace_is_judged_as_it_was(settled: Project) -> None:
    assert differences(judged(settled)) == []


@pytest.mark.parametrize("word", ["done", "repeat"])
def test_the_run_that_was_told_is_judged_by_that_word(settled: Project, word: str) -> None:
    assert settled.run(*settle(word)).ret == 0
    again = judged(settled)
    assert differences(again) == []
    assert states(again)["second.long"] is State.WHOLE


def test_so_is_the_run_after_it(settled: Project) -> None:
    assert settled.run(*settle("done")).ret == 0
    assert settled.run().ret == 0
    assert differences(judged(settled)) == []
