"""What `--plan` shows: one verdict for each step, from the actions themselves, applying nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine.act import detached
from engine.act.driving import Applied, Changes, reason_of
from engine.act.foreseen import Bookkeeping, Foreseen, Foresight, Told, teller_of
from engine.ask.look import Look
from engine.errors import RunbookError, Unanswered
from engine.model.change import Change, Nothing
from engine.model.ending import Ending
from engine.model.finding import Finding
from engine.model.outcomes import IDLE
from engine.model.plan import PlannedStep, Verdict
from engine.model.steps import StepItem, upstream, waiting_for
from engine.plan.look import Ahead, NotKnownYet, PlanLook
from engine.record.evidence import Evidence, StoppedForPerson
from engine.record.run import Run

LOOKS = "looks and judges in the run"


@dataclass
class _Seen:
    """What became known of the step under way, before its outcome."""

    step: PlannedStep
    shown: Foreseen | Nothing | Bookkeeping | NotKnownYet | None = None
    expected: str = ""
    needs_person: bool = False
    notes: list[str] = field(default_factory=list)


class Planner:
    """Collects what the steps of a plan would do. It has no way to change a node."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ahead = Ahead()
        self._seen: _Seen | None = None
        self.steps: list[PlannedStep] = []

    def begin(self, item: StepItem, intent: str, waits_for: Sequence[str]) -> None:
        """A step of the plan begins."""
        step = PlannedStep(
            name=item.name,
            phase=item.phase,
            verdict=Verdict.WILL_RUN,
            reason="",
            round=item.round,
            node=item.node,
            intent=intent,
            asks=item.mark.asks,
            guide=item.mark.guide,
            waits_for=tuple(waits_for),
        )
        self._seen = _Seen(step)

    def show(
        self, look: Look, make: Callable[[Look], Changes], foresight: Foresight | None
    ) -> Applied:
        """What the action would do after the changes ahead of it; raises StoppedForPerson."""
        seen, declared = self._under_way, foresight or Foresight()
        seen.expected = declared.expected
        try:
            seen.shown = self._ask(look, make, declared)
            if isinstance(seen.shown, Foreseen) and seen.shown.changes:
                self._settle(look, seen, seen.shown.changes[0])
        except NotKnownYet as unknown:
            seen.shown = unknown
        except Unanswered:
            raise
        except RunbookError:
            seen.needs_person = True
            raise
        if isinstance(seen.shown, Foreseen):
            return Applied(changes=seen.shown.changes)
        return Applied(reason=seen.shown.reason if isinstance(seen.shown, Nothing) else "")

    def _ask(
        self, look: Look, make: Callable[[Look], Changes], declared: Foresight
    ) -> Foreseen | Nothing:
        if declared.planned is not None and self._ahead.is_only_of(declared.despite):
            if before := self._ahead.touching:
                last = before[-1][0]
                self._under_way.notes.append(f"by what is there now, before {last}")
            return declared.planned(PlanLook(look, Ahead()))
        return _first(make(PlanLook(look, self._ahead)))

    def _settle(self, look: Look, seen: _Seen, change: Change) -> None:
        """An earlier run began the change, and no result is on record: what the run does then."""
        former = self._run.memory.changes.get(f"{seen.step.name}#1")
        settled = self._run.memory.settled.get(former.key, {}) if former else {}
        word = settled.get("word")
        if former is None:
            return
        if former.has_ended:
            if word != "done" or former.intent.get("detached") != change.detached:
                return
        elif change.detached:
            if self._is_there(look, seen, former.key, change) or not former.seen:
                return
        elif change.repeatable and word != "done":
            return
        if word == "done":
            seen.shown = Nothing(f"settled as done by {settled['by']}: {settled['reason']}")
        elif word != "repeat":
            raise StoppedForPerson([_unsettled(seen.step.name, change)])

    def _is_there(self, look: Look, seen: _Seen, key: str, change: Change) -> bool:
        """What has become of the command of an earlier run, and what the run does then; False:
        nothing of it is on its node."""
        assert self._run.attempt is not None and change.detached is not None  # noqa: PT018
        base = detached.directory(self._run.attempt, change.detached)
        progress = look.ask(change.node, detached.progress_query(base))
        if progress.status is not None:
            if progress.status not in change.ok_codes and not change.may_fail:
                raise RunbookError(
                    f"{change.what}, which an earlier run started on {change.node}, ended with exit"
                    f" status {progress.status}: the run reads that and stops; its log is {base}"
                )
            self._ahead.read[key] = progress.status
            what = f"exit status {progress.status} of {change.what} is read, it ended meanwhile"
            seen.shown = Bookkeeping(what, change.node)
        elif progress.is_interrupted:
            raise RunbookError(
                f"{change.what}, which an earlier run started on {change.node}, is gone and left no"
                f" exit status; its log is {base}. The run stops here for you to look, and goes on"
                " with another round when it is started again"
            )
        elif progress.exists:
            seen.notes.append("an earlier run started it: it is followed, not started again")
        return progress.exists

    def foresee(self, look: Look, evidence: Evidence, function: object) -> None:
        """A step without an action says of itself what it can; raises StoppedForPerson."""
        tell = teller_of(function)
        if tell is None or self._under_way.shown is not None:
            return
        try:
            told: Told = tell(PlanLook(look, self._ahead), evidence)
        except NotKnownYet as unknown:
            self._under_way.shown = unknown
        except StoppedForPerson:
            self._under_way.needs_person = True
            raise
        else:
            self._under_way.shown = told

    def end(
        self, outcome: str, evidence: Evidence | None, said: str, blocked_by: tuple[str, ...]
    ) -> PlannedStep:
        """The step's verdict, once pytest has told its outcome (passed, failed, skipped)."""
        seen = self._under_way
        if outcome == "skipped":
            step = self._blocked(seen.step, blocked_by)
        elif outcome == "failed":
            verdict = Verdict.MANUAL if seen.needs_person else Verdict.BLOCKED
            blocking = tuple(evidence.blocking) if evidence else ()
            step = replace(seen.step, verdict=verdict, reason=said, findings=blocking)
        else:
            step = self._verdict(seen, evidence.outcome if evidence else "", said)
        step = replace(step, expected=seen.expected if step.verdict is Verdict.AFTER else "")
        if step.verdict.is_in_the_way and not step.blocked_by and not step.findings:
            # no finding blocks, and yet nothing can continue after this step
            ending = Ending.BLOCKED if step.verdict is Verdict.MANUAL else Ending.FAILED
            self._run.halt(ending, f"{step.name}: {said}", "Remove the cause, then run again.")
        self._ahead.made += [(step.name, change) for change in step.changes]
        self.steps.append(step)
        return step

    def _verdict(self, seen: _Seen, outcome: str, said: str) -> PlannedStep:
        step, shown = seen.step, seen.shown
        if isinstance(shown, Foreseen):
            return replace(
                step,
                reason=shown.changes[0].what,
                changes=shown.changes,
                further=shown.further,
                notes=tuple(seen.notes),
            )
        if isinstance(shown, Bookkeeping):
            return replace(step, reason=f"bookkeeping: {shown.what}", books_on=shown.node)
        if isinstance(shown, Nothing):
            return replace(step, verdict=Verdict.SATISFIED, reason=shown.reason)
        if isinstance(shown, NotKnownYet):
            return self._after(step, f"depends on {shown.what}")
        if step.asks or outcome in IDLE:
            return replace(step, verdict=Verdict.SATISFIED, reason=said)
        if self._ahead.touching:
            return self._after(step, "judges what it leaves")
        return replace(step, reason=LOOKS)

    def _after(self, step: PlannedStep, why: str) -> PlannedStep:
        changing = [name for name, _ in self._ahead.touching or self._ahead.made]
        before = upstream(step.waits_for, self._run.waits_for)
        after = next((name for name in reversed(changing) if name in before), changing[-1])
        return replace(step, verdict=Verdict.AFTER, reason=why, after=after)

    def _blocked(self, step: PlannedStep, roots: tuple[str, ...]) -> PlannedStep:
        findings = (f for earlier in self.steps if earlier.name in roots for f in earlier.findings)
        return replace(
            step,
            verdict=Verdict.BLOCKED,
            reason=waiting_for(roots),
            blocked_by=roots,
            findings=tuple(dict.fromkeys(findings)),
        )

    @property
    def _under_way(self) -> _Seen:
        assert self._seen is not None, "no step was begun"
        return self._seen


def _first(action: Changes) -> Foreseen | Nothing:
    """The action's first change; what follows needs the answer to it."""
    try:
        change = next(action)
    except StopIteration as end:
        return Nothing(reason_of(end.value) or "nothing to do")
    action.close()
    return Foreseen((change,))


def _unsettled(step: str, change: Change) -> Finding:
    return Finding(
        code="outcome-unknown",
        subject=change.node,
        observed=f"an earlier run began {change.what!r} and has no result; its effect can't be"
        " seen, and doing it twice could do harm",
        expected="the word of a person who looked",
        remedy=f"Look at {change.node}, then run again with"
        f" --settle '{step}=done|repeat' --reason TEXT --by NAME.",
    )
