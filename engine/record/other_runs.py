"""The evidence of other runs that a run goes by: which it is, and what of it counts here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.model.event import Event

FOLLOWED, AS_REHEARSAL = "follow-up", "rehearsal"
"""What the evidence of another run is read for."""


@dataclass(frozen=True)
class Read:
    """The evidence of another run by which this one goes."""

    what_for: str
    run_id: str
    head: str
    """SHA-256 of its journal's last line, as it was read."""


@dataclass(frozen=True)
class Followed:
    """The run that is followed up, as its own evidence tells it."""

    directory: Path
    run_id: str
    attempt: str
    mode: str
    """`execute`, `plan` or `restore`: of the run itself."""
    facts: dict[str, Event]
    """What the steps of the attempt remembered, by name."""
    head: str
    """SHA-256 of its journal's last line."""
    lacking: Sequence[str] = ()
    """What its evidence lacks, a sentence each."""
