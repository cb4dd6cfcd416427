"""Tells somebody outside how the run goes: `runbook_notify_command`, and a webhook.

At begin, point of no return, each phase, stop, question and end, and by a sign of life in between.
Each message has the head of the journal: whoever gets it is an outside witness. The run waits for
nobody longer than a deadline, and what fails is told and never stops it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from engine.model.ending import Ending, Mode, Stop
from engine.model.event import Event, moment, operator_of, stamp
from engine.model.steps import phase_of
from engine.record.run import Run
from engine.report.audit.rests import rests_on
from engine.report.console import clean_line, clock
from engine.run.channel import Channel, Message
from engine.run.told_command import Command
from engine.run.webhook import Webhook
from engine.verify import BEGUN, WITNESS_LINE

MINUTE = 60.0
DEADLINE = 30.0
"""Seconds that the end of a run waits for those who are told at most."""
WAIT = 10.0
"""Seconds that a run waits before it goes on, where it matters that somebody knows."""
PHASE, ALIVE, QUESTION, STOP, END = "phase", "alive", "question", "stop", "end"
"""Occasions, beside those of a witness."""
SCHEMA = 1
_MOST = 3000
"""Characters of a text."""


def notify(run: Run, occasion: str, text: str, wait: float = 0.0, **more: Any) -> None:
    """Tell everybody that the inventory names, and wait `wait` seconds at most.

    `more`: further fields of the payload. Its failure is recorded and never fails the run.
    """
    if run.news is None:
        run.news = News(run)
    run.news.tell(occasion, text, wait, **more)


def tell_begun(run: Run) -> None:
    """The run has the cluster: who does what there, and whom it goes on from."""
    settings, own = run.inventory.settings, run.journal.events[0]
    told = [f"{run.release.source} to {run.release.target}", f"by {_who(own)}"]
    told += [f"change {settings.change_id}"] if settings.change_id else []
    told += [run.mode.value] if run.mode is not Mode.EXECUTE else []
    told += [f"to end behind the phase {run.until.phase}"] if run.until else []
    # after the end of an attempt a run begins another one
    first = None if run.memory.closed else run.memory.runs.get(run.attempt or "")
    is_another = first is not None and first["run"] != run.run_id
    also = f"; it goes on with what {_who(first)} began" if first and is_another else ""
    notify(run, BEGUN, f"the run has the cluster: {', '.join(told)}{also}", WAIT)


def _who(begun: Event) -> str:
    """`A. Rossi (rossi) on controller`."""
    host = f" on {begun['host']}" if begun.get("host") else ""
    return f"{operator_of(begun) or 'nobody on record'}{host}"


def tell_end(run: Run, summary: Mapping[str, Any]) -> None:
    """The run is over: tell how it ended, and afterwards nothing any more."""
    if run.is_kept_out:
        return
    news = run.news = run.news or News(run)
    outcome, code = str(summary["outcome"]), int(summary["exit_code"])
    stopped = summary["stopped"] or {}
    news.end(
        _with_advice(
            f"{outcome} (exit code {code})\n{summary['headline']}", stopped.get("what_to_do")
        ),
        outcome=outcome,
        exit_code=code,
        headline=str(summary["headline"]),
        what_to_do=stopped.get("what_to_do"),
    )


def tell_stop(run: Run, stop: Stop) -> None:
    """The run makes no change any more: why, and what a person does."""
    if run.is_kept_out:
        return  # in a good night of the run at work it would call people up for nothing
    occasion = QUESTION if stop.ending in (Ending.STOPPED, Ending.UNKNOWN) else STOP
    told = {"outcome": stop.ending.value, "exit_code": stop.ending.code}
    text = _with_advice(stop.reason, stop.what_to_do)
    notify(run, occasion, text, WAIT, what_to_do=stop.what_to_do, **told)


def _with_advice(text: str, what_to_do: str | None) -> str:
    """A reader of a channel sees the text, and none of the fields beside it."""
    return f"{text}\nwhat to do: {what_to_do}" if what_to_do else text


def tell_phase(run: Run, phase: str, progress: str) -> None:
    """A phase of the upgrade begins."""
    if run.mode.changes and not run.is_stopped:
        notify(run, PHASE, f"phase {phase} begins {progress}")


class News:
    """All that is told of one run, and to whom. Nothing happens before the first `tell`."""

    def __init__(self, run: Run, webhook: Webhook | None = None) -> None:
        settings = run.inventory.settings
        self._run = run
        every = settings.notify_every * MINUTE if settings.notify_every else None
        told: list[Command | Webhook] = [webhook] if webhook else []
        if settings.notify_command:
            told.append(Command(settings.notify_command, DEADLINE))
        self._all = self._channels = [
            Channel(run, one.name, one.send, every, self._alive) for one in told
        ]

    def tell(self, occasion: str, text: str, wait: float = 0.0, **more: Any) -> None:
        """See `notify`."""
        if not self._channels:
            return
        message = self._message(occasion, text, more)
        for channel in self._channels:
            channel.put(message)
        until = time.monotonic() + wait
        for channel in self._channels:
            channel.wait_for(message, max(0.0, until - time.monotonic()))

    def end(self, text: str, **more: Any) -> None:
        """The last message. Afterwards nothing is told and recorded any more."""
        self.tell(END, text, DEADLINE, **more)
        for channel in self._channels:
            channel.close()
        self._channels = []

    def new_problems(self) -> list[str]:
        """What has failed since it was asked last, a sentence each: for the console."""
        return [text for channel in self._all for text in channel.new_problems()]

    def _alive(self) -> Message:
        """A sign of life: that this process is there says little without what it is at."""
        last = self._run.journal.last
        ago = (self._run.now() - moment(last)).total_seconds() if last else 0.0
        step = self._run.step or "between two steps"
        said = f"at work: {step}; the last line of its journal is {clock(ago)} old"
        return self._message(ALIVE, said, {})

    def _message(self, occasion: str, text: str, more: dict[str, Any]) -> Message:
        run, settings = self._run, self._run.inventory.settings
        clean = run.redactor.clean_output
        said = [clean_line(line) for line in clean(text)[:_MOST].split("\n")]
        rests, witness = self._head(occasion)
        begun = run.journal.first or {}
        payload = {
            "schema": SCHEMA,
            "occasion": occasion,
            "text": "\n".join(said),
            "time": stamp(run.now()),
            "cluster": settings.cluster,
            "environment": settings.environment.value,
            "change_id": settings.change_id,
            "mode": run.mode.value,
            "source": str(run.release.source),
            "target": str(run.release.target),
            "run": run.run_id,
            "attempt": run.attempt,
            "operator": begun.get("operator"),
            "by": run.by or None,
            "host": begun.get("host"),
            "started": stamp(run.started),
            "step": run.step or None,
            "phase": phase_of(run.step) if run.step else None,
            **{name: clean(one) if isinstance(one, str) else one for name, one in more.items()},
            "witness": witness or None,
        }
        title = f"{settings.cluster}: {occasion}: {said[0]}"
        lines = [*said[1:], *([witness] if witness else [])]
        return Message(occasion, title, lines, payload, rests)

    def _head(self, occasion: str) -> tuple[dict[str, Any], str]:
        """For the event, and as a message has it; nothing of a line that is not on the disk."""
        run = self._run
        if not run.journal.is_whole or run.journal.last is None:
            return {}, ""
        last = rests_on([run.journal.last])
        text = WITNESS_LINE.format(
            run=run.run_id,
            attempt=run.attempt or "none-yet",
            moment=occasion,
            line=last.line,
            head=last.sha256,
        )
        return {"line": last.line, "head": last.sha256}, text
