"""Resources that the runbook itself moved while services were asked whether they answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.change import Move, Outcome
from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.changes import changes_of
from engine.report.words import at


def own_moves(events: Sequence[Event]) -> list[str]:
    """A sentence for all moves of the same resources for the same purpose, with their times.

    A service that is asked at another resource's address does not answer there meanwhile.
    """
    made = (
        (Move.of(one.intent["moves"]), at(str(one.intent["time"])))
        for one in changes_of(events)
        if "moves" in one.intent and one.result and one.result["outcome"] == Outcome.OK
    )
    alike = grouped(((move.resources, move.purpose), (move, when)) for move, when in made)
    return [
        f"The runbook itself moved {', '.join(resources)} for {purpose}: "
        + ", ".join(f"to {move.target} at {when}" for move, when in mine)
        + ". What is asked at an address that is not among them did not answer there meanwhile"
        for (resources, purpose), mine in alike.items()
    ]
