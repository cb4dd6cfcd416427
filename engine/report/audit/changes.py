"""Every change of the attempt: what ran, where, when, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.judge.text import counted
from engine.model.event import Event, moment, operator_of
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.record.changes import MadeChange, changes_of
from engine.report.anchors import change_anchor, step_anchor
from engine.report.fanned import shown_name
from engine.report.planned_stops import STOPPED, planned_stops_of
from engine.report.quoted import Quoted, command_quoted, in_journal, level, output_of
from engine.report.spans import Span, runs_of
from engine.report.words import to_the_second

BUDGET = 200_000
"""Characters of HTML for all commands and outputs; short ones are whole, long ones share it."""
LEAST, COMMAND, OUTPUT = 200, 4000, 1000
GLANCE = 20
"""Changes of an attempt that can be read at a glance: the page shows them unfolded."""


@dataclass(frozen=True)
class Change:
    """One line of the table."""

    anchor: str
    also: tuple[str, ...]
    """Ids of the intents by which later runs followed it: links to them lead here."""
    step_anchor: str
    time: str
    step: str
    node: str
    what: str
    command: Quoted
    output: Quoted
    outcome: str
    """In words, with the exit status and why."""
    story: str
    """When it ended, which run began it, which went on, what a person said; mostly empty."""
    state: str
    """`done`, `failed`, `planned`: a planned stop, `open`: not on record; `followed`: a later run
    did it once more."""
    seconds: str

    @property
    def step_shown(self) -> str:
        return shown_name(self.step, self.node)

    @property
    def phase(self) -> str:
        return phase_of(self.step)

    @property
    def is_short(self) -> bool:
        """Its command is shown beside it, not folded."""
        line = f"{self.what} {self.command.text}"
        return len(line) <= 72 and "\n" not in line and not self.output and not self.command.cited


@dataclass(frozen=True)
class ChangesOfRun:
    """The changes of one run, by phase, in order."""

    run: str
    number: int
    """Of the attempt's runs, from 1."""
    begun: str
    said: str
    """How many, and how they ended."""
    phases: tuple[tuple[str, tuple[Change, ...]], ...]

    @property
    def count(self) -> int:
        return sum(len(each) for _, each in self.phases)


def changes_by_run(events: Sequence[Event]) -> list[ChangesOfRun]:
    """The runs that made changes. Every change is one line, at the run that began it."""
    rows = sorted(changes_of(events), key=lambda row: row.begin)
    texts = [q for row in rows for q in (command_quoted(row.intent), _output(row))]
    most = max(LEAST, level((min(text.cost, COMMAND) for text in texts), BUDGET))
    planned = planned_stops_of(events)
    runs = runs_of(events)
    names = _names(runs, events)
    by_run = grouped((str(row.intent["run"]), _change(row, most, names, planned)) for row in rows)
    found = []
    for number, run in enumerate(runs, 1):
        mine = by_run.get(run.name, [])
        if mine:
            phases = grouped((one.phase, one) for one in mine)
            found.append(
                ChangesOfRun(
                    run.name,
                    number,
                    to_the_second(run.begin),
                    counted(_WORDS[one.state] for one in mine),
                    tuple((phase, tuple(each)) for phase, each in phases.items()),
                )
            )
    return found


_WORDS = {
    "done": "made",
    "planned": STOPPED,
    "failed": "failed",
    "unknown": "of unknown outcome",
    "open": "without an end on record",
    "followed": "made once more by a later run",
}


def _names(runs: Sequence[Span], events: Iterable[Event]) -> dict[str, str]:
    """Run -> `run 2 (B. Bianchi)`."""
    people = {str(e["run"]): operator_of(e) for e in events if e["event"] == "run-started"}
    numbered = {run.name: f"run {number}" for number, run in enumerate(runs, 1)}
    return {
        run: f"{name} ({people[run]})" if people.get(run) else name
        for run, name in numbered.items()
    }


def _output(row: MadeChange) -> Quoted:
    return output_of((row.result or {}).get("output"))


def _change(
    row: MadeChange, most: int, names: Mapping[str, str], planned: Mapping[str, Sequence[str]]
) -> Change:
    intent, result = row.intent, row.result
    outcome, state = _as_recorded(row, names)
    waiting = planned.get(str(intent["key"]), ()) if state == "failed" else ()
    if waiting:
        outcome, state = f"{STOPPED}{outcome.removeprefix('failed')}", "planned"
    return Change(
        anchor=_anchor(intent),
        also=tuple(map(_anchor, row.followed)),
        step_anchor=step_anchor(str(intent["run"]), str(intent["step"])),
        time=str(intent["time"]),
        step=str(intent["step"]),
        node=str(intent["node"]),
        what=str(intent["what"]),
        command=command_quoted(intent).shortened(min(most, COMMAND), in_journal(intent)),
        output=_output(row).shortened(min(most, OUTPUT), in_journal(result) if result else ""),
        outcome=outcome,
        story="; ".join([*_stopped(waiting), *_handed_on(row, names), *_settled(row)]),
        state=state,
        seconds=_seconds(row),
    )


def _seconds(row: MadeChange) -> str:
    if row.seconds is None:
        return ""
    return f"{'at most ' if row.is_found_ended else ''}{round(row.seconds, 3)}"


def _anchor(intent: Event) -> str:
    return change_anchor(str(intent["run"]), intent["seq"])


def _stopped(waiting: Sequence[str]) -> Iterator[str]:
    """`waiting`: the nodes whose files a planned stop was for."""
    if waiting:
        yield f"files to migrate first on {', '.join(waiting)}"


def _as_recorded(row: MadeChange, names: Mapping[str, str]) -> tuple[str, str]:
    result, again = row.result, row.again
    if result is not None:
        code = f", exit status {result['code']}" if result.get("code") is not None else ""
        never = ", never started" if result.get("never_started") else ""
        why = f": {result['reason']}" if result.get("reason") else ""
        state = {"ok": "done", "unknown": "unknown"}.get(str(result["outcome"]), "failed")
        return f"{result['outcome']}{code}{never}{why}", state
    if again is not None:
        when = to_the_second(moment(again))
        return f"not on record; begun anew at {when} by {names[again['run']]}", "followed"
    return "not on record", "open"


def _settled(row: MadeChange) -> Iterator[str]:
    if (said := row.settled) is not None:
        yield f"settled as {said['word']} by {said['by']}: {said['reason']}"


def _handed_on(row: MadeChange, names: Mapping[str, str]) -> Iterator[str]:
    if not row.is_handed_on:
        return
    if row.end is not None:
        since = f"between {to_the_second(row.earliest_end)} and " if row.is_found_ended else ""
        yield f"ended {since}{to_the_second(row.end)}"
    told = [f"started by {names[row.intent['run']]}"]
    by = str(row.result["run"]) if row.result is not None else ""
    told += [f"followed by {names[one['run']]}" for one in row.followed if one["run"] != by]
    if by != row.intent["run"] and by:
        told.append(f"{'collected' if row.is_long else 'told'} by {names[by]}")
    yield ", ".join(told)
