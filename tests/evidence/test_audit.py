"""The audit view: what an auditor looks for is there, and nothing a node wrote does harm."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from bench.reports import MOST_PAGE
from engine.model.finding import Finding, Severity
from engine.record.evidence import as_data
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.runs import commands_of, out_of_reach_of, phases_of, states_lasting
from engine.report.quoted import output_of
from engine.report.spans import runs_of
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import SECOND, THIRD, N, event
from tests.evidence import journals
from tests.evidence.nights import drawn

HOSTILE = (
    "</pre><script>alert(1)</script><img src=http://x.test/ onerror=alert(2)>{{ 7*7 }}\x1b[31m"
)


class _Page(HTMLParser):
    """Tags, ids, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def page(*own: Any, earlier: Any = ()) -> _Page:
    return _Page(render(list(own), list(earlier)))


def test_the_first_screen_says_what_when_who_and_how_it_ended() -> None:
    text = _Page(render(journals.whole(), []).partition("</header>")[0]).text
    for said in (
        *("neteye.example.test", "4.25 to 4.26", "done (exit code 0)", "CHG1", "A. Rossi"),
        *("laptop", "60 minutes", "2026-11-02 00:00:00", "No risk was accepted"),
        "findings: 1 blocking",
    ):
        assert said in text, said


def test_every_section_that_is_linked_is_there() -> None:
    seen = page(*journals.whole())
    links = [value[1:] for name, value in seen.attributes if name == "href" and value]
    assert set(links) <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))


def test_the_same_journals_give_the_same_bytes() -> None:
    assert render(journals.whole(), []) == render(journals.whole(), [])


def test_what_comes_behind_the_last_word_changes_nothing() -> None:
    """The page is written before the seal, and made anew after it."""
    whole = journals.whole()
    assert render([*whole, event("sealed", 101, files=3, list="x", key="")], []) == render(
        whole, []
    )


@pytest.mark.parametrize("where", ["output", "question", "node", "reason", "name", "operator"])
def test_hostile_text_is_text(where: str) -> None:
    events = journals.whole()
    events[0]["operator"] = HOSTILE if where == "operator" else "A. Rossi"
    events[3] |= {
        "output": {"text": HOSTILE if where == "output" else ""},
        "question": HOSTILE if where == "question" else "q",
        "node": HOSTILE if where == "node" else N,
    }
    for told in events:
        if told["event"] == "step-ended" and where == "reason":
            told["reason"] = HOSTILE
        if told["event"] == "attachment" and where == "name":
            told["name"] = f"what changed in {HOSTILE}"
    assert "\x1b" not in render(list(events), [])
    seen = page(*events)
    assert "script" not in seen.tags
    assert "img" not in seen.tags
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [
        v for n, v in seen.attributes if n in ("src", "href") and not str(v).startswith("#")
    ]
    assert "49" not in seen.text or "{{ 7*7 }}" in seen.text


def test_it_needs_no_script_and_loads_nothing() -> None:
    seen = page(*journals.whole())
    assert not {"script", "link", "iframe", "object", "form"} & set(seen.tags)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in seen.attributes
    # what is filled with a pattern of the page itself loads nothing
    assert "url(" not in re.sub(r"url\(#[a-z-]+\)", "", render(journals.whole(), []))


def test_ten_thousand_records_stay_below_one_and_a_half_megabytes() -> None:
    assert len(render(journals.long(10_000, "x" * 2_000), []).encode()) < MOST_PAGE


def test_of_too_many_questions_the_rest_is_counted() -> None:
    text = render(journals.long(15_000, "x"), [])
    assert len(text.encode()) < MOST_PAGE
    more = re.search(r"(\d+) more questions, in the journal", text)
    assert more is not None
    shown = len(re.findall(r"asked: question \d+", text))
    assert shown + int(more[1]) == pytest.approx(15_000, abs=2)
    assert "the connection was lost" in text


def test_a_short_journal_is_a_page_too() -> None:
    assert "without a word" in page(journals.started()).text


