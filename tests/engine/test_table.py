"""Rows of report.html: pytest-html's script finds its fields in them; idle steps in one line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.outcomes import IDLE
from engine.report.anchors import step_id
from engine.report.table import Row, cells_of, fields_of, head_cells, row_of
from engine.report.table_groups import folded, groups_of

RESULT = '<td class="col-result">Passed</td>'
EVIL = "<img src=x onerror=alert(1)>\n</td><td class='col-outcome'>done"


def step(name: str, outcome: str = "done", reason: str = "so") -> dict[str, Any]:
    return {
        "name": name,
        "node": "n" + name[-2] if name.endswith(("[n1]", "[n2]")) else None,
        "outcome": outcome,
        "reason": reason,
        "started": "2026-11-28T22:10:11.000Z",
        "seconds": 1.5,
    }


def as_rows(steps: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """pytest-html's rows of steps, as its own code makes them."""
    rows = {}
    for one in steps:
        cells = cells_of(row_of(one, "Intent."), RESULT)
        row = {**fields_of(cells), "resultsTableRow": cells, "log": f"log of {one['name']}"}
        rows[f"x.py::{one['name']}"] = [row]
    return rows


def test_a_row_has_its_words_and_what_the_script_needs() -> None:
    row = Row("done", "a.b[1][n1.x]", "Looks.", "n1.x", "2026-11-28T22:10:11.000Z", 12.34)
    cells = cells_of(row, RESULT)
    fields = fields_of(cells)
    assert cells[0] == '<td hidden class="col-result">Passed</td>'
    assert (fields["result"], fields["testId"], fields["duration"]) == (
        *("Passed", "step-a.b-1-n1.x", "12.3"),
    )
    text = re.sub(r"<[^>]*>", "|", "".join(cells))
    assert re.split(r"[|]{2,}", text.strip("|"))[1:] == [
        *("done", "step-a.b-1-n1.x", "a.|b|[1]|[n1.|x]", "Looks.", "n1.|x", "22:10:11", "12.3"),
    ]


def test_the_head_has_as_many_cells_as_a_row_shows() -> None:
    """pytest-html takes their number for the width of a row's details."""
    cells = cells_of(Row("done", "a.b"), RESULT)
    assert len(cells) == len(head_cells())
    titles = re.findall(r"<th (?![^>]*hidden)", " ".join(head_cells()))
    shown = re.findall(r"<td (?![^>]*hidden)", " ".join(cells))
    assert len(titles) == len(shown) == len(head_cells())


@given(st.text(), st.text(), st.text())
def test_whatever_a_step_is_called_the_fields_are_there(name: str, intent: str, node: str) -> None:
    fields = fields_of(cells_of(Row("done", name, intent, node), RESULT))
    assert set(fields) == {"result", "outcome", "testId", "node", "time", "duration"}
    assert re.fullmatch(r"[\w.-]*", fields["testId"])


def test_markup_of_a_name_is_text() -> None:
    html = "".join(cells_of(Row(EVIL, EVIL, EVIL, EVIL), RESULT))
    assert "<img" not in html
    assert "\n" not in html
    assert html.count("</td>") == 8


def test_sorted_by_outcome_what_failed_stands_first() -> None:
    words = ["done", "nothing to do", "failed", "not reached", "interrupted"]
    ranked = {word: fields_of(cells_of(Row(word, "a.b"), RESULT))["outcome"] for word in words}
    assert sorted(words, key=lambda word: ranked[word]) == [
        *("failed", "interrupted", "not reached", "done", "nothing to do"),
    ]


ROUNDS = [
    *(step("up.run[1]"), step("up.stop[1]", "not applicable"), step("up.files[1][n1]")),
    *(step("up.run[2]", "nothing to do"), step("up.stop[2]", "not needed")),
    *(step("up.files[2][n1]", "nothing to do"), step("up.files[2][n2]", "nothing to do")),
    *(step("up.run[3]", "nothing to do"), step("up.stop[3]", "not needed")),
]


def test_rounds_in_which_nothing_was_done_are_one_line() -> None:
    (group,) = groups_of(ROUNDS)
    assert (group.label, group.outcome, len(group.steps)) == ("rounds 2 to 3", "not needed", 6)
    assert group.row.intent == "6 steps, not needed: up.run, up.stop, up.files; so"


