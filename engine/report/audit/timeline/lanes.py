"""What the timeline shows, before anybody draws it: lanes, and what lasted in each. Pure.

Short things that lie closer together than can be drawn are one bar, which says how many they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.judge.text import listed
from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.gaps import gaps_of, totals_of
from engine.record.intervals import FENCING
from engine.report.audit.moments import KINDS, moments_of, no_return_of
from engine.report.audit.runs import (
    asked_of,
    commands_of,
    out_of_reach_of,
    pauses_of,
    phases_of,
    states_lasting,
    steps_of,
    waits_of,
)
from engine.report.audit.timeline.axis import axis_of
from engine.report.audit.timeline.bars import MARK, NEAR, Bar, few
from engine.report.spans import Span, runs_of
from engine.report.window import beyond_of, outside_of, windows_of

NARROW = 356.0
"""The shortest line that is drawn: what lies too close there is one bar everywhere."""
WINDOW, RUNS, WAITS, MOMENTS = "window", "runs", "waits for a person", "moments"
_PLACED = ("window", "run", "standby", "off")
"""Kinds of bars of which the step under way says nothing, or that know the step themselves."""
MOST_BARS, MOST_MARKS = 60, 40
"""Of one kind in a lane, and in all."""


@dataclass(frozen=True)
class Lane:
    """Bars that are drawn beside one name; bars of one kind share a track."""

    name: str
    short: str
    """As it is written: of nodes of one domain without that."""
    tracks: tuple[tuple[Bar, ...], ...] = ()
    asked: tuple[Span, ...] = ()
    """Of a service: when it was asked, so that no gap means that it answered."""


@dataclass(frozen=True)
class Drawing:
    """Everything that is drawn; `bars` is the list that stands below, in the lanes' order."""

    runs: tuple[Span, ...]
    lanes: tuple[Lane, ...]
    breaks: tuple[Bar, ...]
    no_return: Bar | None
    beyond: tuple[Span, ...]
    """The parts of runs outside of their windows."""
    bars: tuple[Bar, ...]
    left_out: int
    """Moments that are not drawn, as there are too many."""

    @property
    def has_joined(self) -> bool:
        return any(len(bar.spans) > 1 for bar in self.bars)

    @property
    def kinds(self) -> list[str]:
        """Those that there are, for a legend."""
        return [*dict.fromkeys(bar.kind for bar in self.bars), *(["beyond"] if self.beyond else [])]


def drawing_of(events: Sequence[Event], nodes: Iterable[str]) -> Drawing | None:
    """Of all runs of an attempt; `nodes` have a lane each, in this order. None without events."""
    runs, nodes = runs_of(events), list(nodes)
    if not runs:
        return None
    at = axis_of(runs, 0.0, NARROW).at
    known, shown = _Steps(events), _without_domain(nodes)
    lanes = [_lane(lane, at, known) for lane in _lanes(events, runs, nodes)]
    marks, left_out = _marks(events, at)
    lanes = [replace(lane, short=shown.get(lane.name, lane.name)) for lane in lanes]
    lanes += [Lane(MOMENTS, MOMENTS, (marks,))] if marks else []
    breaks = [Bar("break", RUNS, (pause,)) for pause in pauses_of(events)]
    point = no_return_of(events)
    lines = [Bar("no-return", RUNS, (point.as_span(),))] if point else []
    number = _Numbers()
    lines, breaks = number.given(lines), number.given(breaks)
    lanes = [replace(one, tracks=tuple(map(tuple, map(number.given, one.tracks)))) for one in lanes]
    return Drawing(
        runs=tuple(runs),
        lanes=tuple(lanes),
        breaks=tuple(breaks),
        no_return=lines[0] if lines else None,
        beyond=tuple(beyond_of(events)),
        bars=(*lines, *breaks, *(bar for one in lanes for track in one.tracks for bar in track)),
        left_out=left_out,
    )


def _without_domain(nodes: Sequence[str]) -> dict[str, str]:
    """Node -> its name's first part, when all are of one domain and none is an address."""
    if len({node.partition(".")[2] for node in nodes}) != 1:
        return {}
    firsts = {node: node.partition(".")[0] for node in nodes}
    is_plain = not any(first.isdigit() for first in firsts.values())
    return firsts if is_plain and len(set(firsts.values())) == len(nodes) else {}


class _Numbers:
    """Numbers bars as they come."""

    def __init__(self) -> None:
        self._last = 0

    def given(self, bars: Iterable[Bar]) -> list[Bar]:
        numbered = []
        for bar in bars:
            self._last += 1
            numbered.append(replace(bar, number=self._last))
        return numbered


