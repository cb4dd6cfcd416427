"""How a change that was not made, failed, or is unknown stops the run: why, and the way out."""

from __future__ import annotations

import shlex

from engine.attempt.records import LockLost
from engine.errors import Refused, RunbookError
from engine.model.answer import Answer, Lost
from engine.model.change import Change
from engine.model.ending import Ending
from engine.record.run import Run


class NotDone(RunbookError):
    """A change was not made, failed, or its outcome is unknown. The text is for the operator."""


def stopped(run: Run, ending: Ending, reason: str, what_to_do: str, settle: str = "") -> NotDone:
    """Stop the run; returns what is to be raised. `settle`: the step that a person settles."""
    run.halt(ending, reason, what_to_do, settle=settle)
    return NotDone(f"{reason}\n{what_to_do}")


def superseded(run: Run, error: LockLost) -> NotDone:
    """Another run has the cluster."""
    return stopped(
        run,
        Ending.LOCKED,
        str(error),
        "Look who holds the cluster; that run goes on from here. Run again when it has ended.",
    )


def not_recorded(run: Run, change: Change, error: RunbookError) -> NotDone:
    """N did not take the intent, so the change was not started: safe to try again."""
    return stopped(
        run,
        Ending.FAILED,
        f"not done: {change.what}. Its intent could not be recorded on N: {error}",
        "Bring N back into reach, then run again.",
    )


def never_started(run: Run, change: Change, why: str) -> NotDone:
    """It is certain that the command did not start."""
    return stopped(
        run,
        Ending.FAILED,
        f"not done: {change.what}. {why}",
        "The command never started. Remove the cause, then run again.",
    )


def refused(run: Run, error: RunbookError) -> NotDone:
    """The role firewall did not let it pass."""
    return stopped(run, Ending.FAILED, str(error), f"The command was not run. {_REFUSED}")


def firewall_refused(run: Run, error: Refused) -> None:
    """The first refusal is on record, and the run is over: the runbook asked for the impossible."""
    run.record("refused", step=run.step, node=error.node, command=error.command, rule=error.rule)
    run.halt(
        Ending.FAILED,
        f"the role firewall refused a command: {error}",
        f"Nothing more is asked or changed. {_REFUSED}",
    )


_REFUSED = (
    "Are the roles in the inventory right? If they are, this is a defect of the runbook: report it"
    " with this run's journal."
)


def failed(run: Run, change: Change, answer: Answer, failing: str = "") -> NotDone:
    """It ended with an exit code that means failure; `failing` is what its log tells."""
    said = failing or "(not shown: secret)"
    if not failing and not change.secret_output:
        # masked before it is cut: half a secret is not found
        said = run.redactor.clean_output(answer.errors.strip() or answer.text.strip())[-800:]
    return stopped(
        run,
        Ending.FAILED,
        f"{change.what} on {change.node} failed with exit code {answer.code}: {said}",
        "No further change was made. Remove the cause, then run again: what is done already"
        " is not done twice.",
    )


def unknown(run: Run, step: str, change: Change, lost: Lost, afterwards: str) -> NotDone:
    """No answer came, and it may have run. `afterwards`: what a look at the node told since."""
    if change.detached:
        again = (
            f"It was not ended. Run again when {change.node} is in reach: a command that still runs"
            " is followed, of one that has ended the exit status is read; it is not started twice."
        )
    elif change.repeatable:
        again = "Run again: it looks first and repeats what is missing."
    else:
        again = f"Look at {change.node}. {_settle(step)}"
    return stopped(
        run,
        Ending.UNKNOWN,
        f"whether {change.what!r} on {change.node} took effect is not known: {lost.why}."
        f" {afterwards}".rstrip(),
        again,
        "" if change.detached or change.repeatable else step,
    )


def unknown_before(run: Run, step: str, change: Change) -> NotDone:
    """An earlier run did not learn how it ended, and doing it twice could do harm."""
    return stopped(
        run,
        Ending.UNKNOWN,
        f"how {change.what!r} on {change.node} ended on an earlier run is not known,"
        " its effect can't be seen, and doing it twice could do harm",
        f"Look at {change.node}. {_settle(step)}",
        step,
    )


def not_asked(run: Run, change: Change, lost: Lost) -> NotDone:
    """How the command of an earlier run stands could not be asked, so nothing was started."""
    return stopped(
        run,
        Ending.FAILED,
        f"not done: {change.what}. An earlier run started it, and how it stands could not be"
        f" asked: {lost.node}: {lost.why}",
        f"Nothing was started. Bring {change.node} back into reach, then run again.",
    )


def traceless(change: Change, base: str) -> str:
    """What is seen of a long command that has no directory any more."""
    return (
        f"{change.what} was started on {change.node}, and {base}, which has its log and exit"
        " status, is not there any more"
    )


def without_trace(run: Run, step: str, change: Change, seen: str) -> NotDone:
    """A long command has lost what tells of it: it may run, or have ended in any way."""
    return stopped(
        run,
        Ending.UNKNOWN,
        f"how {change.what!r} ended is not known: {seen}",
        f"Look at {change.node}: does {shlex.join(change.argv)!r} still run there? Wait for its"
        f" end: a second one beside it would do harm. {_settle(step)} `done` says that it ended"
        " well; with `repeat` it is started once more when you run again.",
        step,
    )


def interrupted(run: Run, change: Change, has_rebooted: bool, failing: str = "") -> NotDone:
    """A detached command is gone and left no exit status; `failing`: how far its log goes."""
    why = (
        f"{change.node} has rebooted since it was started"
        if has_rebooted
        else "somebody or something ended it"
    )
    return stopped(
        run,
        Ending.STOPPED,
        f"{change.what} on {change.node} was interrupted: its process is gone and it left"
        f" no exit status; {why}{f'; {failing}' if failing else ''}",
        "Look at the node and its log, then run again: it goes on with another round, as the"
        " guide says to run the command again.",
    )


def _settle(step: str) -> str:
    return f"Then run again with --settle '{step}=done|repeat' --reason TEXT --by NAME."
