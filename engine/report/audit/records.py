"""What was asked and changed, step by step, as short as the page has to be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.outputs import excerpt as cut
from engine.report.earlier import NOT_FETCHED

BUDGET = 2_000_000
"""Characters of outputs that the page shows in all; each record gets its share."""
LEAST, MOST = 80, 1500
COMMAND = 400
"""Characters of a question's command that are shown."""
QUESTIONS = 10_000
"""Answered questions that the page shows in all; changes and failures are always shown."""
_SHOWN = frozenset({"observation", "intent", "result", "note", "attachment", "refused", "settled"})


@dataclass(frozen=True)
class Record:
    """One line of a step: when, where, what, how it ended, and the beginning and end of the rest"""

    time: str
    kind: str
    node: str
    what: str
    command: str
    ended: str
    text: str


@dataclass(frozen=True)
class StepRecords:
    """A step of one run, with its records."""

    run: str
    step: Mapping[str, Any]
    records: tuple[Record, ...]


def records_of(events: Sequence[Event], steps: Mapping[str, Any]) -> list[StepRecords]:
    """The steps of each run in the order in which they ended, with what they recorded.

    `steps` are the sentences of the steps, by name.
    """
    shown = [event for event in events if event["event"] in _SHOWN]
    each = max(LEAST, min(MOST, BUDGET // max(1, len(shown))))
    by_step = grouped(((str(e["run"]), str(e.get("step", ""))), e) for e in shown)
    share = max(3, QUESTIONS // max(1, len(by_step)))
    if sum(map(_is_plain, shown)) <= QUESTIONS:
        share = QUESTIONS
    found = []
    for event in events:
        if event["event"] == "step-ended":
            key = (str(event["run"]), str(event["name"]))
            told = {**event, "intent": steps.get(str(event["name"]), "")}
            found.append(
                StepRecords(
                    key[0], told, tuple(_records_of_step(by_step.get(key, ()), each, share))
                )
            )
    return found


def _records_of_step(events: Iterable[Event], each: int, share: int) -> Iterator[Record]:
    """The records of a step; of its answered questions the first ones, the rest is counted."""
    plain = 0
    last = ""
    for event in events:
        plain += _is_plain(event)
        last = str(event["time"])
        if not _is_plain(event) or plain <= share:
            yield _record(event, each)
    if plain > share:
        yield Record(
            last, "note", "", f"{plain - share} more questions, in the journal", "", "", ""
        )


def _is_plain(event: Event) -> bool:
    return event["event"] == "observation" and not event.get("problem")


def _record(event: Event, most: int) -> Record:
    kind = str(event["event"])
    code = event.get("code")
    ended = f"exit code {code}" if code is not None else ""
    if event.get("rows") is not None and kind == "observation":
        ended = f"{event['rows']} rows"
    what, command = _WHAT[kind](event)
    if kind == "result":
        ended = ", ".join(filter(None, [str(event["outcome"]), ended]))
    if event.get("problem"):
        ended = str(event["problem"])
    return Record(
        str(event["time"]),
        kind,
        str(event.get("node") or ""),
        what,
        command_of(event, COMMAND) if command else "",
        cut(ended, 400),
        excerpt(event.get("output"), most),
    )


_WHAT: Mapping[str, Any] = {
    "observation": lambda e: (f"asked: {e['question']}", e.get("command", "")),
    "intent": lambda e: (f"change: {e['what']}", e["command"]),
    "result": lambda e: (f"result: {e.get('reason') or e['outcome']}", ""),
    "note": lambda e: (str(e["text"]), ""),
    "attachment": lambda e: (str(e["name"]), ""),
    "refused": lambda e: (f"refused by the role firewall: {e['rule']}", e["command"]),
    "settled": lambda e: (f"settled as {e['word']} by {e['by']}: {e['reason']}", ""),
}


def changes_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Every intent with its result, in order; one without says so.

    `again`: the intent by which a later run went on with it: it followed the command, or did it
    once more.
    """
    rows: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["event"] == "intent":
            row = {"intent": event, "result": None, "again": None}
            before = latest.get(str(event["key"]))
            if before is not None and before["result"] is None:
                before["again"] = event
            latest[str(event["key"])] = row
            rows.append(row)
        elif event["event"] == "result" and event["key"] in latest:
            latest[str(event["key"])]["result"] = event
    return rows


def command_of(event: Event, most: int) -> str:
    """The command, whole; a long one cut, with a mark, and with where the whole of it is."""
    text = str(event.get("command", ""))
    whole = event.get("whole")
    if whole:
        return excerpt({**whole, "text": text}, most)
    if len(text) <= most:
        return text
    return f"{cut(text, most)}\n(whole: event {event['seq']} of the journal of run {event['run']})"


def excerpt(output: Any, most: int) -> str:
    """Head and tail of an output, and where the whole of it is, with size and sha256."""
    if not output:
        return ""
    text = cut(str(output.get("text", "")), most)
    if output.get("not_kept"):
        text += f"\n({output['not_kept']})"
    elif output.get(NOT_FETCHED):
        text += f"\n(whole: not fetched: {output[NOT_FETCHED]}; sha256 {output['sha256']})"
    elif output.get("file"):
        size = f", {output['size']} bytes" if "size" in output else ""
        text += f"\n(whole: {output['file']}{size}, sha256 {output['sha256']})"
    return text


def sentences_of(events: Iterable[Event]) -> dict[str, str]:
    """What each step is for, as it was collected."""
    found: dict[str, str] = {}
    for event in events:
        if event["event"] == "steps":
            found |= {str(step["name"]): str(step.get("intent", "")) for step in event["steps"]}
    return found
