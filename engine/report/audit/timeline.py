"""The attempt as a drawing: phases, services, each node's standby and long commands. Pure.

Between two runs nothing was done: that time is drawn as a break of one width, however long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape

from engine.model.event import Event
from engine.record.gaps import gaps_of, totals_of
from engine.record.intervals import FENCING
from engine.report.audit.runs import (
    Span,
    commands_of,
    losses_of,
    marks_of,
    pauses_of,
    phases_of,
    runs_of,
    states_lasting,
)

WIDTH, LABELS, LANE, BREAK, TOP = 1000, 170, 22, 26, 30
_MARKS = {"planned stop": "#9a6700", "stopped": "#cf222e", "lost": "#cf222e"}
_SORTS = {"standby": "standby", "off": "standby", "not seen": "unseen", "out of reach": "unseen"}
_MOST_MARKS = 40
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)


@dataclass
class _Axis:
    """Where a moment is, in units of the drawing."""

    runs: Sequence[Span]
    scale: float = 1.0
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        total = sum(max(run.seconds, 1.0) for run in self.runs)
        room = WIDTH - LABELS - BREAK * (len(self.runs) - 1)
        self.scale = max(room, 100) / total
        at = float(LABELS)
        for run in self.runs:
            self.starts.append(at)
            at += max(run.seconds, 1.0) * self.scale + BREAK

    @property
    def end(self) -> float:
        return self.starts[-1] + max(self.runs[-1].seconds, 1.0) * self.scale

    def at(self, when: datetime) -> float:
        """A moment between two runs is at the end of the first."""
        place = self.starts[0]
        for run, start in zip(self.runs, self.starts, strict=True):
            if when < run.begin:
                break
            inside = min((when - run.begin).total_seconds(), max(run.seconds, 1.0))
            place = start + inside * self.scale
        return place


def draw(events: Sequence[Event], nodes: Iterable[str]) -> str:
    """The SVG, for a page; empty without events."""
    runs = runs_of(events)
    if not runs:
        return ""
    axis = _Axis(runs)
    lasting, commands = states_lasting(events), commands_of(events)
    losses = losses_of(events)
    lanes: list[tuple[str, list[Span], str]] = [("phases", phases_of(events), "phase")]
    lanes += [(service, spans, "gap") for service, spans in _services(events).items()]
    if FENCING in lasting:
        lanes.append((FENCING, lasting[FENCING], "node"))
    for node in nodes:
        spans = [*lasting.get(node, []), *commands.get(node, []), *losses.get(node, [])]
        lanes.append((node, sorted(spans, key=lambda span: (span.begin, span.name)), "node"))
    height = TOP + LANE * len(lanes) + 34
    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-label="timeline of phases and nodes">'
    ]
    parts += _ticks(axis, height)
    for number, (name, spans, kind) in enumerate(lanes):
        top = TOP + LANE * number
        parts.append(f'<text class="lane" x="0" y="{top + 15}">{escape(name)}</text>')
        parts += [_bar(axis, span, top, kind) for span in spans]
    parts += _breaks(axis, pauses_of(events), height)
    parts += _marks(axis, events, height)
    return "\n".join([*parts, "</svg>"])


def _services(events: Sequence[Event]) -> dict[str, list[Span]]:
    """Service -> its gaps; those that never answered have no lane."""
    spans: dict[str, list[Span]] = {
        total["target"]: [] for total in totals_of(events) if total["way"]
    }
    for gap in gaps_of(events):
        name = "not seen" if gap.unseen else "gap"
        spans.setdefault(gap.target, []).append(Span(name, gap.begin, gap.end, gap.why))
    return spans


def _bar(axis: _Axis, span: Span, top: int, kind: str) -> str:
    left = axis.at(span.begin)
    width = max(axis.at(span.end) - left, 1.5)
    sort = _SORTS.get(span.name, kind)
    inset = 4 if sort == "standby" else 2
    told = f"{span.name}, {_clock(span.begin)} to {_clock(span.end)} UTC"
    told += f" ({timedelta(seconds=round(span.seconds))})"
    told += f": {span.detail}" if span.detail else ""
    shown = ""
    if width > 7 * len(span.name) and sort in ("phase", "node"):
        shown = f'<text class="bar" x="{left + 3:.1f}" y="{top + 14}">{escape(span.name)}</text>'
    return (
        f'<g><title>{escape(told)}</title><rect class="{sort}" x="{left:.1f}" y="{top + inset}"'
        f' width="{width:.1f}" height="{LANE - 2 * inset}"/>{shown}</g>'
    )


def _ticks(axis: _Axis, height: int) -> list[str]:
    wanted = 90 / axis.scale
    step = next((seconds for seconds in _STEPS if seconds >= wanted), 86400)
    parts = []
    for run in axis.runs:
        first = int(run.begin.timestamp()) // step * step + step
        for second in range(first, int(run.end.timestamp()) + 1, step):
            when = datetime.fromtimestamp(second, run.begin.tzinfo)
            at = axis.at(when)
            parts.append(f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="18" y2="{height}"/>')
            parts.append(f'<text class="tick" x="{at:.1f}" y="12">{when:%H:%M:%S}</text>')
    return parts


def _breaks(axis: _Axis, pauses: Sequence[Span], height: int) -> list[str]:
    parts = []
    for pause, start in zip(pauses, axis.starts[1:], strict=True):
        left = start - BREAK
        lasted = timedelta(seconds=round(pause.seconds))
        parts.append(
            f"<g><title>no run for {lasted}: {escape(pause.detail)}</title>"
            f'<rect class="break" x="{left + 2:.1f}" y="18" width="{BREAK - 4}"'
            f' height="{height - 18}"/></g>'
        )
    return parts


def _marks(axis: _Axis, events: Sequence[Event], height: int) -> list[str]:
    parts = []
    for when, kind, what in marks_of(events)[:_MOST_MARKS]:
        at, colour = axis.at(when), _MARKS[kind]
        parts.append(
            f"<g><title>{escape(f'{kind} at {_clock(when)} UTC: {what}'[:300])}</title>"
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - 14}" stroke="{colour}"/>'
            f'<path d="M {at:.1f} {height - 16} l 5 10 h -10 z" fill="{colour}"/></g>'
        )
    return parts


def _clock(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"
