"""The one sentence that a person would say of a run: how it stands, and what is left. Pure.

It says what is on record, and of what is not, that it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.judge.text import shortened
from engine.model.event import Event
from engine.model.inventory import Environment
from engine.report.as_left import gaps_of, state_of
from engine.report.ended import Told, lead_of
from engine.report.open_points import OpenPoint, open_points_of
from engine.report.words import day_in_words, number_in_words

_POINTS = 2
"""Open points that are named."""


def headline_of(summary: Mapping[str, Any], events: Sequence[Event]) -> str:
    """`summary` is summary.json's, `events` those of the whole attempt, the run's own last.

    `X.Y on 5 of 5 nodes, inside the window, fencing on, services normal; web 26 s away, one point
    open: snapshots, by 12 December, the operator`. Of a rehearsal that is said before all else.
    """
    told = Told.of(summary, events)
    lead, state = lead_of(told), state_of(told)
    points = in_short(open_points_of(summary, events), str(summary["finished"]))
    if not points and told.is_good and told.mode == "execute":
        points = "nothing open"
    joint = ": " if told.seen.is_current else "; "
    first = joint.join(filter(None, [lead, state]))
    sentence = "; ".join(filter(None, [first, ", ".join(filter(None, [gaps_of(told), points]))]))
    if summary["environment"] == Environment.REHEARSAL:
        sentence = f"rehearsal: {sentence}"
    return sentence[:1].upper() + sentence[1:]


def in_short(points: Sequence[OpenPoint], today: str) -> str:
    """`one point open: snapshots, by 12 December, the operator`; '' when nothing is open."""
    if not points:
        return ""
    shown, rest = points[:_POINTS], len(points) - _POINTS
    owners = {point.owner for point in points}
    together = owners.pop() if len(points) > 1 == len(owners) else ""
    named = "; ".join(_point(point, today, "" if together else point.owner) for point in shown)
    more = f"; and {rest} more" if rest > 0 else ""
    what = f"{number_in_words(len(points))} point{'' if len(points) == 1 else 's'} open"
    return f"{what}{f' for {together}' if together else ''}: {named}{more}"


def _point(point: OpenPoint, today: str, owner: str) -> str:
    word = "due since" if point.until < today[:10] else "by"
    by = f"{word} {day_in_words(point.until, today)}" if point.until else ""
    return ", ".join(filter(None, [shortened(point.brief, 80), by, owner]))
