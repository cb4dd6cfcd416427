"""Secrets before a step could know them, and those that are no more than a part of a name."""

from __future__ import annotations

import dataclasses

import pytest

from engine.model.query import Query
from engine.queries.machine import LEFTOVERS
from engine.secrets import MASK, Secret
from tests.engine.scripted import said
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

PASSWORD = "Hunter2+of-N"
FIRST: Query[Secret] = Query("the password", ("has", "it"), lambda a: Secret(a.text), secret=True)


@pytest.fixture
def knowing(project: Project) -> Project:
    """A version step whose secrets are asked for first, and one operative node without them."""
    project.release = dataclasses.replace(project.release, secrets=(FIRST,))
    for node in ("neteye01", "neteye02"):
        project.cluster.answer[f"{node}.neteyelocal", FIRST.argv] = said(PASSWORD)
    project.cluster.answer["neteye03.neteyelocal", FIRST.argv] = said(code=9)
    return project


def test_what_is_seen_before_a_step_could_ask_is_masked_too(knowing: Project) -> None:
    """A file's name, in the first look, with the password in it."""
    name = f"/etc/{PASSWORD}.rpmsave\0/etc/Hunter2%2Bof-N.rpmsave\0".encode()
    knowing.cluster.answer[N, LEFTOVERS.argv] = said(name.decode())
    knowing.steps("")
    assert knowing.run().ret == 0
    shown = [e["output"]["text"] for e in knowing.events("observation") if e["node"] == N]
    assert f"/etc/{MASK}.rpmsave\0/etc/{MASK}.rpmsave\0" in shown
    for path in (p for p in knowing.latest.rglob("*") if p.is_file()):
        assert "Hunter2" not in path.read_text(), path


def test_a_node_that_does_not_tell_its_secrets_is_no_stop(knowing: Project) -> None:
    """The step that needs the answer asks again, and judges."""
    knowing.steps("")
    assert knowing.run().ret == 0
    first = [e for e in knowing.events("observation") if e["question"] == FIRST.name]
    assert len(first) == 3
    assert [e["problem"].split(".")[0] for e in first if "problem" in e] == [
        "exit code 9 is no answer to this question"
    ]


@pytest.mark.parametrize("password", ["neteye", "update"])
def test_a_password_that_is_part_of_a_name_spoils_no_record(
    knowing: Project, password: str
) -> None:
    """Names of nodes and steps stay: by them the run, and the next one, find what is done."""
    for node in ("neteye01", "neteye02"):
        knowing.cluster.answer[f"{node}.neteyelocal", FIRST.argv] = said(password)
    knowing.steps(
        '''
@step("update.look", after=["first.baseline"], each="node")
def test_look(node, evidence):
    """Each node."""
    evidence.note(f"password = {PASSWORD}")
'''.replace("{PASSWORD}", password)
    )
    assert knowing.run().ret == 0
    nodes = [f"neteye0{number}.neteyelocal" for number in (1, 2, 3)]
    done = {name for name, outcome in knowing.outcomes().items() if outcome == "done"}
    assert done == {"first.baseline", *(f"update.look[{node}]" for node in nodes)}
    assert {e["text"] for e in knowing.events("note")} == {"opened", f"password = {MASK}"}


def keyed(project: Project) -> None:
    """A runbook whose baseline has a key, and which closes its attempt."""
    project.steps(
        '''
from engine.attempt.comparison_key import new_key


@step("first.baseline", guide=["G01", "G02"])
def test_baseline(runbook_session, look, evidence):
    """The attempt is opened."""
    evidence.fulfilled("G01", "x")
    evidence.fulfilled("G02", "x")
    if look.attempt is None and not look.memory.closed:
        runbook_session.open_attempt({"fencing": True}, new_key())


@step("second.end", after=["first.baseline"])
def test_end(runbook_session, look, evidence):
    """Closes it, but not the first time."""
    assert os.path.exists("may-end")
    if not look.memory.closed:
        runbook_session.close_attempt()
''',
        baseline=False,
    )


def test_the_key_lies_on_n_until_the_attempt_is_over(project: Project) -> None:
    keyed(project)
    assert project.run().ret == 1
    (kept,) = project.cluster.root.rglob("comparison.key")
    key = kept.read_text()
    assert project.run().ret == 1
    assert kept.read_text() == key
    for path in (p for p in (project.path / "reports").rglob("*") if p.is_file()):
        assert key not in path.read_text(), path
    project.write("may-end", "")
    assert project.run().ret == 0
    assert not kept.exists()
    project.cluster.version = "4.26"
    # as left by a run that was killed right before it could be removed
    kept.write_text(key)
    assert project.run().ret == 0
    assert not kept.exists()