def test_of_an_old_journal_what_is_missing_is_left_empty() -> None:
    begun = event(
        "run-started", cluster="c", environment="staging", mode="execute", source="4.25",
        target="4.26",
    )  # fmt: skip
    never = {key: value for key, value in kit.result().items() if key not in ("node", "code")}
    assert page(begun, kit.intent(), {**never, "reason": "no way", "never_started": True}).ids


# what is judged


def answers(*own: Any, earlier: Any = ()) -> dict[str, Any]:
    summary = summary_of(list(own), list(earlier))
    return {one.question: one for one in index_of(summary, [*earlier, *own])}


def test_a_whole_production_run_lacks_the_signed_approval_and_one_row() -> None:
    begun, *others = journals.whole()
    found = answers(begun, journals.machines(), *journals.witnessed(), *others)
    lacking = {question for question, one in found.items() if one.missing}
    assert lacking == {"Approval", "Rehearsal", "Completeness"}
    assert "G08" in found["Completeness"].missing


def test_the_gaps_of_services_are_an_impact_and_without_a_measurement_one_is_missing() -> None:
    found = answers(*journals.whole())["Impact on services"]
    assert "gaps of services: httpd (http://192.0.2.10:80/) 1 gap, 2 s" in found.answer
    unmeasured = [e for e in journals.whole() if e["event"] not in ("probing", "service-gap")]
    assert "not measured" in answers(*unmeasured)["Impact on services"].missing


def test_the_whole_attempts_time_is_told() -> None:
    later = [{**e, "run": "second"} for e in journals.whole()]
    for event_, seconds in zip(later, range(200, 400), strict=False):
        event_["time"] = event("x", seconds)["time"]
    told = answers(*later, earlier=journals.whole())["Impact on services"].answer
    assert "taken 0:03:49 (2026-11-02 00:00:00 to 00:03:49 UTC) in 2 runs" in told


def test_a_gap_has_its_lane_its_steps_and_its_times() -> None:
    text = page(*journals.whole()).text
    section = text.partition("Service gaps From the first change")[2].partition("guide's rows")[0]
    for said in ("http://192.0.2.10:80/", "2.0", "update.run", "Connection refused"):
        assert said in section, said
    drawing = drawn(journals.whole(), [N])
    assert 'class="bar gap"' in drawing
    assert ">httpd</text>" in drawing


def test_a_gap_of_a_service_that_has_no_lane_gets_one() -> None:
    told = [e for e in journals.whole() if e["event"] != "probing"]
    assert ">httpd</text>" in drawn(told, [N])


def test_a_node_that_was_out_of_reach_is_drawn_so() -> None:
    lost = event("connection", 30, step="update.run", node=N, state="lost", why="no route")
    back = event("connection", 40, step="update.run", node=N, state="back", why="")
    events = journals.whole()
    events[12:12] = [lost, back]
    assert [(s.seconds, s.detail) for s in out_of_reach_of(events)[N]] == [(10.0, "no route")]
    assert "out of reach" in drawn(events, [N])
    assert out_of_reach_of(events[:13])[N][0].end  # what never ended lasts to the last event


def test_the_approvals_that_counted_are_named() -> None:
    one = {
        "by": "b@example.test",
        "name": "B. Bianchi",
        "key": "SHA256:abc",
        "plan": "f" * 64,
        "given": "2026-11-01T00:00:00.000Z",
        "until": "2026-11-14T00:00:00.000Z",
    }
    fact = event("fact", 1, step="preflight.governance", name="approvals", given=[one])
    events = journals.whole()
    events.insert(5, fact)
    answer = answers(*events)["Approval"]
    assert (answer.missing, answer.answer) == ("", "of this plan, signed by b@example.test")
    assert "SHA256:abc" in page(*events).text


@pytest.mark.parametrize(
    ("field", "question"),
    [("change_id", "Reason of the change"), ("fallback", "Back-out")],
)
def test_what_the_operator_did_not_name_is_missing(field: str, question: str) -> None:
    events = journals.whole()
    events[0][field] = None
    assert answers(*events)[question].missing


