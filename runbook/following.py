"""Following up the machines of a list: where the list is, and what is kept of a look at them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from engine.errors import RunbookError
from engine.evidence import Evidence
from engine.look import Look
from engine.session import Session
from runbook.ocs import followed
from runbook.ocs.agents import verdict
from runbook.ocs.tally import HEADER, Judged, Tally

FETCH = 600.0
"""Seconds for bringing the list here."""
TABLE = "agents.csv"


def list_here(
    session: Session, look: Look, attempt: str, sha256: str, another: Path | None = None
) -> Path:
    """The list on record: `another` copy, that in this run's `backups/`, or fetched there from N.

    RunbookError when N does not have it either.
    """
    own = session.run.directory / "backups" / followed.FILE
    for here in filter(None, (another, own)):
        if not followed.problem_of(here, sha256):
            return here
    source = ("cat", "--", followed.path(attempt))
    fetched = session.fetch(look.names.active, source, followed.FILE, FETCH)
    if problem := followed.problem_of(fetched, sha256):
        raise RunbookError(
            f"the list of the machines to follow up, as {look.names.active} has it, is not the one"
            f" on record: {problem}"
        )
    return fetched


def follow(look: Look, evidence: Evidence, file: Path, upgraded: datetime) -> Tally:
    """Judge every machine of the list; all of them are kept as a table, the counts returned.

    `upgraded` is the database's clock after the column was changed.
    """
    tally = Tally()

    def judged() -> Iterator[tuple[object, ...]]:
        for agent, now in followed.with_now(look, followed.read(file)):
            one = Judged(verdict(agent, now, upgraded), agent, now)
            tally.add(one, upgraded)
            yield one.row()

    try:
        evidence.attach_table("agents to follow up", TABLE, HEADER, judged())
    except ValueError as error:
        raise RunbookError(
            f"the list of the machines to follow up can't be read: {error}"
        ) from error
    return tally
