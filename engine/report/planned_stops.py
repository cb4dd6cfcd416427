"""Rounds of a long command that stopped as planned: files had to be migrated first. Pure.

The command itself ends with an error then. What tells such a stop from a failure is the step that
looked at it: it put the files on record, and nothing that it found blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.model.event import Event
from engine.model.facts import CONFLICTS


def planned_stops_of(events: Iterable[Event]) -> Mapping[str, tuple[str, ...]]:
    """Key of the command's change -> the nodes whose files waited for their migration.

    `events` are those of the attempt's runs, in order: a later run may be the one that looked.
    """
    detached: set[str] = set()
    last = ""
    looked: dict[str, tuple[str, tuple[str, ...]]] = {}
    verdicts: dict[str, str] = {}
    for event in events:
        kind, key = event["event"], str(event.get("key"))
        if kind == "intent" and event.get("detached"):
            detached.add(key)
        elif kind == "result" and key in detached:
            last = key if event["outcome"] == "failed" else ""
        elif kind == "fact" and str(event["name"]).startswith(CONFLICTS) and last:
            looked[str(event["step"])] = last, tuple(event.get("files", ()))
        elif kind == "step-ended":
            verdicts[str(event["name"])] = str(event["outcome"])
    return {
        key: nodes for step, (key, nodes) in looked.items() if verdicts.get(step) in _NOT_A_FAILURE
    }


# a later run finds that the round after it was run already
_NOT_A_FAILURE = ("done", "not needed")
STOPPED = "stopped as planned"
