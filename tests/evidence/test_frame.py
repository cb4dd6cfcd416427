"""The frame of the auditor's page: its first screen, contents, anchors, filters."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.anchors import change_anchor, step_anchor
from engine.report.audit.cited import Cited, cited_in
from engine.report.audit.contents import anchors_in, contents_of, titles_of
from engine.report.audit.found import alike_in
from engine.report.audit.front import front_of
from engine.report.audit.page import render
from engine.report.audit.rests import rests_on
from engine.report.change import of_change
from engine.report.summary import summary_of
from engine.report.words import at
from engine.verify import digest
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence import fivenodes, journals
from tests.evidence.pages import PAGES

LINK = re.compile(r'href="#([^"]+)"')
ID = re.compile(r' id="([^"]+)"')


@pytest.fixture(scope="module")
def large() -> str:
    return PAGES["five nodes"]()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere_and_no_id_is_there_twice(page: str) -> None:
    text = PAGES[page]()
    ids = ID.findall(text)
    assert sorted(set(map(unescape, LINK.findall(text))) - set(map(unescape, ids))) == []
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_and_a_large_one_has_links_of_each_kind(large: str) -> None:
    links = set(map(unescape, LINK.findall(large)))
    kinds = ("G", "step-", "change-", "finding-", "diff-", "lasted-", "files", "losses")
    assert [kind for kind in kinds if not any(one.startswith(kind) for one in links)] == []


# contents


def test_the_contents_name_each_section_once_in_the_order_of_the_page(large: str) -> None:
    named = [one.anchor for one in contents_of(large)]
    assert named == re.findall(r'<section id="([^"]+)"', large)
    assert len(named) > 8
    assert titles_of(large)["guide"] == "The guide's rows"
    counts = {one.anchor: one.count for one in contents_of(large)}
    assert counts["guide"] == "27 of 28"
    assert large.count('<a href="#guide">The guide&#39;s rows</a>') >= 2  # beside, and on top


def test_a_section_may_be_folded_and_what_is_not_there_has_no_entry() -> None:
    body = (
        '<section id="a" data-count="3">\n<h2>One &amp; <i>two</i></h2></section>'
        '<section id="b"><details class="prints"><summary><h2>Folded</h2></summary></details>'
    )
    one, other = contents_of(body)
    assert (one.anchor, one.title, one.count) == ("a", "One & two", "3")
    assert (other.anchor, other.title, other.count) == ("b", "Folded", "")
    assert contents_of("<p>&lt;section id=&quot;x&quot;&gt;&lt;h2&gt;") == []
    assert anchors_in('<tr class="x" id="G08"><td id="a&amp;b">') == {"G08", "a&b"}


# anchors and links


@given(st.text(min_size=1, max_size=80))
def test_an_anchor_is_of_plain_characters_whatever_a_step_is_called(name: str) -> None:
    assert re.fullmatch(r"step-R1-[A-Za-z0-9._-]*", step_anchor("R1", name))


def test_anchors_are_as_they_were_agreed() -> None:
    assert (
        step_anchor("R1", "migration.files[1][ne01.local]")
        == "step-R1-migration.files-1-ne01.local"
    )
    assert change_anchor("R1", 12) == "change-R1-12"


def test_a_link_leads_to_the_record_of_that_run_else_to_the_last_one() -> None:
    events = [
        {**event("step-ended", 1, name="a.b[1]"), "run": "R1"},
        {**event("step-ended", 2, name="a.b[2]"), "run": "R1"},
        {**event("step-ended", 3, name="a.b[2]"), "run": "R2"},
        {**event("step-started", 4, step="a.b[1]"), "run": "R3"},
    ]
    cited = cited_in(events, ["G01"])
    assert cited.step("a.b[1]", "R2") == '<a href="#step-R1-a.b-1">a.b[1]</a>'
    assert cited.step("a.b[2]", "R2") == '<a href="#step-R2-a.b-2">a.b[2]</a>'
    assert cited.step("a.b[2]", "R1") == '<a href="#step-R1-a.b-2">a.b[2]</a>'
    assert cited.step("a.b[1]", "R3") == '<a href="#step-R3-a.b-1">a.b[1]</a>'
    assert cited.step("a.b[2]", "R3") == '<a href="#step-R2-a.b-2">a.b[2]</a>'
    assert cited.step("<i>", "R1") == "&lt;i&gt;"
    assert cited.row("G01") == '<a href="#G01">G01</a>'
    assert cited.row("G99") == "G99"
    assert Cited({}, frozenset()).all_steps([], "R1") == []


def test_of_a_fan_out_the_first_of_the_items_that_are_meant_is_linked() -> None:
    """The first one that the run has may have had nothing to do."""
    events = [event("step-ended", n, name=f"a.b[{n}]") | {"run": "R1"} for n in (1, 2, 3)]
    fanned, other = cited_in(events, []).all_steps(["a.b[2]", "a.b[3]", "c.d"], "R1")
    assert fanned == '<a href="#step-R1-a.b-2">a.b</a> (2 items)'
    assert other == "c.d"


def test_a_row_leads_to_the_records_that_prove_it() -> None:
    """A later run has the same steps, and found nothing left to do."""
    names = ("a.b[1]", "a.b[2]", "a.b[3]", "c.d")
    events = [
        event("step-ended", 1, name=name) | {"run": run} for run in ("R1", "R2") for name in names
    ]
    row = {"steps": [*names, "e.f"], "runs": ["R1", "R2", "R2", "R1", "R1"]}
    assert cited_in(events, []).proof(row) == [
        '<a href="#step-R1-a.b-1">a.b[1]</a>',
        '<a href="#step-R2-a.b-2">a.b</a> (2 items)',
        '<a href="#step-R1-c.d">c.d</a>',
        "e.f",
    ]


# the first screen


def facts(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {one.label: one for one in front_of(summary_of(events), of_change(events)).facts}


def test_the_first_screen_has_what_is_decided_by() -> None:
    found = facts(fivenodes.attempt())
    assert list(found) == ["Who", "Change", "Approval", "Window", "Time", "Point of no return"]
    login = f"as operator on 5 nodes, key {fivenodes.LOGIN['key']}"
    assert (found["Who"].value, found["Who"].more) == ("A. Rossi", ("on laptop", login))
    assert found["Approval"].is_missing
    assert (found["Window"].value, found["Window"].state) == ("kept", "kept")
    assert found["Window"].more == ("2026-11-02 00:00:00 to 08:00:00 UTC",)
    assert found["Time"].value.endswith("taken, 1:45:00 announced")
    assert found["Time"].state == "kept"
    assert found["Time"].more[-1].startswith("attempt: 2026-11-02 ")
    assert found["Point of no return"].value.startswith("passed 2026-11-02")


def ends(own: list[Any], earlier: list[Any]) -> dict[str, str]:
    """What the head has of begins and ends."""
    head = render(own, earlier).partition("</header>")[0]
    found = re.findall(r"<dt>([^<]* (?:lasted|ended \(UTC\)))</dt><dd>(.*?)</dd>", head)
    return {label: re.sub("<[^>]*>", "", said) for label, said in found}


def test_the_end_of_the_attempt_and_that_of_its_last_run_are_told_apart() -> None:
    two, last = journals.several()
    split = next(n for n, one in enumerate(two) if one["run"] == journals.SECOND_RUN)
    told = {
        "Attempt lasted": "0:17:52 (2026-11-02 00:00:00 to 00:17:52 UTC)",
        "Last run ended (UTC)": "2026-11-02 00:17:57",
    }
    assert ends(two[split:], two[:split]) == told
    # one that only looks afterwards ends neither
    assert ends(last, two) == told
    assert ends(two[:split], []) == {
        "Attempt lasted": "0:03:21 (2026-11-02 00:00:00 to 00:03:21 UTC), so far",
        "Run ended (UTC)": "2026-11-02 00:03:21",
    }
    plan = [journals.started(mode="plan"), event("run-ended", 9, outcome="planned", exit_code=0)]
    assert list(ends(plan, [])) == ["Run lasted", "Run ended (UTC)"]


def test_without_logins_on_record_and_by_no_key_the_rest_is_told() -> None:
    events = fivenodes.attempt()
    older = [one for one in events if one["event"] != "login"]
    assert facts(older)["Who"].more == ("on laptop",)
    by_password = [one | {"key": ""} if one["event"] == "login" else one for one in events]
    assert facts(by_password)["Who"].more[1] == "as operator on 5 nodes, no key on record"


def test_what_took_too_long_and_what_lies_outside_the_window_is_marked() -> None:
    late = fivenodes.attempt(
        announced="10 minutes", window="2026-11-02T00:00:00Z to 2026-11-02T00:30:00Z"
    )
    found = facts(late)
    assert found["Time"].state == "left"
    assert found["Window"].state == "left"
    assert "outside the window" in found["Window"].value


def test_a_run_that_changed_nothing_kept_no_window_and_passed_no_point() -> None:
    found = facts(journals.whole()[:9])
    assert found["Window"].value == "nothing was changed"
    assert found["Point of no return"].value == "not on record"
    assert "so far" in found["Time"].value
    begun = [journals.started(no_return="upgrade.run"), *journals.whole()[1:9]]
    assert facts(begun)["Point of no return"].value == "not reached"


def test_a_rehearsal_needs_neither_approval_nor_change() -> None:
    found = facts(fivenodes.attempt(environment="rehearsal", change_id=None, window=""))
    assert not any(one.is_missing for one in found.values())
    staged = facts(fivenodes.attempt(environment="staging", change_id=None, window=""))
    assert {label for label, one in staged.items() if one.is_missing} >= {"Change", "Approval"}


def test_signed_approvals_are_named() -> None:
    given_ = {"by": "b@example.test", "name": "B. Bianchi", "given": "2026-11-01T10:00:00.000Z"}
    more = {"key": "SHA256:abc", "plan": "f" * 64, "until": "2026-11-14T00:00:00.000Z"}
    fact = event("fact", 1, step="preflight.governance", name="approvals", given=[given_ | more])
    events = fivenodes.attempt()
    found = facts([*events[:5], fact | {"run": events[0]["run"]}, *events[5:]])["Approval"]
    assert (found.value, found.state) == ("signed by b@example.test", "kept")
    assert found.more == ("B. Bianchi, 2026-11-01 10:00:00 UTC",)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("done", "good"), ("planned", "calm"), ("blocked", "warn"), ("stopped", "warn"),
     ("interrupted", "warn"), ("failed", "bad"), ("unknown", "bad")],
)  # fmt: skip
def test_the_verdict_has_its_colour(outcome: str, verdict: str) -> None:
    events = journals.whole()
    events[-1] |= {"outcome": outcome, "exit_code": 0 if verdict == "good" else 1}
    assert front_of(summary_of(events), events).verdict == verdict
    assert f'<header id="head" class="{verdict}">' in render(events, [])


def test_times_are_told_shortly() -> None:
    assert at("2026-11-02T00:00:00Z to 2026-11-03T01:00:00.250+00:00") == (
        "2026-11-02 00:00:00 to 2026-11-03 01:00:00 UTC"
    )
    assert at("at night") == "at night"


# what it rests on


def test_the_page_says_which_line_it_rests_on_and_the_next_line_proves_it() -> None:
    events = [*journals.whole(), event("sealed", 101, files=3, list="x", key="")]
    lines, prev = [], "0" * 64
    for number, one in enumerate(events, 1):
        line = json.dumps({**one, "seq": number, "prev": prev}, ensure_ascii=False)
        lines.append(line)
        prev = digest(line.encode())
    read = [json.loads(line) for line in lines]
    found = rests_on(read[:-1])
    assert (found.line, found.sha256) == (len(events) - 1, read[-1]["prev"])
    page = render(read, [])
    assert f"rests on line {found.line}, sha256 {found.sha256}" in page
    assert f"up to line {found.line}" in page


# findings


def test_findings_can_be_chosen_by_what_they_are(large: str) -> None:
    for kind in ("all", "warn", "accepted"):
        assert f'class="only-{kind}"' in large
    assert 'class="only-block"' not in large  # there is none
    assert large.count('name="findings-filter"') == 3
    assert len(re.findall(r'<li id="finding-[\w.-]+" class="is-\w+">', large)) == 3


def test_an_accepted_finding_is_linked_from_the_first_screen(large: str) -> None:
    first = large.partition("</header>")[0]
    assert re.search(r'<a href="#(finding-resource-disabled-\d+)">resource-disabled</a>', first)


def test_each_row_leads_to_the_steps_that_prove_it(large: str) -> None:
    row = re.search(r'<tr id="G10".*?</tr>', large, re.DOTALL)
    assert row is not None
    assert re.search(r'<a href="#step-[^"]+">migration.credentials</a> \(\d+ items\)', row[0])


def test_of_an_old_journal_without_these_fields_the_first_screen_is_drawn() -> None:
    begun = event(
        "run-started", cluster="c", environment="staging", mode="execute", source="4.25",
        target="4.26",
    )  # fmt: skip
    found = facts([begun, kit.intent()])
    assert found["Window"].value == "none named"
    assert found["Time"].more[0] == "announced: nothing"


def test_what_is_found_alike_on_many_nodes_takes_one_line_and_what_blocks_never() -> None:
    def told(code: str, subject: str, kind: str) -> dict[str, Any]:
        return {"code": code, "subject": subject, "kind": kind, "accepted": None}

    warned = [told("a", f"n{number}", "warn") for number in range(4)]
    blocking = [told("b", f"n{number}", "block") for number in range(4)]
    two = [told("c", f"n{number}", "warn") for number in range(2)]
    below = {**told("d", "n0", "warn"), "follows": "c@n0"}
    found = alike_in([*blocking, *warned, *two, below])
    assert [(one.code, len(one.entries)) for one in found] == [
        *[("b", 1)] * 4,
        ("a", 4),
        *[("c", 1)] * 2,
    ]
    assert found[4].subjects == ["n0", "n1", "n2", "n3"]
    assert found[5].entries[0][1] == [below]
