"""What the evidence can't say is said, each with where and when."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.facts import PASSWORD
from engine.record.outputs import SECRET
from engine.report.audit.covered import not_covered_of
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import N, event
from tests.evidence import journals
from tests.evidence.journals import FIRST, SECOND_RUN, asked, of_run, started


def covered(*own: Any, earlier: Any = ()) -> dict[str, tuple[str, ...]]:
    found = not_covered_of(summary_of(list(own), list(earlier)), [*earlier, *own])
    return {one.title: one.items for one in found}


def test_a_rehearsal_is_not_the_production() -> None:
    assert "stand-ins" in covered(started(environment="rehearsal"))["Outside of the runbook"][0]
    assert "stand-ins" not in " ".join(covered(started())["Outside of the runbook"])


def test_services_that_nobody_asked_never_answered_or_could_not_be_seen() -> None:
    began = event("probing", 20, target="OCS endpoint", state="began", ways=["x"])
    broken = event("probing", 30, target="httpd", state="broken", problem="KeyError: x")
    times = {"since": event("x", 35)["time"], "until": event("x", 40)["time"], "seconds": 5.0}
    unseen = event(
        "service-gap", 40, state="ended", target="httpd", steps=[], why="N", unseen=True, **times
    )
    after = event("fact", 90, step="c", name="state-after", resources={"a": "Started on x"})
    events = [*journals.whole()[:-1], began, broken, unseen, after, journals.whole()[-1]]
    first, resources, *rest = covered(*events)["Services"]
    assert first.startswith("Asked were httpd; Service gaps tell how. Of every other")
    among = "Resources of the cluster, its fence devices among them, are 1: a."
    assert resources.startswith(f"{among} That a resource is Started is what pacemaker says")
    assert rest == [
        "httpd could not be seen for 5 s.",
        "OCS endpoint never answered there, so its gaps are not measured.",
        "httpd was asked no more from 2026-11-02 00:00:30 on: KeyError: x.",
    ]
    assert "No service was asked" in covered(started())["Services"][0]


def test_the_time_between_runs_of_the_change_has_its_begin_and_end() -> None:
    earlier, own = journals.several()
    (pause,) = covered(*own, earlier=earlier)["Time without a run"]
    assert pause.startswith("2026-11-02 00:03:21 to 2026-11-02 00:16:40 (13 min): it had been")
    assert "Time without a run" not in covered(*journals.whole())


def test_a_node_that_was_out_of_reach() -> None:
    lost = {"problem": "no route to host", "lost": "unreachable", "output": {}}
    refused = {"problem": "exit code 2", "output": {}}
    connection = [event("connection", 30, node=N, state="lost", why="timed out"),
                  event("connection", 40, node=N, state="back", why="")]  # fmt: skip
    told = covered(started(), asked(2, **lost), asked(9, **lost), asked(10, **refused), *connection)
    assert told["Nodes out of reach"] == (
        f"{N}: 2 questions without an answer, 2026-11-02 00:00:02 to 2026-11-02 00:00:09; first:"
        " no route to host.",
        f"The machine of the run was cut off from {N} from 2026-11-02 00:00:02 to"
        " 2026-11-02 00:00:10 (8 s): no route to host.",
        f"The machine of the run was cut off from {N} from 2026-11-02 00:00:30 to"
        " 2026-11-02 00:00:40 (10 s): timed out.",
    )


def test_a_run_without_an_end() -> None:
    silent = of_run(FIRST, [started(), asked(5)])
    ended = of_run(SECOND_RUN, [started(), event("run-ended", 9, outcome="done", exit_code=0)], 90)
    assert covered(*ended, earlier=silent)["Runs without an end on record"] == (
        f"{FIRST}: its last event is observation at 2026-11-02 00:00:05.",
    )


def test_answers_that_were_never_recorded_are_counted_by_question() -> None:
    secret = {"output": {"text": SECRET}}
    told = covered(
        started(), *(asked(n, question="a password", **secret) for n in (2, 3)),
        kit.intent(), kit.result(reason="", **secret), asked(4),
    )  # fmt: skip
    assert told["Answers that are withheld"] == (
        "a password: 2 answers.",
        "output of phase.step#1: 1 answer.",
    )


def test_a_number_counts_what_the_title_names() -> None:
    """Sentences were counted, whatever they told of: three answers to two questions were two."""
    secret, lost = {"output": {"text": SECRET}}, {"problem": "no route", "lost": "unreachable"}
    missing = [{"why": "N has not got it", "files": ["a", "b"]}]
    own = [
        started(), *(asked(n, question="a password", **secret) for n in (2, 3)),
        asked(4, question="another", **secret), *(asked(n, **lost) for n in (5, 6)), asked(7),
        event("outputs-fetched", 8, step="", of=FIRST, files=0, missing=missing),
    ]  # fmt: skip
    summary = summary_of(own)
    assert {one.title: one.counted for one in not_covered_of(summary, own)} == {
        "Outside of the runbook": "",
        "Services": "",
        "Nodes out of reach": "1 node",
        "Runs without an end on record": "1 run",
        "Answers that are withheld": "3 answers of 2 kinds",
        "Outputs that are not here": "2 outputs",
    }
    said = {one.question: one.answer for one in index_of(summary, own)}["What is not covered"]
    assert "services, nodes out of reach (1 node), runs without an end on record (1 run)" in said
    assert "answers that are withheld (3 answers of 2 kinds)" in said


def test_where_old_copies_of_a_password_were_not_looked_for() -> None:
    facts = [
        event("fact", 5, step="x", name=PASSWORD, of=of, what="Moved.", searched=searched)
        for of, searched in (("password of a", "/etc/a* on n1"), ("password of b", ""))
    ]
    assert covered(started(), *facts)["Old copies of passwords"] == (
        "password of a: looked for in /etc/a* on n1 only, in no backup.",
        "password of b: looked for nowhere.",
    )
    assert "Old copies of passwords" not in covered(started())


def test_outputs_that_could_not_be_kept_or_fetched() -> None:
    missing = [{"why": "N has not got it", "files": ["a", "b"]}]
    told = covered(
        started(), asked(2, output={"text": "x", "not_kept": "the disk was full"}),
        event("outputs-fetched", 3, step="", of=FIRST, files=0, missing=missing),
    )  # fmt: skip
    assert told["Outputs that are not here"] == (
        "the release, 2026-11-02 00:00:02: the disk was full.",
        f"2 outputs of run {FIRST}: N has not got it.",
    )


@pytest.mark.parametrize("many", [2, 30])
def test_the_page_has_all_of_it_and_folds_what_is_long(many: int) -> None:
    hostile = "<script>alert(1)</script>"
    secret = {"output": {"text": SECRET}}
    questions = [asked(n, question=f"{hostile}{n}", **secret) for n in range(many)]
    text = render([started(), *questions], [])
    section = text.partition('<section id="limits">')[2].partition("</section>")[0]
    assert section.count("1 answer.") == many
    folded = f'</b> <span class="dim">{many} answers of {many} kinds</span></summary>'
    assert (folded in section) == (many > 2)
    assert "<script" not in text
    kept = section.partition("<b>Answers that are withheld</b>")[0]
    assert kept.endswith("<summary>") == (many > 2)
