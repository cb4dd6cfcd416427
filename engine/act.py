"""Applying changes: intent, run, result; here and on N. The only module that changes a cluster."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from engine import detached
from engine.errors import Refused, RunbookError, UsageError
from engine.memory import ChangeRecord
from engine.model.change import Change, Nothing, Outcome
from engine.records import LEASE, LockLost, RecordsWriter
from engine.run import Ending, Run
from engine.transport.base import Answer, Lost, LostKind, Transport

Action = Generator[Change, Answer, "Nothing | str | None"]


class NotDone(RunbookError):
    """A change was not made, failed, or its outcome is unknown. The text is for the operator."""


class _Interrupted(Exception):
    """A detached command is gone and left no exit status."""


@dataclass(frozen=True)
class Applied:
    """What an action came to: the changes made, or why there was nothing to do."""

    changes: tuple[Change, ...] = ()
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    reason: str = ""

    @property
    def did_something(self) -> bool:
        return bool(self.changes)


@dataclass
class Applier:
    """Applies the changes that actions yield. It does not exist when the run only plans."""

    run: Run
    transport: Transport
    records: RecordsWriter
    on_output: Callable[[str], None]
    on_idle: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _renewed: float = 0.0

    def apply(self, step: str, action: Action) -> Applied:
        """Drive one action to its end. Raises NotDone when a change was not made or failed."""
        changes: list[Change] = []
        answers: list[Answer] = []
        try:
            change = next(action)
            while True:
                answer = self._apply_one(step, f"{step}#{len(changes) + 1}", change)
                changes.append(change)
                answers.append(answer)
                change = action.send(answer)
        except StopIteration as end:
            said = end.value
        reason = said.reason if isinstance(said, Nothing) else (said or "")
        self._adopt(step, changes, reason)
        return Applied(tuple(changes), tuple(answers), reason)

    def sync(self) -> None:
        """Hand the journal's new lines to N; without an attempt there is no journal on N yet."""
        lines = self.run.journal.unsent()
        if not lines or self.run.attempt is None:
            return
        self.records.append_journal(self.run.attempt, self.run.run_id, lines)
        self.run.journal.sent(len(lines))
        self._renewed = self.clock()

    def keep_lease(self) -> None:
        """Renew the lock when a third of the lease has passed."""
        if self.clock() - self._renewed > LEASE / 3:
            self.records.renew()
            self._renewed = self.clock()

    def _apply_one(self, step: str, key: str, change: Change) -> Answer:
        if not self.run.may_change:
            reason = self.run.stop.reason if self.run.stop else "this run only looks"
            raise NotDone(f"not done: {change.what}. No change is made any more after: {reason}")
        settled = self._settle_former(step, self.run.memory.changes.get(key), change)
        if settled is not None:
            return settled
        begun = self.clock()
        self._intent(step, key, change)
        try:
            answer = self._run_detached(change) if change.detached else self._run_plain(change)
        except Refused as refused:
            self._result(key, change, Outcome.FAILED, None, begun, str(refused))
            raise self._stopped(Ending.FAILED, str(refused), "The command was not run.") from None
        except Lost as lost:
            outcome = Outcome.UNKNOWN if lost.may_have_run else Outcome.FAILED
            self._result(
                key, change, outcome, lost.partial, begun, lost.why,
                never_started=not lost.may_have_run,
            )  # fmt: skip
            raise self._lost(step, change, lost) from lost
        except LockLost as error:
            self._result(key, change, Outcome.UNKNOWN, None, begun, str(error))
            raise self._superseded(error) from error
        except _Interrupted:
            self._result(key, change, Outcome.FAILED, None, begun, "interrupted")
            raise self._interrupted(change) from None
        outcome = Outcome.OK if answer.code in change.ok_codes else Outcome.FAILED
        self._result(key, change, outcome, answer, begun, "")
        if outcome is Outcome.FAILED and not change.may_fail:
            raise self._failed(change, answer)
        return answer

    def _intent(self, step: str, key: str, change: Change) -> None:
        opens = [{"kind": t.kind, "subject": t.subject, "former": t.former} for t in change.opens]
        self.run.record(
            "intent",
            step=step,
            key=key,
            node=change.node,
            what=change.what,
            command=shlex.join(change.argv)[:1000],
            repeatable=change.repeatable,
            detached=change.detached,
            opens=opens,
        )
        try:
            self.sync()
        except LockLost as error:
            raise self._superseded(error) from error
        except (Lost, RunbookError) as error:
            # the intent is not on N, so the command was not started: safe to try again
            self.run.record(
                "result",
                step=step,
                key=key,
                outcome=Outcome.FAILED.value,
                reason=str(error),
                never_started=True,
            )
            raise self._stopped(
                Ending.FAILED,
                f"not done: {change.what}. Its intent could not be recorded on N: {error}",
                "Bring N back into reach, then run again.",
            ) from error
        self.run.changes_made += 1

    def _result(
        self,
        key: str,
        change: Change,
        outcome: Outcome,
        answer: Answer | None,
        begun: float,
        reason: str,
        *,
        never_started: bool = False,
    ) -> None:
        output: dict[str, Any] = {"text": reason or "(no answer)"}
        if change.secret_output:
            output = {"text": "(not recorded: secret)"}
        elif answer is not None:
            printed = answer.text + (f"\n[stderr] {answer.errors}" if answer.errors else "")
            output = self.run.outputs.describe(f"{change.node}-{key}", printed)
        self.run.record(
            "result",
            step=self.run.step,
            key=key,
            node=change.node,
            outcome=outcome.value,
            code=answer.code if answer else None,
            seconds=round(self.clock() - begun, 3),
            reason=reason,
            closes=[list(pair) for pair in change.closes],
            output=output,
            **({"never_started": True} if never_started else {}),
        )
        try:
            self.sync()
        except (Lost, RunbookError) as error:
            # the result is safe in the journal here; the next write hands it over
            self.run.record("bookkeeping", problem=f"the result is not on N yet: {error}")

    def _run_plain(self, change: Change) -> Answer:
        return self.transport.run(
            change.node, change.argv, stdin=change.stdin, deadline=change.deadline
        )

    def _run_detached(self, change: Change) -> Answer:
        assert self.run.attempt is not None and change.detached is not None  # noqa: PT018
        base = detached.directory(self.run.attempt, change.detached)
        begun = self.clock()
        detached.start(self.transport, change.node, base, change.argv)
        tail = bytearray()

        def keep(chunk: bytes) -> None:
            tail.extend(chunk)
            del tail[: -(1 << 20)]
            self.on_output(chunk.decode("utf-8", "backslashreplace"))

        def idle(word: str) -> None:
            self.on_idle(word)
            # out of reach or busy: following waits for N anyway
            with contextlib.suppress(Lost, UsageError):
                self.keep_lease()

        follower = detached.Follower(self.transport, change.node, base, keep, idle)
        try:
            last = follower.follow(change.deadline)
        except Lost as lost:
            # it was started: whatever kept the last answer away, the command may live
            why = f"{lost.why}; the command was started and may still run"
            raise Lost(change.node, why, LostKind.CONNECTION_LOST) from lost
        if last.status is not None:
            return Answer(last.status, bytes(tail), b"", self.clock() - begun)
        if last.is_interrupted:
            raise _Interrupted
        if not last.exists:
            why = f"there is no trace of {change.what} on the node, though it was started"
            raise Lost(change.node, why, LostKind.CONNECTION_LOST)
        raise Lost(
            change.node,
            f"{change.what}: still running after {change.deadline:.0f} s",
            LostKind.DEADLINE,
            None,
        )

    def _settle_former(
        self, step: str, former: ChangeRecord | None, change: Change
    ) -> Answer | None:
        """What an earlier intent without a result means now; an Answer when it counts as done."""
        settled = self.run.memory.settled.get(former.key, {}) if former else {}
        if former is not None and settled.get("word") == "done":
            if not former.has_ended:
                reason = f"settled as done by {settled['by']}: {settled['reason']}"
                self._result(former.key, change, Outcome.OK, None, self.clock(), reason)
            return Answer(0, b"", b"", 0.0)
        if former is None or former.has_ended or change.detached or change.repeatable:
            return None
        if settled.get("word") == "repeat":
            return None
        raise self._stopped(
            Ending.UNKNOWN,
            f"how {change.what!r} on {change.node} ended on an earlier run is not known,"
            " its effect can't be seen, and doing it twice could do harm",
            f"Look at {change.node}, then run again with"
            f" --settle '{step}=done|repeat' --reason TEXT --by NAME.",
        )

    def _adopt(self, step: str, changes: list[Change], reason: str) -> None:
        """An earlier intent whose effect is there now is adopted, and it is said so."""
        made = {f"{step}#{number}" for number in range(1, len(changes) + 1)}
        for record in self.run.memory.of_step(step):
            if record.key not in made and record.outcome in (None, Outcome.UNKNOWN):
                self.run.record(
                    "result",
                    step=step,
                    key=record.key,
                    node=record.intent["node"],
                    outcome=Outcome.OK.value,
                    reason=f"adopted: an earlier run began it and its effect is there: {reason}",
                    adopted=True,
                )

    def _stopped(self, ending: Ending, reason: str, what_to_do: str) -> NotDone:
        self.run.halt(ending, reason, what_to_do)
        return NotDone(f"{reason}\n{what_to_do}")

    def _superseded(self, error: LockLost) -> NotDone:
        return self._stopped(
            Ending.LOCKED, str(error), "Look who holds the cluster; run again afterwards."
        )

    def _failed(self, change: Change, answer: Answer) -> NotDone:
        said = "(not shown: secret)"
        if not change.secret_output:
            said = (answer.errors.strip() or answer.text.strip())[-800:]
        said = self.run.redactor.clean_output(said)
        return self._stopped(
            Ending.FAILED,
            f"{change.what} on {change.node} failed with exit code {answer.code}: {said}",
            "No further change was made. Remove the cause, then run again: what is done already"
            " is not done twice.",
        )

    def _lost(self, step: str, change: Change, lost: Lost) -> NotDone:
        if not lost.may_have_run:
            return self._stopped(
                Ending.FAILED,
                f"not done: {change.what}. {lost.node}: {lost.why}",
                "The command never started. Bring the node back into reach, then run again.",
            )
        again = (
            "Run again: it looks first and repeats what is missing."
            if change.repeatable or change.detached
            else f"Look at {change.node}, then run again with"
            f" --settle '{step}=done|repeat' --reason TEXT --by NAME."
        )
        return self._stopped(
            Ending.UNKNOWN,
            f"whether {change.what!r} on {change.node} took effect is not known: {lost.why}",
            again,
        )

    def _interrupted(self, change: Change) -> NotDone:
        return self._stopped(
            Ending.STOPPED,
            f"{change.what} on {change.node} was interrupted: its process is gone and it left"
            " no exit status (the node rebooted, or somebody ended it)",
            "Look at the node and its log, then run again: it goes on with another round, as the"
            " guide says to run the command again.",
        )
