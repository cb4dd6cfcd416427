"""An attempt of several runs, and a run after its end: what is told is the change's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine.report.anchors import step_anchor
from engine.report.audit.found import alike_in, findings_of
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.runs import pauses_of, states_lasting
from engine.report.html import render_summary
from engine.report.last_lines import last_lines
from engine.report.summary import summary_of
from engine.verify import digest
from tests.engine import kit
from tests.engine.kit import SECOND, N
from tests.evidence import journals
from tests.evidence.journals import FIRST, LATER, SECOND_RUN, of_run
from tests.evidence.nights import drawn


def answers(earlier: Any, own: Any) -> dict[str, Any]:
    summary = summary_of(own, earlier)
    return {one.question: one for one in index_of(summary, [*earlier, *own])}


@pytest.fixture
def told() -> dict[str, Any]:
    return answers(*journals.several())


def page(earlier: Any = None, own: Any = None) -> str:
    if own is None:
        earlier, own = journals.several()
    return render(own, earlier)


def test_tests_before_the_change_are_those_before_it(told: dict[str, Any]) -> None:
    """Of the first run; what later runs saw of the same steps is no test before the change."""
    before = told["Tests before the change"]
    assert (before.answer, before.missing) == ("3 steps: 3 done", "")


def test_tests_after_it_are_not_taken_away_by_a_look_that_finds_nothing_to_test(
    told: dict[str, Any],
) -> None:
    assert told["Tests after the change"].answer == (
        "1 step: 1 done; beside them 1 step that changed something: reactivation.normal"
    )


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_a_row_keeps_the_proof_of_the_run_that_proved_it(runs: int) -> None:
    every = [
        of_run(FIRST, journals.interrupted()),
        of_run(SECOND_RUN, journals.finished(), 1000),
        of_run(LATER, journals.afterwards(), 200_000),
    ]
    *earlier, own = every[:runs]
    (row,) = summary_of(own, [e for each in earlier for e in each])["guide"]
    assert row["state"] == "fulfilled"
    assert row["reason"] == "neteye01 4.25; position: not started"
    assert set(row["runs"]) == {FIRST}
    assert len(row["runs"]) == len(row["steps"])
    html = page([e for each in earlier for e in each], own)
    (line,) = re.findall(r'<tr id="G01".*?</tr>', html, re.DOTALL)
    links = re.findall(r'href="#([^"]*)"', line)
    assert links == [step_anchor(FIRST, name) for name in row["steps"]]


@pytest.mark.parametrize("later", [1000, 200_000])
def test_why_there_was_nothing_to_do_is_told_by_the_run_that_looked(later: int) -> None:
    """Not by one that finds the condition over: no GLPI stays not applicable."""
    every = [of_run(FIRST, journals.interrupted()), of_run(SECOND_RUN, journals.finished(), later)]
    for each, state in zip(every, ("not applicable", "not needed"), strict=True):
        for event in each:
            if event["event"] == "row":
                event |= {"state": state, "reason": f"it is {state}"}
    (row,) = summary_of(every[1], every[0])["guide"]
    assert (row["state"], row["reason"]) == ("not applicable", "it is not applicable")


def test_what_is_measured_until_the_end_is_told_by_the_run_that_came_to_it() -> None:
    """A run that was stopped behind its measurement, and the one that ended the change."""
    every = [of_run(FIRST, journals.finished()), of_run(SECOND_RUN, journals.finished(), 1000)]
    for number, each in enumerate(every):
        each[:] = [e for e in each if number or e["event"] != "attempt-closed"]
        next(e for e in each if e["event"] == "steps")["steps"][-2]["guide"] = ["G01"]
        at = next(n for n, e in enumerate(each) if e["event"] == "fact")
        each.insert(
            at, {**journals.row(72, "closing.time", f"taken {number}"), "run": each[0]["run"]}
        )
        fact = next(e for e in each if e["event"] == "fact")
        fact["until"] = fact["until"].replace("00:17:52", f"00:2{number}:00")
    summary = summary_of(every[1], every[0])
    assert summary["taken"] == "0:21:00"
    assert "taken 1" in summary["guide"][0]["reason"]
    assert "taken 0" not in summary["guide"][0]["reason"]


def test_the_time_taken_is_the_attempts_everywhere(told: dict[str, Any]) -> None:
    earlier, own = journals.several()
    summary = summary_of(own, earlier)
    assert (summary["taken"], summary["taken_by_run"]) == ("0:17:52", "0:00:13")
    ends = "(2026-11-02 00:00:00 to 00:17:52 UTC)"
    assert f"taken 0:17:52 {ends} in 2 runs" in told["Impact on services"].answer
    assert f"<dd>0:17:52 {ends}</dd>" in page()
    assert "0:17:52" in render_summary(summary)
    # a run that goes on counts from the first run's begin
    assert summary_of(own[:1], of_run(FIRST, journals.interrupted()))["taken"] == "2 days, 7:33:20"


def test_changes_and_runs_are_the_changes_and_a_look_afterwards_is_told(
    told: dict[str, Any],
) -> None:
    deployment = told["Deployment record"]
    assert deployment.answer.startswith("changes: 2, runs: 2, by")
    assert deployment.answer.endswith("afterwards 1 more that only looked")
    assert deployment.missing == ""
    text = page()
    section = text.partition('id="changes"')[2].partition("</section>")[0]
    assert "not on record" not in section
    assert "started by run 1 (A. Rossi), collected by run 2 (A. Rossi)" in section
    assert f'id="change-{SECOND_RUN}-' in section
    assert "<dd>2 and 1 after the end</dd>" in text
    assert f"<dt>Attempt</dt><dd>{FIRST}</dd>" in text  # though it is open no more
    assert f"in run {SECOND_RUN}" in text


def test_standby_and_fencing_have_one_measurement() -> None:
    """Seen to begin between 130 and 136 and to end between 1055 and 1065."""
    earlier, own = journals.several()
    summary = summary_of(own, earlier)
    assert summary["standby"] == f"{SECOND} 929 s (919 s to 935 s)"
    assert summary["fencing_off"] == "cluster 935 s (925 s to 941 s)"
    text, drawing = page(), drawn([*earlier, *own], [N, SECOND])
    for measured in ("929 s (919 s to 935 s)", "935 s (925 s to 941 s)"):
        head, _, rest = text.partition('id="index"')
        assert measured in head
        assert measured in rest.partition('id="ledger"')[2].partition("</section>")[0]
        assert measured in drawing
        assert measured in render_summary(summary)
    (row,) = re.findall(r'<td data-label="what">fencing</td>.*?</tr>', text)
    assert "2026-11-02 00:02:10" in row  # when it was seen, not when the command started
    assert "2026-11-02 00:17:45" in row
    assert set(states_lasting([*earlier, *own])) == {SECOND, "fencing"}


def test_what_is_in_place_is_told_since_it_was_seen() -> None:
    own = of_run(FIRST, journals.interrupted())
    summary = summary_of(own)
    since = {entry["kind"]: entry["since"] for entry in summary["ledger"]}
    assert since == {"fencing": "2026-11-02T00:02:10.000Z", "standby": "2026-11-02T00:02:16.000Z"}
    lines = "\n".join(last_lines(summary, Path("reports") / FIRST))
    assert "standby of neteye02.neteyelocal since 2026-11-02T00:02:16.000Z" in lines
    # not seen yet: since the command that may do it
    unseen = [e for e in own if e["event"] not in ("standby", "fencing")]
    told = summary_of(unseen)
    assert {(e["since"], e["seen"]) for e in told["ledger"]} == {("2026-11-02T00:01:40Z", False)}
    not_yet = "not seen; a command begun at 2026-11-02T00:01:40Z may do it; it was 'active'"
    assert f"standby of {SECOND}: {not_yet}" in "\n".join(last_lines(told, Path("reports")))
    assert "not seen; a command begun at" in render_summary(told)


def test_what_the_run_has_given_back_and_nobody_has_looked_at_since_is_not_still_in_place() -> None:
    earlier, own = journals.several()
    unseen = [e for e in [*earlier, *own] if e.get("state") not in ("left", "on")]
    told = render([e for e in unseen if e["run"] == LATER], [e for e in unseen if e not in own])
    assert "still in place" not in told


def test_the_begin_is_told_by_its_bounds_only_when_it_is_the_begin_that_nobody_saw() -> None:
    vague = "nobody looked meanwhile"

    def told(state: str, other: str) -> str:
        """With that look as the last one before nobody looked until this state was seen."""
        earlier, own = (
            [{**e, "other": other} if e.get("state") == state else e for e in part]
            for part in journals.several()
        )
        return render(own, earlier)

    assert vague not in told("on", "2026-11-02T00:03:20Z")
    assert vague in told("off", "2026-11-01T23:50:00Z")


def test_why_there_was_no_run_is_told_as_it_was() -> None:
    earlier, own = journals.several()
    first, second = pauses_of([*earlier, *own])
    assert first.detail == (
        f"it had been interrupted; on record as under way: neteye upgrade on {N}"
    )
    assert second.detail == "it was done"
    text = page()
    assert "a person is waited for" not in text
    assert "a person was waited for" not in text
    stopped = [*of_run(FIRST, journals.interrupted()), *of_run(LATER, journals.afterwards(), 9000)]
    for event in stopped:
        if event["event"] == "run-ended":
            event["outcome"] = "stopped"
    assert pauses_of(stopped)[0].detail.startswith("it had stopped for a person")
    for event in stopped:
        if event["event"] == "run-ended":
            event["outcome"] = "unknown"
    assert pauses_of(stopped)[0].detail.startswith("it did not know how a change had ended")


def test_a_run_that_still_writes_its_records_is_not_over() -> None:
    """Its outcome is told before them."""
    ended = kit.event("run-ended", 10, outcome="unknown", exit_code=12)
    lost = kit.event("bookkeeping", 60, problem="no route to N")
    first = of_run(FIRST, [journals.started(), ended, lost])
    (pause,) = pauses_of([*first, *of_run(LATER, journals.afterwards(), 63)])
    assert (pause.seconds, pause.outcome) == (3.0, "unknown")


def test_every_citation_is_the_run_s_own() -> None:
    """Three runs have a file of the same name."""
    text = page()
    for run, place, seen in (
        (FIRST, f"outputs/{FIRST}/0001-answer.txt", "first"),
        (LATER, "outputs/0001-answer.txt", "third"),
    ):
        sha256 = digest((f"what the {seen} run saw" * 3).encode())
        link = f'<a href="{place}">{place}</a>'
        assert re.search(rf"whole: {link}, \d+ bytes, sha256 {sha256}", text), run
    assert "whole: not fetched: N has not got it" in text
    assert f"outputs/{SECOND_RUN}/" not in text


def test_accepted_risks_are_those_of_all_runs() -> None:
    earlier, own = journals.several()
    given = {"by": "A. Rossi", "reason": "known", "run": FIRST, "given": "", "until": None}
    accepted = {
        **earlier[3],
        "event": "finding",
        **dict.fromkeys(("code", "subject", "observed", "expected", "remedy"), "x"),
        "severity": "block", "guide": [], "accepted": given,
    }  # fmt: skip
    told = answers([*earlier[:6], accepted, *earlier[6:]], own)
    assert told["Accepted risks"].answer.startswith("1 accepted findings")


def test_findings_of_earlier_runs_are_told_apart_from_those_that_stand() -> None:
    earlier, own = journals.several()
    finding = {
        **dict.fromkeys(("code", "subject", "observed", "expected", "remedy"), "x"),
        "severity": "block", "guide": [], "accepted": None,
    }  # fmt: skip
    healed = {**earlier[3], "event": "finding", **finding}
    text = render(own, [*earlier[:6], healed, *earlier[6:]])
    told = re.sub(r"<[^>]*>", "", text)
    assert "findings: 0 blocking, 0 warnings; 1 settled, seen anew or not seen again" in told
    assert "not seen again" in text


def weighed(run: str, observed: str, seconds: float, subject: str = "x") -> dict[str, Any]:
    """A warning, as a step of that run told it."""
    plain = dict.fromkeys(("expected", "remedy"), "x")
    told = {"code": "load", "subject": subject, "observed": observed, "severity": "warn"}
    event = kit.event("finding", seconds, step="preflight.load", guide=[], accepted=None, **plain)
    return {**event, **told, "run": run}


def test_a_finding_of_which_each_run_saw_another_number_was_seen_again() -> None:
    """Of the load of the first run it was said: not seen again. The second one saw it, too."""
    found = findings_of([weighed(FIRST, "6", 5), weighed(LATER, "4", 90)], LATER)
    assert [(one["observed"], one["stands"], one["gone"]) for one in found] == [
        ("4", True, ""),
        ("6", False, "seen anew in preflight.load"),
    ]


def test_of_two_at_once_the_one_that_is_left_is_not_the_other_seen_anew() -> None:
    two = [weighed(FIRST, "a", 5), weighed(FIRST, "b", 6)]
    found = findings_of([*two, weighed(LATER, "b", 90)], LATER)
    assert [(one["observed"], one["gone"]) for one in found] == [("b", ""), ("a", "not seen again")]


def test_of_several_alike_each_reason_is_told() -> None:
    """The first one's was said of all."""
    three = [weighed(FIRST, "6", n, subject) for n, subject in enumerate(("n1", "n2", "n3"))]
    found = findings_of([*three, weighed(LATER, "4", 90, "n1")], LATER)
    _, alike = alike_in(found)
    assert len(alike.entries) == 3
    assert alike.gone == "seen anew in preflight.load; not seen again"


def test_the_page_knows_what_an_earlier_run_still_did_after_its_last_word() -> None:
    """Of the run itself it can't: the page is written before."""
    ended = kit.event("run-ended", 10, outcome="unknown", exit_code=12)
    late = kit.event("bookkeeping", 60, problem="no route to N")
    first = of_run(FIRST, [journals.started(), ended, late])
    own = of_run(LATER, journals.whole(), 63)
    assert "3.0 s: it did not know how a change had ended" in render(own, first)
    assert render(own, first) == render([*own, *of_run(LATER, [late], 5000)], first)
