"""The timeline: what is in its lanes, and that no text or bar lies over another one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.report.audit import timeline
from engine.report.audit.moments import no_return_of
from engine.report.audit.page import render
from engine.report.audit.runs import phases_of, waits_of
from engine.report.audit.timeline.bars import Bar
from engine.report.audit.timeline.labels import compact, exact, fitting, labels_of, short, title_of
from engine.report.audit.timeline.lanes import MOST_BARS, MOST_MARKS, Drawing, drawing_of
from engine.report.audit.timeline.shapes import SMALL, WIDE
from engine.report.audit.timeline.svg import draw
from engine.report.window import beyond_of, outside_of, windows_of
from tests.engine import kit
from tests.engine.kit import BEGIN, SECOND, THIRD, N, event
from tests.evidence import journals, nights
from tests.evidence.journals import LATER, asked, of_run, step
from tests.evidence.nights import MINUTE, NODES, RUNS, STEP

FOUR = [one for run in nights.four_runs() for one in run]
SHAPES = pytest.mark.parametrize("shape", [WIDE, SMALL], ids=lambda shape: str(shape.name))


def drawing(events: Any) -> Drawing:
    found = drawing_of(events, NODES)
    assert found is not None
    return found


def lanes(events: Any) -> dict[str, list[Bar]]:
    return {
        lane.name: [bar for track in lane.tracks for bar in track] for lane in drawing(events).lanes
    }


def at(minutes: float) -> Any:
    return BEGIN + timedelta(minutes=minutes)


def test_everything_that_lasted_has_its_lane() -> None:
    found = lanes(nights.one_run())
    assert [*found] == [
        "window", "runs", "phases", *NODES, "fencing", *nights.SERVICES[:2], "OCS endpoint",
        "MariaDB", "Elasticsearch", "moments",
    ]  # fmt: skip
    assert [bar.kind for bar in found[N]] == ["command", "command", "command", "unseen"]
    assert [bar.name for bar in found[SECOND]] == ["standby", "standby"]
    assert [bar.kind for bar in found["fencing"]] == ["off", "off"]
    assert found["OCS endpoint"][0].name == "not seen"
    assert [bar.name for bar in found["moments"]] == ["planned stop", "lost"]


def test_each_bar_knows_its_step() -> None:
    found = lanes(nights.one_run())
    (run,) = {one["run"] for one in nights.one_run()}
    assert found[N][0].steps == ((run, "update.run"),)
    assert found[THIRD][0].steps == ((run, f"{STEP}[1]"),)  # entered while it ran
    assert found["httpd"][0].steps == ((run, f"{STEP}[1]"),)
    assert found["phases"][0].steps == ((run, "preflight.versions"),)
    assert f"step {STEP}[1]" in title_of(found[THIRD][0])


def test_the_lane_of_the_runs_says_how_each_ended_and_how_long_each_break_was() -> None:
    found = drawing(FOUR)
    runs = lanes(FOUR)["runs"]
    assert [labels_of(bar)[0] for bar in runs] == [
        "run 1: no end on record", "run 2: stopped", "run 3: interrupted", "run 4: done",
    ]  # fmt: skip
    assert [labels_of(bar)[0] for bar in found.breaks] == ["16 min", "54 min", "2 min"]
    assert ">54 min</text>" in draw(found, WIDE)
    assert "under way: neteye update on" in found.breaks[0].detail


def test_a_person_is_waited_for_only_after_a_run_that_asked_for_one() -> None:
    (wait,) = waits_of(FOUR)
    assert (wait.begin, wait.end) == (at(116), at(170))
    assert wait.detail == "the same task failed twice"
    assert lanes(FOUR)["waits for a person"][0].seconds == 54 * 60
    assert "waits for a person" not in lanes(nights.one_run())


@pytest.mark.parametrize("outcome", ["stopped", "blocked", "unknown", "failed", "interrupted"])
def test_the_outcomes_that_ask_for_a_person(outcome: str) -> None:
    events = [{**e, "outcome": outcome} if e["event"] == "run-ended" else e for e in FOUR]
    assert bool(waits_of(events)) == (outcome in ("stopped", "blocked"))


def test_what_lies_outside_of_the_window_is_seen() -> None:
    """Runs by a tint; changes by a bar, as long as the head says."""
    events = nights.one_run()
    ((window, _),) = windows_of(events)
    assert (window.begin, window.end) == (at(2), at(120))
    assert [(s.begin, s.end) for s in beyond_of(events)] == [(at(0), at(2)), (at(120), at(150))]
    (change,) = outside_of(events)
    assert (change.begin, change.end, change.step) == (at(120), at(125), f"{STEP}[2]")
    assert change.detail == "the window ended at 2026-11-02 02:00"
    found = drawing(events)
    assert [bar.kind for bar in lanes(events)["window"]] == ["window", "outside"]
    svg = draw(found, WIDE)
    assert "5 min outside" in svg
    assert svg.count("url(#wide-beyond)") == 2


def test_a_run_that_is_wholly_outside_of_its_window_has_a_lane_that_says_so() -> None:
    events = nights.one_run()
    events[0] |= {"window": "2026-11-04T00:00:00Z to 2026-11-04T03:00:00Z"}
    bars = lanes(events)["window"]
    assert {bar.kind for bar in bars} == {"outside"}
    assert bars[0].detail == "the window begins at 2026-11-04 00:00"


def test_changes_at_once_are_outside_once_and_those_that_never_started_not_at_all() -> None:
    events = [
        nights.begun(window="2026-11-02T00:00:00Z to 2026-11-02T01:00:00Z"),
        *nights.command("a.b", "x", 50 * MINUTE, 70 * MINUTE),
        *nights.command("a.c", "y", 65 * MINUTE, 75 * MINUTE),
        *nights.command("a.d", "z", 80 * MINUTE, 90 * MINUTE),
    ]
    events[-1] |= {"never_started": True}
    (change,) = outside_of(events)
    assert (change.begin, change.end) == (at(60), at(75))
    # between two nights
    two = [*of_run(RUNS[0], events[:1]), *of_run(RUNS[1], events)]
    two[1] |= {"window": "2026-11-02T01:10:00Z to 2026-11-02T03:00:00Z"}
    two.append({**events[1], "run": RUNS[0], "time": event("x", 30)["time"], "key": "k"})
    two.append({**events[2], "run": RUNS[0], "time": event("x", 40)["time"], "key": "k"})
    assert [(span.begin, span.end) for span in outside_of(two)] == [(at(60), at(70))]
    two[1] |= {"window": ""}
    assert outside_of(two) == []


def test_the_list_has_the_window_as_announced_even_where_the_runs_end_before_it() -> None:
    events = nights.one_run()[:-1]
    events[0] |= {"window": "2026-11-01T23:00:00Z to 2026-11-02T08:00:00Z"}
    (bar,) = lanes(events)["window"]
    assert beyond_of(events) == []
    assert (bar.begin, bar.end) == (at(-60), at(480))
    assert bar.drawn[0] == at(0)


def test_a_window_that_was_moved_holds_for_the_runs_that_were_given_it() -> None:
    moved = {RUNS[2]: "2026-11-02T02:00:00Z to 2026-11-02T05:00:00Z"}
    moved |= {RUNS[3]: moved[RUNS[2]]}
    events = [
        {**e, "window": moved[e["run"]]} if e["event"] == "run-started" and e["run"] in moved else e
        for e in FOUR
    ]
    assert [span.begin for span, _ in windows_of(events)] == [at(0), at(120)]
    assert outside_of(events) == []


@pytest.mark.parametrize("window", ["", "at night", "2026-11-02T00:00:00Z", None])
def test_without_a_window_there_is_no_lane_for_one(window: str | None) -> None:
    events = nights.one_run()
    events[0] |= {"window": window}
    assert "window" not in lanes(events)


def test_a_run_that_only_looks_is_outside_of_no_window() -> None:
    late = of_run(LATER, journals.afterwards(), 200_000)
    assert {span.run for span in beyond_of([*FOUR, *late])} == {RUNS[2], RUNS[3]}
    plan = [{**e, "mode": "plan"} if e["event"] == "run-started" else e for e in FOUR]
    assert windows_of(plan) == []


def test_the_point_of_no_return_is_the_first_intent_of_its_step() -> None:
    point = no_return_of(FOUR)
    assert point is not None
    assert (point.when, point.step, point.run) == (at(79), f"{STEP}[1]", RUNS[1])
    assert ">point of no return</text>" in draw(drawing(FOUR), SMALL)


def test_a_command_that_never_started_is_no_point_of_no_return() -> None:
    events = [
        {**e, "never_started": True} if e["event"] == "result" and e["step"] == f"{STEP}[1]" else e
        for e in nights.one_run()
    ]
    point = no_return_of(events)
    assert point is not None
    assert point.step == f"{STEP}[2]"


def test_the_run_that_goes_on_names_the_step_for_an_older_journal() -> None:
    """Else its own first round would be told as the point, which was behind before it."""
    late = {e["run"] for e in FOUR} - {RUNS[3]}
    events = [
        {k: v for k, v in e.items() if k != "no_return" or e["run"] not in late} for e in FOUR
    ]
    point = no_return_of(events)
    assert point is not None
    assert (point.when, point.run) == (at(79), RUNS[1])


def test_a_command_that_starts_at_the_second_try_is_the_point_of_no_return() -> None:
    begun = journals.started(no_return="phase.step")
    tries = [kit.intent(), kit.result(never_started=True), kit.intent(), kit.result()]
    events = [begun, *({**one, "time": event("x", n)["time"]} for n, one in enumerate(tries))]
    point = no_return_of(events)
    assert point is not None
    assert point.when == at(2 / 60)


def test_of_an_older_journal_no_point_of_no_return_is_told() -> None:
    events = [{k: v for k, v in e.items() if k != "no_return"} for e in FOUR]
    assert no_return_of(events) is None
    assert "no return" not in draw(drawing(events), WIDE)


def test_a_run_s_phase_is_where_its_time_went() -> None:
    """Not the steps that had nothing to do; and an interrupted one lasts to its run's end."""
    idle = [
        *step("upgrade.run[3]", 50, 51, "not needed"),
        *step("closing.x", 52, 52, "not reached"),
    ]
    cut = [event("step-started", 60, step="migration.files", node=None), event("note", 70)]
    events = [*step("upgrade.run[1]", 1, 20), *step("migration.a", 20, 30), *idle, *cut]
    assert [(span.name, span.seconds) for span in phases_of(events)] == [
        ("upgrade", 19), ("migration", 50),
    ]  # fmt: skip


