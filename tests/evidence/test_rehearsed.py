"""Which rehearsal an upgrade went by, by whose key, and what was different there."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge.statement import rehearsed as judged
from engine.model.approval import SeenStatement, Statement
from engine.model.facts import STATEMENT as QUESTION
from engine.model.finding import Acceptance, Severity
from engine.prove.statement import statement_here
from engine.record.evidence import as_data
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.rehearsed import Rehearsed, rehearsed_of
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.journals import asked, started

STATEMENT = Statement(
    run="20261020T100000Z-rehearsal-1a2b",
    cluster="rehearsal.example.test",
    environment="rehearsal",
    scenario="default",
    runbook="a" * 64,
    source="4.25",
    target="4.26",
    nodes={"operative": 2},
    finished=kit.BEGIN - timedelta(days=12, hours=3),
    key="SHA256:abc",
)


def told(
    statement: Statement | None = STATEMENT, problem: str = "", by: str | None = None
) -> dict[str, Any]:
    """As the question to this machine is recorded."""
    text = json.dumps(asdict(SeenStatement(statement, problem, by)), default=str)
    return asked(2, node="", question=QUESTION, command="reports/x/rehearsal.json",
                 output={"text": text})  # fmt: skip


def section(*events: Any) -> str:
    text = render(list(events), []).partition('<section id="rehearsal">')[2]
    return unescape(text.partition("</section>")[0])


def answer(*events: Any) -> Any:
    given = index_of(summary_of(list(events)), list(events))
    return {one.question: one for one in given}["Rehearsal"]


def test_the_question_has_the_name_that_is_looked_for() -> None:
    settings = SimpleNamespace(rehearsal=None)
    run: Any = SimpleNamespace(inventory=SimpleNamespace(settings=settings))
    assert statement_here(run).name == QUESTION


def test_when_by_which_key_and_that_nothing_was_different() -> None:
    seen = rehearsed_of([started(), told()])
    assert (seen.run, seen.days_before, seen.key) == (STATEMENT.run, 12, "SHA256:abc")
    assert seen.differences == ()
    text = section(started(), told())
    assert "2026-10-20 21:00:00" in text
    assert "12 days before" in text
    assert "everything that has to be" in text
    assert ">differs<" not in text
    assert answer(started(), told()).answer.endswith(
        "signed with SHA256:abc; different there: nothing that has to be the same"
    )


DIFFERENT: dict[str, tuple[dict[str, Any], str]] = {
    "another runbook": ({"runbook": "b" * 64}, "runbook (hash)"),
    "another number of nodes": ({"nodes": {"operative": 3}}, "operative nodes"),
    "a role that is not here": ({"nodes": {"operative": 2, "voting_only": 1}}, "voting-only nodes"),
    "other versions": ({"source": "4.24"}, "versions"),
    "a runbook changed on the way": ({"runbooks": ["b" * 64, "a" * 64]}, "runbook (hash)"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_was_different_there(case: str) -> None:
    changed, what = DIFFERENT[case]
    statement = Statement(**{**asdict(STATEMENT), **changed})
    (one,) = rehearsed_of([started(), told(statement)]).differences
    assert one.what == what
    assert answer(started(), told(statement)).answer.endswith(f"different there: {what}")
    assert section(started(), told(statement)).count('class="differs"') == 1


@pytest.mark.parametrize("case", DIFFERENT)
def test_the_run_and_the_report_find_the_same_different(case: str) -> None:
    """What judges the statement before the start, and what shows it afterwards."""
    statement = Statement(**{**asdict(STATEMENT), **DIFFERENT[case][0]})
    begun = started()
    found = judged(
        SeenStatement(statement, by="b"), runbook=begun["runbook"], source="4.25", target="4.26",
        machines={}, nodes={"operative": 2}, now=datetime.fromisoformat(begun["time"]), days=60,
    )  # fmt: skip
    assert [one.code for one in found] == ["rehearsal-mismatch", "rehearsal-environment"]
    assert rehearsed_of([begun, told(statement)]).differences


def test_an_unsigned_one_says_so() -> None:
    statement = Statement(**{**asdict(STATEMENT), "key": ""})
    assert "not signed" in section(started(), told(statement))
    missing = "nobody stands for its statement: not signed"
    assert answer(started(), told(statement)).missing == missing


@pytest.mark.parametrize(
    ("by", "said", "missing"),
    [
        ("the operator", ", by the operator.", ""),
        (
            "",
            '<strong class="missing">a key that nobody knew</strong>',
            "nobody stands for its statement: signed with SHA256:abc, a key that nobody knew",
        ),
        (None, "whose key that is, it does not say", ""),
    ],
)
def test_whose_key_it_was(by: str | None, said: str, missing: str) -> None:
    assert said in section(started(), told(by=by))
    assert answer(started(), told(by=by)).missing == missing


def test_this_upgrade_by_another_runbook_on_the_way_is_different() -> None:
    """The first run's is not the only one that changed the cluster."""
    second = {**started(60, runbook="b" * 64), "run": "20261103T000000Z-test-0009"}
    (one,) = rehearsed_of([started(), told(), second]).differences
    assert one.here == f"{'a' * 16}, then {'b' * 16}"


