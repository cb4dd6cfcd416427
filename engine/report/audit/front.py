"""The first screen of the auditor's page: what a change manager decides by. Pure.

What it says in one sentence, what is open and what was lost come from modules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.other_runs import FOLLOWED
from engine.report.audit.approvals import approvals_of, drift_of
from engine.report.audit.moments import no_return_of
from engine.report.change import closing_of, taken_by
from engine.report.html import verdict_of
from engine.report.window import INSIDE, window_sentence
from engine.report.words import announced_minutes, at

KEPT, LEFT = "kept", "left"
_SHOWN = 16
"""Digits of a head that are shown."""


@dataclass(frozen=True)
class Fact:
    """One cell: its label, what is so, in a word whether that is well, and more about it."""

    label: str
    value: str
    state: str = ""
    """`kept` or `left`, for its colour; '' when nothing judges it."""
    more: tuple[str, ...] = ()
    is_missing: bool = False
    """An audit asks for it, and it is not there."""
    where: str = ""
    """Id of the section that has the whole of it."""


@dataclass(frozen=True)
class Front:
    """The verdict (`good`, `warn`, `bad`, `calm`: its colour) and the cells in reading order."""

    verdict: str
    facts: tuple[Fact, ...]


def front_of(summary: Mapping[str, Any], change: Sequence[Event]) -> Front:
    """From summary.json's data and the events of the change's own runs."""
    begun = [event for event in change if event["event"] == "run-started"]
    return Front(
        verdict_of(str(summary["outcome"])),
        (
            _who(summary, change, begun),
            _change(summary, begun),
            _approval(summary, change),
            _window(change, begun, is_asked=summary["environment"] != "rehearsal"),
            _time(summary, change),
            _no_return(change, begun),
        ),
    )


def _who(summary: Mapping[str, Any], change: Sequence[Event], begun: Sequence[Event]) -> Fact:
    hosts = ", ".join(dict.fromkeys(str(one["host"]) for one in begun if one.get("host")))
    more = (*([f"on {hosts}"] if hosts else []), *_logins(change))
    operator = str(summary["operator"]) or "nobody on record"
    return Fact("Who", operator, "", more, where="people")


def _logins(change: Sequence[Event]) -> list[str]:
    """As whom and by which key the nodes were logged in to; the ways that differ, a line each."""
    nodes = grouped(
        ((str(event["user"]), str(event.get("key") or "")), str(event["node"]))
        for event in change
        if event["event"] == "login"
    )
    return [
        f"as {user} on {len(set(mine))} nodes, " + (f"key {key}" if key else "no key on record")
        for (user, key), mine in nodes.items()
    ][:2]


def _change(summary: Mapping[str, Any], begun: Sequence[Event]) -> Fact:
    named = summary.get("change_id")
    more = (
        f"{summary['source']} to {summary['target']}, {summary['environment']}",
        *(
            f"follows run {one['run']}, unaltered up to {one['head'][:_SHOWN]}"
            for one in _followed(begun)
        ),
    )
    if named:
        return Fact("Change", str(named), "", more)
    is_asked = summary["environment"] != "rehearsal"
    return Fact("Change", "none named", "", more, is_missing=is_asked)


def _followed(begun: Sequence[Event]) -> list[Mapping[str, Any]]:
    """The evidence that a follow-up went by, with the head of its journal."""
    return [one for event in begun for one in event.get("read", ()) if one["as"] == FOLLOWED]


def _approval(summary: Mapping[str, Any], change: Sequence[Event]) -> Fact:
    given = approvals_of(change)
    if given:
        people = ", ".join(dict.fromkeys(str(one["by"]) for one in given))
        more = tuple(dict.fromkeys(f"{one['name']}, {at(one['given'])}" for one in given))
        said = f"signed by {people}"
        if drifted := drift_of(change):
            left = [f"and {len(drifted) - 2} more"] if len(drifted) > 2 else []
            told = (*drifted[:2], *left, *more[:2])
            return Fact("Approval", f"{said}; not as approved", LEFT, told, True, "approvals")
        return Fact("Approval", said, KEPT, more[:2], where="approvals")
    if summary["environment"] == "rehearsal":
        return Fact("Approval", "a rehearsal needs none", where="approvals")
    more = ("see the change's own record",)
    return Fact("Approval", "none signed is on record", "", more, is_missing=True)


def _window(change: Sequence[Event], begun: Sequence[Event], *, is_asked: bool) -> Fact:
    """Whether the changes were made within it; looking before it begins breaks none."""
    planned = dict.fromkeys(at(str(one["window"])) for one in begun if one.get("window"))
    said = window_sentence(change)
    if not planned:
        return Fact("Window", "none named", is_missing=is_asked and bool(said))
    if not said:
        return Fact("Window", "nothing was changed", "", tuple(planned))
    is_kept = said == INSIDE
    return Fact("Window", "kept" if is_kept else said, KEPT if is_kept else LEFT, tuple(planned))


def _time(summary: Mapping[str, Any], change: Sequence[Event]) -> Fact:
    span = taken_by(change)
    taken = span.length
    runs = len({event["run"] for event in change})
    is_under_way = summary["mode"] == "execute" and not closing_of(change)
    word = "so far" if is_under_way else "taken"
    whose = "attempt" if is_of_attempt(summary, runs) else "run"
    more = [f"{whose}: {span.ends}" + (f", {runs} runs" if runs > 1 else "")]
    minutes = announced_minutes(str(summary["announced"] or ""))
    if summary["mode"] != "execute":  # announced is the time of the upgrade
        return Fact("Time", f"{taken} {word}", "", tuple(more))
    if not minutes:
        return Fact("Time", f"{taken} {word}", "", ("announced: nothing", *more))
    announced = timedelta(minutes=minutes)
    state = KEPT if taken <= announced else LEFT
    return Fact("Time", f"{taken} {word}, {announced} announced", state, tuple(more))


def is_of_attempt(summary: Mapping[str, Any], runs: int) -> bool:
    """Begin and end are those of an attempt: `runs` is how many it has had so far."""
    return summary["mode"] == "execute" or runs > 1


def _no_return(change: Sequence[Event], begun: Sequence[Event]) -> Fact:
    passed = no_return_of(change)
    if passed is not None:
        when = at(passed.when.isoformat())
        return Fact("Point of no return", f"passed {when}", "", (passed.what,), where="timeline")
    is_told = any("no_return" in event for event in begun)
    return Fact("Point of no return", "not reached" if is_told else "not on record")
