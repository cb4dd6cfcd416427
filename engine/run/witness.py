"""Outside witnesses of the journal's head: the system journal of each node.

Whoever has one machine only, that of the run, can't write there afterwards without leaving a trace.
A witness keeps no run from its work: it has seconds, and what does not answer is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from engine.errors import RunbookError
from engine.model.event import Event
from engine.model.steps import base_of
from engine.record.no_return import passing_of
from engine.record.run import Run
from engine.report.audit.rests import rests_on
from engine.transport.base import Transport
from engine.verify import BEGUN, ENDED, NO_RETURN, WITNESS_LINE, WITNESS_TAG, WITNESSED

TOTAL = 10.0
"""Seconds for all witnesses together: they are asked at the same time."""
EACH = 5.0
"""Seconds for the command on a node, once its connection is there."""

# without the option a line that nobody takes is no error where systemd is not the first process
_LOGGER = ("logger", "--socket-errors=on", "-t", WITNESS_TAG, "-p", "user.notice", "--")

T = TypeVar("T")


class Witness:
    """Tells the head to others. Like the writer of records it does not exist in a plan."""

    def __init__(
        self,
        run: Run,
        transport: Transport,
        silent: Mapping[str, str],
        tell: Callable[[str], None],
    ) -> None:
        """`silent`: nodes that gave no first answer, and why; `tell`: the console."""
        self._run = run
        self._transport = transport
        self._silent = silent
        self._tell = tell

    def begun(self) -> None:
        """The run has the cluster."""
        self._call(BEGUN)

    def before_change(self, earlier: Sequence[Event]) -> None:
        """Before an intent: once, before the one from which on there is no way back.

        `earlier`: the events of the attempt's runs before this one.
        """
        name, own = self._run.release.no_return, self._run.journal.events
        if name and base_of(self._run.step) == name and passing_of([*earlier, *own]) is None:
            self._call(NO_RETURN)

    def ended(self) -> None:
        """All but the run's last lines is written."""
        self._call(ENDED)

    def _call(self, moment: str) -> None:
        run = self._run
        last = rests_on(run.journal.events)  # other threads record, too
        text = WITNESS_LINE.format(
            run=run.run_id,
            attempt=run.attempt or "none-yet",
            moment=moment,
            line=last.line,
            head=last.sha256,
        )
        asked = [node for node in run.inventory.names if node not in self._silent]
        answers = within(TOTAL, {node: partial(self._log, node, text) for node in asked})
        late = f"no answer within {TOTAL:.0f} s"
        why = {**self._silent, **{node: answers.get(node, late) for node in asked}}
        missing = {node: why[node] for node in run.inventory.names if why[node]}
        run.record(
            WITNESSED,
            step=run.step,
            moment=moment,
            line=last.line,
            head=last.sha256,
            nodes=[node for node in run.inventory.names if node not in missing],
            missing=missing,
        )
        if failed := {node: why for node, why in missing.items() if node not in self._silent}:
            said = "; ".join(f"{node}: {why}" for node, why in failed.items())
            told = f"the head of the journal is not in the system journal of every node: {said}"
            run.record("warning", step=run.step, text=told)
            self._tell(run.redactor.clean_output(told))

    def _log(self, node: str, text: str) -> str:
        """Why the node's system journal did not take it; empty: it did."""
        try:
            answer = self._transport.run(node, (*_LOGGER, text), deadline=EACH)
        except (RunbookError, OSError) as error:  # also when this machine can start no ssh
            return str(error)
        if answer.code == 0:
            return ""
        return f"logger: {answer.errors.strip()[-200:] or f'exit code {answer.code}'}"


def within(seconds: float, tasks: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """What each task returns, all at the same time; those that take longer are left out.

    What a task raises is raised here. One that is left out goes on, and nobody hears of it.
    """
    found: dict[str, T] = {}
    raised: list[BaseException] = []

    def keep(name: str, task: Callable[[], T]) -> None:
        try:
            found[name] = task()
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            raised.append(error)

    threads = [
        threading.Thread(target=keep, args=each, name=f"witness {each[0]}", daemon=True)
        for each in tasks.items()
    ]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if raised:
        raise raised[0]
    return dict(found)