def test_words_of_people_are_moments() -> None:
    found = {bar.name: bar for bar in lanes(FOUR)["moments"]}
    assert found["settled"].detail == "as done by B. Bianchi: seen"
    assert f"disk-space of {N} by B. Bianchi" in found["accepted"].detail
    assert found["stopped"].detail == "the same task failed twice"


def test_of_too_many_moments_the_important_ones_are_drawn_and_the_rest_is_counted() -> None:
    kinds = ("planned stop", "settled", "accepted")
    more: list[dict[str, Any]] = []
    for n in range(40):
        plain = {"step": "x.y", "by": "A. Rossi", "reason": "known"}
        about = {**plain, "code": "c", "subject": "s", "given": "2026-11-02"}
        more.append(event("settled", n * 215 + 50, word="done", key="k", **plain))
        more.append(event("accepted", n * 215, until=None, **about))
        more.append(asked(n * 215 + 100, problem="lost", code=None, output={}))
    first, *rest = nights.one_run()
    about = {"outcome": "stopped", "exit_code": 11, "reason": "why", "what_to_do": "look"}
    stop = event("stopped", 149 * MINUTE, step="x", **about)
    *rest, last = rest
    events = [first, *nights.sorted_by_time(*rest, *of_run(RUNS[0], [*more, stop])), last]
    found = drawing(events)
    marks = lanes(events)["moments"]
    assert len(marks) == MOST_MARKS
    assert found.left_out
    assert "stopped" in {bar.kind for bar in marks}
    assert {bar.kind for bar in marks} & set(kinds)
    # each is counted once: 40 of three kinds, the stop, and the two that were there
    assert sum(len(bar.spans) for bar in marks) + found.left_out == 123
    assert f"{found.left_out} more moments are not drawn" in render(events, [])


