"""`crm_simulate --live-check --run` -> what pacemaker's scheduler would begin now.

What is under way already is not among it: crm_mon tells that, as a resource that is starting.
"""

from __future__ import annotations

from engine.errors import ParseError
from engine.parse.fields import excerpt

SOURCE = "crm_simulate --live-check --run"
HEADING = "Transition Summary:"


def parse_left_to_do(text: str) -> tuple[str, ...]:
    """The actions, each as its line has it: `Stop  web  ( node1 )`; empty: nothing is left."""
    before, heading, after = text.partition(HEADING)
    if not heading:
        raise ParseError(
            SOURCE, HEADING, f"is missing; the answer begins {excerpt(before.strip())}"
        )
    return tuple(line.strip().removeprefix("* ") for line in after.splitlines() if line.strip())
