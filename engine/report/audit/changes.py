"""Every change of the attempt: what ran, where, when, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.judge.text import counted
from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.report.anchors import change_anchor, step_anchor
from engine.report.audit.fanned import shown_name
from engine.report.quoted import Quoted, command_quoted, in_journal, level, output_of
from engine.report.spans import runs_of
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
    step_anchor: str
    time: str
    step: str
    node: str
    what: str
    command: Quoted
    output: Quoted
    outcome: str
    """In words, with the exit status and why."""
    state: str
    """`done`, `failed`, `open`: not on record; `followed`: a later run went on with it."""
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
    """The runs that made changes. Every intent on record is one line."""
    rows = changes_of(events)
    texts = [q for row in rows for q in (command_quoted(row["intent"]), _output(row))]
    most = max(LEAST, level((min(text.cost, COMMAND) for text in texts), BUDGET))
    by_run = grouped((str(row["intent"]["run"]), _change(row, most)) for row in rows)
    found = []
    for number, run in enumerate(runs_of(events), 1):
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
    "failed": "failed",
    "unknown": "of unknown outcome",
    "open": "without an end on record",
    "followed": "gone on with by a later run",
}


def changes_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Every intent with its result, in order; one without says so.

    `again`: the intent by which a later run went on with it: it followed the command, or did it
    once more. `settled`: what a person said of it.
    """
    rows: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["event"] == "intent":
            row = {"intent": event, "result": None, "again": None, "settled": None}
            before = latest.get(str(event["key"]))
            if before is not None and before["result"] is None:
                before["again"] = event
            latest[str(event["key"])] = row
            rows.append(row)
        elif event["event"] == "result" and event["key"] in latest:
            latest[str(event["key"])]["result"] = event
        elif event["event"] == "settled":
            asked = [row for row in rows if row["intent"]["step"] == event.get("step")]
            if asked:
                asked[-1]["settled"] = event
    return rows


def _output(row: dict[str, Any]) -> Quoted:
    return output_of((row["result"] or {}).get("output"))


def _change(row: dict[str, Any], most: int) -> Change:
    intent, result = row["intent"], row["result"]
    outcome, state = _ended(row)
    return Change(
        anchor=change_anchor(str(intent["run"]), intent["seq"]),
        step_anchor=step_anchor(str(intent["run"]), str(intent["step"])),
        time=str(intent["time"]),
        step=str(intent["step"]),
        node=str(intent["node"]),
        what=str(intent["what"]),
        command=command_quoted(intent).shortened(min(most, COMMAND), in_journal(intent)),
        output=_output(row).shortened(min(most, OUTPUT), in_journal(result) if result else ""),
        outcome=outcome,
        state=state,
        seconds=str(result.get("seconds", "")) if result else "",
    )


def _ended(row: dict[str, Any]) -> tuple[str, str]:
    outcome, state = _as_recorded(row)
    if settled := row["settled"]:
        outcome += f"; settled as {settled['word']} by {settled['by']}: {settled['reason']}"
    return outcome, state


def _as_recorded(row: dict[str, Any]) -> tuple[str, str]:
    intent, result, again = row["intent"], row["result"], row["again"]
    if result is not None:
        code = f", exit status {result['code']}" if result.get("code") is not None else ""
        never = ", never started" if result.get("never_started") else ""
        later = f" (told by run {result['run']})" if result["run"] != intent["run"] else ""
        why = f": {result['reason']}" if result.get("reason") else ""
        state = {"ok": "done", "unknown": "unknown"}.get(str(result["outcome"]), "failed")
        return f"{result['outcome']}{code}{never}{later}{why}", state
    if again is not None:
        how = "followed further" if intent.get("detached") else "not on record; begun anew"
        return f"{how} at {again['time'].replace('T', ' ')[:19]} by run {again['run']}", "followed"
    return "not on record", "open"
