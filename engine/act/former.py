"""A change that an earlier run began: what its record and a person's word mean for this run."""

from __future__ import annotations

from engine.act import detached, stops
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.model.change import Change
from engine.record.memory import ChangeRecord
from engine.record.run import Run
from engine.transport.base import Transport


class NoTrace(RunbookError):
    """A long command was seen at work, and nothing of it is left on its node."""


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
