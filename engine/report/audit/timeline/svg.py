"""The attempt as a drawing, once for a wide page and for paper, once for a small screen. Pure.

Each bar is a link to its row in the list below the drawing, and says what it is to who hovers.
Colours are classes; what they look like is in timeline.css.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from markupsafe import Markup

from engine.judge.text import shortened
from engine.report.audit.timeline.axis import Axis, axis_of
from engine.report.audit.timeline.bars import MARK, NEAR, Bar
from engine.report.audit.timeline.labels import (
    BOLD,
    fitting,
    labels_of,
    short,
    title_of,
    width_of,
)
from engine.report.audit.timeline.lanes import MOMENTS, RUNS, Drawing, Lane
from engine.report.audit.timeline.shapes import GLYPHS, HATCHES, Shape
from engine.report.audit.timeline.ticks import Row, ticks_of
from engine.report.words import to_the_second

DATES, TIMES, FLAG = 10, 23, 37
"""Base lines of the rows above the lanes."""
_BESIDE = ("outside", "gap", "unseen", "standby", "off", "command")
"""Kinds whose label may stand to the right of the bar."""
CAPTIONED = "phases"
"""The lane with a row of its own for names that do not fit into their bars."""


def draw(drawing: Drawing, shape: Shape) -> Markup:
    """The SVG, for a page."""
    picture = _Picture(drawing, shape, axis_of(drawing.runs, shape.left, shape.right))
    return Markup(picture.text())


@dataclass
class _Picture:
    drawing: Drawing
    shape: Shape
    axis: Axis
    parts: list[str] = field(default_factory=list)

    def text(self) -> str:
        top = (FLAG if self.drawing.no_return else TIMES) + 7
        lanes = list(self._lanes(top))
        height = lanes[-1][1] + 2
        self._patterns()
        self._ticks(top, height)
        self._breaks(top, height)
        for span in self.drawing.beyond:
            left, right = self.axis.at(span.begin), self.axis.at(span.end)
            self._hatch("beyond", left, top, right - left, height - top)
        self._point(top, height)
        for lane, end, begin in lanes:
            self._lane(lane, begin, end)
        shape = self.shape
        head = (
            f'<svg class="timeline {shape.name}" viewBox="0 0 {shape.width:g} {height:g}"'
            ' role="group" aria-label="timeline of the attempt, each bar a link to its row below">'
        )
        return "\n".join([head, *self.parts, "</svg>"])

    def _lanes(self, top: float) -> Iterator[tuple[Lane, float, float]]:
        """Each lane with its bottom and its top."""
        for lane in self.drawing.lanes:
            rows = len(lane.tracks) + (lane.name == CAPTIONED)
            if lane.asked or not self.shape.is_stacked:
                rows = max(rows, 1)
            bottom = top + self._head + self.shape.track * rows + 5
            yield lane, bottom, top
            top = bottom

    @property
    def _head(self) -> float:
        return 14 if self.shape.is_stacked else 0

    def _patterns(self) -> None:
        self.parts.append("<defs>")
        for kind, path in HATCHES.items():
            self.parts.append(
                f'<pattern id="{self.shape.name}-{kind}" width="8" height="8"'
                ' patternUnits="userSpaceOnUse">'
                f'<path class="hatch on-{kind}" d="{path}"/></pattern>'
            )
        self.parts.append("</defs>")

    def _rect(self, name: str, left: float, top: float, width: float, height: float) -> None:
        self.parts.append(
            f'<rect class="{name}" x="{left:.1f}" y="{top:.1f}" width="{max(width, 0):.1f}"'
            f' height="{height:.1f}"/>'
        )

    def _line(self, name: str, x: float, top: float, bottom: float) -> None:
        self.parts.append(
            f'<line class="{name}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
        )

    def _write(self, name: str, x: float, y: float, text: str) -> None:
        self.parts.append(f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')

    def _ticks(self, top: float, height: float) -> None:
        dates, times, lines = ticks_of(self.axis, self.shape.width)
        self.parts.append('<g aria-hidden="true">')
        for at in lines:
            self._line("tick", at, top, height)
        for at, text in dates:
            self._write("tick", at, DATES, text)
        for at, text in times:
            self._write("tick", at, TIMES, text)
        self.parts.append("</g>")

    def _breaks(self, top: float, height: float) -> None:
        for bar, (left, right) in zip(self.drawing.breaks, self.axis.breaks, strict=True):
            self._open(bar)
            self._rect("break", left + 1, top, right - left - 2, height - top)
            self._close()

    def _point(self, top: float, height: float) -> None:
        bar = self.drawing.no_return
        if bar is None:
            return
        at, half = self.axis.at(bar.begin), width_of(bar.name) / 2
        self._open(bar)
        self._line("no-return", at, FLAG + 2, height)
        middle = min(max(at, half), self.shape.width - half)
        self._write("no-return", middle - half, FLAG, bar.name)
        self._close()

    def _lane(self, lane: Lane, top: float, bottom: float) -> None:
        shape, first = self.shape, top + self._head
        self._line_below(bottom)
        self.parts.append(f"<g><title>{escape(shortened(lane.name, 200))}</title>")
        room = shape.width if shape.is_stacked else shape.left - 6
        y = top + 12 if shape.is_stacked else first + shape.track / 2 + 6
        self._write(
            "lane", shape.left if shape.is_stacked else 0, y, short(lane.short, room / BOLD)
        )
        self.parts.append("</g>")
        for span in lane.asked:
            left, right = self.axis.at(span.begin), self.axis.at(span.end)
            self._rect("asked", left, first + shape.track / 2 + 1, right - left, 2)
        for number, track in enumerate(lane.tracks):
            y = first + shape.track * number + 3
            if lane.name == MOMENTS:
                self._marks(track, y)
            else:
                self._track(track, y)
            if lane.name == CAPTIONED:
                self._captions(track, y + 2 * shape.track - 5)
        if lane.name == RUNS:
            self._pauses(first + 3)

    def _line_below(self, y: float) -> None:
        self.parts.append(
            f'<line class="below" x1="0" x2="{self.shape.width:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )

    def _track(self, bars: Sequence[Bar], top: float) -> None:
        places = placed(bars, self.axis, NEAR)
        if bars[0].kind == "run":
            # by their moments two runs whose clocks differ could lie over each other
            places = [(stretch.left, stretch.right) for stretch in self.axis.stretches]
        height = self.shape.track - 2
        for number, (bar, (left, right)) in enumerate(zip(bars, places, strict=True)):
            nearest = places[number + 1][0] if number + 1 < len(places) else self.axis.right
            within = fitting(labels_of(bar), right - left - 6)
            is_alone = not within and bar.kind in _BESIDE
            beside = fitting(labels_of(bar), nearest - right - 8) if is_alone else ""
            self._open(bar, within or beside)
            several = " several" if len(bar.spans) > 1 else ""
            self._rect(f"bar {bar.kind}{several}", left, top, right - left, height)
            if bar.kind in HATCHES:
                self._hatch(bar.kind, left, top, right - left, height)
            if within:
                self._write(f"bar on-{bar.kind}", left + 3, top + height - 4, within)
            elif beside:
                self._write("bar beside", right + 4, top + height - 4, beside)
            self._close()

    def _hatch(self, kind: str, left: float, top: float, width: float, height: float) -> None:
        self.parts.append(
            f'<rect class="hatched" fill="url(#{self.shape.name}-{kind})" x="{left:.1f}"'
            f' y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
        )

    def _captions(self, bars: Sequence[Bar], y: float) -> None:
        """Below bars that have no room for their name, where there is some: the widest first."""
        row = Row(self.shape.width)
        places = zip(bars, placed(bars, self.axis, NEAR), strict=True)
        for bar, (left, right) in sorted(places, key=lambda one: one[1][0] - one[1][1]):
            text, *_ = labels_of(bar)
            middle = left + width_of(text) / 2
            if width_of(text) > right - left - 6 and (at := row.take(middle, text)) is not None:
                self._write("bar below", at, y, text)

    def _pauses(self, top: float) -> None:
        """How long each break lasted, in the runs' lane."""
        for bar, (left, right) in zip(self.drawing.breaks, self.axis.breaks, strict=True):
            if text := fitting(labels_of(bar), right - left - 2):
                x = (left + right - width_of(text)) / 2
                self._write("bar on-break", x, top + self.shape.track - 6, text)

    def _marks(self, bars: Sequence[Bar], top: float) -> None:
        places = placed(bars, self.axis, MARK)
        for number, (bar, (left, right)) in enumerate(zip(bars, places, strict=True)):
            nearest = places[number + 1][0] if number + 1 < len(places) else self.shape.width
            at, y = (left + right) / 2, top + self.shape.track / 2 - 1
            text = fitting(labels_of(bar), nearest - at - 12)
            self._open(bar, text)
            if text:
                self._write("bar beside", at + 8, top + self.shape.track - 6, text)
            path = GLYPHS[bar.kind].format(x=f"{at:.1f}", y=f"{y:.1f}")
            self.parts.append(f'<path class="mark {bar.kind.replace(" ", "-")}" d="{path}"/>')
            self._close()

    def _open(self, bar: Bar, text: str = "") -> None:
        """The link; its name begins with the text that is seen of it."""
        seen = f"{text}, " if text else ""
        name = escape(shortened(f"{seen}{bar.lane}: {bar.name} at {to_the_second(bar.begin)}", 120))
        self.parts.append(
            f'<a href="#{bar.anchor}" aria-label="{name}"><title>{escape(title_of(bar))}</title>'
        )

    def _close(self) -> None:
        self.parts.append("</a>")


def placed(bars: Sequence[Bar], axis: Axis, least: float) -> list[tuple[float, float]]:
    """Left and right edge of each bar of a track: none narrower than that, none over another."""
    least = min(least, (axis.right - axis.left) / max(1, len(bars)))
    edges: list[tuple[float, float]] = []
    free = axis.left
    for bar in bars:
        left, right = (axis.at(when) for when in bar.drawn)
        left = max(left, free)
        free = max(right, left + least)
        edges.append((left, free))
    limit = axis.right
    for number in reversed(range(len(edges))):
        left, right = edges[number]
        right = min(right, limit)
        limit = min(left, right - least)
        edges[number] = (limit, right)
    return edges
