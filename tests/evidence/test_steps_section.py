"""Every step and every change has its line, one line each, and nothing is lost by folding."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reports import MOST_PAGE
from engine.model.groups import grouped
from engine.report.anchors import change_anchor, step_anchor
from engine.report.audit.changes import changes_by_run
from engine.report.audit.page import render
from engine.report.audit.records import QUESTIONS, records_of
from engine.report.audit.steps import OUTSIDE, Entry, steps_by_run
from engine.report.fanned import in_words, shown_name
from tests.engine import kit
from tests.engine.kit import SECOND, THIRD, N, event
from tests.evidence import fivenodes, journals
from tests.evidence.journals import asked, of_run, step

OUTCOMES = (
    *("done", "nothing to do", "not needed", "not applicable", "failed", "not reached"),
    "interrupted",
)


def run(*told: Any) -> list[Any]:
    """One run with these events."""
    return of_run("one", [journals.started(), *told])


def lines(*told: Any) -> list[Entry]:
    """The lines of the one phase that these events have."""
    (only,) = steps_by_run(run(*told))
    (phase,) = only.phases
    return list(phase.entries)


# steps


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.one", "a.two[1]", "a.two[2]", "b.x", "b.y"]),
            st.sampled_from(OUTCOMES),
            st.booleans(),
        ),
        unique_by=lambda drawn: drawn[0],
    )
)
def test_every_step_is_in_exactly_one_line(drawn: list[tuple[str, str, bool]]) -> None:
    told: list[Any] = []
    for number, (name, outcome, changes) in enumerate(drawn):
        begun, ended = step(name, number * 10, number * 10 + 5, outcome)
        told += [begun, *([kit.intent(name)] if changes else []), ended]
    (only,) = steps_by_run(run(*told))
    shown = [one for phase in only.phases for entry in phase.entries for one in entry.steps]
    assert Counter((s.name, s.outcome) for s in shown) == Counter((n, o) for n, o, _ in drawn)
    for phase in only.phases:
        for entry in phase.entries:
            assert len({one.outcome for one in entry.steps}) == 1
            if len(entry.steps) > 1:
                assert entry.words
                assert not any(one.changes for one in entry.steps)
                assert entry.outcome not in ("failed", "interrupted")


def test_rounds_that_were_not_needed_are_one_line() -> None:
    told = [step("upgrade.run[1]", 1, 2)]
    for number in (2, 3, 4, 5):
        told.append(step(f"upgrade.run[{number}]", number, number, "not needed"))
        told.append(step(f"upgrade.stop[{number}]", number, number, "not needed"))
    first, folded = lines(*(one for pair in told for one in pair))
    assert [one.name for one in first.steps] == ["upgrade.run[1]"]
    assert (folded.words, folded.outcome) == ("rounds 2 to 5 of run, stop", "not needed")
    assert len(folded.steps) == 8


def test_steps_that_only_looked_are_one_line_and_those_that_found_something_are_not() -> None:
    told = [each for n in range(6) for each in step(f"a.s{n}", n * 10, n * 10 + 5)]
    told.insert(7, {**event("finding", 32, step="a.s3", **_finding()), "accepted": None})
    told.insert(11, {**kit.intent("a.s5"), "seq": 7})
    looked, found, *rest = lines(*told)
    assert (looked.words, len(looked.steps)) == ("s0, s1, s2", 3)
    assert [one.name for one in found.steps] == ["a.s3"]
    assert [[one.name for one in entry.steps] for entry in rest] == [["a.s4"], ["a.s5"]]
    assert rest[1].steps[0].changes[0][1] == f"set x on {N}"


def _finding() -> dict[str, Any]:
    return {
        "code": "disk-space", "severity": "warn", "subject": N, "observed": "1 GB",
        "expected": "3 GB", "remedy": "", "guide": [],
    }  # fmt: skip


def test_a_step_without_an_end_and_one_that_was_not_reached_are_told() -> None:
    events = run(journals.collected(), *step("preflight.one", 1, 2), step("update.run", 3, 4)[0])
    (only,) = steps_by_run(events)
    assert only.said == "1 done, 1 interrupted, 3 not reached"
    assert only.count == 5


def test_what_is_of_no_step_and_of_one_that_was_never_begun_is_there() -> None:
    events = run(asked(1, step=""), asked(2, step="gone.step"), *step("a.b", 3, 4))
    (only,) = steps_by_run(events)
    first = only.phases[0]
    assert [entry.steps[0].name for entry in first.entries] == [OUTSIDE, "gone.step"]
    assert all(entry.steps[0].records for entry in first.entries)


def test_runs_are_told_apart_and_the_last_one_is_open() -> None:
    earlier, own = fivenodes.four_runs()
    runs = steps_by_run([*earlier, *own])
    assert [one.number for one in runs] == [1, 2, 3, 4]
    assert {one.count for one in runs} == {len(fivenodes.items())}
    page = render(own, earlier)
    assert re.findall(r'<details class="run" id="steps-(\S+)"( open)?>', page) == [
        *((one.run, "") for one in runs[:3]),
        (runs[3].run, " open"),
    ]


def test_a_step_is_linked_with_its_changes_findings_and_rows() -> None:
    finding = event("finding", 2, step="a.b", **_finding(), accepted=None)
    told = [
        *(step("a.b", 1, 9)[0], finding, event("row", 3, step="a.b", row="G01")),
        *({**kit.intent("a.b"), "seq": 4}, step("a.b", 1, 9)[1]),
    ]
    anchors = {("disk-space", N, "1 GB"): "finding-disk-space-1"}
    (only,) = steps_by_run(run(*told), anchors)
    (one,) = only.phases[0].entries[0].steps
    assert one.anchor == "step-one-a.b"
    assert (one.rows, one.changes[0][0]) == (("G01",), "change-one-5")
    assert one.findings[0].anchor == "finding-disk-space-1"
    page = render(journals.whole(), [])
    (change,) = re.findall(r'id="(change-[^"]+)"', page)
    assert f'<a href="#{change}">' in page
    assert '<a href="#step-r-update.run">update.run</a>' in page
    assert '<a href="#G01">G01</a>' in page


def test_anchors() -> None:
    assert step_anchor("r", f"a.b[1][{N}]") == f"step-r-a.b-1-{N}"
    assert step_anchor("r", "a b<script>") == "step-r-a-b-script"
    assert change_anchor("r", 7) == "change-r-7"


def test_ids_of_a_page_are_told_once_whatever_steps_are_called() -> None:
    told = [each for name in ("a.b", "a.b[", "a.b]", "a.b[1]") for each in step(name, 1, 2)]
    ids = re.findall(r' id="([^"]+)"', render(run(*told), []))
    assert len(ids) == len(set(ids))


# names


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([("a.x", ""), ("a.y", "")], "a.x, a.y"),
        ([("a.x[1]", ""), ("a.x[3]", ""), ("a.x[4]", "")], "rounds 1, 3 to 4 of a.x"),
        ([("a.x[2]", "")], "round 2 of a.x"),
        ([(f"a.x[{n}]", n) for n in (N, SECOND, THIRD)], "a.x on 3 nodes"),
        ([(f"a.x[{n}]", n) for n in (N, SECOND)], f"a.x on {N}, {SECOND}"),
        (
            [(f"a.x[{r}][{n}]", n) for r in (1, 2, 3) for n in (N, SECOND, THIRD)][1:],
            f"round 1 of a.x on {SECOND}, {THIRD}; rounds 2 to 3 of a.x on 3 nodes",
        ),
    ],
)
def test_names_in_words(names: list[tuple[str, str]], words: str) -> None:
    assert in_words(names) == words


def test_a_node_is_not_said_twice() -> None:
    assert shown_name(f"a.b[1][{N}]", N) == "a.b[1]"
    assert shown_name("a.b[1]", "") == "a.b[1]"


# records


@given(
    st.lists(
        st.tuples(
            st.sampled_from("pq"), st.sampled_from([N, SECOND, THIRD]), st.sampled_from("xy")
        ),
        max_size=20,
    )
)
def test_every_question_is_a_line_or_counted_in_one(drawn: list[tuple[str, str, str]]) -> None:
    told = [
        asked(n, question=question, node=node, output={"text": text})
        for n, (question, node, text) in enumerate(drawn)
    ]
    (found,) = records_of(run(*told)).values() or ((),)
    assert sum(len(one.nodes) + one.again for one in found) == len(drawn)
    expected: list[tuple[str, str, str]] = []
    for one in drawn:
        if one not in expected:
            expected.append(one)
    shown = {(r.what[-1], node, r.text.text) for r in found for node in r.nodes}
    assert shown == set(expected)


def test_nodes_that_say_the_same_share_a_line_and_what_is_asked_again_is_counted() -> None:
    told = [asked(n, node=node, output={"text": "same"}) for n, node in enumerate((N, SECOND))]
    again = [asked(n, node=N, output={"text": "same"}) for n in (20, 30)]
    other = asked(40, node=N, output={"text": "other"})
    first, second = records_of(run(*told, *again, other))["one", "preflight.one"]
    assert (first.nodes, first.again, first.same) == ((N, SECOND), 2, "the same")
    assert first.until == again[1]["time"]
    assert (second.nodes, second.text.text, bool(second.command)) == ((N,), "other", False)


def test_what_failed_is_never_left_out_and_the_same_failure_is_counted() -> None:
    told = [asked(n, question=f"q{n}") for n in range(3_000)]
    told += [asked(3_000 + n, problem=f"lost {n // 50}") for n in range(100)]
    *_, first, second, counted = records_of(run(*told))["one", "preflight.one"]
    assert [(one.ended, one.again) for one in (first, second)] == [("lost 0", 49), ("lost 1", 49)]
    assert counted.what.endswith("more questions, in the journal")


def test_a_document_behind_a_lost_answer_is_no_further_loss() -> None:
    told = [asked(n, output={"text": "<a/>"}) for n in (1, 2, 4)]
    told.insert(2, asked(3, problem="lost"))
    first, lost, last = records_of(run(*told))["one", "preflight.one"]
    assert (first.again, lost.again, last.note) == (1, 0, "the same as at 00:00:02")


def test_of_many_steps_each_keeps_some_questions() -> None:
    told = [asked(n, question=f"q{n}", step="long.step") for n in range(5_000)]
    told += [asked(n, question=f"q{n}", step=f"a.s{n}") for n in range(100)]
    found = records_of(run(*told))
    assert all(len(found["one", f"a.s{n}"]) == 1 for n in range(100))
    long = found["one", "long.step"]
    assert len(long) == QUESTIONS - 100 + 1
    assert long[-1].what == f"{5_000 - len(long) + 1} more questions, in the journal"


# changes


@given(
    st.lists(
        st.tuples(st.sampled_from(["a.b", "a.c[1]", "d.e"]), st.sampled_from(["ok", "failed", ""])),
        max_size=12,
    )
)
def test_every_change_has_a_line_with_its_outcome(drawn: list[tuple[str, str]]) -> None:
    told: list[Any] = []
    for number, (name, outcome) in enumerate(drawn):
        told.append(kit.intent(name, number, what=f"change {number}"))
        if outcome:
            told.append(kit.result(name, number, outcome, code=0 if outcome == "ok" else 3))
    events = run(*told)
    shown = [one for of in changes_by_run(events) for _, each in of.phases for one in each]
    assert sum(of.count for of in changes_by_run(events)) == len(drawn)
    by_phase = grouped((name[0], n) for n, (name, _) in enumerate(drawn))
    order = [f"change {n}" for each in by_phase.values() for n in each]
    assert [one.what for one in shown] == order
    for one in shown:
        outcome = drawn[int(one.what.split()[1])][1]
        said = {"ok": "ok, exit status 0", "failed": "failed, exit status 3", "": "not on record"}
        assert one.outcome == said[outcome]
    assert len({one.anchor for one in shown}) == len(shown)


def test_a_change_has_its_command_whole_and_what_it_printed() -> None:
    script = "sh -c 'one\ntwo\n" + "x" * 1000 + "'"
    output = {"text": "printed", "file": "outputs/0007-c.txt", "size": 9, "sha256": "f" * 64}
    told = [kit.intent("a.b", command=script), kit.result("a.b", output=output, reason="")]
    ((one,),) = (each for of in changes_by_run(run(*told)) for _, each in of.phases)
    assert one.command.text == script
    assert (one.output.text, one.output.is_linked) == ("printed", True)
    page = render(run(*told), [])
    assert '(whole: <a href="outputs/0007-c.txt">outputs/0007-c.txt</a>, 9 bytes' in page


def test_what_a_person_said_of_a_change_is_beside_it() -> None:
    settled = event("settled", 9, step="a.b", word="done", by="A. Rossi", reason="I looked")
    ((one,),) = (
        each for of in changes_by_run(run(kit.intent("a.b"), settled)) for _, each in of.phases
    )
    assert (one.outcome, one.story) == ("not on record", "settled as done by A. Rossi: I looked")


@pytest.mark.parametrize(
    "file",
    ["../outputs/x", "outputs/../x", "/etc/passwd", "javascript:x", "outputs/a b", "outputs/x/y/z"],
)
def test_only_files_of_the_run_are_linked(file: str) -> None:
    output = {"text": "x", "file": file, "size": 1, "sha256": "s"}
    told = [kit.intent("a.b"), kit.result("a.b", output=output)]
    assert '<a href="' + file not in render(run(*told), [])


# sizes


def test_a_long_attempt_stays_below_one_and_a_half_megabytes() -> None:
    earlier, own = fivenodes.four_runs()
    assert len(render(own, earlier).encode()) < MOST_PAGE


def test_ten_thousand_events_that_are_all_quotes_stay_below_it() -> None:
    told = journals.long(10_000, "\"<'&" * 500)
    assert len(render(told, []).encode()) < MOST_PAGE