def test_hundreds_of_short_gaps_stay_few_bars_and_none_is_lost() -> None:
    events = nights.one_run()
    events[5:5] = of_run(
        RUNS[0], [one for n in range(700) for one in nights.gap("web", 600 + 10 * n, 0.5)]
    )
    bars = lanes(events)["web"]
    assert len(bars) <= MOST_BARS
    assert sum(len(bar.spans) for bar in bars) == 700
    assert sum(bar.seconds for bar in bars) == pytest.approx(350)
    assert bars[0].name.endswith("× gap")
    assert "stands for several" in render(events, [])
    drawn = drawing(events)
    assert sum(len(draw(drawn, shape)) for shape in (WIDE, SMALL)) < 100_000


def test_each_bar_leads_to_its_row_and_each_row_is_there_once() -> None:
    text = render(nights.four_runs()[-1], FOUR[: -len(nights.four_runs()[-1])])
    rows = re.findall(r'<tr id="(lasted-\d+)">', text)
    links = set(re.findall(r'href="#(lasted-\d+)"', text))
    assert len(rows) == len(set(rows))
    assert links == set(rows)
    named = re.findall(r'<a href="#lasted-\d+" aria-label="([^"]+)"', text)
    assert len(named) == len(re.findall(r'<a href="#lasted', text))
    row = re.search(r'<tr id="lasted-\d+"><th scope="row">waits for a person.*?</tr>', text)
    assert row is not None
    for said in ("2026-11-02 01:56:00", "2026-11-02 02:50:00", "0:54:00"):
        assert said in row[0]


