"""Outside witnesses of the journal's head: the system journal of each node, a time stamp authority.

Whoever writes the evidence anew on the machine of the run has them against him. They keep no run
from its work: they have seconds, and what does not answer is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.errors import RunbookError
from engine.model.event import Event
from engine.model.steps import base_of
from engine.prove.timestamp import NoStamp, Stamped, time_stamp
from engine.record.no_return import passing_of
from engine.record.run import Run
from engine.report.audit.rests import rests_on
from engine.run.notify import WAIT, notify, tell_begun
from engine.transport.base import Transport
from engine.verify import BEGUN, ENDED, NO_RETURN, WITNESS_LINE, WITNESS_TAG, WITNESSED, digest
from engine.waiting import within

PLACE = "timestamps"
"""The directory of the run's evidence with the authority's replies."""
STAMP = "time stamp"
"""Beside the names of nodes, which have no blank."""
TOTAL = 10.0
"""Seconds for all witnesses together: they are asked at the same time."""
EACH = 5.0
"""Seconds for the command on a node, once its connection is there."""

# without the option a line that nobody takes is no error where systemd is not the first process
_LOGGER = ("logger", "--socket-errors=on", "-t", WITNESS_TAG, "-p", "user.notice", "--")


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
        tell_begun(self._run)

    def before_change(self, earlier: Sequence[Event]) -> None:
        """Before an intent: once, before the one from which on there is no way back.

        `earlier`: the events of the attempt's runs before this one.
        """
        name, own = self._run.release.no_return, self._run.journal.events
        if name and base_of(self._run.step) == name and passing_of([*earlier, *own]) is None:
            self._call(NO_RETURN)
            text = f"{self._run.step} begins: from here on there is no way back but the fallback"
            notify(self._run, NO_RETURN, text, WAIT)

    def ended(self) -> None:
        """All but the run's last lines is written; the notification of its end has a later head."""
        self._call(ENDED)

    def _call(self, moment: str) -> None:
        run = self._run
        if not run.journal.is_whole:
            return  # of a line that may never be on the disk nobody is told
        last = rests_on(run.journal.events[-1:])  # other threads record, too
        text = WITNESS_LINE.format(
            run=run.run_id,
            attempt=run.attempt or "none-yet",
            moment=moment,
            line=last.line,
            head=last.sha256,
        )
        asked = [node for node in run.inventory.names if node not in self._silent]
        tasks: dict[str, Callable[[], Any]] = {n: partial(self._log, n, text) for n in asked}
        if url := run.inventory.settings.timestamp_url:
            ca = run.inventory.settings.timestamp_ca
            tasks[STAMP] = partial(_stamped, last.sha256, url, ca)
        answers = within(TOTAL, tasks)
        late = f"no answer within {TOTAL:.0f} s"
        why = {**self._silent, **{node: answers.get(node, late) for node in asked}}
        missing = {node: why[node] for node in run.inventory.names if why.get(node)}
        stamp = self._kept(f"{last.line:04}-{moment}", answers.get(STAMP, late)) if url else None
        run.record(
            WITNESSED,
            step=run.step,
            moment=moment,
            line=last.line,
            head=last.sha256,
            nodes=[node for node in run.inventory.names if node not in missing],
            missing=missing,
            **({"stamp": stamp} if stamp else {}),
        )
        self._tell_problems({n: why for n, why in missing.items() if n not in self._silent}, stamp)

    def _kept(self, name: str, found: Stamped | str) -> dict[str, object]:
        """What the event has of a time stamp, which is now a file; or why there is none."""
        if isinstance(found, str):
            return {"problem": found}
        file = f"{PLACE}/{name}.tsr"
        path = self._run.directory / file
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(path, found.reply)
        except OSError as error:
            return {"problem": f"{path} can't be written: {error.strerror or error}"}
        is_checked = self._run.inventory.settings.timestamp_ca is not None
        told = {"time": found.time, "by": found.by, "is_checked": is_checked}
        return {"file": file, "sha256": digest(found.reply), **told}

    def _tell_problems(self, failed: Mapping[str, str], stamp: Mapping[str, object] | None) -> None:
        told = []
        if failed:
            said = "; ".join(f"{node}: {why}" for node, why in failed.items())
            told.append(f"the journal's head is not in the system journal of every node: {said}")
        if stamp and "problem" in stamp:
            told.append(f"the journal's head has no time stamp: {stamp['problem']}")
        for text in told:
            self._run.record("warning", step=self._run.step, text=text)
            self._tell(self._run.redactor.clean_output(text))

    def _log(self, node: str, text: str) -> str:
        """Why the node's system journal did not take it; empty: it did."""
        try:
            answer = self._transport.run(node, (*_LOGGER, text), deadline=EACH)
        except (RunbookError, OSError) as error:  # also when this machine can start no ssh
            return str(error)
        if answer.code == 0:
            return ""
        return f"logger: {answer.errors.strip()[-200:] or f'exit code {answer.code}'}"


def _stamped(sha256: str, url: str, ca: Path | None) -> Stamped | str:
    """The time stamp, or why there is none."""
    try:
        return time_stamp(sha256, url, ca)
    except NoStamp as error:
        return str(error)
