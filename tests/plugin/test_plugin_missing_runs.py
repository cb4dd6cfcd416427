"""No run vanishes: one that had the cluster's lock and of which N has no journal is named."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from engine.attempt.records import RecordsWriter
from engine.cli import main as cli
from engine.model.finding import Severity
from engine.verify import NOT_PROVED, NOT_VALID, VALID, verify
from tests.engine.kit import unreachable
from tests.plugin.kit import CHANGE, CLOSING, RELEASE, N, Project, Saver

pytest_plugins = "pytester"

OTHER = '''
@step("third.other")
def test_other_change(y_set, look, evidence):
    """y is set on N."""
'''
HOLDER = {"who": "root", "host": "c2", "run": "20261130T000000Z-dead", "since": "then", "pid": "1"}


def _begun(project: Project) -> None:
    """An attempt is open: its first run could not do all."""
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    project.steps(CHANGE + OTHER + CLOSING)
    assert project.run().ret == 1
    project.cluster.answer.clear()


@pytest.fixture
def begun(project: Project, saver: Saver) -> Project:
    saver.begun(project, _begun)
    return project


def killed_before_a_line(project: Project) -> None:
    """Another run took the lock, and no line of its journal came to N."""
    RecordsWriter(project.cluster, N, HOLDER).acquire()


def forgotten(project: Project) -> None:
    """A run that nobody noted had the lock."""
    lock = project.cluster.root / "lock"
    generation, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{int(generation) + 2}\n{rest}")


def journal_on_n(project: Project) -> Path:
    (path,) = project.cluster.root.glob("attempts/*/journal/*.jsonl")
    return path


def head_of(directory: Path) -> str:
    return str(json.loads((directory / "manifest.json").read_text())["journal"]["head"])


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", "", page.read_text())))


def test_runs_that_follow_each_other_miss_none(begun: Project) -> None:
    for options in (("--plan",), (), ()):
        assert begun.run(*options).ret == 0
        assert all(event["missing"] == [] for event in begun.events("position"))
        assert begun.summary["missing_runs"] == []
        assert verify(begun.latest, head_of(begun.latest)).code == VALID
    page = text_of(begun.latest / "evidence.html")
    assert "The runs: 3" in page
    assert "; missing:" not in page
    assert "no journal is here" not in page


def test_one_that_was_killed_before_its_first_line_came_is_named_and_stops_nobody(
    begun: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_before_a_line(begun)
    lock = begun.cluster.root / "lock"
    lock.write_text(lock.read_text().replace("held", "free"))
    result = begun.run()
    assert result.ret == 0
    (missing,) = begun.summary["missing_runs"]
    assert missing["holder"] == {k: v for k, v in HOLDER.items() if k != "pid"}
    assert (missing["first"], missing["last"]) == (2, 2)
    said = "generation 2 of the cluster's lock: taken by a run of which there is no journal (host"
    assert f"missing: {said}" in "\n".join(result.outlines)
    before = "\n".join(result.outlines).partition("first.baseline")[0]
    assert f"missing: {said}" in before, "whoever looks on is told before the first step"
    page = text_of(begun.latest / "evidence.html")
    assert f"Missing: {said}" in page.partition("The runs: 2; missing: 1")[2]
    assert f"Runs of which no journal is here: {said}" in page
    assert "runs of which no journal is here: 1" in page, "in red: it is no answer to Completeness"
    verdict = verify(begun.latest, head_of(begun.latest))
    assert verdict.code == VALID
    assert any(line.startswith(f"  missing: {said}") for line in verdict.lines)
    capsys.readouterr()
    assert cli(["report", str(begun.latest)]) == 1
    assert f"FOUND: missing: {said}" in capsys.readouterr().out
    assert any(said in line for line in verify(begun.latest).lines)


def test_to_a_plan_too_and_not_while_it_works(begun: Project) -> None:
    killed_before_a_line(begun)
    assert begun.run("--plan").ret == 0
    assert begun.summary["missing_runs"] == [], "its journal may be on its way"
    os.utime(begun.cluster.root / "lock", (0, 0))  # nobody has renewed it for long
    assert begun.run("--plan").ret == 0
    assert begun.summary["missing_runs"][0]["holder"]["run"] == HOLDER["run"]


JUDGED = """
from engine.run.takeover import changes_since

@step("preflight.records", after=["first.baseline"], asks=True)
def test_records(look, evidence):
    'As the runbook has it.'
    evidence.judge(changes_since(look), observed="records")
"""


@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
def test_one_that_nobody_noted_blocks_until_it_is_accepted_and_is_not_proved(
    begun: Project, options: tuple[str]
) -> None:
    """A plan sees a gap once another run has had the lock behind it."""
    table = {**RELEASE.severities.table, "run-missing": Severity.BLOCK}
    begun.release = replace(RELEASE, severities=replace(RELEASE.severities, table=table))
    waits = OTHER.replace('"third.other"', '"third.other", after=["preflight.records"]')
    begun.steps(JUDGED + CHANGE + waits + CLOSING)
    forgotten(begun)
    changes = list(begun.cluster.changes)
    assert begun.run().ret == 10
    assert begun.run(*options).ret == 10
    (finding,) = begun.summary["findings"]
    assert (finding["code"], finding["subject"]) == ("run-missing", "generations-2-3")
    assert begun.cluster.changes == changes
    assert begun.run("--accept", "run-missing=edited by hand", "--by", "A. Rossi").ret == 0
    assert begun.cluster.changes == [*changes, ("set", "y")]
    (missing,) = begun.summary["missing_runs"]
    assert (missing["first"], missing["last"], missing["holder"]) == (2, 3, {})
    verdict = verify(begun.latest, head_of(begun.latest))
    assert verdict.code == NOT_PROVED
    assert any("missing: generations 2 to 3 of the cluster's lock" in s for s in verdict.lines)


@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
def test_a_journal_that_was_taken_away_is_refused(begun: Project, options: tuple[str]) -> None:
    """Before anybody had read it."""
    path = journal_on_n(begun)
    text = path.read_text()
    path.unlink()
    assert begun.run(*options).ret == 4
    (finding,) = begun.summary["findings"]
    assert finding["code"] == "records-unreadable"
    assert f"{path.name} is missing: its run had written it there" in finding["observed"]
    assert begun.cluster.changes == [("set", "x"), ("set", "y")]
    path.write_text(text)  # the way out that it names
    assert begun.run().ret == 0


def test_a_journal_taken_out_of_earlier_is_missed_by_every_later_verdict(begun: Project) -> None:
    assert begun.run().ret == 0
    head = head_of(begun.latest)
    next((begun.latest / "earlier").iterdir()).unlink()
    for name in ("manifest.json", "VERIFY.txt", "verify.py"):  # as if the run had been killed
        (begun.latest / name).unlink()
    journal = begun.latest / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
    for _ in range(2):
        assert cli(["report", str(begun.latest)]) == 4
        assert verify(begun.latest, head).code == NOT_VALID
