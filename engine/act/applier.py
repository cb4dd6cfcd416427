"""Applying changes: intent, run, result; here and on N. The only module that changes a cluster."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.act import detached, stops
from engine.act.detached import NotStarted, Progress
from engine.act.driving import Applied, Changes, driven, key_of
from engine.act.former import NoTrace, done_by_word
from engine.act.headway import Headway, Reach
from engine.act.livelog import LiveLog, shortened
from engine.act.stops import NotDone
from engine.attempt.fencing_token import TRIES, Gate, ask_boot, gate_of, was_held_back
from engine.attempt.kept import Keeper
from engine.attempt.records import LockLost, RecordsWriter
from engine.errors import Refused, RunbookError, UsageError
from engine.model.answer import Answer, Lost, LostKind
from engine.model.change import Change, Outcome
from engine.model.event import stamp
from engine.parse.files import file_changes
from engine.record.memory import ChangeRecord
from engine.record.outputs import NO_ANSWER, SECRET, both
from engine.record.run import Run
from engine.transport.base import Transport


class _Superseded(Exception):
    """The lock was lost while a detached command was followed: it goes on without this run."""

    def __init__(self, lost: LockLost) -> None:
        super().__init__(str(lost))
        self.lost = lost


class _Interrupted(Exception):
    """A detached command is gone and left no exit status."""

    def __init__(self, has_rebooted: bool) -> None:
        super().__init__("interrupted")
        self.has_rebooted = has_rebooted


@dataclass
class Applier:
    """Applies the changes that actions yield. It does not exist when the run only plans."""

    run: Run
    transport: Transport
    records: RecordsWriter
    on_output: Callable[[str], None]
    on_idle: Callable[[str], None]
    before_change: Callable[[], None] = lambda: None
    """Called directly before each intent."""
    clock: Callable[[], float] = time.monotonic
    _boot: str = ""
    """Which start of the node the change under way was sent to."""
    _failing: str = ""
    """Where the log of the long command under way tells of a failure."""
    _asked: list[str] = field(default_factory=list)
    """What that log asks a person to do afterwards."""
    _over: Progress | None = None
    """The last look at the long command under way, which saw its exit status."""
    _keeper: Keeper = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keeper = Keeper(self.run, self.records)

    def apply(self, step: str, action: Changes) -> Applied:
        """Drive one action to its end. Raises NotDone when a change was not made or failed."""
        keys: list[str] = []

        def answer(change: Change) -> Answer:
            keys.append(key_of(self.run.memory, step, change, keys))
            # from the intent to the result: a signal leaves no change of unknown outcome
            what = f"{change.what} on {change.node} (at most {change.deadline:.0f} s)"
            with self.run.interrupts.waited_for(what):
                return self._apply_one(step, keys[-1], change)

        applied = driven(action, answer)
        if not applied.is_unseen:
            self._adopt(step, keys, applied.reason)
        return applied

    def sync(self) -> None:
        """Hand the journal's new lines to N; without an attempt there is no journal on N yet."""
        journal = self.run.journal
        while self.run.attempt is not None and (lines := journal.unsent()):
            self.records.append_journal(self.run.attempt, self.run.run_id, lines)
            journal.sent(lines)

    def hand_over(self) -> None:
        """The rest of the journal, then the outputs, and what became of them."""
        self.sync()
        self._keep_outputs(self._keeper.keep)
        self.sync()

    def _keep_outputs(self, keep: Callable[[], None]) -> None:
        """Send N outputs that its journal cites; that it takes none stops nothing."""
        try:
            keep()
        except LockLost:
            return  # the next change finds out
        except (Lost, RunbookError) as error:
            self.run.record("bookkeeping", problem=f"outputs are not on N yet: {error}")

    def _apply_one(self, step: str, key: str, change: Change) -> Answer:
        if not self.run.may_change:
            reason = self.run.stop.reason if self.run.stop else "this run only looks"
            raise NotDone(f"not done: {change.what}. No change is made any more after: {reason}")
        if self._is_done_by_word(step, self.run.memory.changes.get(key), change):
            return Answer(0, b"", b"", 0.0)
        self.before_change()
        self._intent(step, key, change)
        begun, self._failing, self._asked, self._over = self.clock(), "", [], None
        try:
            answer = self._run_detached(key, change) if change.detached else self._run_plain(change)
        except (Refused, NotStarted, LockLost) as error:
            raise self._not_started(key, change, begun, error) from None
        except Lost as lost:
            raise self._lost(step, key, change, begun, lost) from lost
        except _Superseded as error:
            self._result(key, change, Outcome.UNKNOWN, None, begun, str(error.lost))
            raise stops.superseded(self.run, error.lost) from error
        except NoTrace as error:
            raise self._without_trace(step, key, change, begun, error) from None
        except _Interrupted as error:
            self._result(key, change, Outcome.FAILED, None, begun, "interrupted")
            raise stops.interrupted(self.run, change, error.has_rebooted, self._failing) from None
        outcome = Outcome.OK if answer.code in change.ok_codes else Outcome.FAILED
        self._result(key, change, outcome, answer, begun, "")
        if outcome is Outcome.FAILED and not change.may_fail:
            raise stops.failed(self.run, change, answer, self._failing)
        return answer

    def _not_started(self, key: str, change: Change, begun: float, error: RunbookError) -> NotDone:
        self._result(key, change, Outcome.FAILED, None, begun, str(error), never_started=True)
        if isinstance(error, LockLost):
            return stops.superseded(self.run, error)
        if isinstance(error, Refused):
            return stops.refused(self.run, error)
        return stops.never_started(self.run, change, str(error))

    def _lost(self, step: str, key: str, change: Change, begun: float, lost: Lost) -> NotDone:
        if not lost.may_have_run:
            self._result(
                key, change, Outcome.FAILED, lost.partial, begun, lost.why, never_started=True
            )
            return stops.never_started(self.run, change, f"{lost.node}: {lost.why}")
        afterwards = self._afterwards(change)
        self._result(key, change, Outcome.UNKNOWN, lost.partial, begun, f"{lost.why}. {afterwards}")
        return stops.unknown(self.run, step, change, lost, afterwards)

    def _afterwards(self, change: Change) -> str:
        """What one look at the node tells after an answer was lost: is it up, is it the same?"""
        node = change.node
        try:
            now = ask_boot(self.transport, node)
        except (RunbookError, ValueError) as error:
            why = error.why if isinstance(error, Lost) else str(error)
            return f"{node} can't be asked now either: {why}"
        if self._boot and now.id != self._boot:
            return f"{node} has rebooted since, {now.uptime} seconds ago"
        return f"{node} answers again and has not rebooted"

    def _intent(self, step: str, key: str, change: Change) -> None:
        former = self.run.memory.changes.get(key)
        if former is not None and not former.is_followed_by(change.detached):
            former = None
        opens = [{"kind": t.kind, "subject": t.subject, "former": t.former} for t in change.opens]
        self.run.record(
            "intent",
            step=step,
            key=key,
            node=change.node,
            what=change.what,
            **self.run.outputs.command(f"{change.node}-{change.what}", shlex.join(change.argv)),
            repeatable=change.repeatable,
            detached=change.detached,
            opens=opens,
            **({"files": list(change.files)} if change.files else {}),
            **({"moves": change.moves.as_data()} if change.moves else {}),
            **({"since": former.begun["time"]} if former else {}),
        )
        try:
            self.sync()
            # before the attempt is open the journal is not on N: the lock is asked for all the same
            self.records.keep(share=2)
        except (Lost, RunbookError) as error:
            self.run.record(
                "result",
                step=step,
                key=key,
                outcome=Outcome.FAILED.value,
                reason=str(error),
                never_started=True,
            )
            if isinstance(error, LockLost):
                raise stops.superseded(self.run, error) from error
            raise stops.not_recorded(self.run, change, error) from error
        self.run.changes_made += 1

    def _result(
        self,
        key: str,
        change: Change,
        outcome: Outcome,
        answer: Answer | None,
        begun: float,
        reason: str,
        **marks: bool,
    ) -> None:
        output: dict[str, Any] = {"text": reason or NO_ANSWER}
        if change.secret_output:
            output = {"text": SECRET}
        elif answer is not None:
            printed = both(_text(answer.stdout), _text(answer.stderr))
            output = self.run.outputs.describe(f"{change.node}-{key}", printed)
        files = [one.as_data() for one in file_changes(answer.text)] if answer else []
        self.run.record(
            "result",
            step=self.run.step,
            key=key,
            node=change.node,
            outcome=outcome.value,
            code=answer.code if answer else None,
            seconds=self._seconds(begun),
            reason=reason,
            closes=[list(pair) for pair in change.closes],
            output=output,
            **marks,
            **({"files": files} if change.files and answer else {}),
            **({"failing": self._failing} if self._failing and outcome is Outcome.FAILED else {}),
            **({"asks": self._asked} if self._asked else {}),
            **self._end(),
        )
        try:
            self.sync()
        except (Lost, RunbookError) as error:
            # the result is safe in the journal here; the next write hands it over
            self.run.record("bookkeeping", problem=f"the result is not on N yet: {error}")
        else:
            self._keep_outputs(lambda: self._keeper.keep_some(self.clock()))

    def _seconds(self, begun: float) -> float:
        """The command's own where the node has told them: it may have begun before this run."""
        took = self._over.took if self._over is not None else None
        return round(self.clock() - begun if took is None else took, 3)

    def _end(self) -> dict[str, str]:
        """When a long command ended: maybe before anybody looked."""
        if self._over is None or self._over.ago is None:
            return {}
        return {"ended": stamp(self.run.now() - timedelta(seconds=self._over.ago))}

    def _run_plain(self, change: Change) -> Answer:
        """Run it behind its gate. Raises LockLost when the lock is another run's by then."""
        for number in range(TRIES):
            # held back: another run has the lock (LockLost), or this came too late: once more
            gate = self._gate(change.node, renew=number > 0)
            answer = self.transport.run(
                change.node,
                change.argv,
                stdin=change.stdin,
                deadline=change.deadline,
                gate=gate.argv,
            )
            if not was_held_back(answer):
                return answer
        self._gate(change.node, renew=True)
        said = self.run.redactor.clean_output(answer.errors.strip())[-300:]
        raise NotStarted(
            f"{change.node}: held back {TRIES} times ({said}), though the"
            f" lock on {self.records.node} is still ours; this machine or the network is very slow"
        )

    def _gate(self, node: str, *, renew: bool) -> Gate:
        """What goes before a change. NotStarted or LockLost: nothing was sent."""
        try:
            if renew:
                self.records.renew()
            gate = gate_of(self.transport, self.records, node)
        except LockLost:
            raise
        except (RunbookError, ValueError) as error:
            raise NotStarted(f"what must be known before could not be asked: {error}") from error
        self._boot = gate.boot
        return gate

    def _started(self, key: str, node: str) -> None:
        """From now on something of it has to be there: the next run has to know that, too."""
        self.run.record("command-started", step=self.run.step, key=key, node=node)
        try:
            self.sync()
        except LockLost as error:
            raise _Superseded(error) from error
        except (Lost, RunbookError) as error:
            self.run.record("bookkeeping", problem=f"the start is not on N yet: {error}")

    def _run_detached(self, key: str, change: Change) -> Answer:
        assert self.run.attempt is not None and change.detached is not None  # noqa: PT018
        base = detached.directory(self.run.attempt, change.detached)
        begun = self.clock()
        self._boot = self.records.boot
        detached.start(self.transport, change.node, base, change.argv, self.records)
        self._started(key, change.node)
        log = LiveLog(self.on_output, f"{change.node}:{base}/nohup.out", self.run.redactor)
        reach = Reach(self.run, change.node)
        headway = Headway(self.run, key, change.node, log, self.clock)

        def idle(word: str) -> None:
            log.pause()
            headway.note()
            reach.note(word)
            self.on_idle(word)
            # out of reach or busy: following waits for N anyway
            with contextlib.suppress(Lost, UsageError):
                self.records.keep()

        follower = detached.Follower(
            self.transport,
            change.node,
            base,
            log.feed,
            idle,
            patience=self.run.inventory.settings.absence_seconds,
        )
        try:
            with self.run.interrupts.at_once():  # it runs without us, and is followed later
                last = follower.follow(change.deadline)
        except Lost as lost:
            # it was started: whatever kept the last answer away, the command may live
            why = f"{lost.why}; the command was started and may still run"
            raise Lost(change.node, why, LostKind.CONNECTION_LOST) from lost
        except LockLost as error:
            raise _Superseded(error) from error
        reach.note("")
        log.end()
        self._failing, self._asked = log.failing(), log.asked()
        if last.status is not None:
            self._over = last
            return Answer(last.status, log.kept(), b"", self.clock() - begun, log.is_cut)
        if last.is_interrupted:
            raise _Interrupted(last.rebooted)
        if not last.exists:
            raise NoTrace(stops.traceless(change, base))
        raise Lost(
            change.node,
            f"{change.what}: still running after {change.deadline:.0f} s; it was left alone, as"
            " ending it could do harm",
            LostKind.DEADLINE,
            None,
        )

    def _is_done_by_word(self, step: str, former: ChangeRecord | None, change: Change) -> bool:
        """Somebody has said that what an earlier run began is done; recorded as its result."""
        if former is None:
            return False
        try:
            said = done_by_word(self.run, self.transport, step, former, change)
        except NoTrace as error:
            raise self._without_trace(step, former.key, change, self.clock(), error) from None
        if said and not former.has_ended:
            now = self.clock()
            self._result(former.key, change, Outcome.OK, None, now, said, by_word=True)
        return bool(said)

    def _without_trace(
        self, step: str, key: str, change: Change, begun: float, error: NoTrace
    ) -> NotDone:
        """Nobody but a person can tell how it ended: on record, so that a word is taken."""
        self._result(key, change, Outcome.UNKNOWN, None, begun, str(error), no_trace=True)
        return stops.without_trace(self.run, step, change, str(error))

    def _adopt(self, step: str, made: Sequence[str], reason: str) -> None:
        """Record an earlier intent, whose effect is there now, as done."""
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


def _text(output: bytes) -> str:
    return shortened(output).decode("utf-8", "backslashreplace")
