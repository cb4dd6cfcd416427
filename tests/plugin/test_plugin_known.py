"""What a run does not know it does not say: whose changes are in place, and what still runs."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from engine.attempt import records
from engine.attempt.records import RecordsWriter
from engine.queries.identity import WHO
from engine.queries.pacemaker import STATUS
from engine.record.memory import LedgerEntry
from engine.run.survey import RECORDS
from runbook.phases.test_99_state import _in_place
from tests.engine.kit import lost_connection, unreachable, who
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import CHANGE, NODES, N, Project

pytest_plugins = "pytester"
OTHER = {"who": "B. Bianchi", "host": "another", "run": "R2"}
ABSENCE = ("no temporary change", "nothing that this runbook started", "STILL IN PLACE")

STATE = """
from runbook.phases.test_99_state import test_state
"""
FENCING_OFF = '''
from engine.act.actions import action
from engine.model.change import Change, Temporary

@action()
def fencing_off(look):
    """Leaves a temporary change."""
    yield Change("off", "neteye01.neteyelocal", ("set", "off"), 5.0, repeatable=True,
                 opens=(Temporary("fencing", "cluster", "enabled"),))

@step("second.off", after=["first.baseline"])
def test_off(fencing_off):
    """Fencing off."""
'''
TAKEN = '''
from engine.attempt.records import RecordsWriter

@step("third.sleep", after=["second.off"])
def test_sleep(runbook_session):
    """This machine sleeps, and somebody takes the cluster over."""
    from tests.plugin import kit
    held = runbook_session._records
    other = RecordsWriter(kit.CURRENT.cluster, kit.N, {"who": "B. Bianchi", "run": "R2"})
    other.acquire(over=held.token)
    held._renewed = float("-inf")
'''
NEXT = '''
@step("fourth.change", after=["third.sleep"])
def test_next(x_set):
    """x is set."""
'''


def said_not_known(project: Project, lines: list[str], why: str) -> None:
    text = "\n".join(lines)
    assert "NOT KNOWN: what still runs on the cluster, and which temporary changes" in text
    assert why in text
    assert [word for word in ABSENCE if word in text] == []
    assert why in project.summary["not_known"]
    for name in ("report.html", "evidence.html"):
        page = (project.latest / name).read_text()
        assert "Not known:" in page
    assert problems_of_run(project.latest) == []


@pytest.mark.parametrize("after", ["", NEXT], ids=["at its end", "at its next change"])
def test_a_run_that_wakes_after_a_takeover(project: Project, after: str) -> None:
    project.monkeypatch.setattr("runbook.phases.test_99_state._compare_packages", lambda *_: None)
    project.steps(FENCING_OFF + TAKEN + after + STATE)
    result = project.run()
    assert result.ret == 13, result.outlines
    said_not_known(project, result.outlines, "took the cluster over (who B. Bianchi, run R2)")
    result.stdout.fnmatch_lines(["    last known: fencing of cluster: not seen; * may do it; *"])
    (state,) = (step for step in project.summary["steps"] if step["name"] == "closing.state")
    assert "temporary changes in place: not known (another run took the cluster" in state["reason"]
    assert "last known: fencing of cluster" in state["reason"]


def test_a_cluster_that_another_run_holds(project: Project) -> None:
    project.steps(CHANGE)
    RecordsWriter(project.cluster, N, OTHER).acquire()
    result = project.run()
    assert result.ret == 13
    said_not_known(project, result.outlines, "held by another run (who B. Bianchi, host another")


def test_a_plan_says_who_holds_the_cluster(project: Project) -> None:
    project.steps(CHANGE)
    RecordsWriter(project.cluster, N, OTHER).acquire()
    result = project.run("--plan")
    assert result.ret == 0, result.outlines
    text = "\n".join(result.outlines)
    held = r"held by another run \(who B. Bianchi, host another, run R2; last heard of \d+ s ago\)"
    assert re.search(held, text)
    assert "exit code 13" in text
    assert project.cluster.changes == []
    assert json.loads((project.latest / "summary.json").read_text())["warnings"] != []


def test_a_plan_knows_a_lock_that_nobody_renews(project: Project, monkeypatch: Any) -> None:
    project.steps(CHANGE)
    RecordsWriter(project.cluster, N, OTHER).acquire()
    monkeypatch.setattr(records, "LEASE", 0)
    result = project.run("--plan")
    assert "held by another run" not in "\n".join(result.outlines)
    assert project.summary["not_known"] == ""


@pytest.mark.parametrize("options", [(), ("--plan",)], ids=["run", "plan"])
def test_n_that_does_not_answer(project: Project, options: tuple[str, ...]) -> None:
    project.steps(CHANGE)
    project.cluster.answer[N, WHO.argv] = unreachable(N)
    result = project.run(*options)
    said_not_known(project, result.outlines, f"{N} does not answer: no route to host")


def test_records_that_are_not_handed_over(project: Project) -> None:
    project.steps(CHANGE)
    project.cluster.answer[N, RECORDS.argv] = lost_connection(N)
    result = project.run()
    said_not_known(project, result.outlines, f"{N} did not hand over its records")


def test_n_that_was_lost_for_longer_than_the_lease(project: Project) -> None:
    project.steps(FENCING_OFF + STATE)
    plain = project.cluster._reply

    def lost(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if ("set", "off") in project.cluster.asked[-1:] or project.cluster.changes:
            project.sessions[0]._records._renewed = float("-inf")  # type: ignore[union-attr]
            return unreachable(node)
        return plain(node, argv, stdin)

    project.monkeypatch.setattr(project.cluster, "_reply", lost)
    project.monkeypatch.setattr("engine.attempt.handover.PATIENCE", 0.1)
    result = project.run()
    assert result.ret != 0
    said_not_known(project, result.outlines, "another run may have taken the cluster over")


def test_what_is_known_is_said(project: Project) -> None:
    project.steps(FENCING_OFF + STATE)
    result = project.run()
    result.stdout.fnmatch_lines(["STILL IN PLACE, 1 temporary change:"])
    assert project.summary["not_known"] == ""
    assert "NOT KNOWN" not in "\n".join(result.outlines)
    # this cluster goes on showing it on
    told = "none; on the books, but not seen: fencing of cluster"
    assert _in_place(project.sessions[0]) == f"; temporary changes in place: {told}"


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ((True, True), "fencing of cluster, standby of n2"),
        ((True, False), "fencing of cluster; on the books, but not seen: standby of n2"),
        ((False, False), "none; on the books, but not seen: fencing of cluster, standby of n2"),
    ],
)
def test_what_is_only_on_the_books_is_not_said_to_be_in_place(
    seen: tuple[bool, bool], told: str
) -> None:
    """The command that was to do it failed; the status of the same step shows nothing of it."""
    fencing = LedgerEntry("fencing", "cluster", "enabled", "", seen=seen[0])
    standby = LedgerEntry("standby", "n2", "active", "", seen=seen[1])
    run = SimpleNamespace(follows=None, not_known="")
    session: Any = SimpleNamespace(run=run, open_ledger=lambda: [fencing, standby])
    assert _in_place(session) == f"; temporary changes in place: {told}"


def test_when_nobody_answers_nobody_is_called_n(project: Project) -> None:
    project.steps(CHANGE)
    for node in NODES:
        project.cluster.answer[node, WHO.argv] = unreachable(node)
    result = project.run()
    said_not_known(project, result.outlines, "which node is N is not known: no node told its /etc/")
    result.stdout.fnmatch_lines(["position: unknown; which node is N is not known"])
    assert project.events("position")[-1]["active"] == ""


@pytest.mark.parametrize("accept", [False, True])
def test_who_is_n_is_never_taken_from_the_order_of_the_inventory(
    project: Project, accept: bool
) -> None:
    """Nothing is read from, locked on, or changed on a node that only comes first in a file."""
    project.steps(CHANGE)
    for node in NODES:
        project.cluster.answer[node, WHO.argv] = who(node)
    risk = ("--accept", "question-unanswered=we know", "--by", "A. Rossi") if accept else ()
    result = project.run(*risk)
    assert result.ret != 0
    assert project.cluster.scripts == []
    assert project.cluster.changes == []
    said_not_known(project, result.outlines, "which node is N is not known: no node told its /etc/")


def test_n_out_of_reach_in_mid_upgrade_and_what_the_others_see_of_it(project: Project) -> None:
    """The others tell who N is and what they see; what is in place stays unknown."""
    project.monkeypatch.setattr("runbook.phases.test_99_state._compare_packages", lambda *_: None)
    project.steps(FENCING_OFF + STATE)
    assert project.run().ret != 0
    project.cluster.answer[N, WHO.argv] = unreachable(N)
    result = project.run()
    said_not_known(project, result.outlines, f"{N} does not answer: no route to host")
    (state,) = (step for step in project.summary["steps"] if step["name"] == "closing.state")
    assert f"(as {NODES[1]} sees it)" in state["reason"]
    assert "standby: none; fencing" in state["reason"]
    assert "temporary changes in place: not known" in state["reason"]
    result.stdout.fnmatch_lines([f"position: unknown; N is {N}"])


def test_a_status_that_nobody_tells_is_not_known(project: Project) -> None:
    project.monkeypatch.setattr("runbook.phases.test_99_state._compare_packages", lambda *_: None)
    project.steps(CHANGE + STATE)
    for node in NODES:
        project.cluster.answer[node, STATUS.argv] = lost_connection(node)
    project.run()
    (state,) = (step for step in project.summary["steps"] if step["name"] == "closing.state")
    assert "standby and fencing: not known, no node told the status" in state["reason"]
