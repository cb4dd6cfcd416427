"""Why a run did not go through: the change that failed, then what was seen of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.judge.text import ends_of
from engine.model.event import Event
from engine.model.finding import Severity

_LONGEST = 140
"""Characters of what a finding saw, or of a reason."""


def causes_of(own: Sequence[Event]) -> list[str]:
    """What led to the stop, the first thing first; empty: its reason says all that is on record.

    `own` are the events of one run.
    """
    stops = [number for number, event in enumerate(own) if event["event"] == "stopped"]
    if not stops:
        return []
    before, stop = own[: stops[0]], own[stops[0]]
    seen = list(_seen(before, stop))
    return [*_failed_change(before, is_alone=not seen), *seen]


def _seen(before: Sequence[Event], stop: Event) -> Iterator[str]:
    """By the first finding that stopped it: its code alone says little."""
    for event in before:
        if (
            event["event"] == "finding"
            and event.get("step") == stop.get("step")
            and event["severity"] == Severity.BLOCK
            and not event["accepted"]
        ):
            observed = str(event["observed"])
            if observed not in str(stop.get("reason", "")):
                # its first sentence: the others help to find out more
                first = ends_of(observed.partition(". ")[0], _LONGEST)
                yield f"{event['subject']}: {first}"
            return


def _failed_change(before: Sequence[Event], *, is_alone: bool) -> Iterator[str]:
    """The last change that did not end well, when no later step was done after it."""
    intents: dict[str, Event] = {}
    failed: Event | None = None
    for event in before:
        if event["event"] == "intent":
            intents[str(event["key"])] = event
        elif event["event"] == "result" and event["key"] in intents:
            failed = None if event["outcome"] == "ok" else event
        elif failed and event["event"] == "step-ended" and event["outcome"] == "done":
            failed = failed if event["step"] == failed["step"] else None
    if failed is None:
        return
    code = failed.get("code")
    said = [f"exit status {code}"] if code else []
    if is_alone:
        more = str(failed.get("failing") or failed.get("reason") or "")
        said += [ends_of(more, _LONGEST)] if more else []
    intent = intents[str(failed["key"])]
    yield ": ".join([f"{intent['what']} on {intent['node']}", ", ".join(said) or failed["outcome"]])
