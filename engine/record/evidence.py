"""What a step says it saw: findings, guide rows, notes. The verdict comes from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any, TypeVar

from engine.errors import ANOTHER_MACHINE, NO_SOCKETS, NO_SOCKETS_BEFORE, OUT_OF_REACH, RunbookError
from engine.judge.text import many
from engine.judge.ways import CHANGED, FORWARDING, UNANSWERED, UNREACHABLE
from engine.model.ending import Mode
from engine.model.finding import Finding, Verdict, Way, acceptance_sentence
from engine.model.loss import LossState, Lost
from engine.model.query import Asked
from engine.record.archive import name_of
from engine.record.listing import Cells
from engine.record.memory import ChangeRecord
from engine.record.rows import RowState
from engine.record.run import Run, SupportWanted

T = TypeVar("T")

SUPPORT_NEEDED = "support-needed"
OVER = "Nothing: it counts before an upgrade, and this one is over."


class StoppedForPerson(RunbookError):
    """An action can't go on without a person's decision; each finding says what to do."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class Evidence:
    """The fixture `evidence` of one step."""

    def __init__(self, run: Run, step: str, guide: tuple[str, ...]) -> None:
        self._run = run
        self._guide = guide
        self.step = step
        self.blocking: list[Finding] = []
        self.reasons: list[str] = []
        self.outcome = "done"

    @property
    def verdict(self) -> Verdict:
        """The verdict on all that the step has judged until now."""
        return Verdict(tuple(self.blocking))

    @property
    def made(self) -> list[ChangeRecord]:
        """The changes that the step has begun in this attempt, in this run or an earlier one.

        What they left is looked at in each run: what is wrong with it stays so until it is mended.
        """
        return self._run.memory.of_step(self.step)

    def judge(
        self,
        findings: Iterable[Finding],
        *,
        observed: str,
        sound: str = "",
        guide: Iterable[str] | None = None,
        information: str = "",
    ) -> Verdict:
        """Record what was observed and the findings; the step fails at its end if one blocks.

        `assert` what is returned, at the latest at the end: the step reads so, and ends there.

        `observed` is what was seen, true whatever is found; `sound` says that all is well, and is
        said only when there is no finding.

        `guide` are the rows this observation was made for (default: all of the step's).
        `information`: not empty, they are shown without weight, as start conditions are after the
        start; the sentence says so, stands before each remedy, and takes its commands away.
        """
        if information:
            says = OVER if self._run.memory.closed else information
            findings = [_without_weight(finding, says) for finding in findings]
        weighed = self._run.judge.weigh(findings, information=bool(information))
        self._keep_acceptances()
        for finding in weighed:
            self._run.record("finding", step=self.step, **as_data(finding))
        if sound and not weighed:
            observed = f"{observed}: {sound}"
        verdict = Verdict(tuple(weighed))
        self.blocking += verdict.blocking
        # what nobody answered was not observed, even if that was accepted
        accepted = [finding for finding in weighed if finding.accepted]
        unseen = [finding for finding in accepted if finding.code == UNANSWERED]
        state = RowState.OPEN if unseen else RowState.FULFILLED
        self._rows(
            guide,
            state if verdict else RowState.FAILED,
            _in_words(verdict.blocking or unseen) or _all_the_same(accepted, observed),
        )
        self.reasons.append(observed)
        self.reasons += [
            f"accepted [{f.code}] {f.subject} {acceptance_sentence(f.accepted.as_data())}"
            for f in accepted
            if f.accepted
        ]
        return verdict

    def _keep_acceptances(self) -> None:
        """Put acceptances on record for the whole attempt; those of a plan hold for it alone."""
        for given in self._run.judge.newly_used():
            if self._run.mode.changes and not self._run.memory.closed:
                self._run.record(
                    "accepted",
                    step=self.step,
                    code=given.code,
                    subject=given.subject,
                    # the event's own field `run` is this run, in which it was given
                    **{key: value for key, value in given.as_data().items() if key != "run"},
                )

    def answered(self, asked: Asked[Any], guide: Iterable[str] | None = None) -> bool:
        """Judge whether everybody answered: a question without an answer blocks."""
        findings = [unanswered(node, asked.question, why) for node, why in asked.unanswered.items()]
        if findings:
            self.judge(findings, observed=f"{asked.question} was not answered", guide=guide)
        return not findings

    def answers(self, asked: Asked[T]) -> dict[str, T]:
        """What was answered, by node; a question without an answer blocks."""
        self.answered(asked)
        return asked.values

    def fulfilled(self, row: str, reason: str) -> None:
        self._rows((row,), RowState.FULFILLED, reason)
        self.reasons.append(reason)

    def call_support(self, row: str, directions: str) -> None:
        """Leave what was found to the vendor's support: `row` says so, and a bundle is made."""
        self._rows((row,), RowState.FULFILLED, directions, settles=True)
        self.reasons.append(directions)
        if self._run.mode is not Mode.PLAN:
            codes = ", ".join(dict.fromkeys(finding.code for finding in self.blocking))
            why = f"{self.step} found {codes}"
            self._run.want_support(SupportWanted(why, self.step, row))
            self.judge([_support_needed(name_of(self._run.run_id), why, directions, row)],
                       observed=why, guide=())  # fmt: skip

    def not_needed(self, reason: str, *, guide: Iterable[str] | None = None) -> None:
        """There was nothing to do, and why."""
        self._rows(guide, RowState.NOT_NEEDED, reason)
        self.reasons.append(reason)
        self.outcome = "not needed"

    def not_applicable(self, observed_how: str, *, guide: Iterable[str] | None = None) -> None:
        """What the rows are about is not on this cluster, by observation."""
        self._rows(guide, RowState.NOT_APPLICABLE, observed_how)
        self.reasons.append(observed_how)
        self.outcome = "not applicable"

    def open(
        self, row: str, what_until: str, *, brief: str = "", until: date | None = None
    ) -> None:
        """Something is left to be done after this run, and until when.

        `brief` says in a word or two what it is, for the report's first sentence; `until` is the
        day by which it is to be done.
        """
        told = {"brief": brief, "until": until.isoformat() if until else ""}
        more = {name: value for name, value in told.items() if value}
        self._rows((row,), RowState.OPEN, what_until, **more)
        self.reasons.append(what_until)

    def note(self, text: str, *, about: str = "") -> None:
        """A sentence for the report, for no row in particular."""
        self._run.record("note", step=self.step, text=text, **({"about": about} if about else {}))
        self.reasons.append(text)

    def remember(self, name: str, **values: Any) -> None:
        """Keep a fact for later steps and later runs of this attempt. Never a secret."""
        self._run.record("fact", step=self.step, name=name, **values)

    def would_lose(self, *counted: Lost) -> None:
        """What the change would take, counted before it; told with 0 when it is nothing by now."""
        self._lose(LossState.EXPECTED, counted)

    def lost(self, *counted: Lost) -> None:
        """What the change has taken, counted after it."""
        self._lose(LossState.OBSERVED, counted)

    def _lose(self, state: LossState, counted: Iterable[Lost]) -> None:
        for one in counted:
            self._run.record("loss", step=self.step, state=state.value, **asdict(one))

    def attach(
        self, name: str, text: str, *, about: str = "", file: tuple[str, str] | None = None
    ) -> None:
        """Keep a longer text with the step, redacted; `file`: node and path that it is about."""
        of_file = {"node": file[0], "path": file[1]} if file else {}
        text = self._run.redactor.clean_output(text)
        self._run.record(
            "attachment",
            step=self.step,
            name=name,
            output=self._run.outputs.describe(name, text),
            **({"about": about} if about else {}),
            **of_file,
        )

    def list(self, name: str, head: Cells, rows: Iterable[Cells]) -> dict[str, Any]:
        """Keep a long list with the step: a CSV file of the run's outputs, sorted and redacted.

        The rows may be generated; they are never all in memory. Returns what the journal has of
        the file: its name in the run's directory, `rows`, `size` in bytes, `sha256`. RunbookError
        when it can't be written: a list that is not kept was not made.
        """
        try:
            output = self._run.outputs.list(name, head, rows)
        except OSError as error:
            raise RunbookError(
                f"the list {name!r} can't be written on this machine: {error.strerror or error}"
            ) from error
        self._run.record("attachment", step=self.step, name=name, output=output)
        self.reasons.append(
            f"{many(output['rows'], 'row')} in {output['file']}, sha256 {output['sha256'][:16]}..."
        )
        return output

    def _rows(
        self, guide: Iterable[str] | None, state: RowState, reason: str, **more: bool | str
    ) -> None:
        rows = self._guide if guide is None else guide
        self._run.tell_rows(rows, state, reason, step=self.step, **more)


