"""The signed approvals of an attempt, and where it went another way than was approved. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from engine.model.event import Event
from engine.model.facts import APPROVED
from engine.report.audit.runbooks import SHOWN, UNKNOWN
from engine.verify import SEALED, place_of

_KEYS = ("login", "signer", SEALED)
"""Events with the fingerprint of a key that somebody used who ran it."""


def approvals_of(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Those that counted when the attempt began."""
    told = _fact(events)
    return list(told["given"]) if told else []


def _fact(events: Sequence[Event]) -> Event | None:
    facts = (e for e in reversed(events) if e["event"] == "fact" and e["name"] == APPROVED)
    return next(facts, None)


def kept_of(events: Sequence[Event], own: str) -> list[str]:
    """Where their files lie in the directory of the run `own`, that of the approvers last."""
    told = _fact(events)
    files = [*told["given"], told.get("approvers") or {}] if told else []
    return [
        place_of(PurePosixPath(one["file"]).name, str(told["run"]), own)
        for one in files
        if told and one.get("file")
    ]


def drift_of(change: Sequence[Event]) -> list[str]:
    """What was approved and is not what ran, a sentence each; `change`: the change's own runs.

    An approval is for one runbook, its settings and the risks accepted by then, and by somebody who
    has no other part in it. None when nothing was approved.
    """
    told = _fact(change)
    begun = [event for event in change if event["event"] == "run-started"]
    places = [place for place, one in enumerate(begun) if told and one["run"] == told["run"]]
    if told is None or not told["given"] or not places:
        return []
    approved, later = begun[places[0]], begun[places[0] + 1 :]
    numbers = {str(one["run"]): number for number, one in enumerate(begun, 1)}
    closing = {str(event["run"]) for event in change if event["event"] == "attempt-closed"}
    found = [*_too_few(change, approved)]
    for one in later:
        run = f"run {numbers[str(one['run'])]}"
        run += ", which closed the attempt," if str(one["run"]) in closing else ""
        found += _other_runbook(run, one, approved)
        found += _other_settings(run, one, approved)
    found += _accepted_since(change, approved)
    for given in told["given"]:
        found += _part_in_it(given, change, begun, numbers)
    return found


def _too_few(change: Sequence[Event], approved: Event) -> Iterator[str]:
    """Not all who were asked for have approved, and somebody has accepted that."""
    for event in change:
        is_of_it = event["event"] == "finding" and event["code"] == "approvals-missing"
        if is_of_it and event["run"] == approved["run"] and event["accepted"]:
            by = event["accepted"]["by"]
            yield f"{event['observed']}: that more are missing was accepted by {by}"


def _other_runbook(run: str, one: Event, approved: Event) -> Iterator[str]:
    ran, was = (str(event.get("runbook") or UNKNOWN) for event in (one, approved))
    if ran != was:
        yield f"{run} was runbook {ran[:SHOWN]}, approved was {was[:SHOWN]}"


def _other_settings(run: str, one: Event, approved: Event) -> Iterator[str]:
    ran, was = ((event.get("settings") or {}) for event in (one, approved))
    for name in dict.fromkeys([*was, *ran]):
        if ran.get(name) != was.get(name):
            said = f"{ran.get(name, 'not given')!s}, approved was {was.get(name, 'not given')!s}"
            yield f"{run} had {name} {said}"


def _accepted_since(change: Sequence[Event], approved: Event) -> Iterator[str]:
    """Findings that were accepted after the approval, in another run than the approved one."""
    for event in change:
        if event["event"] == "accepted" and event["run"] != approved["run"]:
            about = " ".join(filter(None, (event["code"], event.get("subject") or "")))
            yield f"{about} was accepted since, by {event['by']}"


def _part_in_it(
    given: Mapping[str, Any],
    change: Sequence[Event],
    begun: Sequence[Event],
    numbers: Mapping[str, int],
) -> Iterator[str]:
    """The one who approved ran it as well, in whichever run."""
    runs = [
        str(event["run"])
        for event in change
        if event["event"] in _KEYS and event.get("key") == given["key"]
    ]
    people = (given["by"], given["name"])
    runs += [
        str(one["run"]) for one in begun if one.get("operator") in people or one.get("by") in people
    ]
    if runs:
        told = ", ".join(str(number) for run, number in numbers.items() if run in runs)
        yield f"{given['name']} ({given['by']}), who approved it, had a part in run {told}"
