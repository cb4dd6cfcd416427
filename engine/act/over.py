"""Whether the time of a step's action is over: whatever it would find, it is not to change it."""

from __future__ import annotations

from engine.model.steps import upstream
from engine.record.run import Run


def is_over(run: Run) -> str:
    """Why the step under way has nothing to change any more; empty: it may have.

    A long command changes what the steps before it look at, and may do so now.
    """
    if run.memory.closed:
        return "the attempt is closed: this run changes nothing any more"
    for record in reversed(run.memory.changes.values()):
        begun = record.intent
        waits_for = run.waits_for.get(begun["step"], ())
        if begun.get("detached") and run.step in upstream(waits_for, run.waits_for):
            return f"an earlier run went on from here to {begun['what']!r}"
    return ""
