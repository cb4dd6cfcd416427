"""What a plan does not ask, and a snapshot needs: asked at the plan's end, each once.

Every answer is an observation in the journal like any other, so that the same snapshot can be made
of the journal later.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.ask.look import Look
from engine.errors import RunbookError
from engine.model.release import Release
from engine.queries.machine import MEMORY, PROCESSORS
from engine.snapshot.parts import Parts


def ask_the_rest(look: Look, release: Release, clean: Callable[[str], str]) -> list[str]:
    """Ask it; what can't be asked is missing in the snapshot. Returns why, a sentence each."""
    parts: Parts | None = release.snapshot
    problems = []
    for ask in (_of_machines, *([parts.ask] if parts is not None else [])):
        try:
            ask(look)
        except RunbookError as error:  # the plan has told what it needs itself
            problems.append(clean(str(error)))
    return problems


def _of_machines(look: Look) -> None:
    """A plan asks the operative nodes only."""
    others = (*look.names.elastic_only, *look.names.voting_only)
    look.ask_all(others, MEMORY)
    look.ask_all(others, PROCESSORS)
