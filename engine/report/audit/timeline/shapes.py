"""How the timeline looks, as data: layouts of the page and of a small screen, marks, patterns."""

from __future__ import annotations

from dataclasses import dataclass

GLYPHS = {
    "stopped": "M {x} {y} m 0 -5 l 5.5 10 h -11 z",
    "settled": "M {x} {y} m -4.5 0 a 4.5 4.5 0 1 0 9 0 a 4.5 4.5 0 1 0 -9 0 z",
    "planned stop": "M {x} {y} m 0 -5.5 l 5.5 5.5 l -5.5 5.5 l -5.5 -5.5 z",
    "accepted": "M {x} {y} m -5 -1 l 3.5 4.5 l 6.5 -8",
    "lost": "M {x} {y} m -4 -4 l 8 8 m 0 -8 l -8 8",
}
"""Path of a mark around its place, by the kind of the moment."""
HATCHES = {
    "standby": "M -2 2 l 4 -4 M 0 8 l 8 -8 M 6 10 l 4 -4",
    "off": "M -2 6 l 4 4 M 0 0 l 8 8 M 6 -2 l 4 4",
    "unseen": "M 1.5 2 h 1.5 M 5.5 6 h 1.5",
    "outside": "M 0 0 l 8 8 M 0 8 l 8 -8",
    "wait": "M 2 0 v 8 M 6 0 v 8",
    "beyond": "M -1 1 l 2 -2 M 0 8 l 8 -8 M 7 9 l 2 -2",
}
"""Lines within a square of 8, so that kinds are told apart without their colour."""


@dataclass(frozen=True)
class Shape:
    """How the drawing is laid out: `left` and `right` are the ends of the line of time."""

    name: str
    width: float
    left: float
    right: float
    track: float
    is_stacked: bool
    """A lane's name stands above its bars, not beside them."""


WIDE = Shape("wide", 840, 136, 838, 17, False)
SMALL = Shape("small", 360, 2, 358, 16, True)
