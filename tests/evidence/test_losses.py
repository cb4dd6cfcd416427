"""Losses are a pure function of the events: told before the change, counted after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.model.finding import Acceptance, Severity
from engine.model.loss import LossState, Lost, NoLoss
from engine.record.evidence import Evidence, as_data
from engine.report.audit.page import render
from engine.report.html import render_summary
from engine.report.last_lines import last_lines
from engine.report.losses import Loss, counts_of, loss_of, losses_of
from engine.report.summary import summary_of
from tests.engine import kit
from tests.evidence import journals
from tests.evidence.schemas import problems

COLUMN, NULLED = "ocsweb.memories.CAPACITY", "values turned into NULL"
LIST = "outputs/0001-values.csv"


def told(state: str, count: int, run: str = "R1", where: str = "", **more: Any) -> dict[str, Any]:
    values = {"of": COLUMN, "what": NULLED, "count": count, "total": 3200, "where": where, **more}
    return kit.event("loss", run=run, step="a.b", state=state, **values)


def counted(*events: dict[str, Any]) -> list[tuple[str, int, int | None, str]]:
    return [(one.state, one.count, one.expected, one.where) for one in losses_of(events)]


def test_before_the_change_it_is_expected() -> None:
    (loss,) = losses_of([told("expected", 62, where=LIST)])
    assert loss == Loss(NULLED, COLUMN, 62, 3200, LIST, LossState.EXPECTED)
    assert loss.sentence() == (
        f"would be lost: {COLUMN}: 62 of 3200 (1.9 %) {NULLED}; the list: {LIST}"
    )


def test_after_it_it_is_lost_and_keeps_what_was_told_and_the_list() -> None:
    (loss,) = losses_of([told("expected", 62, where=LIST), told("observed", 60, "R2")])
    assert (loss.is_observed, loss.count, loss.expected, loss.where) == (True, 60, 62, LIST)
    assert loss.sentence().startswith(
        f"lost: {COLUMN}: 60 of 3200 (1.9 %) {NULLED}; counted before"
    )


def test_what_a_later_run_counts_takes_the_place_of_an_earlier_count() -> None:
    assert counted(told("expected", 62), told("expected", 3, "R2")) == [("expected", 3, None, "")]
    assert counted(told("expected", 62), told("expected", 0, "R2")) == [], "cleaned meanwhile"
    again = (told("observed", 60), told("observed", 5, what="rows"), told("observed", 60, "R2"))
    assert counted(*again) == [("observed", 60, None, "")], "the rows came back"


def test_nothing_lost_after_all_is_no_loss() -> None:
    events = [told("expected", 62), told("observed", 0, "R2")]
    assert counted(*events) == []
    assert [(one.of, one.count) for one in counts_of(events)] == [(COLUMN, 0)], "but counted"
    assert (losses_of([]), counts_of([])) == ([], [])


def test_different_things_stand_beside_each_other() -> None:
    events = [told("expected", 1), told("expected", 2, of="other"), told("observed", 3)]
    assert [(one.of, one.count) for one in losses_of(events)] == [(COLUMN, 3), ("other", 2)]


BLANK, REST = {"what": "blank", "count": 3, "is_changed": True}, {"what": "clean", "count": 3137}
NO_LOSS = [BLANK, {"what": "nothing", "count": 0}, {**REST, "is_changed": False}]


def told_with_others(state: str, count: int) -> dict[str, Any]:
    return told(state, count, no_loss=NO_LOSS)


def test_what_changed_without_a_loss_is_told_wherever_the_loss_is() -> None:
    """Of what became NULL, the page named a part only: the numbers could not be added up."""
    page, report, lines = pages(run_of(told_with_others("observed", 60)))
    section = page.partition('<section id="losses">')[2].partition("</section>")[0]
    said = "63 of 3200 were changed: 60 lost; 3 blank. The others: 3137 clean."
    assert f"<code>{COLUMN}</code>, all values that were counted: {said}" in section
    assert f"; changed in {COLUMN} without a loss: 3 blank" in page, "what a change audit asks"
    for text in (report, "\n".join(lines)):
        assert f"60 of 3200 (1.9 %) {NULLED}; changed as well: 3 blank" in text
    summary = summary_of(run_of(told_with_others("observed", 60)))
    (one,) = summary["losses"]
    assert one["no_loss"][0] == BLANK
    assert "blank" not in summary["headline"], "it is no loss"


def test_before_the_change_it_is_told_as_what_would_be() -> None:
    (loss,) = losses_of([told_with_others("expected", 60)])
    assert loss.account() == (
        "63 of 3200 would be changed: 60 lost at most; 3 blank. The others: 3137 clean"
    )


def test_what_changed_where_nothing_was_lost_is_told_too() -> None:
    page, _, _ = pages(run_of(told("observed", 0, total=3140, no_loss=NO_LOSS)))
    assert "Nothing, of what was counted" in page
    assert "3 of 3140 were changed: 0 lost; 3 blank. The others: 3137 clean." in page


def test_an_older_journal_tells_no_others() -> None:
    page, _, _ = pages(run_of(told("observed", 60)))
    assert "all values that were counted" not in page


_EVENTS = st.lists(
    st.builds(
        told,
        st.sampled_from(["expected", "observed"]),
        st.integers(0, 5),
        st.sampled_from(["R1", "R2", "R3"]),
        st.sampled_from(["", LIST]),
        of=st.sampled_from(["a", "b"]),
        what=st.sampled_from(["x", "y"]),
    ),
    max_size=12,
)


@given(_EVENTS)
def test_every_loss_was_told_so_and_nothing_else_matters(events: list[dict[str, Any]]) -> None:
    found = losses_of(events)
    assert len({(one.of, one.what) for one in found}) == len(found)
    for one in found:
        said = {(e["of"], e["what"], e["state"], e["count"]) for e in events}
        assert (one.of, one.what, one.state, one.count) in said
        assert one.count > 0
        assert loss_of(json.loads(json.dumps(one.as_data()))) == one
    of_those = {one.of for one in found if one.is_observed}
    assert not of_those & {one.of for one in found if not one.is_observed}
    noise = kit.event("note", run="R1", step="a.b", text="between")
    assert losses_of([x for e in events for x in (e, noise)]) == found


def run_of(*losses: dict[str, Any]) -> list[dict[str, Any]]:
    *events, end = journals.whole()
    return [*events, *losses, end]


def pages(own: list[dict[str, Any]]) -> tuple[str, str, list[str]]:
    """Both pages, and the last lines of the console."""
    summary = summary_of(own)
    return render(own, []), render_summary(summary), last_lines(summary, Path("reports/RUN"))


def test_it_is_on_both_pages_in_the_summary_and_on_the_console() -> None:
    own = run_of(told("expected", 62, where=LIST), told("observed", 60))
    page, report, lines = pages(own)
    share = f"lost: {COLUMN}: 60 of 3200 (1.9 %) {NULLED}"
    line = f"{share}; counted before the change: 62; the list: {LIST}"
    assert line in lines
    assert line in report
    section = page.partition('<section id="losses">')[2].partition("</section>")[0]
    for text in (COLUMN, NULLED, "60 of 3200 (1.9 %)", ">62<", LIST):
        assert text in section
    assert "not counted" not in section
    assert "nobody was asked" in section
    summary = summary_of(own)
    assert [one["count"] for one in summary["losses"]] == [60]
    assert problems("summary", {**summary, "window": ""}) == problems(
        "summary", {**summary_of(run_of()), "window": ""}
    ), "the losses are as the schema has them"


def test_who_accepted_it_stands_beside_it() -> None:
    finding = kit.finding("capacity-loss", COLUMN)
    given = Acceptance("capacity-loss", None, "agents are due in May", "B. Bianchi")
    weighed = as_data(finding.weighed(Severity.BLOCK, given))
    page, _, _ = pages(run_of(kit.event("finding", step="a.b", **weighed), told("expected", 62)))
    section = page.partition('<section id="losses">')[2].partition("</section>")[0]
    assert "capacity-loss by B. Bianchi: agents are due in May" in section
    assert "nobody was asked" not in section


def test_what_would_be_lost_is_told_so_everywhere() -> None:
    page, report, lines = pages(run_of(told("expected", 62)))
    assert [one for one in lines if one.startswith("would be lost: ")]
    assert "would be lost: " in report
    assert "not counted after the change" in page


def test_nothing_lost_is_told_and_nothing_counted_too() -> None:
    page, report, lines = pages(run_of(told("expected", 0)))
    assert f"Nothing, of what was counted: <code>{COLUMN}</code>" in page
    assert not any("lost" in text for text in (*lines, report.partition("<h2>Run</h2>")[0]))
    assert "Not counted: no step of these runs looked for a loss." in pages(run_of())[0]


def test_a_step_records_both_as_the_schema_has_it(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    evidence = Evidence(run, "a.b", ())
    others = (NoLoss("blank", 3, is_changed=True), NoLoss("clean", 3135))
    evidence.would_lose(Lost(COLUMN, NULLED, 62, 3200, LIST, no_loss=others))
    evidence.lost(Lost(COLUMN, NULLED, 60, 3200), Lost(COLUMN, "rows, gone", 0, 3200))
    events = [event for event in run.journal.events if event["event"] == "loss"]
    assert [problems("journal", dict(event)) for event in events] == [[], [], []]
    assert counted(*map(dict, events)) == [("observed", 60, 62, LIST)]


def test_the_page_says_why_less_was_lost_than_told() -> None:
    events = [journals.started(), told("expected", 62), told("observed", 60, "R1")]
    page = render(events, [])
    assert "; at most 62 were counted before the change" in page
    assert "2 of those counted before are there all the same" in page
    (same,) = losses_of([told("expected", 62), told("observed", 62)])
    assert same.spared == 0