def _without_weight(finding: Finding, says: str) -> Finding:
    """Nothing has to be done now: a command that is pasted all the same may do harm by now."""
    remedy = says if says == OVER else f"{says} {finding.remedy}".rstrip()
    return replace(finding, remedy=remedy, commands=())


def _in_words(findings: Iterable[Finding]) -> str:
    return "; ".join(f"{f.subject}: {f.observed}" for f in findings)


def _all_the_same(accepted: Iterable[Finding], observed: str) -> str:
    """What a row says: `observed` is how it is without what somebody has accepted."""
    said = _in_words(accepted)
    return f"accepted: {said}; apart from that: {observed}" if said else observed


def _support_needed(bundle: str, why: str, directions: str, row: str) -> Finding:
    return Finding(
        code=SUPPORT_NEEDED,
        subject=bundle,
        observed=why,
        expected="nothing that blocks there",
        remedy=f"{directions}. This archive in the run's directory has what they need, from the"
        " run's end on. Look through it before you send it.",
        guide=(row,),
        way=Way.SUPPORT,
    )


def as_data(finding: Finding) -> dict[str, Any]:
    """A finding as the contract's `findings[]` has it."""
    accepted = finding.accepted
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "observed": finding.observed,
        "expected": finding.expected,
        "remedy": finding.remedy,
        "guide": list(finding.guide),
        "accepted": accepted.as_data() if accepted else None,
        **({"follows": finding.follows, "question": finding.question} if finding.follows else {}),
        **({"commands": [one.as_data() for one in finding.commands]} if finding.commands else {}),
        **({"task": True} if finding.lasting.is_task else {}),
        **({"settled_by": list(settled)} if (settled := finding.lasting.settled_by) else {}),
    }


