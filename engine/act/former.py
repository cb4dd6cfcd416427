"""A change that an earlier run began: what its record and a person's word mean for this run."""

from __future__ import annotations

from engine.act import detached, stops
from engine.attempt import settle as by_word
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.model.change import Change, Outcome
from engine.record.memory import ChangeRecord
from engine.record.run import Run
from engine.transport.base import Transport


class NoTrace(RunbookError):
    """A long command was seen at work, and nothing of it is left on its node."""


def settle(run: Run, transport: Transport) -> None:
    """`--settle`, when what it is about was looked at; halts the run when there is nothing to say.

    A run that was killed has not seen that nothing of its command is left.
    """
    for settlement in run.settlements:
        for record in run.memory.of_step(settlement.step):
            if record.seen and not record.has_ended and not record.needs_a_word:
                _look_for_trace(run, transport, record)
    by_word.settle(run)


def _look_for_trace(run: Run, transport: Transport, record: ChangeRecord) -> None:
    """On record when there is none, so that a word is taken. Without an answer there may be one."""
    assert run.attempt is not None
    node = record.intent["node"]
    base = detached.directory(run.attempt, record.intent["detached"])
    try:
        is_there = detached.look_at(transport, node, base).exists
    except Lost:
        return
    if not is_there:
        run.record(
            "result",
            step=record.intent["step"],
            key=record.key,
            node=node,
            outcome=Outcome.UNKNOWN.value,
            reason=f"nothing is left of it at {node}:{base}",
            no_trace=True,
        )


def done_by_word(
    run: Run, transport: Transport, step: str, former: ChangeRecord, change: Change
) -> str:
    """Who said that it is done, and why; '' when it is begun, followed, or made once more.

    Raises NotDone when only a person can say, NoTrace for a long command of which that is new.
    """
    if former.has_ended and former.intent.get("detached") != change.detached:
        return ""  # the word was on the command before this one
    settled = run.memory.settled.get(former.key, {})
    word = settled.get("word", "")
    if not former.has_ended:
        if change.detached:
            word = _word_on_long(run, transport, former, change, word)
        elif not word and not change.repeatable:
            raise stops.unknown_before(run, step, change)
    return f"settled as done by {settled['by']}: {settled['reason']}" if word == "done" else ""


def _word_on_long(
    run: Run, transport: Transport, former: ChangeRecord, change: Change, word: str
) -> str:
    """The word that counts: none where the command itself tells how it stands."""
    if not former.seen:
        return ""  # a start leaves either nothing or a command at work
    assert run.attempt is not None and change.detached is not None  # noqa: PT018
    base = detached.directory(run.attempt, change.detached)
    try:
        is_there = detached.look_at(transport, change.node, base).exists
    except Lost as lost:
        raise stops.not_asked(run, change, lost) from lost
    if is_there:
        return ""
    if not word:
        raise NoTrace(stops.traceless(change, base))
    return word
