"""What is named as the version step and is none: a usage error, before anything is asked."""

from __future__ import annotations

import pytest

from tests.plugin.kit import CHANGE, Project

pytest_plugins = "pytester"


def refused(project: Project, name: str) -> str:
    """What a run with that step says, which is one sentence of use."""
    project.steps(CHANGE)
    project.pytester.syspathinsert()
    result = project.run("-o", f"runbook_step={name}")
    said = str(result.stderr)
    assert result.ret == 4
    assert (
        f"ERROR: runbook_step = {name or '(empty)'} (pytest.ini, or -o on the command line): "
        in (said)
    )
    assert "INTERNALERROR" not in said + str(result.stdout)
    assert project.is_untouched
    return said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("pytest_plugins = ['mine.release']", "No module named 'mine.release'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_package_that_can_not_be_imported(project: Project, text: str, told: str) -> None:
    project.write("mine/__init__.py", text)
    assert told in refused(project, "mine")


def test_a_module_of_a_step(project: Project) -> None:
    project.write("mine/__init__.py", "")
    project.write("mine/release.py", "")
    assert "it is a module, without actions and hooks" in refused(project, "mine.release")


@pytest.mark.parametrize("given", ["", "json"])
def test_what_hands_in_no_release(
    project: Project, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setattr(project, "release", None)
    assert "no release comes with it" in refused(project, given)