def test_a_failed_check_and_a_run_that_was_killed_are_named() -> None:
    events = [e for e in journals.whole()[:-1] if e.get("step") != "verification.two"]
    events += journals.step("verification.two", 80, 90, "failed")
    found = answers(*events)
    assert "verification.two" in found["Tests after the change"].missing
    assert "did not write their end" in found["Completeness"].missing


def test_a_proof_of_the_version_step_is_a_test_after_the_change() -> None:
    """Phases between verification and closing, by whatever name the step calls them."""
    events = [*journals.whole()[:-1], *journals.step("proof.moved", 90, 95, "failed")]
    (planned,) = [event for event in events if event["event"] == "steps"]
    place = 1 + [step["name"] for step in planned["steps"]].index("verification.two")
    planned["steps"].insert(place, {**planned["steps"][0], "name": "proof.moved"})
    assert answers(*events)["Tests after the change"].missing == "not passed: proof.moved"


def test_what_was_not_exercised_or_had_no_weight_is_told_apart_from_what_was_tested() -> None:
    reason = "not exercised: runbook_failover_proof is not set"
    names = [f"proof.moved[{node}]" for node in (N, SECOND)]
    events = journals.whole()[:-1]
    (planned,) = [event for event in events if event["event"] == "steps"]
    place = 1 + [step["name"] for step in planned["steps"]].index("verification.two")
    planned["steps"][place:place] = [{**planned["steps"][0], "name": name} for name in names]
    for name in names:
        events += journals.step(name, 90, 95, "nothing to do", reason=reason)
    light = as_data(kit.finding(severity=Severity.INFO))
    begun, ended = journals.step("verification.light", 95, 97)
    events += [begun, event("finding", 96, step="verification.light", **light), ended]
    assert answers(*events)["Tests after the change"].answer == (
        "2 steps: 1 done, 1 done, with findings that were given no weight;"
        f" beside them 2 steps with nothing to do or to test: proof.moved (2): {reason}"
    )


def warning(code: str) -> Finding:
    return kit.finding(code, severity=Severity.WARN)


def parts_of(*events: Any) -> list[str]:
    """The parts of what is said of tests after the change: `verification.two`, and these steps."""
    whole = journals.whole()
    (planned,) = [event for event in whole if event["event"] == "steps"]
    place = 1 + [step["name"] for step in planned["steps"]].index("verification.two")
    names = dict.fromkeys(e["name"] for e in events if e["event"] == "step-ended")
    planned["steps"][place:place] = [{**planned["steps"][0], "name": name} for name in names]
    told = answers(*whole[:-1], *events)["Tests after the change"].answer
    return str(told).split("; ")


def test_a_step_that_changed_something_is_no_test() -> None:
    begun, ended = journals.step("reactivation.unstandby", 90, 95)
    changed = [begun, kit.intent("reactivation.unstandby"), ended]
    assert parts_of(*changed) == [
        "1 step: 1 done", "beside them 1 step that changed something: reactivation.unstandby",
    ]  # fmt: skip


def test_a_step_that_warned_is_named_with_what_it_told() -> None:
    begun, ended = journals.step("verification.three", 90, 95)
    told = event("finding", 92, step="verification.three", **as_data(warning("settings-differ")))
    assert parts_of(begun, told, ended) == [
        "2 steps: 2 done", "1 with warnings: verification.three (settings-differ)",
    ]  # fmt: skip


def test_what_is_left_to_be_proved_by_hand_is_no_test_though_it_warned() -> None:
    """By what the step says of the guide's rows: its end alone says `done`."""
    events = []
    for node in (N, SECOND):
        name = f"proof.moved[{node}]"
        why = f"not moved here: proof.httpd[{node}] says why"
        begun, ended = journals.step(name, 90, 95, reason=f"{why}; left to be proved by hand")
        told = event("finding", 92, step=name, **as_data(warning("not-exercised")))
        events += [begun, journals.row(91, name, why, "not needed"), told, ended]
    assert "; ".join(parts_of(*events)) == (
        "1 step: 1 done; beside them 2 steps with nothing to do or to test: proof.moved (2)"
        " (warned of not-exercised): not moved here: proof.httpd says why; left to be proved by"
        " hand"
    )


