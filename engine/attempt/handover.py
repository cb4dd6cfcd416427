"""The end of a run on N: the rest of the journal, then the lock. Tried for a while, then told."""

from __future__ import annotations

from collections.abc import Callable

from engine.attempt.lock import ClusterLock
from engine.attempt.records import LockLost
from engine.errors import RunbookError
from engine.model.answer import Lost, LostKind
from engine.record.run import Run
from engine.waiting import attempts

PATIENCE = 20.0
"""Seconds for which N is tried again when it takes no records."""


def hand_over(
    run: Run,
    sync: Callable[[], None] | None,
    lock: ClusterLock,
    tell: Callable[[str], None],
    forget: Callable[[], None] = lambda: None,
) -> None:
    """Hand N the rest of the journal and give its lock back; `tell` what did not work.

    A failure loses nothing: the journal here is whole, and the lease ends by itself. `forget` is
    called between the two, when N has all of the journal.
    """
    if sync is not None and (problem := _why_not_done(sync)):
        left = run.journal.unsent_lines
        results = [event for event in _unsent_results(run) if not event.get("never_started")]
        run.record("bookkeeping", problem=problem)
        tell(f"N did not take the last {left} lines of the journal: {problem}")
        for event in results:
            tell(f"    not on N: {event['key']} on {event.get('node')}: {event['outcome']}")
        tell(
            f"    They are in {run.journal.path}. The next run from here hands them over; one from"
            " elsewhere looks at the cluster, and asks a person for what can't be seen there."
        )
    elif problem := _why_not_done(forget):
        run.record("bookkeeping", problem=problem)
        tell(
            f"N still has the key of the attempt's comparisons: {problem}. The next run removes it."
        )
    if problem := _why_not_done(lock.give_back):
        run.record("bookkeeping", problem=problem)
        tell(f"N did not take the lock back: {problem}. Its lease ends by itself.")


def _why_not_done(do: Callable[[], None]) -> str:
    """Why it could not be done; '' when it was."""
    problem = ""
    for _ in attempts(PATIENCE):
        try:
            do()
        except LockLost as error:
            return str(error)
        except (Lost, RunbookError) as error:
            problem = str(error)
            if isinstance(error, Lost) and error.kind is LostKind.IDENTITY:
                break  # nothing is sent to another machine, however often it is tried
        else:
            return ""
    return problem


def _unsent_results(run: Run) -> list[dict[str, object]]:
    return [dict(event) for event in run.journal.unsent_events() if event["event"] == "result"]
