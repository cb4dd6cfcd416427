"""A cluster that is not normal after the upgrade is for support (G26), not for another run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.judge import versions
from engine.model.finding import Finding, Way
from engine.record.evidence import SUPPORT_NEEDED, Evidence, unanswered
from engine.record.run import Run
from runbook.cluster import product
from runbook.cluster.checks import normal_or_support
from tests.engine import kit
from tests.judge.builders import TARGET

FAILED = Finding("resource-failed", "glpi", "it is FAILED", "Started", "Mend it, then run again.")
SILENT = unanswered(kit.N, "DRBD", "the connection was lost")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path)


def judged(run: Run, *findings: Finding) -> Evidence:
    evidence = Evidence(run, "reactivation.normal", ("G25", "G26"))
    normal_or_support(evidence, findings, "3 nodes in pacemaker")
    return evidence


def rows(run: Run) -> dict[str, str]:
    return {e["row"]: e["state"] for e in run.journal.events if e["event"] == "row"}


def texts(run: Run) -> list[dict[str, Any]]:
    return [e["output"] for e in run.journal.events if e["event"] == "attachment"]


def test_what_is_not_normal_is_for_support_and_nothing_else(run: Run) -> None:
    evidence = judged(run, FAILED, SILENT)
    assert {f.way for f in evidence.blocking} == {Way.SUPPORT}
    told = {f.remedy for f in evidence.blocking if f.code != SUPPORT_NEEDED}
    assert told == {f"{product.CALL_SUPPORT}."}
    assert run.support is not None
    assert rows(run) == {"G25": "failed", "G26": "fulfilled"}
    (kept,) = texts(run)
    assert FAILED.remedy in kept["text"]


def test_a_question_without_an_answer_is_asked_again(run: Run) -> None:
    evidence = judged(run, SILENT)
    assert [(f.way, f.remedy) for f in evidence.blocking] == [(Way.AGAIN, SILENT.remedy)]
    assert run.support is None
    assert rows(run) == {"G25": "failed"}


def test_what_follows_from_a_question_without_an_answer_is_not_for_support(run: Run) -> None:
    silent = unanswered(kit.N, "version", "the connection was lost")
    (unknown,) = versions.reached({}, TARGET, [kit.N])
    evidence = judged(run, silent, unknown)
    assert {f.code for f in evidence.blocking} == {silent.code, "version-not-reached"}
    assert run.support is None


def test_a_daemon_that_does_not_run_is_for_support_with_what_follows(run: Run) -> None:
    down = Finding("daemon-not-normal", f"{kit.N}:corosync", "inactive", "active", "Start it.")
    evidence = judged(run, down, unanswered(kit.N, "quorum", "exit code 1", down.target))
    assert {f.way for f in evidence.blocking} == {Way.SUPPORT}
    assert run.support is not None


def test_a_normal_cluster_needs_no_support(run: Run) -> None:
    evidence = judged(run)
    assert evidence.blocking == []
    assert evidence.outcome == "done"
    assert rows(run) == {"G25": "fulfilled", "G26": "not needed"}
