"""The step under way: how it begins, what its action came to, what stops it, how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import pytest

from engine.act.driving import Applied
from engine.act.stops import NotDone, superseded
from engine.attempt.records import LockLost
from engine.errors import Refused, RunbookError, Unanswered
from engine.judge.text import cut_at_word
from engine.judge.ways import in_words
from engine.model.change import Outcome
from engine.model.ending import Ending, Mode
from engine.model.event import Event
from engine.model.finding import Finding
from engine.model.plan import PlannedStep, Verdict
from engine.model.steps import StepItem, phase_of, waiting_for
from engine.plan.planner import Planner
from engine.record import halting
from engine.record.evidence import Evidence, StoppedForPerson, unanswered
from engine.record.rows import RowState
from engine.record.run import Run
from engine.report.console import MOST, Console, columns, in_columns
from engine.run.foretold import Foretold
from engine.run.notify import tell_phase
from engine.run.step_report import details_of, tell

_TOLD_TOGETHER = 10
"""After so many checks without a line of their own a plan shows that it goes on."""
_BAD = ("failed", "not reached", Verdict.BLOCKED, Verdict.MANUAL)
"""Outcomes of a step without which those that wait for it are not run."""


class StepUnderWay:
    """One step after the other; the evidence is that of the step under way."""

    def __init__(self, run: Run, console: Console, planner: Planner) -> None:
        self._run = run
        self._console = console
        self._planner = planner
        self.foretold = Foretold(run, console)
        self.evidence: Evidence | None = None
        self._intent = ""
        self._started = ""
        """When the step under way began."""
        self._bad: dict[str, tuple[str, ...]] = {}
        """Each step that was not done -> those that kept it from being done, or itself."""
        self._blocked_by: tuple[str, ...] = ()
        self._satisfied = 0
        """Checks of a plan that found nothing in the way, and have no line of their own."""
        self._failed: set[str] = set()
        """Those whose report is not a pass: whatever waits for one of them is left out."""
        self.ended_by: BaseException | None = None
        """What ended the body of the step under way; None: nothing, or it may go on."""
        self.has_ended = False
        """The end of the step under way is on record."""
        self._phases: set[str] = set()
        """Those that were told to those outside."""

    def begin(self, item: StepItem, intent: str, waits_for: Sequence[str]) -> None:
        """A step begins; one that waits for a step that was not done is only counted."""
        self._run.step = item.name
        self.ended_by = None
        self.has_ended = False
        self.evidence = Evidence(self._run, item.name, item.mark.guide)
        self._intent = intent
        roots = {root for name in waits_for for root in self._bad.get(name, ())}
        self._blocked_by = tuple(name for name in self._bad if name in roots)
        if self._run.mode is Mode.PLAN:
            self._planner.begin(item, intent, waits_for)
        elif self._blocked_by or item.name in self._run.left_out:
            self._console.skip()
        else:
            self._console.step(item.name, intent, item.node or "")
        self._started = self._run.record("step-started", step=item.name, node=item.node)["time"]
        if not self._blocked_by and item.name not in self._run.left_out:
            self._tell_phase(phase_of(item.name))

    def _tell_phase(self, phase: str) -> None:
        """Once: of the rounds that there may be, most have nothing to do."""
        if phase not in self._phases:
            self._phases.add(phase)
            tell_phase(self._run, phase, self._console.progress())
        for text in self._run.news.new_problems() if self._run.news else ():
            self._console.line(text, yellow=True)

    def why_left_out(self, item: StepItem, waits_for: Sequence[str]) -> str:
        """Why the step is not run; empty: it is."""
        missing = [name for name in waits_for if name in self._failed]
        # pytest-dependency goes by a report, which another plugin may have made a better one
        behind = f"{item.name} depends on {missing[0]}" if missing else ""
        return self._run.left_out.get(item.name, behind)

    def fail_for(self, error: RunbookError, rows: tuple[str, ...], *, action: str = "") -> NoReturn:
        """An error has ended a step's action or body: the step fails, as the rest was not done."""
        if isinstance(error, Unanswered):
            self._judge_unanswered(error, rows)
        elif isinstance(error, StoppedForPerson):
            self.stop_for(error, rows)
            halting.although_accepted(self._run, error.findings)
        else:
            self._run.tell_rows(rows, RowState.FAILED, str(error))
            if isinstance(error, LockLost):
                superseded(self._run, error)
            elif not isinstance(error, Refused | NotDone):  # these have stopped the run already
                ending = Ending.BLOCKED if self._run.mode is Mode.PLAN else Ending.FAILED
                where = f"{self._run.step} ({action})" if action else self._run.step
                self._run.halt(ending, f"{where}: {error}", "Remove the cause, then run again.")
        said = self._run.redactor.clean_output(str(error))
        raise pytest.fail.Exception(said, pytrace=False) from None

    def _judge_unanswered(self, error: Unanswered, rows: tuple[str, ...]) -> None:
        """A question without an answer blocks, whoever in a step asked it."""
        if self.evidence is not None:
            finding = unanswered(error.node, error.question, error.why)
            self.evidence.judge([finding], observed=str(error), guide=rows)
            if self.evidence.blocking:
                halting.by_findings(self._run, self.evidence.blocking)
            halting.although_accepted(self._run, [finding])

    def stop_for(self, error: StoppedForPerson, rows: tuple[str, ...]) -> None:
        """Something that only a person can decide: exit code 11, the findings say what."""
        if self.evidence is None:
            return
        verdict = self.evidence.judge(error.findings, observed=str(error), guide=rows)
        if not verdict:
            halting.for_person(self._run, verdict.blocking)

    def go_on_with(self, findings: Sequence[Finding]) -> None:
        """An action's doubt: StoppedForPerson unless all that blocks is accepted."""
        weighed = self._run.judge.weigh(findings)
        if any(finding.blocks for finding in weighed):
            raise StoppedForPerson(findings)
        if findings and self.evidence is not None:
            said = "accepted" if any(finding.accepted for finding in weighed) else "told"
            self.evidence.judge(findings, observed=f"{said}: the action goes on", guide=())

    def tell_applied(
        self, applied: Applied, rows: tuple[str, ...], earlier: Sequence[Event]
    ) -> None:
        """What an action came to, for its rows and the step; `earlier`: of the attempt's runs."""
        said = applied.sentence()
        for row in rows:
            made = applied.did_something or self._was_made_by_an_earlier_run(row, earlier)
            state = RowState.FULFILLED if made else RowState.NOT_NEEDED
            self._run.tell_rows((row,), state, said)
        if self.evidence is not None:
            self.evidence.reasons.append(said)
            if not applied.did_something:
                self.evidence.outcome = "nothing to do"

    def _was_made_by_an_earlier_run(self, row: str, earlier: Sequence[Event]) -> bool:
        """An earlier run made the step's change, and ended before it told the row."""
        step = self._run.step
        told = any(
            event["event"] == "row" and (event["row"], event["step"]) == (row, step)
            for event in earlier
        )
        return not told and self._run.memory.outcome_of(step) is Outcome.OK

    def end(self, item: StepItem, report: pytest.TestReport, seconds: float) -> None:
        """Record how the step ended, and keep its events for the report."""
        if self._end(item, report, seconds) != "not reached":
            self.foretold.step_ended(item.name)

    def _end(self, item: StepItem, report: pytest.TestReport, seconds: float) -> str:
        """The outcome."""
        self.has_ended = True
        evidence = self.evidence
        outcome, reason = self._outcome_of(report)
        reason = self._run.redactor.clean_output(reason)  # before it is cut
        started = self._started
        ended = self._run.record(
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
        tell(report, ended, ended, self._run.journal.of_step(item.name), self._intent)
        if report.outcome != "passed":
            self._failed.add(item.name)
        is_to_come = item.name in self._run.left_out and not self._blocked_by
        if outcome in _BAD and not is_to_come:
            self._bad[item.name] = self._blocked_by or (item.name,)
        if self._run.mode is Mode.PLAN:
            self._tell_planned(self._planner.steps[-1])
        if self._run.mode is Mode.PLAN or outcome == "not reached":
            return outcome
        first = reason.splitlines()[0] if reason else ""
        mine = (e for e in self._run.journal.events if e.get("step") == item.name)
        has_findings = any(event["event"] == "finding" for event in mine)
        self._console.ended(outcome, first, seconds, has_findings=has_findings)
        if outcome == "failed":
            for line in reason.splitlines()[1:20]:
                self._console.line(f"    {line}"[:1000])
            if evidence is not None and not evidence.blocking:
                self._run.halt(
                    Ending.FAILED, f"{item.name}: {first}", "Remove the cause, then run again."
                )
        return outcome

    def _tell_planned(self, step: PlannedStep) -> None:
        """A line for what was asked now and is in the way; of the others, how many there are by
        now. The table at the end has the other steps."""
        if not step.asks:
            return
        bad = step.verdict.is_in_the_way
        if not bad and not self._run.shows_everything:
            self._satisfied += 1
            if self._satisfied % _TOLD_TOGETHER == 0:
                self._console.line(
                    f"  asked and judged: {self._satisfied} checks, the last is {step.name}"
                )
            return
        said = self._run.redactor.clean_output(step.reason)
        for line in said.splitlines()[:20] or [""]:
            told = cut_at_word(f"  {step.verdict:<10} {step.name}: {line}", MOST)
            for part in in_columns(told, columns(), " " * 13):
                self._console.line(part, red=bad)

    def _outcome_of(self, report: pytest.TestReport) -> tuple[str, str]:
        outcome, said = self._outcome_and_reason(report)
        if self._run.mode is not Mode.PLAN:
            return outcome, said
        planned = self._planner.end(report.outcome, self.evidence, said, self._blocked_by)
        return planned.verdict.value, planned.reason

    def _outcome_and_reason(self, report: pytest.TestReport) -> tuple[str, str]:
        evidence = self.evidence
        said = "; ".join(dict.fromkeys(filter(None, evidence.reasons))) if evidence else ""
        if report.outcome == "skipped":
            if not self._blocked_by and (to_come := self._run.left_out.get(self._run.step)):
                return "not reached", to_come
            were = "was" if len(self._blocked_by) == 1 else "were"
            return "not reached", f"it {waiting_for(self._blocked_by)}, which {were} not done"
        if report.outcome == "failed":
            text = getattr(report, "runbook_message", "") or report.longreprtext
            if evidence is not None and evidence.blocking:
                return "failed", in_words(evidence.blocking)
            return "failed", text
        return (evidence.outcome if evidence else "done"), said
