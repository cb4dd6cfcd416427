"""What a step says it saw becomes findings, rows and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.model.finding import Acceptance, Command
from engine.model.query import Asked
from engine.record.evidence import OVER, Evidence, StoppedForPerson, unanswered
from engine.record.run import Run
from engine.secrets import MASK, Secret
from tests.engine import kit


@pytest.fixture
def run(tmp_path: Path) -> Run:
    taken = Acceptance("disk-space", kit.THIRD, "known", "A. Rossi")
    return kit.make_run(tmp_path, acceptances=(taken,))


@pytest.fixture
def evidence(run: Run) -> Evidence:
    return Evidence(run, "phase.step", ("G01", "G02"))


def rows(run: Run) -> list[tuple[str, str, str]]:
    return [
        (event["row"], event["state"], event["reason"])
        for event in run.journal.events
        if event["event"] == "row"
    ]


def recorded(run: Run, kind: str) -> list[Mapping[str, Any]]:
    return [event for event in run.journal.events if event["event"] == kind]


def test_nothing_found_fulfils_the_rows_by_what_was_observed(run: Run, evidence: Evidence) -> None:
    evidence.judge([], observed="all at 4.25")
    assert rows(run) == [("G01", "fulfilled", "all at 4.25"), ("G02", "fulfilled", "all at 4.25")]
    assert evidence.blocking == []


@pytest.mark.parametrize("code", ["", "updates-pending", "disk-space"])
def test_that_all_is_well_is_said_only_where_nothing_is_found(
    run: Run, evidence: Evidence, code: str
) -> None:
    """Not beside a warning, which fails nothing, nor in the reason of a step that failed."""
    findings = [kit.finding(code)] if code else []
    evidence.judge(findings, observed="5 nodes looked at", sound="there is room")
    told = "5 nodes looked at" + ("" if code else ": there is room")
    assert evidence.reasons == [told]
    if code != "disk-space":
        assert {reason for _, _, reason in rows(run)} == {told}


def test_a_blocking_finding_fails_the_rows_and_is_kept(run: Run, evidence: Evidence) -> None:
    evidence.judge([kit.finding()], observed="disk space", guide=("G01",))
    assert [finding.code for finding in evidence.blocking] == ["disk-space"]
    assert rows(run) == [("G01", "failed", f"{kit.SECOND}: 1 GB free on /var")]
    (finding,) = recorded(run, "finding")
    assert (finding["severity"], finding["step"]) == ("block", "phase.step")


ACCEPTED = f"accepted: {kit.THIRD}: 1 GB free on /var; apart from that: there is room"


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        (kit.finding("updates-pending"), "there is room"),
        # what the step says of a cluster without the finding is not so
        (kit.finding(subject=kit.THIRD), ACCEPTED),
    ],
)
def test_a_warning_or_an_accepted_finding_does_not_fail_the_row(
    run: Run, evidence: Evidence, finding: Any, reason: str
) -> None:
    evidence.judge([finding], observed="there is room", guide=("G01",))
    assert evidence.blocking == []
    assert rows(run) == [("G01", "fulfilled", reason)]


def test_a_verdict_is_true_when_nothing_blocks_and_tells_what_does(evidence: Evidence) -> None:
    found = [kit.finding("updates-pending"), kit.finding(subject=kit.THIRD)]
    verdict = evidence.judge(found, observed="seen")
    assert verdict
    assert [finding.code for finding in verdict] == ["updates-pending", "disk-space"]
    assert repr(verdict) == "nothing blocks"
    assert evidence.verdict
    blocked = evidence.judge([kit.finding()], observed="seen")
    assert not blocked
    assert f"[disk-space] {kit.SECOND}: 1 GB free on /var" in repr(blocked)
    assert evidence.judge([], observed="seen")
    assert not evidence.verdict, "that of the step is that of all its findings"


def test_as_information_nothing_blocks(run: Run, evidence: Evidence) -> None:
    evidence.judge([kit.finding("version-path")], observed="seen", information="Not now:")
    assert evidence.blocking == []
    assert recorded(run, "finding")[0]["severity"] == "info"


def test_a_start_condition_after_the_start_does_not_advise_as_before_it(
    run: Run, evidence: Evidence
) -> None:
    finding = kit.finding(remedy="Set another password.").healed_by(Command(kit.N, ("passwd",)))
    evidence.judge([finding], observed="seen", information="Not now:")
    run.memory.closed = True
    evidence.judge([finding], observed="seen", information="Not now:")
    begun, over = (event["remedy"] for event in recorded(run, "finding"))
    assert begun == "Not now: Set another password."
    assert over == OVER
    assert [len(event.get("commands", ())) for event in recorded(run, "finding")] == [0, 0]


def test_a_question_without_an_answer_blocks_for_each_node(run: Run, evidence: Evidence) -> None:
    asked: Asked[int] = Asked("clock", {kit.N: 1}, {kit.SECOND: "deadline", kit.THIRD: "no route"})
    assert not evidence.answered(asked)
    assert [finding.subject for finding in evidence.blocking] == [kit.SECOND, kit.THIRD]
    assert evidence.answered(Asked("clock", {kit.N: 1}))


@pytest.mark.parametrize("name", ["not_needed", "not_applicable"])
def test_doing_nothing_is_a_result_with_a_reason(run: Run, evidence: Evidence, name: str) -> None:
    getattr(evidence, name)("it is there", guide=("G01",))
    word = name.replace("_", " ")
    assert rows(run) == [("G01", word, "it is there")]
    assert (evidence.outcome, evidence.reasons) == (word, ["it is there"])


def test_what_is_left_is_open_with_its_until(run: Run, evidence: Evidence) -> None:
    evidence.open("G02", "3 agents, until they have reported")
    assert rows(run) == [("G02", "open", "3 agents, until they have reported")]


def test_facts_are_remembered(run: Run, evidence: Evidence) -> None:
    evidence.remember("backup", file="x", rows=7)
    assert run.memory.facts["backup"]["rows"] == 7


def test_attachments_and_notes_are_redacted(run: Run, evidence: Evidence) -> None:
    run.redactor.learn(Secret("hunter22"))
    evidence.note("it is hunter22")
    evidence.attach("diff", "password = something\nhunter22")
    assert recorded(run, "note")[0]["text"] == f"it is {MASK}"
    assert recorded(run, "attachment")[0]["output"]["text"] == f"password = {MASK}\n{MASK}"


def test_a_stop_for_a_person_tells_all_its_findings() -> None:
    stop = StoppedForPerson([kit.finding(), unanswered(kit.N, "clock", "deadline")])
    assert len(str(stop).splitlines()) == 2
    assert "no answer to 'clock': deadline" in str(stop)
