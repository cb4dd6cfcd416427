"""`--settle`: a person who looked says how a change of unknown outcome ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.errors import UsageError
from engine.model.change import Settlement
from engine.model.ending import Ending
from engine.model.visible import is_blank
from engine.record.memory import Memory
from engine.record.run import Run

WORDS = ("done", "repeat")


def parse_settlements(
    texts: Sequence[str], reason: str | None, by: str | None
) -> tuple[Settlement, ...]:
    """STEP=done|repeat, each with reason and name. UsageError says what is missing."""
    settled: dict[str, Settlement] = {}
    for text in texts:
        step, _, word = (part.strip() for part in text.rpartition("="))
        if word not in WORDS or not step:
            raise UsageError(f"--settle {text!r}: expected STEP=done or STEP=repeat")
        if is_blank(reason or "") or is_blank(by or ""):
            raise UsageError(
                f"--settle {text!r}: who looked, and what was seen? Add --reason TEXT --by NAME"
            )
        if settled.get(step, Settlement(step, word, "", "")).word != word:
            raise UsageError(f"--settle {step}: both done and repeat are given, expected one")
        settled[step] = Settlement(step, word, str(reason).strip(), str(by).strip())
    return tuple(settled.values())


def refuse_unknown_steps(settlements: Sequence[Settlement], names: Collection[str]) -> None:
    """UsageError when a settlement names a step that the runbook does not have."""
    for settlement in settlements:
        if settlement.step not in names:
            raise UsageError(
                f"--settle {settlement.step}: the runbook has no step of this name; the run that"
                " ended with exit code 12 printed the one to settle"
            )


def settle(run: Run) -> None:
    """Put the settlements on record; halt when one names a change whose outcome is known.

    Called with the records of N at hand, under the lock.
    """
    for settlement in run.settlements:
        why = _why_not(run.memory, settlement.step)
        if why:
            unknown = ", ".join(run.memory.steps_to_settle())
            listing = f"of unknown outcome: {unknown}" if unknown else "no step is to be settled"
            run.halt(
                Ending.USAGE,
                f"--settle {settlement.step}={settlement.word}: {why}; {listing}",
                "Nothing was settled and nothing was changed. Run again without it, or with a step"
                " whose outcome is unknown.",
            )
            return
    for settlement in run.settlements:
        run.record(
            "settled",
            step=settlement.step,
            word=settlement.word,
            reason=settlement.reason,
            by=settlement.by,
        )


def _why_not(memory: Memory, step: str) -> str:
    """Why there is nothing to settle for the step; '' when there is."""
    if memory.closed:
        return "the attempt is closed"
    if step in memory.steps_to_settle():
        return ""
    left = [record for record in memory.of_step(step) if not record.has_ended]
    if any(record.intent.get("detached") for record in left):
        return (
            "its command is followed, or its exit status read, by the run itself; a word does"
            " not replace an exit status"
        )
    if left:
        return "it is repeated without harm by the run itself"
    return "its outcome is not unknown"
