"""The report: whatever a node or an operator wrote is text in it, never markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from engine.report.details import step_details
from engine.report.html import render_summary, told_once
from tests.engine.kit import event

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;</td></pre></style>"
ALLOWED = {
    *("style", "div", "h2", "table", "thead", "tbody", "tr", "th", "td", "span", "b", "p", "pre"),
    *("code", "br", "meta", "dl", "dt", "dd", "a", "details", "summary", "time", "ol", "li"),
}
ATTRIBUTES = {
    *("class", "id", "href", "lang", "scope", "data-label", "datetime", "open"),
    *("aria-labelledby", "name", "content"),
}


class Tags(HTMLParser):
    """Collects tags and attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str | None] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value for name, value in attrs if name == "href"}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


def summary(text: str = EVIL, **changes: Any) -> dict[str, Any]:
    texts = dict.fromkeys(
        (
            *("run_id", "attempt", "cluster", "environment", "mode", "source", "target"),
            *("change_id", "window", "operator", "started", "finished", "announced", "taken"),
            *("standby", "outcome"),
        ),
        text,
    )
    finding: dict[str, Any] = dict.fromkeys(
        ("code", "severity", "subject", "observed", "expected", "remedy"), text
    ) | {"guide": [], "accepted": {"by": text, "reason": text}}
    finding["commands"] = [{"node": text, "argv": [text]}]
    return {
        **texts,
        "exit_code": 1,
        "stopped": {"reason": text, "what_to_do": text},
        "position": text,
        "commands": {"again": text},
        "warnings": [text],
        "under_way": [dict.fromkeys(("what", "node", "since", "step", "state", "log"), text)],
        "ledger": [dict.fromkeys(("kind", "subject", "since", "former"), text)],
        "guide": [
            {**dict.fromkeys(("id", "duty", "state", "reason"), text)}
            | {"steps": [text], "runs": [text]}
        ],
        "findings": [finding],
        "steps": [],
        **changes,
    }


def assert_harmless(html: str) -> None:
    tags = read(html)
    assert tags.tags <= ALLOWED, tags.tags - ALLOWED
    assert tags.attributes <= ATTRIBUTES, tags.attributes - ATTRIBUTES
    assert_links(tags)
    assert "alert(1)" in tags.text
    assert "<script" not in html
    assert "<img" not in html


def assert_links(tags: Tags) -> None:
    """They lead to a place of this page or the auditor's."""
    plain = r"(evidence\.html)?(#[\w.%/-]+)?"
    assert [link for link in tags.links if not re.fullmatch(plain, str(link))] == []


def test_a_hostile_summary_is_escaped() -> None:
    assert_harmless(render_summary(summary()))


EVENTS: dict[str, dict[str, Any]] = {
    "observation": {"node": EVIL, "question": EVIL, "command": EVIL, "problem": EVIL},
    "intent": {"node": EVIL, "what": EVIL, "command": EVIL},
    "result": {"outcome": EVIL, "code": 1, "reason": EVIL},
    "finding": dict.fromkeys(
        ("code", "severity", "subject", "observed", "expected", "remedy"), EVIL
    )
    | {"commands": [{"node": EVIL, "argv": [EVIL]}]},
    "attachment": {"name": EVIL},
    "note": {"text": EVIL},
}


@pytest.mark.parametrize("kind", EVENTS)
def test_hostile_events_of_a_step_are_escaped(kind: str) -> None:
    output = {"text": EVIL, "file": EVIL, "sha256": EVIL}
    assert_harmless(step_details([{**event(kind, output=output), **EVENTS[kind], "time": EVIL}]))


def test_events_of_other_kinds_have_no_line() -> None:
    assert step_details([event("step-started"), event("row")]) == ""


def test_a_verdict_its_reason_and_what_to_do_are_on_the_first_screen() -> None:
    html = render_summary(summary("plain"))
    first_screen = read(html[: html.index("<h2")]).text
    assert "plain (exit code 1): plain" in first_screen
    assert "What to do" in first_screen


@pytest.mark.parametrize(
    ("outcome", "colour"),
    [("done", "good"), ("blocked", "warn"), ("failed", "bad"), ("planned", "calm")],
)
def test_only_a_good_end_is_green(outcome: str, colour: str) -> None:
    html = render_summary(summary("plain", outcome=outcome, stopped=None))
    assert f'class="banner {colour}"' in html


def test_what_a_person_would_say_and_what_is_open_stand_first() -> None:
    point = {"what": "snapshots", "owner": "the operator", "until": "2026-12-12", "where": EVIL}
    html = render_summary(summary("plain", headline="4.26 on 5 of 5 nodes", open_points=[point]))
    first_screen = read(html[: html.index("<h2")]).text
    assert first_screen.index("4.26 on 5 of 5 nodes") < first_screen.index("(exit code 1)")
    assert "snapshots (the operator, by 2026-12-12; where)" in first_screen
    assert_links(read(html))


