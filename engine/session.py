"""One run from its first look to its last line; the plugin only passes pytest's events on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import earlier
from engine.act import Action, Applied, Applier
from engine.console import Console
from engine.door import Door
from engine.errors import Refused, RunbookError, Unanswered
from engine.evidence import Evidence, StoppedForPerson, unanswered
from engine.foreseen import Foresight
from engine.handover import hand_over
from engine.here import MachineLock
from engine.lock import ClusterLock, holder, take_here
from engine.look import Look
from engine.model.change import Change, Outcome
from engine.model.finding import Finding
from engine.model.plan import Verdict
from engine.notify import notify
from engine.planning import Planner
from engine.queries.pacemaker import STATUS
from engine.records import RecordsWriter
from engine.rows import RowState
from engine.run import Ending, Mode, Run, Stop
from engine.settle import settle
from engine.standby import StandbyWatch, standby_seconds
from engine.step_report import details_of, tell
from engine.steps import Scope, StepItem
from engine.stops import NotDone, firewall_refused
from engine.survey import RECORDS, Survey, refresh_records, survey
from engine.takeover import judge_records
from engine.transport.base import Transport


class Session:
    """What fixtures and hooks work with. The applier exists in execute mode only."""

    def __init__(self, run: Run, transport: Transport, console: Console) -> None:
        self.run = run
        self.console = console
        self._nodes = transport  # bookkeeping goes on after a refusal, nothing else does
        self._transport = Door(transport, self._refused)
        self._applier: Applier | None = None
        self._records: RecordsWriter | None = None
        self._lock: ClusterLock | None = None
        self._lock_here: MachineLock | None = None
        self.look: Look
        self.survey: Survey
        self.evidence: Evidence | None = None
        self._standby = StandbyWatch(self._standby_nodes, self._record_standby)
        self._bad: set[str] = set()
        self._waits_in_vain_for: str | None = None
        self.planner = Planner(run)
        run.on_stop.append(self._announce)

    def begin(self) -> None:
        """First look, then the lock. In plan mode no lock, no writer, no applier exist."""
        if self.run.mode.changes:
            self._lock_here = take_here(self.run)
            if self._lock_here is None:
                return
        self.look, self.survey = survey(self.run, self._transport)
        self._record_position()
        nothing_there = self._knows_records() and self.survey.attempt is None
        if self.run.scope is Scope.RESTORE and nothing_there:
            self.run.halt(
                Ending.USAGE,
                f"there is nothing to restore: no attempt of this runbook is on record on"
                f" {self.look.names.active}",
                "--restore only gives back what a run of this runbook wrote down before it changed"
                " it. To upgrade, run without --restore.",
            )
        elif self.run.mode.changes and self.look.names.active in self.survey.reachable.values:
            with self.run.interrupts.whole():
                self._take_lock()
        attempt = self.run.attempt
        judge_records(self.run, self.look, self.survey)
        if self.run.attempt != attempt:
            self._record_position()
        if self._applier is not None and self.run.stop is None and self.run.settlements:
            settle(self.run)
            self._applier.sync()  # a person's word outlives whatever stops this run

    def _record_position(self) -> None:
        """Where the upgrade stands, and what an earlier run left: for the reports, at once."""
        attempt = self.survey.attempt if self.survey.earlier else None
        try:
            earlier.keep(self.run.directory, attempt.journals if attempt else {})
        except OSError as error:
            text = f"the attempt's earlier journals could not be kept here: {error}"
            self.run.record("warning", step="", text=text)
        self.run.record(
            "position",
            position=self.look.position.value,
            active=self.look.names.active,
            attempt=self.run.attempt,
            records="known" if self._knows_records() else "unknown",
        )

    def _knows_records(self) -> bool:
        """Read, or N said that there are none: only then nothing of ours is the whole truth."""
        seen, active = self.survey, self.look.names.active
        asked = active in seen.reachable.values and not seen.unreadable
        return asked and not any(problem.question == RECORDS.name for problem in seen.problems)

    def _take_lock(self) -> None:
        records = RecordsWriter(self._nodes, self.look.names.active, holder(self.run))
        lock = ClusterLock(self.run, records)
        if lock.take():
            self._lock = lock
            if lock.taken_over:
                self.console.line(lock.taken_over, yellow=True)
            before = self.survey.attempt
            refresh_records(self.run, self.look, self.survey)
            if self.survey.attempt != before:
                self._record_position()
            self._records = records
            self._applier = Applier(
                self.run, self._transport, records, self.console.output, self._idle
            )

    def apply(
        self,
        name: str,
        rows: tuple[str, ...],
        make: Callable[[Look], Action],
        foresight: Foresight | None = None,
    ) -> Applied:
        """Run an action for the step under way, or show it when this run only plans."""
        step = self.run.step
        if self.run.memory.closed:
            applied = Applied(reason="the attempt is closed: this run changes nothing any more")
            self._evidence_of(applied, rows)
            return applied
        try:
            if self.run.mode is Mode.PLAN:
                return self.planner.show(self.look, make, foresight)
            if self._applier is None:
                raise NotDone("no change is made: N did not answer, or its lock is not ours")
            applied = self._applier.apply(step, make(self.look))
        except NotDone as error:
            for row in rows:
                self._row(row, RowState.FAILED, str(error))
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        except Unanswered as error:
            self._judge_unanswered(error, rows)
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        except StoppedForPerson as error:
            self.stop_for(error, rows)
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        except RunbookError as error:
            ending = Ending.BLOCKED if self.run.mode is Mode.PLAN else Ending.FAILED
            self.run.halt(ending, f"{step} ({name}): {error}", "Remove the cause, then run again.")
            for row in rows:
                self._row(row, RowState.FAILED, str(error))
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        self._evidence_of(applied, rows)
        return applied

    def _judge_unanswered(self, error: Unanswered, rows: tuple[str, ...]) -> None:
        """A question without an answer blocks, also when an action asked it."""
        if self.evidence is not None:
            finding = unanswered(error.node, error.question, error.why)
            self.evidence.judge([finding], observed=str(error), guide=rows)
            self.halt_for_findings(self.evidence.blocking)

    def stop_for(self, error: StoppedForPerson, rows: tuple[str, ...]) -> None:
        """Something that only a person can decide: exit code 11, the findings say what."""
        if self.evidence is None:
            return
        weighed = self.evidence.judge(error.findings, observed=str(error), guide=rows)
        blocking = [finding for finding in weighed if finding.blocks]
        if blocking:
            self.run.halt(
                Ending.BLOCKED if self.run.mode is Mode.PLAN else Ending.STOPPED,
                "; ".join(f"{f.subject}: {f.observed}" for f in blocking),
                " ".join(dict.fromkeys(f.remedy for f in blocking)),
            )

    def _evidence_of(self, applied: Applied, rows: tuple[str, ...]) -> None:
        said = ": ".join(filter(None, (_made(applied.changes), applied.reason)))
        for row in rows:
            made = applied.did_something or self._was_made_untold(row)
            self._row(row, RowState.FULFILLED if made else RowState.NOT_NEEDED, said)
        if self.evidence is not None:
            self.evidence.reasons.append(said)
            if not applied.did_something:
                self.evidence.outcome = "nothing to do"

    def _was_made_untold(self, row: str) -> bool:
        """An earlier run made the step's change, and was gone before it told the row so."""
        step = self.run.step
        told = any(
            event["event"] == "row" and (event["row"], event["step"]) == (row, step)
            for event in self.survey.earlier
        )
        return not told and self.run.memory.outcome_of(step) is Outcome.OK

    def _row(self, row: str, state: RowState, reason: str) -> None:
        self.run.record("row", step=self.run.step, row=row, state=state.value, reason=reason)

    def open_attempt(self, baseline: Mapping[str, Any]) -> None:
        """Open a new attempt with its baseline; bookkeeping on N, no change of the cluster."""
        assert self._records is not None and self._applier is not None  # noqa: PT018
        attempt = self.run.run_id
        self._records.open_attempt(attempt, baseline)
        self.run.attempt = attempt
        self.look.baseline = baseline
        self.run.record("attempt-opened", step=self.run.step, attempt=attempt)
        self._applier.sync()

    def adopt_attempt(self) -> None:
        """An attempt is open from its baseline on, also when its first event never came to N."""
        if self.run.memory.started is None:
            self.run.record(
                "attempt-opened", step=self.run.step, attempt=self.run.attempt, adopted=True
            )

    def close_attempt(self) -> None:
        """Nothing of it is left to do or to give back: the next start makes a new baseline.

        Closed by a restore, the cluster need not be at the target.
        """
        self.run.record(
            "attempt-closed",
            step=self.run.step,
            attempt=self.run.attempt,
            by="restore" if self.run.scope is Scope.RESTORE else "done",
        )

    def fetch(self, node: str, argv: tuple[str, ...], name: str, deadline: float) -> Path:
        """Bring a file of N into the run's `backups/` (0600); raises Lost."""
        target = self.run.directory / "backups" / name
        try:
            answer = self._transport.fetch(node, argv, target, deadline=deadline)
        except OSError as error:
            why = error.strerror or error
            raise RunbookError(f"{target} on this machine can't be written: {why}") from error
        if answer.code != 0:
            raise RunbookError(
                f"{node}: {name} can't be fetched (exit code {answer.code}:"
                f" {answer.errors.strip()[-200:]})"
            )
        return target

    def _idle(self, word: str) -> None:
        self.console.idle(word)
        self._standby.sample()

    def watch_standby(self) -> None:
        """Look now who is in standby."""
        self._standby.sample(now=True)

    def standby_seconds(self) -> dict[str, float]:
        """Node -> seconds in standby during this attempt."""
        return standby_seconds([*self.survey.earlier, *self.run.journal.events])

    def time_taken(self) -> timedelta:
        """From the first run of the attempt until now, pauses between runs included."""
        memory = self.run.memory
        since = datetime.fromisoformat(memory.started) if memory.started else self.run.started
        until = datetime.fromisoformat(memory.ended) if memory.ended else self.run.now()
        return timedelta(seconds=int((until - since).total_seconds()))

    def _record_standby(self, node: str, state: str) -> None:
        self.run.record("standby", node=node, state=state)

    def _standby_nodes(self) -> tuple[str, ...]:
        # asked past the evidence: hundreds of equal looks would bury it
        answer = self._transport.run(self.look.names.active, STATUS.argv, deadline=STATUS.deadline)
        return self.look.names.localised(STATUS.parse(answer)).standby_nodes

    def start_step(self, item: StepItem, intent: str, waits_for: Sequence[str]) -> None:
        """A step begins; one that waits for a step that was not done is only counted."""
        self.run.step = item.name
        self.evidence = Evidence(self.run, item.name, item.mark.guide)
        self._waits_in_vain_for = next((name for name in waits_for if name in self._bad), None)
        if self.run.mode is Mode.PLAN:
            self.planner.begin(item, intent, waits_for)
        elif self._waits_in_vain_for:
            self.console.skip()
        else:
            self.console.step(item.name, intent)
        self.run.record("step-started", step=item.name, node=item.node)

    def end_step(self, item: StepItem, report: pytest.TestReport, seconds: float) -> None:
        """Record how the step ended, and keep its events for the report."""
        evidence = self.evidence
        outcome, reason = self._outcome_of(report)
        started = next(
            (e["time"] for e in reversed(self.run.journal.events) if e["event"] == "step-started"),
            "",
        )
        ended = self.run.record(
            "step-ended",
            step=item.name,
            name=item.name,
            node=item.node,
            outcome=outcome,
            guide=list(item.mark.guide),
            started=started,
            seconds=round(seconds, 2),
            reason=reason,
            **details_of(report, reason),
        )
        mine = [event for event in self.run.journal.events if event.get("step") == item.name]
        tell(report, ended, mine)
        if outcome in ("failed", "not reached", Verdict.BLOCKED, Verdict.MANUAL):
            self._bad.add(item.name)
        if self.run.mode is Mode.PLAN:
            self.planner.tell(self.console)
        if self.run.mode is Mode.PLAN or outcome == "not reached":
            return
        first = reason.splitlines()[0] if reason else ""
        self.console.ended(outcome, first[:300], seconds)
        if outcome == "failed":
            for line in reason.splitlines()[1:20]:
                self.console.line(f"    {line}"[:1000])
            if evidence is not None and not evidence.blocking:
                self.run.halt(
                    Ending.FAILED, f"{item.name}: {first}", "Remove the cause, then run again."
                )

    def foresee(self, function: object) -> None:
        """A plan does not run this step's body: what it says of itself beforehand."""
        assert self.evidence is not None
        self.planner.foresee(self.look, self.evidence, function)

    def _outcome_of(self, report: pytest.TestReport) -> tuple[str, str]:
        outcome, said = self._told(report)
        if self.run.mode is not Mode.PLAN:
            return outcome, said
        planned = self.planner.end(report.outcome, self.evidence, said)
        return planned.verdict.value, planned.reason

    def _told(self, report: pytest.TestReport) -> tuple[str, str]:
        evidence = self.evidence
        said = "; ".join(dict.fromkeys(filter(None, evidence.reasons))) if evidence else ""
        if report.outcome == "skipped":
            return "not reached", f"it waits for {self._waits_in_vain_for}, which was not done"
        if report.outcome == "failed":
            text = getattr(report, "runbook_message", "") or report.longreprtext
            if evidence is not None and evidence.blocking:
                return "failed", "\n".join(f"{finding}" for finding in evidence.blocking)
            return "failed", text
        return (evidence.outcome if evidence else "done"), said

    def halt_for_findings(self, blocking: list[Finding]) -> None:
        """Findings block: before our first change that is `blocked`, afterwards a failed check."""
        codes = ", ".join(dict.fromkeys(finding.code for finding in blocking))
        subjects = ", ".join(dict.fromkeys(finding.subject for finding in blocking))
        ending = Ending.FAILED if self.run.changes_made else Ending.BLOCKED
        self.run.halt(
            ending,
            f"{self.run.step} found {codes} ({subjects})",
            " ".join(dict.fromkeys(finding.remedy for finding in blocking)),
        )

    @property
    def is_refused(self) -> bool:
        """The role firewall refused a command: no further step runs."""
        return self._transport.refused is not None

    def _refused(self, error: Refused) -> None:
        firewall_refused(self.run, error)

    def _announce(self, stop: Stop) -> None:
        if self.run.mode is Mode.PLAN:
            return  # the end of a plan tells everything together
        self.console.line("")
        self.console.line(f"STOPPED ({stop.ending.value}): {stop.reason}", red=True, bold=True)
        self.console.line(f"What to do: {stop.what_to_do}", bold=True)
        asks = stop.ending in (Ending.STOPPED, Ending.UNKNOWN)
        notify(self.run, "question" if asks else "stop", stop.reason)

    def end(self) -> None:
        """Hand the rest of the journal to N, give the lock back, close the connections."""
        if self._lock is not None:
            sync = self._applier.sync if self._applier is not None else None
            say = functools.partial(self.console.line, yellow=True)
            hand_over(self.run, sync, self._lock, say)
        if self._lock_here is not None:
            self._lock_here.give_back()
        self._transport.close()


def _made(changes: Sequence[Change]) -> str:
    """The changes in a few words; each of them stands by itself among the step's events."""
    if len(changes) > 2:
        return f"{len(changes)} changes on {', '.join(dict.fromkeys(c.node for c in changes))}"
    return "; ".join(f"{change.what} on {change.node}" for change in changes)
