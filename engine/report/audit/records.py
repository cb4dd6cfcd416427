"""What was asked and changed, step by step, as short as the page has to be. Pure.

Nothing is left out without a word: what is folded is counted, what is cut is cited.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from engine.judge.text import many
from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.changes import since_when
from engine.report.anchors import change_anchor
from engine.report.audit.differences import AT_ITS_ENDS, BUT_CLOCK, SAME, Answer, Documents
from engine.report.planned_stops import STOPPED, planned_stops_of
from engine.report.quoted import (
    NOTHING,
    Quoted,
    cited,
    command_quoted,
    in_journal,
    level,
    output_of,
)

BUDGET = 300_000
"""Characters of HTML for the texts of all records; the short ones are whole, the long ones share
what is left."""
LEAST, MOST = 80, 2500
QUESTIONS, FEWEST = 1500, 500
"""Lines that the page shows in all, and how many of them are answered questions at least; changes
and failures are always shown."""
SHOWN = frozenset({"observation", "intent", "result", "note", "attachment", "refused", "settled"})


@dataclass(frozen=True)
class Record:
    """One line of a step: when, where, what, how it ended, and the beginning and end of the rest"""

    time: str
    kind: str
    nodes: tuple[str, ...]
    """Several gave the same answer."""
    what: str
    ended: str = ""
    command: Quoted = NOTHING
    """Empty when a line of the same question above has it."""
    note: str = ""
    text: Quoted = NOTHING
    anchor: str = ""
    """Of a change: its line in the table of changes, which has the command and its output."""
    again: int = 0
    """How often it was asked again in the step, and told the same."""
    until: str = ""
    same: str = ""
    """How much the same: `differences.SAME` and its like."""
    is_plain: bool = False
    """A question that was answered: the rest of many is counted."""
    event: Event = field(default_factory=dict, compare=False, repr=False)

    @property
    def questions(self) -> int:
        """How many questions a line of them stands for."""
        return len(self.nodes) + self.again


Key = tuple[str, str]
"""Run and step."""


OfStep = Callable[[Key], Iterable[Event]]
"""All events of a step in their order, each answer too."""


def records_of(
    events: Iterable[Event], of_step: OfStep | None = None
) -> dict[Key, tuple[Record, ...]]:
    """Run and step -> what it recorded, in order; the step '' has what was outside of any.

    `of_step` has all events of a step, where `events` are only what is told of them.
    """
    events = list(events)
    of_step = of_step or grouped((_key(event), event) for event in events).__getitem__
    documents, planned = Documents(), planned_stops_of(events)
    steps: dict[Key, _Lines] = {}
    plain = 0
    for key in dict.fromkeys(_key(event) for event in events if event["event"] in SHOWN):
        shown = (event for event in of_step(key) if event["event"] in SHOWN)
        steps[key] = _lines_of(_as_they_were(shown, planned), documents)
        plain += steps[key].plain
        if plain > 2 * QUESTIONS:
            # with the steps to come none will show more than now
            share = _share(steps.values())
            steps = {name: one.shortened(share) for name, one in steps.items()}
            plain = sum(one.plain for one in steps.values())
    share = _share(steps.values())
    kept = {key: list(_counted(each, share)) for key, each in steps.items()}
    texts = [text.cost for each in kept.values() for r in each for text in (r.command, r.text)]
    most = max(LEAST, min(MOST, level(texts, BUDGET)))
    return {key: tuple(_shortened(one, most) for one in each) for key, each in kept.items()}


@dataclass(frozen=True)
class _Lines:
    """The lines of a step, without those of the answered questions that no page shows."""

    lines: Sequence[Record]
    last: str
    """Time of the last line, also of one that is left out."""
    hidden: int = 0
    """Answered questions of the lines that are left out."""

    @property
    def plain(self) -> int:
        """How many lines are answered questions; at least one more where some are left out."""
        return sum(line.is_plain for line in self.lines) + (self.hidden > 0)

    def shortened(self, most: int) -> _Lines:
        """With so many of the answered questions at most."""
        kept: list[Record] = []
        hidden, plain = self.hidden, 0
        for line in self.lines:
            plain += line.is_plain
            if line.is_plain and plain > most:
                hidden += line.questions
            else:
                kept.append(line)
        return replace(self, lines=kept, hidden=hidden)


def _share(steps: Iterable[_Lines]) -> int:
    """How many answered questions each step may show."""
    steps = tuple(steps)
    others = sum(not line.is_plain for each in steps for line in each.lines)
    return level((each.plain for each in steps), max(FEWEST, QUESTIONS - others))


def _as_they_were(events: Iterable[Event], planned: Container[str]) -> Iterator[Event]:
    """A planned stop is told as one, whatever its command called it."""
    for event in events:
        is_planned = event["event"] == "result" and str(event["key"]) in planned
        yield {**event, "outcome": STOPPED} if is_planned else event


def _key(event: Event) -> Key:
    return str(event["run"]), str(event.get("step") or "")


def _lines_of(events: Iterable[Event], documents: Documents) -> _Lines:
    """The lines of a step: a question that is asked again and again has one for each new answer,
    nodes that give the same answer at once share one. More than a page can show are counted."""
    lines: list[Record] = []
    places: dict[tuple[str, str], int] = {}
    changes: dict[str, str] = {}
    left_out: Event | None = None  # the last line, when that is one that is only counted
    last, plain, hidden = "", 0, 0
    for event in events:
        if event["event"] != "observation":
            if event["event"] == "intent":
                changes[str(event["key"])] = change_anchor(str(event["run"]), event["seq"])
            lines.append(_record(event, changes))
            last, left_out = lines[-1].time, None
            continue
        is_plain = _is_plain(event)
        answer = documents.answer(event) if is_plain else Answer(NOTHING)
        place = str(event["question"]), str(event.get("node") or "")
        if left_out is None or not is_plain or place in places:
            made = replace(_record(event), note=answer.note)
            made = replace(made, text=answer.quoted) if is_plain else made
            at = places.pop(place, None)
            is_same = at is not None and bool(answer.same) and lines[at].is_plain
            if at is not None and (is_same or _alike(lines[at], made)):
                lines[at] = _asked_again(lines[at], made.time, answer.same or SAME)
                places[place] = at
                continue
            is_beside = lines and left_out is None and not lines[-1].again
            if is_beside and _alike(lines[-1], made):
                lines[-1] = replace(lines[-1], nodes=(*lines[-1].nodes, *made.nodes))
                places[place] = len(lines) - 1
                continue
            if not is_plain or plain < QUESTIONS:
                places[place], plain = len(lines), plain + is_plain
                lines.append(made)
                last, left_out = made.time, None
                continue
        hidden += 1
        if left_out is None or not _say_the_same(left_out, event):
            last, left_out = str(event["time"]), event
    return _Lines(lines, last, hidden)


def _say_the_same(one: Event, other: Event) -> bool:
    return all(one.get(name) == other.get(name) for name in _SAID)


_SAID = ("question", "command", "whole", "code", "rows", "output")


def _alike(one: Record, other: Record) -> bool:
    """The same question with the same answer; a longer one has the same hash."""
    return _content(one) == _content(other)


def _content(line: Record) -> tuple[object, ...]:
    text = line.text
    return line.kind, line.what, line.ended, line.note, line.command, text.text, text.where


def _asked_again(line: Record, time: str, same: str) -> Record:
    weaker = max(line.same or SAME, same, key=(SAME, BUT_CLOCK, AT_ITS_ENDS).index)
    return replace(line, again=line.again + 1, until=time, same=weaker)


def _counted(step: _Lines, share: int) -> Iterator[Record]:
    """Of the answered questions the first ones, each command once; the rest is counted."""
    step = step.shortened(share)
    commands: set[tuple[str, str]] = set()
    for line in step.lines:
        if (line.what, line.command.text) in commands and line.is_plain:
            yield replace(line, command=NOTHING)
        else:
            commands.add((line.what, line.command.text))
            yield line
    if step.hidden:
        yield Record(step.last, "note", (), f"{step.hidden} more questions, in the journal")


def _shortened(line: Record, most: int) -> Record:
    if not line.event:
        return line
    where = in_journal(line.event)
    return replace(
        line, command=line.command.shortened(most, where), text=line.text.shortened(most, where)
    )


def _is_plain(event: Event) -> bool:
    return event["event"] == "observation" and not event.get("problem")


def _record(event: Event, changes: Mapping[str, str] = MappingProxyType({})) -> Record:
    kind = str(event["event"])
    what, has_command = _WHAT[kind](event)
    node = str(event.get("node") or "")
    anchor = changes.get(str(event.get("key")), "")
    return Record(
        time=str(event["time"]),
        kind=kind,
        nodes=(node,),
        what=cited(what, 1000, in_journal(event)),
        ended=cited(_ended(event), 400, in_journal(event)),
        command=command_quoted(event) if has_command and not _is_its_own(event) else NOTHING,
        text=NOTHING if anchor else output_of(event.get("output")),
        anchor=anchor,
        is_plain=_is_plain(event),
        event=event,
    )


def _is_its_own(event: Event) -> bool:
    """The question is the command, but for the shell that runs it."""
    shell = shlex.join(["sh", "-c", str(event.get("question"))])
    return event.get("command") in (event.get("question"), shell)


def _ended(event: Event) -> str:
    if event.get("problem"):
        return str(event["problem"])
    code = event.get("code")
    ended = f"exit code {code}" if code is not None else ""
    if event["event"] == "observation" and event.get("rows") is not None:
        return many(int(event["rows"]), "row")
    if event["event"] == "result":
        return ", ".join(filter(None, [str(event["outcome"]), ended]))
    return ended


_WHAT: Mapping[str, Any] = {
    "observation": lambda e: (f"asked: {e['question']}", True),
    "intent": lambda e: (f"change: {e['what']}{since_when(e)}", False),
    "result": lambda e: (f"result: {e.get('reason') or e['outcome']}", False),
    "note": lambda e: (str(e["text"]), False),
    "attachment": lambda e: (str(e["name"]), False),
    "refused": lambda e: (f"refused by the role firewall: {e['rule']}", True),
    "settled": lambda e: (f"settled as {e['word']} by {e['by']}: {e['reason']}", False),
}


def sentences_of(events: Iterable[Event]) -> dict[str, str]:
    """What each step is for, as it was collected."""
    found: dict[str, str] = {}
    for event in events:
        if event["event"] == "steps":
            found |= {str(step["name"]): str(step.get("intent", "")) for step in event["steps"]}
    return found