def test_two_drawings_of_a_page_share_no_id() -> None:
    text = render(nights.one_run(), [])
    ids = re.findall(r' id="([^"]+)"', text)
    assert sorted(ids) == sorted(set(ids))
    for name in re.findall(r"url\(#([a-z-]+)\)", text):
        assert name in ids


def test_colours_are_the_style_s_variables() -> None:
    folder = Path(timeline.__file__).parent
    for text in ((folder / "timeline.css").read_text(), draw(drawing(FOUR), WIDE)):
        assert not re.search(r"#[0-9a-f]{3,8}\b(?!-)", re.sub(r'href="[^"]*"', "", text))
        assert not re.search(r"(?:fill|stroke|color|background)[:=] *\"?(?:rgb|white|black)", text)


def test_every_kind_has_a_rule_and_a_word_of_the_legend() -> None:
    style = (Path(timeline.__file__).parent / "timeline.css").read_text()
    text = render(nights.four_runs()[-1], FOUR)
    for kind in drawing([*FOUR, *nights.one_run()]).kinds:
        word = kind.replace(" ", "-")
        assert f".{word}" in style, kind
        if kind != "run":
            legend = text.partition('<ul class="legend">')[2].partition("</ul>")[0]
            assert f'class="{word}"' in legend or kind in ("planned stop", "lost"), kind


def test_nodes_of_one_domain_are_written_without_it() -> None:
    assert [lane.short for lane in drawing(FOUR).lanes if lane.name in NODES] == [
        "neteye01", "neteye02", "neteye03", "neteye04", "neteye05",
    ]  # fmt: skip
    for nodes in (["192.0.2.1"], ["a.one", "a.two"], ["a.one", "b.two"]):
        found = drawing_of(FOUR[:3], nodes)
        assert found is not None
        assert [lane.short for lane in found.lanes if lane.name in nodes] == nodes


def test_a_node_that_only_the_journal_names_has_a_lane() -> None:
    found = drawing_of(FOUR, [])
    assert found is not None
    assert {N, SECOND} <= {lane.name for lane in found.lanes}


@SHAPES
def test_the_same_events_give_the_same_bytes(shape: Any) -> None:
    assert draw(drawing(FOUR), shape) == draw(drawing(FOUR), shape)


def test_without_events_nothing_is_drawn() -> None:
    assert drawing_of([], []) is None


@pytest.mark.parametrize(
    ("seconds", "short_form", "long_form"),
    [
        (0, "0 s", "0:00:00"), (0.42, "0.4 s", "0.4 s"), (26, "26 s", "0:00:26"),
        (99.6, "1.7 min", "0:01:39.6"), (105.1, "1.8 min", "0:01:45.1"),
        (120, "2 min", "0:02:00"), (1020, "17 min", "0:17:00"), (9000, "2.5 h", "2:30:00"),
        (36000, "10 h", "10:00:00"), (200_000, "56 h", "2 days, 7:33:20"),
        (864_000, "10 d", "10 days, 0:00:00"),
    ],
)  # fmt: skip
def test_how_long_in_few_characters_and_exactly(
    seconds: float, short_form: str, long_form: str
) -> None:
    assert (compact(seconds), exact(seconds)) == (short_form, long_form)


def test_a_label_is_the_longest_that_has_room() -> None:
    assert fitting(("long label", "label", "l"), 6.2 * 5) == "label"
    assert fitting(("long label",), 10) == ""
    assert short("neteye01.neteyelocal", 6.2 * 9) == "neteye01…"
