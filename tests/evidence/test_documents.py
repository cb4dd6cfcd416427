"""What differs from one document to the next: nothing is lost, and its clock is no difference."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.record.documents import beginning, differences
from engine.report.audit.differences import (
    AT_ITS_ENDS,
    BUT_CLOCK,
    SAME,
    Documents,
    without_clock,
)
from tests.engine.kit import SECOND, event
from tests.evidence.journals import asked
from tests.evidence.looks import described, status

LINES = st.lists(
    st.sampled_from(
        [
            *("<a>", "  <b/>", "    <d/>", "</a>", "", '  <b id="1" x="1" y="1"/>'),
            *(
                '  <b id="1" x="2" y="1"/>',
                '  <b id="1" x="2" y="3"/>',
                '  <b id="2" x="1" y="1"/>',
            ),
        ]
    ),
    max_size=12,
)


def applied(former: str, told: str) -> list[str]:
    """Every line of the former one but those that left, and those that came, in any order."""
    lines = former.splitlines()
    for line in told.splitlines():
        if line.startswith("-"):
            lines.remove(line[1:])
        elif line.startswith("+"):
            lines.append(line[1:])
        elif line.startswith("~"):
            element, _, values = line[1:].partition("> ")
            changed = re.findall(r'(\w+)="([^"]*)" -> "([^"]*)"', values)
            was = next(
                one
                for one in lines
                if one.startswith(element) and all(f'{n}="{v}"' in one for n, v, _ in changed)
            )
            now = was
            for name, value, new in changed:
                now = now.replace(f'{name}="{value}"', f'{name}="{new}"')
            lines[lines.index(was)] = now
    return lines


@given(LINES, LINES)
def test_the_former_and_what_differs_give_the_new_one(one: list[str], other: list[str]) -> None:
    former, text = "\n".join(one), "\n".join(other)
    told = differences(former, text)
    assert told is not None
    assert sorted(applied(former, told)) == sorted(text.splitlines())
    assert (told == "") == (former.splitlines() == text.splitlines())


def test_a_difference_names_the_element_that_it_is_in() -> None:
    told = differences(status(1, 0), status(1, 5))
    assert told is not None
    assert '@@ <resource id="cluster_ip"' in told
    assert f'+      <node name="{SECOND}"' in told


def test_an_element_with_other_values_is_one_line() -> None:
    one = '<nodes>\n  <node name="n" id="2" standby="true" online="true"/>\n</nodes>'
    told = differences(one, one.replace("true", "false", 1))
    assert told == '@@ <nodes>\n~  <node name="n" id="2"> standby="true" -> "false"'
    other = differences(one, one.replace('name="n"', 'name="m"'))
    assert other is not None
    assert [line[0] for line in other.splitlines()] == ["@", "-", "+"]


def test_what_is_long_is_cut_behind_whole_lines() -> None:
    assert beginning("one\ntwo\nthree", 9) == "one\ntwo\n[... 1 more line ...]"
    assert beginning("one", 3) == "one"


def test_very_long_documents_are_not_compared() -> None:
    assert differences("<a>\n" * 3000, "<b>\n" * 3000) is None


def test_its_clock_alone_is_no_difference() -> None:
    told = differences(status(1, 0), status(2, 0))
    assert told
    assert without_clock(told) == ""
    moved = differences(status(1, 0), status(2, 5))
    assert moved
    assert "last_update time" not in without_clock(moved)
    assert len(without_clock(moved)) > 100
    changed = '@@ <summary>\n~    <last_change> time="a" -> "b"'
    assert without_clock(changed) == changed


def test_a_state_beside_the_clock_is_a_difference() -> None:
    told = '@@ <r>\n~  <pacemakerd> state="running" -> "shutting_down" last_updated="1" -> "2"'
    assert without_clock(told) == told
    assert without_clock('@@ <r>\n~  <pacemakerd> last_updated="1" -> "2"') == ""


# as the page has it


def answer(seconds: float, number: int, unlike: str | None = None, **fields: Any) -> dict[str, Any]:
    output = described(status(seconds, number))
    if unlike is not None:
        output["unlike"] = {"file": fields.pop("of")["output"]["file"], "lines": unlike}
    return asked(seconds, question="cluster status", output=output, **fields)


def test_an_answer_is_what_differs_from_the_one_before() -> None:
    documents = Documents()
    first = answer(1, 0)
    second = answer(6, 0, differences(status(1, 0), status(6, 0)), of=first)
    third = answer(11, 5, differences(status(6, 0), status(11, 5)), of=second)
    told = [documents.answer(one) for one in (first, second, third)]
    assert told[0].quoted.text.startswith("<pacemaker-result")
    assert (told[1].note, told[1].same) == (f"{BUT_CLOCK} as at 00:00:01", BUT_CLOCK)
    assert told[1].quoted.file == second["output"]["file"]
    assert (told[2].note, told[2].same) == ("unlike the answer at 00:00:06:", "")
    assert f'+      <node name="{SECOND}"' in told[2].quoted.text


def test_each_node_question_and_run_has_its_own_former_one() -> None:
    documents = Documents()
    first = answer(1, 0)
    others = ({"node": SECOND}, {"question": "another"}, {"run": "other"})
    documents.answer(first)
    for fields in others:
        told = documents.answer({**answer(2, 0), **fields})
        assert not told.note
        assert told.quoted.text


def test_an_older_journal_has_its_two_ends_compared() -> None:
    documents = Documents()
    for number, expected in ((0, ""), (0, AT_ITS_ENDS), (5, "")):
        told = documents.answer(answer(1 + number, number))
        assert told.same == expected
    assert told.note == "unlike the answer at 00:00:01 at its two ends:"
    assert told.quoted.file


def test_short_documents_are_compared_whole_without_a_word_of_the_run() -> None:
    documents = Documents()
    for text, same in (("<a>\n</a>", ""), ("<a>\n</a>", SAME), ("<a>\n<b/>\n</a>", "")):
        told = documents.answer(asked(1, output={"text": text}))
        assert told.same == same
    assert re.search(r"^\+<b/>$", told.quoted.text, re.MULTILINE)


def test_what_is_no_document_is_shown_as_it_is() -> None:
    documents = Documents()
    for _ in range(2):
        told = documents.answer(asked(1, output={"text": "plain"}))
        assert (told.quoted.text, told.note) == ("plain", "")
    assert documents.answer(event("observation", 1, question="q", node="n")).quoted.text == ""
