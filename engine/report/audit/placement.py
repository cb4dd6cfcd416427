"""Why a resource runs on another node than before, by what is on record. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.model.event import Event
from engine.record.intervals import STANDBY, Interval, intervals_of, of_kind

_ON = re.compile(r"\bon ([^;]+?)(?=, disabled|, failed|;|$)")
"""Where it runs, as the state has it in words (`Started on n1, n2, failed; Stopped`)."""

_DOWN = ("offline", "unclean")


@dataclass(frozen=True)
class Comment:
    """A sentence, and whether it is as an upgrade leaves it."""

    text: str
    is_normal: bool


@dataclass(frozen=True)
class Course:
    """What happened between the two states."""

    standby: tuple[Interval, ...]
    active: str
    """The node that stays active through the upgrade; empty: not on record."""
    nodes: Mapping[str, str]
    """Pacemaker's nodes as they are left, in words."""

    @classmethod
    def of(cls, events: Sequence[Event], nodes: Mapping[str, str]) -> Course:
        seen = [str(e["active"]) for e in events if e["event"] == "position" and e.get("active")]
        standby = tuple(of_kind(intervals_of(events), STANDBY))
        return cls(standby, seen[0] if seen else "", nodes)


def nodes_of(state: str) -> tuple[str, ...]:
    """The nodes that a resource's state in words names, in order."""
    named = (name for said in _ON.findall(state) for name in said.split(", "))
    return tuple(dict.fromkeys(named))


def comment_of(before: str, after: str, course: Course) -> Comment:
    """Why a resource's state in words differs. Without an explanation on record it says so."""
    was, now = nodes_of(before), nodes_of(after)
    if not after:
        return Comment("It is no longer configured, and nothing on record says why.", False)
    if not before:
        return Comment("It is new: it was not configured before.", True)
    if "failed" in after and "failed" not in before:
        return Comment("It is marked failed, and was not before.", False)
    if not now:
        disabled = " It is disabled now." if "disabled" in after else ""
        return Comment(f"It ran {_at(was)}, and runs nowhere now.{disabled}", False)
    if set(was) == set(now):
        return Comment("It runs where it ran; its state is another one.", False)
    if not was:
        return Comment(f"It ran nowhere before, and runs {_at(now)} now.", True)
    return _moved(tuple(node for node in was if node not in now), now, course)


def _moved(left: Sequence[str], now: Sequence[str], course: Course) -> Comment:
    if not left:
        return Comment(f"It runs on more nodes than before: {', '.join(now)}.", True)
    down = [node for node in left if course.nodes.get(node, "").startswith(_DOWN)]
    if down:
        return Comment(f"It left {', '.join(down)}, which is {course.nodes[down[0]]} now.", False)
    spans = {node: [one for one in course.standby if one.subject == node] for node in left}
    lacking = [node for node, each in spans.items() if not each]
    if lacking:
        return Comment(
            f"Nothing on record explains why it left {', '.join(lacking)}, which was not seen in"
            " standby: pacemaker's log there tells.",
            False,
        )
    was = "; ".join(f"{node} was in standby {_spans(each)}" for node, each in spans.items())
    stays = ", the node that stays active through the upgrade" if now == (course.active,) else ""
    return Comment(
        f"{was}. It went to {', '.join(now)}{stays}. Pacemaker moves nothing back unless its"
        " configuration prefers the former node: normal after such an upgrade.",
        True,
    )


def _spans(each: Sequence[Interval]) -> str:
    """From when to when, as it was seen; of many only the whole time."""
    first, last = each[0], each[-1]
    until = f"{last.until:%H:%M:%S}" if last.until else ""
    if len(each) > 1:
        return f"{len(each)} times between {first.since:%H:%M:%S} and {until or 'now'}"
    since = f"{first.since:%H:%M:%S}"
    return f"from {since} to {until}" if until else f"since {since}, and still is"


def _at(nodes: Sequence[str]) -> str:
    return f"on {', '.join(nodes)}"
