"""Approvals of a run, from outside: kept with the evidence, and counted for one attempt."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine import cli
from engine.attempt.used import USED
from engine.model.finding import Severity
from engine.verify import NOT_PROVED, digest, verify
from tests.engine.kit import lost_connection
from tests.evidence.schemas import problems_of_run
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, INVENTORY, RELEASE, N, Project, Saver
from tests.rejudge.again import judged

pytest_plugins = "pytester"

STEPS = (
    '''
from engine.model.steps import step
from engine.run.approvals import approved
from tests.plugin.kit import HAS

@step("first.governance", asks=True)
def test_governance(runbook_session, look, evidence):
    """It is approved."""
    counts = not look.memory.changes
    found = approved(runbook_session, look, evidence, counts=counts)
    said = "" if counts else "It has begun."
    evidence.judge(found, observed="asked", information=said)


@step("first.baseline", after=["first.governance"], guide=["G01", "G02"])
def test_baseline(runbook_session, look, evidence):
    """The attempt is opened."""
    evidence.fulfilled("G01", "the first duty")
    evidence.fulfilled("G02", "the second duty")
    if look.attempt is None and not look.memory.closed:
        runbook_session.open_attempt({"fencing": True, "private": []})
    evidence.note("opened")

'''
    + CHANGE
    + '''
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    """The attempt is closed."""
    runbook_session.close_attempt()
    evidence.note("closed")

'''
    + CLOSING
)
WEIGHTS = {"approvals-missing": Severity.BLOCK, "approval-unusable": Severity.WARN}


def asks_for_one(project: Project) -> None:
    """A plan of a cluster that is approved by one other person."""
    severities = RELEASE.severities
    table = {**severities.table, **WEIGHTS}
    project.release = replace(RELEASE, severities=replace(severities, table=table))
    project.monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    new_key(project.path, "of-b")
    new_key(project.path, "of-operator")
    (project.path / "given").mkdir()
    public = (project.path / "of-b.pub").read_text()
    project.write("approvers", f"b@example.test {public}")
    project.write(
        "inventory.ini",
        f"{INVENTORY}runbook_approvals = 1\nrunbook_approvals_from = given\n"
        "runbook_approvers = approvers\nrunbook_signing_key = of-operator\n",
    )
    project.steps(STEPS, baseline=False)
    assert project.run("--plan").ret == 10


@pytest.fixture
def asked(project: Project, saver: Saver) -> Project:
    saver.begun(project, asks_for_one)
    severities = RELEASE.severities
    table = {**severities.table, **WEIGHTS}
    project.release = replace(RELEASE, severities=replace(severities, table=table))
    project.monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return project


def approve(project: Project, name: str = "b", key: str = "of-b") -> Path:
    file = project.path / "given" / f"{name}.approval.json"
    words = ["approve", str(project.latest / "plan.json"), "--name", "B. Bianchi"]
    assert cli.main([*words, "--key", str(project.path / key), "--out", str(file)]) == 0
    return file


def findings(project: Project) -> dict[str, str]:
    """Code -> what was observed."""
    return {one["code"]: one["observed"] for one in project.summary["findings"]}


def test_its_file_and_the_approvers_lie_in_the_evidence_byte_by_byte(asked: Project) -> None:
    file, approvers = approve(asked), asked.path / "approvers"
    assert asked.run().ret == 0
    assert "approvals-missing" not in findings(asked)
    (fact,) = [one for one in asked.events("fact") if one["name"] == "approvals"]
    (given,) = fact["given"]
    for kept, own in ((given, file), (fact["approvers"], approvers)):
        assert (asked.latest / kept["file"]).read_bytes() == own.read_bytes()
        assert kept["sha256"] == digest(own.read_bytes())
    manifest = json.loads((asked.latest / "manifest.json").read_text())
    assert {given["file"], fact["approvers"]["file"]} <= set(manifest["files"])
    assert given["runbook"] == asked.events("run-started")[0]["runbook"]
    assert problems_of_run(asked.latest) == []
    found = verify(asked.latest, approvers=approvers)
    assert found.code == NOT_PROVED
    assert any("and by yours (b@example.test)" in line for line in found.lines)


def test_a_later_run_of_the_attempt_brings_them_along(asked: Project) -> None:
    file = approve(asked)
    asked.steps(STEPS.replace("runbook_session.close_attempt()", "assert False"), baseline=False)
    assert asked.run().ret == 1
    first = asked.latest
    shutil.rmtree(asked.path / "given")
    away = first.rename(asked.path / "away")
    assert asked.run().ret == 1
    assert findings(asked).keys() == {"approvals-missing", "approval-unusable"}
    place = asked.latest / "outputs" / first.name
    assert file.name in {
        path.name.partition("-")[2].removesuffix(".txt") for path in place.iterdir()
    }
    assert away.is_dir()
    told = [line for line in verify(asked.latest).lines if "approved by b@example.test" in line]
    assert len(told) == 1
    assert f"outputs/{first.name}/" in told[0]


def closed_at_the_start(project: Project) -> None:
    """The attempt is over, and the cluster as it was: restored from snapshots, say."""
    assert project.run().ret == 0
    project.cluster.things.clear()


def test_an_approval_of_a_closed_attempt_counts_for_no_other(asked: Project) -> None:
    approve(asked)
    closed_at_the_start(asked)
    attempt = asked.latest.name
    assert asked.run().ret == 10
    assert attempt in findings(asked)["approval-unusable"]
    assert "approvals-missing" in findings(asked)
    assert asked.run("--plan").ret == 10
    approve(asked, "again")
    assert asked.run().ret == 0


def test_also_when_another_attempt_was_in_between(asked: Project) -> None:
    file = approve(asked)
    closed_at_the_start(asked)
    first, old = asked.latest.name, file.read_bytes()
    asked.run("--plan")
    file.unlink()
    approve(asked)
    closed_at_the_start(asked)
    file.write_bytes(old)
    assert asked.run().ret == 10
    assert first in findings(asked)["approval-unusable"]


def test_within_its_attempt_it_counts_again(asked: Project) -> None:
    approve(asked)
    asked.steps(STEPS.replace('evidence.note("opened")', "assert False"), baseline=False)
    assert asked.run().ret == 1
    assert asked.summary["attempt"] == asked.latest.name
    asked.steps(STEPS, baseline=False)
    assert asked.run().ret == 0


def test_one_by_another_key_of_the_operators_own_is_none(asked: Project) -> None:
    """He signs the evidence with one key and approves with the one that his agent has."""
    socket = asked.path / "agent"
    words = ["ssh-agent", "-D", "-a", str(socket)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as agent:
        try:
            while not socket.exists():
                assert agent.poll() is None
            asked.monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
            added = ["ssh-add", "-q", str(asked.path / "of-b")]
            subprocess.run(added, check=True, stderr=subprocess.DEVNULL)
            approve(asked)
            assert asked.run().ret == 10
        finally:
            agent.terminate()
    assert "whoever runs the upgrade has that key" in findings(asked)["approval-unusable"]


def test_judged_again_they_count_as_they_did(asked: Project) -> None:
    """By what is on record, wherever the files of that time are by now."""
    file = approve(asked)
    closed_at_the_start(asked)
    content = file.read_bytes()
    file.unlink()
    assert judged(asked).is_same
    file.write_bytes(content)
    assert asked.run().ret == 10
    file.unlink()
    assert judged(asked).is_same


def test_where_n_does_not_tell_none_counts_unseen(asked: Project) -> None:
    approve(asked)
    asked.cluster.answer[N, USED.argv] = lost_connection(N)
    assert asked.run().ret == 10
    assert "approvals that have counted" in findings(asked)["question-unanswered"]
