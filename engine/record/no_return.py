"""When the point of no return was passed: every page tells it from here. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.event import Event
from engine.model.steps import base_of


def passing_of(events: Sequence[Event]) -> Event | None:
    """The first intent of the step from which on there is no way back but the fallback.

    `events` are those of the attempt's runs, in order. None: it was not reached, or the journals
    are older than the field that names the step. An intent whose command never started counts as
    none.
    """
    named = (event.get("no_return") for event in events if event["event"] == "run-started")
    base = next(filter(None, named), "")
    passing: Event | None = None
    for event in events:
        if event["event"] == "intent" and passing is None:
            passing = event if base and base_of(str(event["step"])) == base else None
        elif event["event"] == "result" and event.get("never_started") and passing is not None:
            is_its = (event["run"], event["key"]) == (passing["run"], passing["key"])
            passing = None if is_its else passing
    return passing
