"""Laws of the drawing, whatever the events: all of it within its bounds, nothing over another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.groups import grouped
from engine.report.audit.timeline.axis import Axis, axis_of
from engine.report.audit.timeline.bars import Bar, few
from engine.report.audit.timeline.labels import BOLD, width_of
from engine.report.audit.timeline.lanes import drawing_of
from engine.report.audit.timeline.shapes import SMALL, WIDE, Shape
from engine.report.audit.timeline.svg import draw, placed
from engine.report.audit.timeline.ticks import round_times, ticks_of
from engine.report.spans import Span
from tests.engine.kit import BEGIN, N, event
from tests.evidence import journals, nights
from tests.evidence.hostile import everywhere, together
from tests.evidence.journals import asked, lasting, of_run, step
from tests.evidence.nights import NODES

SHAPES = (WIDE, SMALL)
SECONDS = st.integers(0, 30_000)
LENGTHS = st.one_of(st.integers(0, 10), st.integers(0, 5_000))
HIGH = 9.0
"""Base lines closer than this are one line of text."""


def after(seconds: float) -> Any:
    return BEGIN + timedelta(seconds=seconds)


@st.composite
def attempts(draw_from: st.DrawFn) -> list[dict[str, Any]]:
    """Some runs, with gaps, standby, commands, lost answers and phases anywhere within them."""
    events: list[dict[str, Any]] = []
    begin = 0
    for number in range(draw_from(st.integers(1, 5))):
        begin += draw_from(st.one_of(st.integers(-50, 50), SECONDS))
        mine: list[dict[str, Any]] = []
        for _ in range(draw_from(st.integers(0, 12))):
            since, took = draw_from(SECONDS), draw_from(LENGTHS)
            mine += draw_from(st.sampled_from(_SORTS))(since, took, number)
        mine.sort(key=lambda one: str(one["time"]))
        outcome = draw_from(st.sampled_from(["done", "stopped", "unknown", "interrupted", ""]))
        last = max([draw_from(LENGTHS), *(_seconds(one) for one in mine)])
        ended = [event("run-ended", last, outcome=outcome, exit_code=1)] if outcome else []
        window = draw_from(st.sampled_from(["", "2026-11-02T00:10:00Z to 2026-11-02T03:00:00Z"]))
        run = f"{number}-run"
        events += nights.moved(run, [nights.begun(window=window), *mine, *ended], begin)
        begin += int(last)
    return events


def _seconds(one: dict[str, Any]) -> float:
    return float((journals.datetime.fromisoformat(one["time"]) - BEGIN).total_seconds())


def _ran(since: int, took: int, number: int) -> Any:
    return step(("preflight.a", "upgrade.run[1]", "verification.b")[since % 3], since, since + took)


def _gap(since: int, took: int, number: int) -> Any:
    return nights.gap(("httpd", "MariaDB")[since % 2], since, took, unseen=since % 3 == 0)


def _standby(since: int, took: int, number: int) -> Any:
    entered = lasting(since, None, N, "entered")
    return [entered, lasting(since + took, since, N, "left")][: 1 + took % 2]


def _command(since: int, took: int, number: int) -> Any:
    until = since + took if took % 4 else None
    return nights.command("upgrade.run[1]", "neteye upgrade", since, until, 0, since)


def _lost(since: int, took: int, number: int) -> Any:
    return [asked(since, problem="the connection was lost", code=None, output={})]


def _settled(since: int, took: int, number: int) -> Any:
    return [event("settled", since, step="a", word="done", reason="r", by="b")]


_SORTS = (_ran, _gap, _standby, _command, _lost, _settled)


@dataclass(frozen=True)
class Box:
    left: float
    right: float
    top: float
    bottom: float


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def boxes(root: ElementTree.Element, kind: str = "rect") -> Iterator[tuple[str, Box]]:
    for one in root.iter(kind):
        x, y, w, h = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        yield one.attrib.get("class", ""), Box(x, x + w, y, y + h)


def texts(root: ElementTree.Element) -> Iterator[tuple[float, Box]]:
    for one in root.iter("text"):
        x, y = float(one.attrib["x"]), float(one.attrib["y"])
        wide = width_of(one.text or "") * (BOLD if one.attrib["class"] == "lane" else 1)
        yield y, Box(x, x + wide, y - HIGH, y)


def assert_tidy(svg: str, shape: Shape) -> None:
    root = parsed(svg)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert width == shape.width
    everything = [box for _, box in boxes(root)] + [box for _, box in texts(root)]
    for box in everything:
        assert -0.1 <= box.left <= box.right <= width + 0.1, box
        assert 0 <= box.top <= box.bottom <= height, box
    bars = grouped((box.top, box) for name, box in boxes(root) if name.startswith("bar "))
    for track in bars.values():
        for one, other in itertools.pairwise(track):
            assert one.left <= other.left
            assert one.right <= other.left + 0.11, track
    for box in (box for track in bars.values() for box in track):
        assert box.right - box.left > 1.5
    written = sorted(texts(root), key=lambda pair: pair[0])
    for (y, one), (other_y, other) in itertools.combinations(written, 2):
        if abs(y - other_y) < HIGH:
            assert one.right <= other.left + 0.1 or other.right <= one.left + 0.1, (one, other)


@settings(max_examples=60, deadline=None)
@given(attempts())
def test_all_of_it_is_within_its_bounds_and_nothing_lies_over_another(
    events: list[dict[str, Any]],
) -> None:
    drawing = drawing_of(events, NODES)
    assert drawing is not None
    for shape in SHAPES:
        svg = draw(drawing, shape)
        assert_tidy(svg, shape)
        links = re.findall(r'href="#lasted-(\d+)"', svg)
        assert sorted(map(int, links)) == [bar.number for bar in drawing.bars]
        assert svg == draw(drawing_of(events, NODES), shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("events", [nights.one_run(), [*itertools.chain(*nights.four_runs())]])
def test_nights_are_tidy(events: list[dict[str, Any]], shape: Shape) -> None:
    drawing = drawing_of(events, NODES)
    assert drawing is not None
    assert_tidy(draw(drawing, shape), shape)


@pytest.mark.parametrize("count", [1, 2, 12, 150])
def test_many_runs_have_room(count: int) -> None:
    events = [
        one
        for number in range(count)
        for one in of_run(f"{number}-run", journals.interrupted(), 1000.0 * number)
    ]
    drawing = drawing_of(events, NODES)
    assert drawing is not None
    for shape in SHAPES:
        root = parsed(draw(drawing, shape))
        for _, box in boxes(root):
            assert -0.1 <= box.left <= box.right <= shape.width + 0.1


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_whatever_a_node_writes_it_is_a_text(shape: Shape) -> None:
    text = re.sub(r"[^\t\n\x20-\x7e]", "", together("http://x"))
    times = ("other", "since", "until")
    events = [
        {**everywhere(one, text), **{name: one[name] for name in times if name in one}}
        for one in nights.one_run()
    ]
    drawing = drawing_of(events, [N + text])
    assert drawing is not None
    svg = draw(drawing, shape)
    assert_tidy(svg, shape)
    assert {one.tag for one in parsed(svg).iter()} <= {
        *("svg", "defs", "pattern", "path", "g", "a", "title", "rect", "line", "text"),
    }


@given(st.lists(st.tuples(st.integers(-100, 5000), st.integers(0, 5000)), min_size=1), st.data())
@settings(max_examples=100, deadline=None)
def test_an_axis_keeps_order_and_bounds(each: list[tuple[int, int]], data: st.DataObject) -> None:
    runs, at = [], 0
    for pause, took in each:
        at += max(pause, 0)
        runs.append(Span("run", after(at), after(at + took)))
        at += took
    axis = axis_of(runs, 10.0, 360.0)
    moments = sorted(data.draw(st.lists(st.integers(-10, at + 10))))
    places = [axis.at(after(one)) for one in moments]
    assert places == sorted(places)
    assert all(10.0 <= place <= 360.001 for place in places)
    assert all(right - left > 0 for left, right in axis.breaks)
    assert axis.right <= 360.001


@given(st.lists(st.tuples(st.integers(0, 1000), LENGTHS), max_size=80))
def test_bars_of_a_track_never_lie_over_each_other(each: list[tuple[int, int]]) -> None:
    axis: Axis = axis_of([Span("run", after(0), after(1000))], 0.0, 356.0)
    bars = [Bar("gap", "x", (Span("g", after(b), after(b + t)),)) for b, t in sorted(each)]
    edges = placed(bars, axis, 3.0)
    for (_, right), (left, _) in itertools.pairwise(edges):
        assert right <= left + 1e-6
    assert all(-1e-6 <= left < right <= 356.001 for left, right in edges)


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 60)), max_size=300),
    st.sampled_from(["gap", "phase"]),
)
def test_bars_that_are_one_lose_nothing(each: list[tuple[int, int]], kind: str) -> None:
    axis = axis_of([Span("run", after(0), after(1000))], 0.0, 356.0)
    bars = [Bar(kind, "x", (Span("g", after(b), after(b + t)),)) for b, t in sorted(each)]
    found = few(bars, axis.at, 3.0, 60)
    assert len(found) <= 60
    assert [span for bar in found for span in bar.spans] == [bar.spans[0] for bar in bars]


@given(st.integers(0, 86_400), st.integers(0, 400_000))
def test_times_above_the_lanes_never_touch(begin: int, took: int) -> None:
    axis = axis_of([Span("run", after(begin), after(begin + took))], 136.0, 838.0)
    for row in ticks_of(axis, 840.0)[:2]:
        edges = sorted((left, left + width_of(text)) for left, text in row)
        assert row
        assert all(one[1] < other[0] for one, other in itertools.pairwise(edges))
        assert edges[0][0] >= 0
        assert edges[-1][1] <= 840


def test_a_clock_that_was_years_away_has_no_more_times_than_there_is_room_for() -> None:
    axis = axis_of([Span("run", after(0), after(7000 * 365 * 86_400))], 136.0, 838.0)
    (stretch,) = axis.stretches
    assert sum(1 for _ in itertools.islice(round_times(stretch), 1000)) < 20
