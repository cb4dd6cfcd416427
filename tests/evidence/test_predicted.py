"""Predicted and happened on the auditor's page, made of events alone."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from engine.model.prediction import Act, Passage, Prediction, Seen, as_data
from engine.report.audit.page import render
from engine.report.predicted import Beside, beside_of, data_of, lines_of, sentence_of
from engine.watching.fold import state_of
from engine.watching.rows import now_lines
from tests.engine import kit
from tests.engine.kit import SECOND, N, event, intent
from tests.evidence.journals import started, step
from tests.evidence.schemas import problems

PREDICTION = Prediction(
    {"operative": 2},
    1,
    (
        Passage("first.look", seen=(Seen("odd-thing", "operative 2"),)),
        Passage("second.run[1]", acts=(Act("operative 1", "round 1", "upgrade-1"),)),
        Passage("third.files[1]", "operative 1", (Act("operative 1", "keep <b>"),)),
        Passage("third.files[1]", "operative 2", (Act("operative 2", "keep <b>"),)),
    ),
    {"first": 400, "second": 600},
)


def predicted(prediction: Prediction = PREDICTION) -> dict[str, Any]:
    return event("predicted", 1, step="", of="the-rehearsal", prediction=as_data(prediction))


def deviation(**fields: Any) -> dict[str, Any]:
    plain = {
        "step": "second.run[1]",
        "of": "second.run[1]",
        "kind": "change",
        "how": "not predicted",
        "place": "operative 2",
        "node": SECOND,
        "what": "set <x>",
        "predicted": "",
        "happened": "",
        "warns": True,
    }
    return event("deviation", 40, **{**plain, **fields})


def journal() -> list[dict[str, Any]]:
    return [
        started(),
        predicted(),
        event("position", 2, step="", position="not started", active=N),
        *step("first.look", 3, 9),
        intent("second.run[1]", node=N, what="round 1", detached="upgrade-1"),
        intent("second.run[1]", 2, node=SECOND, what="set <x>"),
        *step("second.run[1]", 10, 40),
        deviation(how="did not come", warns=False, kind="finding", of="first.look"),
        deviation(),
        deviation(what="later"),
        intent(f"third.files[1][{N}]", node=N, what="keep <b>"),
    ]


def section(*events: dict[str, Any]) -> str:
    return (
        render(list(events), []).partition('<section id="predicted"')[2].partition("</section>")[0]
    )


def test_what_came_what_did_not_and_what_is_to_come() -> None:
    found = beside_of(journal())
    assert found is not None
    rows = {row.what: (row.predicted, row.happened, row.how, row.warns) for row in found.rows}
    assert rows == {
        "rounds of upgrade": ("1", "1", "", False),
        "finding in first.look: odd-thing": ("operative 2", "-", "did not come", False),
        "change in second.run[1]: set <x>": (
            *("-", f"operative 2 ({SECOND})", "not predicted", True),
        ),
        "changes, all kinds": ("3", "3", "", False),
    }
    assert (found.same, found.differ, found.to_come) == (2, 2, 1)


def test_the_first_deviation_is_the_first_that_warned() -> None:
    found = beside_of(journal())
    assert found is not None and found.first is not None  # noqa: PT018
    assert found.first.said == (
        f"second.run[1]: change not predicted: set <x> on operative 2 ({SECOND})"
    )
    assert data_of(found)["first"] == found.first.said
    assert lines_of(found)[0].endswith(f"first deviation: {found.first.said}")


def test_the_section_has_it_escaped_and_is_not_there_without_a_prediction() -> None:
    html = section(*journal())
    assert "set <x>" not in html
    text = unescape(html)
    assert "<h2>Predicted and happened</h2>" in text
    assert f"First deviation</strong>, seen at <time>2026-11-02 00:00:40</time>" in text  # noqa: F541
    assert 'class="differs"' in text
    assert section(*(e for e in journal() if e["event"] != "predicted")) == ""


def test_what_a_killed_run_had_no_time_to_tell_is_not_nothing() -> None:
    untold = unescape(section(*(e for e in journal() if e["event"] != "deviation")))
    assert "Of another kind: 1</strong>, which no run came to tell." in untold
    assert "Nothing of another kind came" not in untold


def test_what_differs_and_is_of_no_other_kind() -> None:
    alike = [e for e in journal() if e["event"] != "deviation" and e.get("what") != "set <x>"]
    assert "1 otherwise, 1 is still to come. None of that is of another kind" in section(*alike)


@pytest.mark.parametrize("spoilt", [{}, {"nodes": []}, None])
def test_one_that_can_t_be_read_is_none(spoilt: Any) -> None:
    assert beside_of([started(), {**predicted(), "prediction": spoilt}]) is None


def test_whoever_looks_on_sees_the_first_one_and_how_many_more() -> None:
    watched = state_of([*journal()])
    (told,) = [one for one in now_lines(watched, kit.BEGIN) if one.label == "not as predicted"]
    assert told.text == (
        f"second.run[1]: change not predicted: set <x> on operative 2 ({SECOND}); 1 more"
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0), "0 things came as predicted, 0 otherwise."),
        ((1, 1, 1), "1 thing came as predicted, 1 otherwise, 1 is still to come."),
        ((2, 3, 4), "2 things came as predicted, 3 otherwise, 4 are still to come."),
    ],
)
def test_each_number_of_things_is_told_in_a_sentence(
    counts: tuple[int, int, int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same, differ, to_come = counts
    found = Beside("the-rehearsal", (), (), (), same, differ, to_come)
    monkeypatch.setattr("engine.report.audit.page.beside_of", lambda change: found)
    assert f"predicted how this upgrade goes: {said}" in section(*journal())


def test_what_came_at_another_node_is_a_row_with_both_places() -> None:
    moved = [
        {**one, "node": SECOND, "step": f"third.files[1][{SECOND}]"}
        if one["event"] == "intent" and one["step"].startswith("third")
        else one
        for one in journal()
    ]
    only_n = replace(PREDICTION, passages=PREDICTION.passages[:3])
    found = beside_of([predicted(only_n) if one["event"] == "predicted" else one for one in moved])
    assert found is not None
    rows = {row.what: (row.predicted, row.happened, row.how, row.warns) for row in found.rows}
    assert rows["change in third.files[1]: keep <b>"] == (
        *("operative 1", f"operative 2 ({SECOND})", "at another place", True),
    )
    assert rows["changes, all kinds"] == ("2", "3", "", False)


def test_the_event_says_where_it_was_predicted() -> None:
    told = deviation(how="at another place", predicted="operative 1", happened="operative 2")
    line = {**told, "schema": 1, "seq": 1, "prev": "0" * 64, "time": "2026-11-02T00:00:40.000Z"}
    assert problems("journal", line) == []
    assert sentence_of(told) == (
        "second.run[1]: change at another place: set <x> on operative 2 (predicted on operative 1)"
        f" ({SECOND})"
    )
