"""Why a resource runs on another node than before, by what is on record. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.model.change import Move, Outcome
from engine.model.event import Event
from engine.record.changes import changes_of
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
    moves: tuple[Move, ...]
    """The runbook's own whose command succeeded, in order."""

    @classmethod
    def of(cls, events: Sequence[Event], nodes: Mapping[str, str]) -> Course:
        seen = [str(e["active"]) for e in events if e["event"] == "position" and e.get("active")]
        standby = tuple(of_kind(intervals_of(events), STANDBY))
        moves = tuple(
            Move.of(one.intent["moves"])
            for one in changes_of(events)
            if "moves" in one.intent and one.result and one.result["outcome"] == Outcome.OK
        )
        return cls(standby, seen[0] if seen else "", nodes, moves)

    def moves_of(self, resource: str) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if resource in move.resources)


@dataclass(frozen=True)
class _Words:
    """What a sentence calls the resources that it is about, and their verbs."""

    they: str
    them: str
    are: str
    were: str
    run: str


_ONE = _Words("It", "it", "is", "was", "runs")
_SEVERAL = _Words("The resources", "them", "are", "were", "run")


def nodes_of(state: str) -> tuple[str, ...]:
    """The nodes that a resource's state in words names, in order."""
    named = (name for said in _ON.findall(state) for name in said.split(", "))
    return tuple(dict.fromkeys(named))


def comment_of(
    before: str, after: str, course: Course, moves: Sequence[Move] = (), number: int = 1
) -> Comment:
    """Why a resource's state in words differs, or in the same way that of a `number` of them.

    `moves` are the runbook's own of these resources. Without an explanation on record it says so.
    """
    said = _ONE if number == 1 else _SEVERAL
    was, now = nodes_of(before), nodes_of(after)
    own = _own(moves, said)
    if not after:
        text = f"{said.they} {said.are} no longer configured, and nothing on record says why."
        return Comment(text + own, False)
    if not before:
        return Comment(f"{said.they} {said.are} new: not configured before.{own}", True)
    if "failed" in after and "failed" not in before:
        text = f"{said.they} {said.are} marked failed, and {said.were} not before."
        return Comment(text + own, False)
    if not now:
        disabled = f" {said.they} {said.are} disabled now." if "disabled" in after else ""
        text = f"{said.they} ran {_at(was)}, and {said.run} nowhere now."
        return Comment(text + disabled + own, False)
    if set(was) == set(now):
        return Comment(f"{said.they} {said.run} where before, in another state.{own}", False)
    if not was:
        return Comment(f"{said.they} ran nowhere before, and {said.run} {_at(now)} now.{own}", True)
    left = tuple(node for node in was if node not in now)
    return _moved(left, now, course, moves, said)


def _moved(
    left: Sequence[str], now: Sequence[str], course: Course, moves: Sequence[Move], said: _Words
) -> Comment:
    own = _own(moves, said)
    if not left:
        text = f"{said.they} {said.run} on more nodes than before: {', '.join(now)}."
        return Comment(text + own, True)
    down = [node for node in left if course.nodes.get(node, "").startswith(_DOWN)]
    if down:
        text = f"{said.they} left {', '.join(down)}, which is {course.nodes[down[0]]} now."
        return Comment(text + own, False)
    spans = {node: [one for one in course.standby if one.subject == node] for node in left}
    lacking = ", ".join(node for node, each in spans.items() if not each)
    if lacking:
        text = f"Nothing on record explains why {said.they.lower()} left {lacking}, which was not"
        return Comment(f"{text} seen in standby: pacemaker's log there tells.{own}", False)
    was = "; ".join(f"{node} was in standby {_spans(each)}" for node, each in spans.items())
    # the runbook's first move begins where they had gone by themselves
    went = (moves[0].source,) if moves and moves[0].source else tuple(now)
    stays = ", the node that stays active through the upgrade" if went == (course.active,) else ""
    text = f"{was}. {said.they} went to {', '.join(went)}{stays}.{own}"
    if went == tuple(now):
        normal = (
            " Pacemaker moves nothing back unless its configuration prefers the former node:"
            " normal after such an upgrade."
        )
        return Comment(text + normal, True)
    if moves[-1].target in now:
        return Comment(text, False)
    last = f" Nothing on record explains why {said.they.lower()} {said.run} {_at(now)} now."
    return Comment(text + last, False)


def _own(moves: Sequence[Move], said: _Words) -> str:
    """The runbook's own moves as a sentence that follows another one; '' when there are none."""
    if not moves:
        return ""
    *through, last = [one for one, _ in itertools.groupby(move.target for move in moves)]
    is_back = bool(through) and last == moves[0].source
    where = ", ".join(through if is_back else [*through, last])
    back = f" and back to {last}" if is_back else ""
    purposes = " and ".join(dict.fromkeys(move.purpose for move in moves))
    return f" The runbook had pacemaker move {said.them} to {where}{back}, for {purposes}."


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
