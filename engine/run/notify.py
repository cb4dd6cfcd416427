"""`runbook_notify_command`: tells somebody at stop, question and end."""

from __future__ import annotations

import os
import shlex
import subprocess

from engine.record.run import Run

DEADLINE = 30.0
"""Seconds; a notification never holds the run up for longer."""


def notify(run: Run, occasion: str, text: str) -> None:
    """Run the operator's command with the occasion in its environment and the text as input.

    Its failure is recorded and never fails the run.
    """
    settings = run.inventory.settings
    if not settings.notify_command:
        return
    command = settings.notify_command
    message = f"{settings.cluster}: {occasion}: {text}\n"
    try:
        done = subprocess.run(
            shlex.split(command),
            input=message.encode(),
            env={**os.environ, "RUNBOOK_OCCASION": occasion, "RUNBOOK_RUN": run.run_id},
            timeout=DEADLINE,
            capture_output=True,
            check=False,
        )
        problem = "" if done.returncode == 0 else f"exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        # the error's own text has the command line, in which a token may stand
        problem = f"ended after {DEADLINE:.0f} s without an answer"
    except OSError as error:
        problem = str(error)
    # its program alone: an argument may be a token
    program = next(iter(shlex.split(command)), "")
    run.record("notified", occasion=occasion, problem=problem, program=program)