def test_what_was_accepted_there_and_on_which_machines() -> None:
    risk = {"code": "disk-space", "subject": "n1", "by": "C. Verdi", "reason": "it is known"}
    more = {"accepted": [risk], "machines": {"t1": "1" * 32}}
    statement = Statement(**{**asdict(STATEMENT), **more})
    text = section(started(), told(statement))
    assert "<li>disk-space n1, by C. Verdi: it is known</li>" in text
    assert f"t1 ({'1' * 32})" in text
    assert "findings accepted there: 1;" in answer(started(), told(statement)).answer
    none = Statement(**{**asdict(STATEMENT), "accepted": []})
    assert "No finding was accepted there" in section(started(), told(none))
    assert "does not say (older runbook)" in section(started(), told())


def test_what_the_run_found_of_it_and_who_accepted_that() -> None:
    finding = kit.finding("rehearsal-old", "runbook_rehearsal", observed="90 days ago")
    taken = finding.weighed(Severity.BLOCK, Acceptance("rehearsal-old", None, "known", "A. Rossi"))
    seen = event("finding", 3, step="p", **as_data(taken))
    text = section(started(), told(), seen)
    assert "rehearsal-old (accepted by A. Rossi: known): 90 days ago" in text


ITSELF = "this was a rehearsal itself: none came before it, as only production needs one"
NONE: dict[str, tuple[list[Any], str]] = {
    "not named": ([started(), told(None, "no rehearsal is named")], "no rehearsal is named"),
    "not asked": ([started()], "no rehearsal is on record: the run did not come to that"),
    "on staging": ([started(environment="staging")],
                   "no rehearsal is on record: only production asks for one"),
    "it is one": ([started(environment="rehearsal"),
                   event("fact", 5, step="c", name="rehearsed", scenario="default")],
                  ITSELF),
    "cut": ([started(), asked(2, question=QUESTION, output={"text": '{"statement": {"ru'})],
            "its statement can't be read in the journal"),
    "of another form": ([started(), asked(2, question=QUESTION, output={"text": "[1]"})],
                        "its statement can't be read in the journal"),
    "nothing at all": ([], ITSELF),
}  # fmt: skip


@pytest.mark.parametrize("case", NONE)
def test_without_one_it_is_told_why(case: str) -> None:
    events, why = NONE[case]
    seen = rehearsed_of(events)
    assert isinstance(seen, Rehearsed)
    assert (seen.run, seen.problem) == ("", why)
    if events:
        assert why[1:] in section(*events)
        is_production = events[0]["environment"] == "production"
        assert answer(*events).missing == (why if is_production else "")


def test_what_the_nodes_ran_there_and_here_is_told_and_may_differ() -> None:
    there = replace(STATEMENT, releases={"n1": "Debian GNU/Linux 13 (trixie)"}, base="trixie")
    here = event("fact", 5, step="c", name="machine-ids", ids={}, releases={"a": "RHEL", "b": ""})
    seen = rehearsed_of([started(), told(there), here])
    ran = next(one for one in seen.compared if one.what == "what the nodes run")
    assert (ran.there, ran.here, ran.differs) == ("Debian GNU/Linux 13 (trixie)", "RHEL", False)
    text = section(started(), told(there), here)
    assert "Debian GNU/Linux 13 (trixie)" in text
    # an older statement does not say
    assert "not on record" in section(started(), told())


def test_a_rehearsal_tells_its_base() -> None:
    fact = event("fact", 5, step="c", name="rehearsed", scenario="guide", about="", base="trixie")
    assert "The base of its nodes is called <b>trixie</b>." in section(
        started(environment="rehearsal"), fact
    )
    assert "base of its nodes" not in section(started(environment="rehearsal"), fact | {"base": ""})


def test_a_rehearsal_says_what_it_was_and_what_it_can_not_show() -> None:
    about = "4.25 with pending updates; walks every path"
    fact = event("fact", 5, step="c", name="rehearsed", scenario="guide", about=about)
    text = section(started(environment="rehearsal"), fact)
    assert f"The scenario of its cluster, <b>guide</b>: {about}." in text
    assert "are stand-ins" in text
    twin = section(started(environment="rehearsal"), fact | {"missing": "a jump host"})
    assert f"{about}. Not as in that cluster: a jump host." in twin
    assert "does not show" in text
    assert "not on record" in section(started(environment="rehearsal"))
    # an older rehearsal has the name alone
    assert (
        rehearsed_of([started(environment="rehearsal"), fact | {"about": ""}]).scenario == "guide"
    )