class _Steps:
    """Finds the step that ran at a moment."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._steps = steps_of(events)
        self._begins = [step.begin for step in self._steps]

    def placed(self, bar: Bar) -> Bar:
        """Its spans with the step in which each began, when it does not know one."""
        return replace(bar, spans=tuple(map(self._placed, bar.spans)))

    def _placed(self, span: Span) -> Span:
        number = bisect_right(self._begins, span.begin) - 1
        if span.step or number < 0 or self._steps[number].end < span.begin:
            return span
        return replace(span, run=self._steps[number].run, step=self._steps[number].name)


_Kinds = Mapping[str, Sequence[Bar]]


def _lanes(
    events: Sequence[Event], runs: Sequence[Span], nodes: Iterable[str]
) -> Iterable[tuple[str, _Kinds, Sequence[Span]]]:
    """Name, bars by kind, and when it was asked, of each lane from the top."""
    if windows_of(events):
        both = [*_windows(events), *_bars("outside", WINDOW, outside_of(events))]
        yield WINDOW, {"window": sorted(both, key=lambda bar: bar.drawn)}, ()
    numbered = [
        replace(run, name=f"run {number}", detail=f"{run.name}, {run.detail}")
        for number, run in enumerate(runs, 1)
    ]
    yield RUNS, {"run": [Bar("run", RUNS, (run,)) for run in numbered]}, ()
    if waits := waits_of(events):
        yield WAITS, {"wait": _bars("wait", WAITS, waits)}, ()
    yield "phases", {"phase": _bars("phase", "phases", phases_of(events))}, ()
    lasting, commands, lost = states_lasting(events), commands_of(events), out_of_reach_of(events)
    mine = [n for n in dict.fromkeys([*nodes, *lasting, *commands, *lost]) if n != FENCING]
    for node in mine:
        kinds = {"command": commands, "standby": lasting, "unseen": lost}
        yield (
            node,
            {kind: _bars(kind, node, each.get(node, ())) for kind, each in kinds.items()},
            (),
        )
    if FENCING in lasting:
        yield FENCING, {"off": _bars("off", FENCING, lasting[FENCING])}, ()
    asked = asked_of(events)
    for service, gaps in _services(events).items():
        by_kind = grouped(("unseen" if gap.name == "not seen" else "gap", gap) for gap in gaps)
        each_kind = {kind: _bars(kind, service, each) for kind, each in by_kind.items()}
        yield service, each_kind, asked.get(service, ())


def _bars(kind: str, lane: str, spans: Iterable[Span]) -> list[Bar]:
    return [Bar(kind, lane, (span,)) for span in sorted(spans, key=lambda span: span.begin)]


def _windows(events: Sequence[Event]) -> Iterable[Bar]:
    """The parts of the windows that lie within the runs that they were announced for."""
    for window, runs in windows_of(events):
        begin, end = max(window.begin, runs.begin), min(window.end, runs.end)
        if begin < end:
            yield Bar("window", WINDOW, (window,), (begin, end))


def _services(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Service -> its gaps; those that never answered have no lane."""
    spans: dict[str, list[Span]] = {
        total["target"]: [] for total in totals_of(events) if total["way"]
    }
    for gap in gaps_of(events):
        name = "not seen" if gap.unseen else "gap"
        more = f"; steps {listed(gap.steps)}" if len(gap.steps) > 1 else ""
        span = Span(
            name, gap.begin, gap.end, gap.why + more, run=gap.run, step=next(iter(gap.steps), "")
        )
        spans.setdefault(gap.target, []).append(span)
    return spans


def _lane(
    lane: tuple[str, _Kinds, Sequence[Span]], at: Callable[[datetime], float], known: _Steps
) -> Lane:
    name, kinds, asked = lane
    tracks = []
    for bars in kinds.values():
        placed = [bar if bar.kind in _PLACED else known.placed(bar) for bar in bars]
        if placed:
            # each run is told, however many there are
            tracks.append(tuple(placed if name == RUNS else few(placed, at, NEAR, MOST_BARS)))
    return Lane(name, name, tuple(tracks), tuple(asked))


def _marks(events: Sequence[Event], at: Callable[[datetime], float]) -> tuple[tuple[Bar, ...], int]:
    """The moments that are drawn, in order; and how many are not."""
    by_kind = grouped(
        (one.kind, Bar(one.kind, MOMENTS, (one.as_span(),))) for one in moments_of(events)
    )
    each = (few(by_kind.get(kind, []), at, MARK, MOST_MARKS) for kind in KINDS)
    marks = [bar for bars in each for bar in bars]
    left_out = sum(len(bar.spans) for bar in marks[MOST_MARKS:])
    return tuple(sorted(marks[:MOST_MARKS], key=lambda bar: bar.begin)), left_out
