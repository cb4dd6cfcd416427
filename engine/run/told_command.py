"""`runbook_notify_command`: the operator's program, on this machine, for one message."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess

from engine.run.channel import Message


class Command:
    """Run once for each message: some fields in the environment, all of them as JSON, a line, on
    standard input."""

    def __init__(self, line: str, deadline: float) -> None:
        """`deadline`: seconds, at which it is ended with all that it started."""
        self._argv = shlex.split(line)
        self._deadline = deadline

    @property
    def name(self) -> str:
        """Its program alone: an argument may be a token."""
        return next(iter(self._argv), "")

    def send(self, message: Message) -> str:
        """Why it did not take the message; '' when it did."""
        try:
            with subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_environment(message)},
                start_new_session=True,  # Ctrl-C is for the run
            ) as process:
                try:
                    process.communicate(_line(message), timeout=self._deadline)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    # the error's own text has the command line, in which a token may stand
                    return f"ended after {self._deadline:.0f} s without an answer"
                return "" if process.returncode == 0 else f"exit code {process.returncode}"
        except OSError as error:
            return error.strerror or str(error)


def _line(message: Message) -> bytes:
    return f"{json.dumps(message.payload)}\n".encode()


_NAMED = ("occasion", "cluster", "run", "attempt", "step", "phase", "outcome", "exit_code")


def _environment(message: Message) -> dict[str, str]:
    """`RUNBOOK_TEXT`, and the fields that a shell asks for; empty what is not known."""
    told = {f"RUNBOOK_{name.upper()}": message.payload.get(name) for name in _NAMED}
    texts = {name: "" if value is None else str(value) for name, value in told.items()}
    return {**texts, "RUNBOOK_TEXT": "\n".join([message.title, *message.lines])}