def test_no_findings_are_said_to_be_none() -> None:
    assert "<p>None.</p>" in render_summary(summary("plain", findings=[], stopped=None))


def test_what_is_left_on_the_cluster_is_on_the_first_screen() -> None:
    text = read(render_summary(summary("plain"))).text
    assert text.index("Next, then:") < text.index("Temporary changes still in place")
    assert text.index("Changes whose end is not on record") < text.index("The guide's rows")
    nothing = render_summary(summary("plain", under_way=[], ledger=[], warnings=[]))
    assert "still in place" not in nothing
    assert "not on record" not in nothing


def test_the_same_finding_of_several_nodes_is_told_once_and_what_stops_first() -> None:
    plain: dict[str, Any] = summary("plain")["findings"][0] | {"accepted": None, "severity": "warn"}
    stops = plain | {"code": "bad", "severity": "block"}
    nodes = [plain | {"subject": f"n{number}", "observed": f"{number} kB"} for number in (1, 2)]
    told = told_once([*nodes, stops])
    assert [(one.finding["code"], one.seen) for one in told] == [
        ("bad", (("plain", "plain"),)),
        ("plain", (("n1", "1 kB"), ("n2", "2 kB"))),
    ]
    text = read(render_summary(summary("plain", findings=[*nodes, stops]))).text
    assert "n1 1 kB" in text
    assert "n2 2 kB" in text


def test_the_same_answer_is_told_once() -> None:
    """Of other nodes, and while one waits for another."""
    asked = {"question": "status", "command": "crm_mon", "problem": ""}
    said = [("n1", "starts" * 50), ("n2", "starts" * 50), ("n1", "runs" * 50), ("n1", "short")]
    answers = [
        event("observation", at, node=node, output={"text": text}, **asked)
        for at, (node, text) in enumerate([*said, *said])
    ]
    shown = read(step_details(answers)).text
    assert [shown.count(text) for _, text in said] == [1, 1, 1, 2]
    assert shown.count("asked n1, n2: status") == 2
    assert shown.count("asked and said as by n1") == 2


def test_a_node_that_is_asked_again_has_a_line_for_each_time() -> None:
    asked = {"question": "status", "command": "crm_mon", "problem": "", "output": {"text": "x"}}
    answers = [event("observation", at, node="n1", **asked) for at in range(3)]
    assert read(step_details(answers)).text.count("asked n1: status") == 3


def test_a_step_of_many_long_answers_stays_short_and_says_where_they_are_whole() -> None:
    answers = [
        event("observation", at, node="n1", question="q", command="c", code=0,
              output={"text": f"{at}: " + "said <so> " * 200, "file": f"outputs/{at:04}-a.txt",
                      "size": 2000, "sha256": "0"})
        for at in range(500)
    ]  # fmt: skip
    html = step_details(answers)
    assert len(html) < 60_000
    shown = read(html)
    assert shown.text.count("whole: outputs/") == len(shown.links) == 80
    assert "420 more questions, in the journal" in shown.text
    failed = [one | {"problem": "no answer"} for one in answers]
    assert read(step_details(failed)).text.count("no answer") == 500


@pytest.mark.parametrize(
    ("file", "link"),
    [("outputs/0001-a.txt", "outputs/0001-a.txt"), ("javascript:alert(1)", None), (EVIL, None)],
)
def test_an_output_of_the_run_is_linked_and_nothing_else(file: str, link: str | None) -> None:
    output = {"text": "x", "file": file, "sha256": "0"}
    tags = read(step_details([event("attachment", name="list", output=output)]))
    assert tags.links == ({link} if link else set())
    assert file in tags.text


def test_a_row_leads_to_the_record_that_proves_it_also_when_an_earlier_run_has_it() -> None:
    """The page has the steps of its own run only: there the same step may say "not needed"."""
    row = summary("R2")["guide"][0] | {"steps": ["a.b[2]", "a.b[3]", "a.b[4]", "c.d"]}
    row |= {"runs": ["R1", "R1", "R2", "R2"]}
    html = render_summary(summary("R2", guide=[row]))
    earlier = '<a href="evidence.html#step-R1-a.b-2">a.b</a> (2 items, by an earlier run)'
    assert f'{earlier}, <a href="#step-a.b-4">a.b</a>, <a href="#step-c.d">c.d</a>' in html


def test_a_long_reason_of_a_row_is_there_whole_and_folded() -> None:
    row = summary("plain")["guide"][0] | {"reason": "r" * 499 + " the end"}
    html = render_summary(summary("plain", guide=[row]))
    assert read(html).text.count("the end") == 1
    assert html.index("more</span>") < html.index("the end")


def test_what_steers_a_terminal_does_not_stand_in_a_page() -> None:
    page = render_summary(summary("\x1b[2J\x07\x00\x9b31m\x7f\tok\n"))
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", page) is None
    assert "\u241b[2J\u2407\u2400\ufffd31m\u2421\tok" in page
