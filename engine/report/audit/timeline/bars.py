"""What is drawn of something that lasted, and when several of it are one bar. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.judge.text import listed
from engine.report.audit.moments import KINDS
from engine.report.spans import Span

NEAR, MARK = 3.0, 8.0
"""The least width of a bar, and of a mark."""
_SCATTERED = ("gap", "unseen")
"""Kinds of which neighbours become one bar even if one of them is long."""

_FURTHEST = 1e4
"""More than any drawing is wide: what is not one bar by then are different things."""

Place = Callable[[datetime], float]


@dataclass(frozen=True)
class Bar:
    """Something that lasted, or several of one kind that lie close together."""

    kind: str
    lane: str
    spans: tuple[Span, ...]
    shown: tuple[datetime, datetime] | None = None
    """The part of it that is drawn; None: all of it."""
    number: int = 0
    """Its row in the list of all bars, from 1."""

    @property
    def begin(self) -> datetime:
        return self.spans[0].begin

    @property
    def end(self) -> datetime:
        return max(span.end for span in self.spans)

    @property
    def drawn(self) -> tuple[datetime, datetime]:
        return self.shown or (self.begin, self.end)

    @property
    def seconds(self) -> float:
        """In all; the time between several does not count."""
        return sum(span.in_tenths for span in self.spans)

    @property
    def at_most(self) -> str:
        """What goes before its seconds where the end of one of them is not known."""
        return "at most " if any(span.is_most for span in self.spans) else ""

    @property
    def name(self) -> str:
        names = listed(dict.fromkeys(span.name for span in self.spans), 4)
        return names if len(self.spans) == 1 else f"{len(self.spans)} × {names}"

    @property
    def detail(self) -> str:
        """That of all of them, each text once."""
        texts = dict.fromkeys(span.detail for span in self.spans if span.detail)
        return listed(texts, 3) if texts else ""

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """Run and name of each step in which one of them began; no run: it is not on record."""
        return tuple(dict.fromkeys((span.run, span.step) for span in self.spans if span.step))

    @property
    def anchor(self) -> str:
        return f"lasted-{self.number}"


def few(bars: Sequence[Bar], at: Place, near: float, most: int) -> list[Bar]:
    """At most that many: neighbours that can't be told apart are one, wider ones when it must be.

    `at` says where a moment lies in the drawing, `near` how close is too close.
    """
    found = _joined(bars, at, near)
    while len(found) > most and near < _FURTHEST:
        near *= 2
        found = _joined(bars, at, near)
    return found


def _joined(bars: Iterable[Bar], at: Place, near: float) -> list[Bar]:
    found: list[Bar] = []
    for bar in bars:
        last = found[-1] if found else None
        if last is not None and last.kind == bar.kind and _is_too_near(last, bar, at, near):
            found[-1] = replace(last, spans=(*last.spans, *bar.spans))
        else:
            found.append(bar)
    return found


def _is_too_near(last: Bar, bar: Bar, at: Place, near: float) -> bool:
    if bar.kind in KINDS:
        # marks do not make a chain: one stands where its moments were
        return at(bar.begin) - at(last.begin) < near
    if at(bar.begin) - at(last.end) >= near:
        return False
    pair = (last.spans[-1], bar.spans[0])
    return bar.kind in _SCATTERED or all(at(s.end) - at(s.begin) < near for s in pair)
