"""How a run ends: exit code, outcome, what was done and what was not."""

from __future__ import annotations

import pytest

from tests.plugin.kit import Project

pytest_plugins = "pytester"


def test_green(project: Project) -> None:
    project.steps('''
@step("second.change", after=["first.baseline"], guide=["G01", "G02"])
def test_change(x_set, look, evidence):
    """x is set."""
    evidence.judge([], observed="x is set", guide=["G01"])
    assert look.ask("neteye01.neteyelocal", HAS("x"))
''')
    result = project.run()
    assert result.ret == 0, result.outlines
    assert project.outcomes() == {"first.baseline": "done", "second.change": "done"}
    assert project.summary["outcome"] == "done"
    assert project.cluster.changes == [("set", "x")]