CASES = {
    "a round in which one step acted": (
        [step("a.b[1]", "not needed"), step("a.c[1]"), step("a.d[1]", "not needed")],
        [],
    ),
    "one step alone": ([step("a.b", "not needed"), step("a.c")], []),
    "what had nothing to do stays": ([step("a.b", "nothing to do")] * 2, []),
    "of a phase": (
        [step("a.b", "not needed"), step("a.c", "not needed"), step("b.a", "not needed")],
        [("a, 2 steps", "not needed")],
    ),
    "of a fan-out": (
        [step("a.b[n1]", "not needed"), step("a.b[n2]", "not needed")],
        [("a.b, 2 nodes", "not needed")],
    ),
    "there already on several nodes": (
        [step(f"a.{part}[1][{n}]", "nothing to do") for part in "bc" for n in ("n1", "n2")]
        + [step("a.b[1][n3]")],
        [("a.b[1], 2 nodes", "nothing to do"), ("a.c[1], 2 nodes", "nothing to do")],
    ),
    "of a plan": (
        [
            *(step("u.run[1]", "WILL RUN"), step("u.stop[1]", "AFTER")),
            *(step("m.f[1][n1]", "AFTER"), step("m.f[1][n2]", "AFTER")),
            *(step(f"{what}[{n}]", "AFTER") for n in (2, 3) for what in ("u.run", "m.f")),
            *(step("v.a", "AFTER"), step("v.b", "AFTER"), step("z.state", "WILL RUN")),
        ],
        [("m.f[1], 2 nodes", "AFTER"), ("rounds 2 to 3", "AFTER"), ("v, 2 steps", "AFTER")],
    ),
    "of a plan when all is done": (
        [
            *(step("p.a", "SATISFIED"), step("p.b", "SATISFIED")),
            *(step(f"u.run[{number}]", "SATISFIED") for number in (1, 2, 3)),
        ],
        [("rounds 1 to 3", "SATISFIED")],
    ),
    "after a stop": (
        [
            *(step("u.run[1]", "failed"), step("u.stop[1]", "not reached")),
            *(step("u.run[2]", "not reached"), step("u.run[3]", "not reached")),
            *(step("v.a", "not reached"), step("v.b", "not reached"), step("z.state")),
        ],
        [("rounds 2 to 3", "not reached"), ("v, 2 steps", "not reached")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_folded(case: str) -> None:
    steps, expected = CASES[case]
    assert [(group.label, group.outcome) for group in groups_of(steps)] == expected


NAMES = st.tuples(st.sampled_from("ab"), st.sampled_from("cd"), st.integers(0, 3))


@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from([*IDLE, "done", "failed", "not reached"])),
        unique_by=lambda one: one[0],
    )
)
def test_no_step_is_lost_and_what_did_something_is_shown(
    drawn: list[tuple[tuple[str, str, int], str]],
) -> None:
    steps = [step(f"{p}.{s}" + (f"[{r}]" if r else ""), outcome) for (p, s, r), outcome in drawn]
    found = folded(as_rows(steps), steps)
    shown = [row["testId"] for rows in found.values() for row in rows]
    inside = [
        anchor
        for rows in found.values()
        for row in rows
        if row["testId"].startswith("fold-")
        for anchor in re.findall(r'<details id="([^"]*)"', row["log"])
    ]
    rows = [anchor for anchor in shown if anchor.startswith("step-")]
    assert sorted(rows + inside) == sorted(step_id(one["name"]) for one in steps)
    assert len(set(shown)) == len(shown)
    told = {step_id(one["name"]) for one in steps if one["outcome"] in ("done", "failed")}
    assert told <= set(rows)


def test_what_each_step_recorded_is_below_the_line() -> None:
    found = folded(as_rows(ROUNDS), ROUNDS)
    (fold,) = [rows[0] for rows in found.values() if rows[0]["testId"].startswith("fold-")]
    assert (fold["result"], fold["duration"]) == ("Passed", "9.0")
    assert re.findall(r"log of ([\w.]*\[2\])", fold["log"]) == [
        *("up.run[2]", "up.stop[2]", "up.files[2]", "up.files[2]"),
    ]
    assert list(found)[:3] == [f"x.py::{one['name']}" for one in ROUNDS[:3]]


def test_a_step_of_which_something_failed_after_its_end_is_left_alone() -> None:
    tests = as_rows(ROUNDS)
    twice = tests["x.py::up.stop[2]"]
    twice.append(twice[0])
    assert len(folded(tests, ROUNDS)["x.py::up.stop[2]"]) == 2