def test_items_of_a_fan_out_share_a_reason_only_when_it_is_the_same() -> None:
    events = [
        *journals.step(f"proof.moved[{N}]", 90, 91, "nothing to do", reason="proved before"),
        *journals.step(f"proof.moved[{SECOND}]", 91, 92, "nothing to do", reason="not set"),
        *journals.step(f"proof.moved[{THIRD}]", 92, 93, "nothing to do", reason="not set"),
    ]
    assert parts_of(*events) == [
        "1 step: 1 done",
        "beside them 3 steps with nothing to do or to test: proof.moved: proved before",
        "proof.moved (2): not set",
    ]


def test_what_was_tested_after_the_update_says_so() -> None:
    """It is before the upgrade, but not before the first change."""
    whole = journals.whole()
    (planned,) = [event for event in whole if event["event"] == "steps"]
    names = [step["name"] for step in planned["steps"]]
    late = {**planned["steps"][0], "name": "again.space"}
    planned["steps"].insert(1 + names.index("update.run"), late)
    begins = [e.get("step") for e in whole].index("upgrade.stop[1]")
    whole[begins:begins] = journals.step("again.space", 51, 52)
    told = answers(*whole)["Tests before the change"]
    assert told.answer == "2 steps: 2 done; 1 of them after the update"
    assert [place.label for place in told.places] == ["preflight", "again, after the update"]


def test_the_way_back_is_told_whatever_words_say_it() -> None:
    begun, *rest = journals.whole()
    said = event("note", 40, step="backup.fetched", text="mysql < dump", about="back-out")
    told = answers({**begun, "fallback": "snapshots"}, said, *rest)["Back-out"]
    alone = "packages and release go back only as the operator named"
    assert told.answer == f"named by the operator: snapshots; the table: mysql < dump; {alone}"
    # an older journal has what a note is about in its words alone
    older = event("note", 40, step="backup.fetched", text="restore it on the node with: mysql")
    told = answers({**begun, "fallback": ""}, older, *rest)["Back-out"]
    assert told.answer == f"the table: {older['text']}"


def test_nobody_told_and_a_message_that_failed() -> None:
    silent = [e for e in journals.whole() if e["event"] != "notified"]
    assert "nobody was told" in answers(*silent)["Communication"].missing
    failed = [event("notified", 1, occasion="stop", problem="exit code 3")]
    assert "exit code 3" in answers(*silent[:-1], *failed, silent[-1])["Communication"].missing


def test_a_loss_is_told_whether_it_was_seen_expected_or_looked_for() -> None:
    begun, *rest = journals.whole()
    told = {"of": "t.c", "what": "values", "total": 100, "where": ""}
    before, after = (
        event("loss", seconds, step="a.b", state=state, count=2, **told)
        for seconds, state in ((2, "expected"), (60, "observed"))
    )
    none = {**after, "count": 0}
    said = [answers(begun, *more, *rest)["Loss of data"].answer for more in
            ([], [none], [before], [before, after])]  # fmt: skip
    share = "t.c: 2 of 100 (2.0 %)"
    assert said == ["no step looked for any", "none in t.c",
                    f"{share}, as counted before the change",
                    share]  # fmt: skip


def test_without_states_it_says_so() -> None:
    assert "Not observed" in page(journals.started()).text


def test_what_was_temporary_has_both_ends() -> None:
    row = re.search(r'"what">fencing</td>.*?</tr>', render(journals.whole(), []), re.S)
    assert row is not None
    assert "still in place" not in row[0]
    events = [e for e in journals.whole() if e["event"] != "result"]
    told = re.search(r'"what">fencing</td>.*?</tr>', render(events, []), re.S)
    assert told is not None
    assert "not seen, and not given back" in told[0]
    assert "it was not seen to be so" in told[0]
    seen = kit.event("fencing", 30, state="off", other=None)
    at = next(number for number, e in enumerate(events) if e["event"] == "standby")
    rest = [e for e in events[at:] if e.get("name") != "state-after"]  # which saw it on again
    assert "1 still in place" in render([*events[:at], seen, *rest], [])


