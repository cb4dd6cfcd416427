"""The hand-over of a run: there when the upgrade is done, in the list, and made anew alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.verify import HANDOVER, NOT_VALID, verify
from tests.plugin.kit import CHANGE, CLOSING, FINDING, Project

pytest_plugins = "pytester"

CLOSED = '''
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    """The attempt is closed."""
    runbook_session.close_attempt()
    evidence.note("closed")

'''


def names(project: Project) -> set[str]:
    return {path.name for path in project.latest.iterdir()} & set(HANDOVER)


def test_it_is_left_listed_and_named_on_the_console(project: Project) -> None:
    project.steps(CHANGE + CLOSED + CLOSING)
    result = project.run("--by", "A. Rossi")
    assert result.ret == 0
    assert names(project) == set(HANDOVER)
    listed = json.loads((project.latest / "manifest.json").read_text())["files"]
    assert set(HANDOVER) <= set(listed)
    result.stdout.fnmatch_lines(["hand-over: *handover.txt (and handover.md, handover.html)"])
    said = (project.latest / "handover.txt").read_text()
    assert "By: A. Rossi (" in said
    for name in HANDOVER:
        assert (project.latest / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        (CHANGE + CLOSING, ()),
        (FINDING.format(name="one") + CLOSING, ()),
        (CHANGE + CLOSED + CLOSING, ("--plan",)),
    ],
)
def test_there_is_none_where_nothing_is_handed_over(
    project: Project, steps: str, options: tuple[str, ...]
) -> None:
    project.steps(steps)
    result = project.run(*options)
    assert names(project) == set()
    assert "hand-over:" not in result.stdout.str()


def test_made_later_it_is_the_same(project: Project, rebuild: Callable[..., str]) -> None:
    project.steps(CHANGE + CLOSED + CLOSING)
    assert project.run().ret == 0
    before = {name: (project.latest / name).read_bytes() for name in HANDOVER}
    for name in HANDOVER:
        (project.latest / name).unlink()
    assert "handover.md" in rebuild(project.latest)
    assert {name: (project.latest / name).read_bytes() for name in HANDOVER} == before
    assert verify(project.latest).code != NOT_VALID


@pytest.mark.parametrize("name", HANDOVER)
def test_one_that_somebody_puts_there_is_found(project: Project, name: str) -> None:
    """Of a run that handed nothing over."""
    project.steps(CHANGE + CLOSING)
    assert project.run().ret == 0
    (project.latest / name).write_text("all is well")
    verdict = verify(project.latest)
    assert verdict.code == NOT_VALID
    assert name in verdict.lines[0]


@pytest.mark.parametrize("steps", [CHANGE + CLOSING, FINDING.format(name="one") + CLOSING])
def test_beside_a_journal_without_a_seal_it_is_what_a_run_leaves_or_is_not(
    project: Project, steps: str
) -> None:
    project.steps(steps)
    project.run()
    path = project.latest / "journal.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    for gone in ("manifest.json", "manifest.json.sig"):
        (project.latest / gone).unlink(missing_ok=True)
    (project.latest / "handover.txt").write_text("all is well")
    told = "\n".join(verify(project.latest).lines)
    is_done = project.summary["outcome"] == "done"
    assert ("handover.txt" in told) is not is_done


def test_a_disk_that_is_full_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.run.ending.write_atomically", full)
    project.steps(CHANGE + CLOSED + CLOSING)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["NOT WRITTEN: *handover.txt (No space left on device)"])
