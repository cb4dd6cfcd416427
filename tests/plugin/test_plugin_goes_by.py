"""`runbook_rehearsal`: an upgrade in production goes by no rehearsal that was altered since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.verify import canonical, digest
from tests.evidence.schemas import problems_of_run
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, INVENTORY, Project, Saver

pytest_plugins = "pytester"
CLOSED = """
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    "The attempt is closed."
    if not runbook_session.look.memory.closed:
        runbook_session.close_attempt()
    evidence.note("closed")

"""
STATEMENT = "rehearsal.json"


@pytest.fixture(autouse=True)
def _compiled_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Production compiles all of the runbook anew to compare: tests/engine/test_compiled_run.py."""
    monkeypatch.setattr("engine.run.startup.unlike", lambda sources, config: [])


def green(project: Project) -> None:
    key = new_key(project.path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(CHANGE + CLOSED + CLOSING)
    assert project.run().ret == 0
    project.cluster.version = "4.26"


@pytest.fixture
def rehearsed(project: Project, saver: Saver) -> Path:
    """The directory of a green rehearsal, which signed its statement."""
    saver.begun(project, green)
    return project.latest


def goes_by(project: Project, statement: Path, environment: str = "production") -> None:
    inventory = INVENTORY.replace("staging", environment)
    project.write("prod.ini", f"{inventory}runbook_rehearsal = {statement}\n")


def started(project: Project, *options: str) -> int:
    """The exit code of a plan of production."""
    return int(project.run("--inventory", "prod.ini", "--plan", *options).ret)


def test_the_head_of_what_was_read_is_on_record(project: Project, rehearsed: Path) -> None:
    goes_by(project, rehearsed / STATEMENT)
    assert started(project) != 4
    head = digest((rehearsed / "journal.jsonl").read_bytes().splitlines()[-1])
    (begun,) = project.events("run-started")
    assert begun["read"] == [{"as": "rehearsal", "run": rehearsed.name, "head": head}]
    assert problems_of_run(project.latest) == []


def statement_altered(run: Path) -> Path:
    content = json.loads((run / STATEMENT).read_text())
    (run / STATEMENT).write_bytes(canonical({**content, "runbook": "0" * 64}))
    return run / STATEMENT


def statement_written_anew(run: Path) -> Path:
    """Without a key nobody has to have signed it: what the run sealed tells."""
    content = json.loads((run / STATEMENT).read_text())
    made = {**content, "runbook": "0" * 64, "key": "", "signature": ""}
    (run / STATEMENT).write_bytes(canonical(made))
    return run / STATEMENT


def statement_emptied(run: Path) -> Path:
    (run / STATEMENT).write_text("")
    return run / STATEMENT


def copy_altered(run: Path) -> Path:
    alone = run.parents[1] / STATEMENT
    shutil.copy(statement_altered(run), alone)
    return alone


def journal_altered(run: Path) -> Path:
    path = run / "journal.jsonl"
    path.write_text(path.read_text().replace("closed", "opened"))
    return run / STATEMENT


def seal_gone(run: Path) -> Path:
    (run / "manifest.json").unlink()
    return run / STATEMENT


ALTERED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a statement": (statement_altered, "rehearsal.json: altered since its rehearsal wrote it*"),
    "a statement written anew": (statement_written_anew, "*NOT VALID: rehearsal.json was altered*"),
    "an emptied one": (statement_emptied, "rehearsal.json: altered since its rehearsal wrote it*"),
    "one that lies by itself": (copy_altered, "rehearsal.json: altered since*"),
    "the rehearsal's journal": (journal_altered, "*NOT VALID: journal.jsonl: line *"),
    "the list of its files": (seal_gone, "*NOT VALID: manifest.json is missing*"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_rehearsal_is_refused_before_anything_is_asked(
    project: Project, rehearsed: Path, what: str
) -> None:
    spoil, said = ALTERED[what]
    goes_by(project, spoil(rehearsed))
    asked, runs = len(project.cluster.asked), len(project.directories)
    result = project.run("--inventory", "prod.ini")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*runbook_rehearsal: *{said}; or take the line out*"])
    assert len([line for line in result.errlines if line.strip()]) == 1
    assert (len(project.cluster.asked), len(project.directories)) == (asked, runs)


def test_a_statement_that_lies_by_itself_is_held_to_its_signature(
    project: Project, rehearsed: Path
) -> None:
    alone = project.path / STATEMENT
    shutil.copy(rehearsed / STATEMENT, alone)
    goes_by(project, alone)
    assert started(project) != 4
    assert project.events("run-started")[0]["read"] == []


def test_one_that_is_not_there_is_for_the_preflight_to_tell(
    project: Project, rehearsed: Path
) -> None:
    goes_by(project, rehearsed / "gone.json")
    assert started(project) != 4


def test_who_does_not_go_by_it_does_not_read_it(project: Project, rehearsed: Path) -> None:
    goes_by(project, journal_altered(rehearsed))
    assert started(project, "--restore") != 4


def test_staging_that_names_one_goes_by_it_too(project: Project, rehearsed: Path) -> None:
    goes_by(project, rehearsed / STATEMENT, "staging")
    assert started(project) != 4
    goes_by(project, journal_altered(rehearsed), "staging")
    assert started(project) == 4
