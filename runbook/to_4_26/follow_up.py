"""Following up the machines of a list: where the list is, and what is kept of a look at them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from engine.ask.look import Look
from engine.errors import RunbookError
from engine.record.evidence import Evidence
from engine.record.listing import Cells
from engine.run.session import Session
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.agents import FollowedAgent, verdict
from runbook.to_4_26.memories.tally import HEADER, Judged, Tally

AGENTS = "agents"
"""What is left open, in a word."""
WITHIN = timedelta(days=14)
"""Agents send an inventory each day or so; after this time one that has not is looked at by hand.
A machine that was away for a week's holiday has had time."""
FETCH = 600.0
"""Seconds for bringing the list here."""


class ListUnusable(RunbookError):
    """The list on record can't be had or read; the text says why."""


def due(upgraded: datetime) -> date:
    """The day by which the agents are to be looked at again; `upgraded` as in `follow`."""
    return (upgraded + WITHIN).date()


def list_here(
    session: Session, look: Look, attempt: str, sha256: str, another: Path | None = None
) -> Path:
    """The list on record: `another` copy, that in this run's `backups/`, or fetched there from N.

    ListUnusable when N does not have it either, or can't be asked.
    """
    own = session.run.directory / "backups" / follow_up_list.FILE
    for here in filter(None, (another, own)):
        if not follow_up_list.problem_of(here, sha256):
            return here
    source = ("cat", "--", follow_up_list.path(attempt))
    try:
        fetched = session.fetch(look.names.active, source, follow_up_list.FILE, FETCH)
    except RunbookError as error:
        raise ListUnusable(str(error)) from error
    if problem := follow_up_list.problem_of(fetched, sha256):
        raise ListUnusable(
            f"the list of the machines to follow up, as {look.names.active} has it, is not the one"
            f" on record: {problem}"
        )
    return fetched


def follow(look: Look, evidence: Evidence, file: Path, upgraded: datetime) -> tuple[Tally, str]:
    """Judge every machine of the list; their counts, and the file of the run that lists them all.

    `upgraded` is the database's clock after the column was changed. Raises ListUnusable.
    """
    tally = Tally()

    def judged() -> Iterator[Cells]:
        for agent, now in follow_up_list.with_now(look, _machines(file)):
            one = Judged(verdict(agent, now, upgraded), agent, now)
            tally.add(one, upgraded)
            yield one.row()

    output = evidence.list("agents to follow up", HEADER, judged())
    return tally, str(output["file"])


def _machines(file: Path) -> Iterator[FollowedAgent]:
    try:
        yield from follow_up_list.read(file)
    except ValueError as error:
        raise ListUnusable(f"the list of the machines can't be read: {error}") from error