_NOT_ASKED = {
    OUT_OF_REACH: (UNREACHABLE, "the node is out of reach", "Bring the node into reach"),
    ANOTHER_MACHINE: (CHANGED, ANOTHER_MACHINE, "Find out which machine it is"),
    NO_SOCKETS: (
        FORWARDING,
        "no way leads to its sockets",
        "Have perl or Python there, or let its sshd forward to sockets",
    ),
}
_NOT_ASKED[NO_SOCKETS_BEFORE] = _NOT_ASKED[NO_SOCKETS]
"""Why nobody asked -> the finding that says more, in which words, and what helps."""


def unanswered(node: str, question: str, why: str, cause: str = "") -> Finding:
    """The finding for a question without an answer: it blocks, as nothing is known.

    `cause` is CODE@SUBJECT of a finding that says why, of a question that was asked.
    """
    if why in _NOT_ASKED:
        cause, because, what_to_do = _NOT_ASKED[why]
        return Finding(
            code=UNANSWERED,
            subject=node,
            observed=f"{question}: not asked, {because}",
            expected="an answer within the deadline",
            remedy=f"{what_to_do}, as said of the node itself, then run again.",
            follows=f"{cause}@{node}",
            question=question,
        )
    if cause:
        what_to_do = f"Mend [{cause.replace('@', '] ', 1)}, as said there, then run again."
    else:
        what_to_do = "Try the question by hand on the node, remove the cause, then run again."
    return Finding(
        code=UNANSWERED,
        subject=node,
        observed=f"no answer to {question!r}: {why}",
        expected="an answer within the deadline",
        remedy=f"Nothing is assumed in its place. {what_to_do}",
        follows=cause,
        question=question if cause else "",
    )