def test_what_nobody_gave_back_and_ends_by_itself_is_told_so() -> None:
    opens = [{"kind": "downtime", "subject": "cluster", "former": "none"}]
    quiet = kit.intent("a.downtime", 1, opens=opens)
    why = "not removed, over at 2026-11-02 03:30 UTC: HTTP 404"
    closed = kit.event("ledger-closed", 40, step="c", kind="downtime", subject="cluster", why=why)
    begun, *rest = journals.whole()
    for left, said, many in ((True, why, "1 left to end by itself"), (False, "", "all given back")):
        last = {**closed, **({"left": True} if left else {})}
        shown = render([begun, quiet, *rest[:-2], last, *rest[-2:]], [])
        row = re.search(r'"what">downtime</td>.*?</tr>', shown, re.S)
        assert row is not None
        assert (why in row[0]) is left, said
        assert many in shown


# the drawing


def test_spans_of_phases_nodes_and_commands() -> None:
    events = journals.whole()
    assert [span.name for span in phases_of(events)] == [
        "preflight", "update", "verification", "closing",
    ]  # fmt: skip
    (standby,) = states_lasting(events)[SECOND]
    assert standby.seconds == 20
    (command,) = commands_of(events)[N]
    assert (command.seconds, command.detail) == (30, "exit code 0")
    (run,) = runs_of(events)
    assert (run.seconds, run.detail) == (100, "done, exit code 0")


def test_what_never_ended_lasts_to_the_last_event() -> None:
    events = [e for e in journals.whole() if e["event"] != "result" and e.get("state") != "left"]
    assert "and longer" in states_lasting(events)[SECOND][0].detail
    assert commands_of(events)[N][0].detail == "its end is not on record"


def test_what_is_cut_has_head_tail_and_where_the_rest_is() -> None:
    output = {"text": "a" * 50 + "z" * 50, "file": "outputs/1", "size": 9, "sha256": "s"}
    quoted = output_of(output).shortened(20)
    assert quoted.text == "a" * 10 + "\n[... 80 characters ...]\n" + "z" * 10
    assert quoted.cited == "whole: outputs/1, 9 bytes, sha256 s"
    assert output_of({"text": "short"}).shortened(5).text == "short"
    assert output_of({"text": "long"}).shortened(2, "there").where == "there"


@pytest.mark.parametrize("length", [900, 5000])
def test_no_command_is_cut_without_a_mark_and_a_citation(length: int) -> None:
    """Of a change and of a question, with their line ends."""
    script = "sh -c 'begin\n" + "x" * length + "\nend'"
    output = {"file": "outputs/0007-c.txt", "size": length, "sha256": "f" * 64}
    whole = {"whole": output} if length > 2000 else {}
    told = f"{script[:900]}\n[... 4100 characters ...]\n{script[-900:]}" if whole else script
    events = journals.whole()
    for one in events:
        if "command" in one:
            one |= {"command": told, **whole}
    text = render(events, [])
    text = re.sub(r"<a [^>]*>|</a>", "", text)
    codes = [unescape(code) for code in re.findall(r"<code>(.*?)</code>", text, re.S)]
    assert codes
    for code in (code for code in codes if "x" * 100 in code):
        assert code.startswith("sh -c 'begin\nx")
        assert code.partition("\n(whole:")[0].endswith("x\nend'")
        if "..." in code:
            assert "[... " in code
            assert "(whole: " in code
    assert any(code == script for code in codes) == (not whole)
    assert ("(whole: outputs/0007-c.txt, 5000 bytes" in text) == bool(whole)
    assert "white-space: break-spaces" in text


def test_phases_and_signs_of_life_are_counted_where_it_is_asked_who_was_told() -> None:
    each = ("begun", "phase", "alive", "alive", "end")
    told = [event("notified", n, occasion=one, problem="") for n, one in enumerate(each)]
    silent = [e for e in journals.whole() if e["event"] != "notified"]
    said = answers(*silent, *told)["Communication"].answer
    assert re.fullmatch(r"begun at \S+, end at \S+; 3 messages in between", said)
