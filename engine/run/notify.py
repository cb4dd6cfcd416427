"""`runbook_notify_command`: tells somebody at begin, point of no return, stop, question and end.

Each message ends with the head of the journal: whoever gets it is an outside witness.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Any

from engine.record.run import Run
from engine.report.audit.rests import rests_on
from engine.verify import WITNESS_LINE

DEADLINE = 30.0
"""Seconds; a notification never holds the run up for longer."""


def notify(run: Run, occasion: str, text: str, deadline: float | None = None) -> None:
    """Run the operator's command with the occasion in its environment and the text as input.

    Its failure is recorded and never fails the run. `deadline` in seconds: less than the usual.
    """
    settings = run.inventory.settings
    if not settings.notify_command:
        return
    command, seconds = settings.notify_command, DEADLINE if deadline is None else deadline
    told, head = _head(run, occasion)
    try:
        done = subprocess.run(
            shlex.split(command),
            input=f"{settings.cluster}: {occasion}: {text}\n{head}".encode(),
            env={**os.environ, "RUNBOOK_OCCASION": occasion, "RUNBOOK_RUN": run.run_id},
            timeout=min(seconds, DEADLINE),
            capture_output=True,
            check=False,
        )
        problem = "" if done.returncode == 0 else f"exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        # the error's own text has the command line, in which a token may stand
        problem = f"ended after {min(seconds, DEADLINE):.0f} s without an answer"
    except OSError as error:
        problem = str(error)
    # its program alone: an argument may be a token
    program = next(iter(shlex.split(command)), "")
    run.record("notified", occasion=occasion, problem=problem, program=program, **told)


def _head(run: Run, occasion: str) -> tuple[dict[str, Any], str]:
    """For the event, and as the message has it; nothing of a line that is not on the disk."""
    if not run.journal.is_whole:
        return {}, ""
    last = rests_on(run.journal.events)
    text = WITNESS_LINE.format(
        run=run.run_id,
        attempt=run.attempt or "none-yet",
        moment=occasion,
        line=last.line,
        head=last.sha256,
    )
    return {"line": last.line, "head": last.sha256}, f"{text}\n"
