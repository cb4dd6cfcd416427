"""summary.json: the run in the contract's form, a pure function of the journal's events.

The run itself and `python -m engine report` use the same function, so that a report rebuilt from
a journal says what the run said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.judge.text import listed
from engine.model.ending import Ending
from engine.model.event import Event, moment, operator_of
from engine.model.facts import AFTER
from engine.model.finding import Way
from engine.record.gaps import gaps_of, totals_of
from engine.record.intervals import FENCING, STANDBY, in_words, intervals_of, of_kind
from engine.record.memory import LedgerEntry, Memory
from engine.record.rows import Row, rows_of
from engine.report.change import Taken, of_change, taken_by
from engine.report.earlier import placed
from engine.report.headline import headline_of
from engine.report.losses import losses_of
from engine.report.open_points import open_points_of
from engine.report.predicted import beside_of, data_of
from engine.report.unasked import unasked_of
from engine.report.under_way import as_seen, open_changes, restore_refused, sentence
from engine.verify import missing_in

NAME = "summary.json"
SCHEMA = 1


def summary_of(own: Sequence[Event], earlier: Sequence[Event] = ()) -> dict[str, Any]:
    """The summary of one run; rows and ledger cover the whole attempt.

    `own` are this run's events, `run-started` first, `earlier` those of the attempt's runs before
    it, in order.
    """
    own, earlier = _until_the_end(own), placed(earlier, own)
    summary = {
        "schema": SCHEMA,
        **header_of(own, earlier),
        "steps": steps_of(own),
        "guide": [
            {
                "id": row.id,
                "duty": row.duty,
                "state": row.state.value,
                "steps": list(row.steps),
                "runs": list(row.runs),
                "reason": row.reason,
            }
            for row in attempt_rows(own, earlier)
        ],
        "findings": _findings(own),
        "losses": [loss.as_data() for loss in losses_of([*earlier, *own])],
        "predicted": _predicted([*earlier, *own]),
        "warnings": [event["text"] for event in own if event["event"] == "warning"],
    }
    events = [*earlier, *own]
    return {
        **summary,
        "headline": headline_of(summary, events),
        "open_points": [asdict(point) for point in open_points_of(summary, events)],
    }


def _predicted(events: Sequence[Event]) -> dict[str, Any] | None:
    """None: it went by no rehearsal that predicts anything."""
    found = beside_of(of_change(events))
    return data_of(found) if found is not None else None


def _until_the_end(own: Sequence[Event]) -> Sequence[Event]:
    """The events up to the run's last word; a notification, say, may come after it."""
    ended = [number for number, event in enumerate(own, 1) if event["event"] == "run-ended"]
    return own[: ended[-1]] if ended else own


def attempt_rows(own: Sequence[Event], earlier: Sequence[Event]) -> list[Row]:
    """The guide's rows as the attempt has fulfilled them so far."""
    guide = own[0].get("guide")
    both = [*earlier, *own]
    if guide is None:  # an older journal does not have the guide: its rows, without duties
        guide = dict.fromkeys(sorted({e["row"] for e in both if e["event"] == "row"}), "")
    serving: dict[str, list[str]] = {}
    for step in planned_steps(own):
        for row in step["guide"]:
            names = serving.setdefault(row, [])
            if step["of"] not in names:
                names.append(step["of"])
    if own[0]["mode"] == "follow-up":  # it is about the rows of its steps only
        guide = {row: duty for row, duty in guide.items() if row in serving}
    rows = rows_of(both, guide, serving)
    return [_to_come(row) for row in rows] if _is_to_go_on(own) else rows


def _is_to_go_on(own: Sequence[Event]) -> bool:
    """It ended as it was asked to: what it did not come to is to come."""
    last = _last(own, "stopped")
    return last is not None and last["outcome"] == Ending.AS_ASKED and not _went_wrong(own)


def _to_come(row: Row) -> Row:
    return row if row.steps else replace(row, reason=f"to come: {listed(row.missing)}")


def planned_steps(own: Sequence[Event]) -> list[Mapping[str, Any]]:
    """The steps as they were collected; none when the run ended before."""
    return next((list(event["steps"]) for event in own if event["event"] == "steps"), [])


def steps_of(own: Sequence[Event]) -> list[dict[str, Any]]:
    """Every step in running order: ended, cut short by the run's end, or not reached."""
    wanted = ("name", "node", "outcome", "guide", "started", "seconds", "reason")
    ended = {
        event["name"]: {key: event[key] for key in wanted}
        for event in own
        if event["event"] == "step-ended"
    }
    begun = {event["step"]: event for event in own if event["event"] == "step-started"}
    planned = planned_steps(own) or [{"name": name, "guide": []} for name in begun]
    return [
        ended.get(step["name"]) or _without_end(step, begun.get(step["name"]), own[-1])
        for step in planned
    ]


def _without_end(step: Mapping[str, Any], begun: Event | None, last: Event) -> dict[str, Any]:
    seconds = 0.0
    if begun is not None:
        between = moment(last) - moment(begun)
        seconds = round(between.total_seconds(), 2)
    return {
        "name": step["name"],
        "node": step.get("node"),
        "outcome": "interrupted" if begun else "not reached",
        "guide": list(step["guide"]),
        "started": begun["time"] if begun else None,
        "seconds": seconds,
        "reason": "the run ended while it was under way" if begun else "the run ended before it",
    }


def _findings(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Each finding once, in the order it was first seen; its last weight counts."""
    seen: dict[tuple[str, str, str], dict[str, Any]] = {}
    wanted = (
        *("code", "severity", "subject", "observed", "expected"),
        *("remedy", "guide", "accepted"),
    )
    maybe = ("follows", "question", "commands")
    for event in events:
        if event["event"] == "finding":
            key = (event["code"], event["subject"], event["observed"])
            more = {name: event[name] for name in maybe if event.get(name)}
            seen[key] = {**{name: event[name] for name in wanted}, **more}
    return list(seen.values())


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the file whole (0600) or not at all; raises OSError."""
    write_atomically(path, as_file(summary))


def as_file(summary: Mapping[str, Any]) -> bytes:
    """As summary.json, and plan.json, have it."""
    return f"{json.dumps(summary, indent=1, ensure_ascii=False)}\n".encode()


INTERRUPTED = ("interrupted", 2)
"""Outcome and exit code of a run that could not write its own end."""


def header_of(own: Sequence[Event], earlier: Sequence[Event]) -> dict[str, Any]:
    """Everything of the summary but its lists of steps, rows and findings.

    `own` are the events of this run, `run-started` first; `earlier` those of the attempt's runs
    before it. Fields that an older journal does not have are left empty.
    """
    begun = own[0]
    memory = Memory.fold([*earlier, *own])
    change = of_change([*earlier, *own])
    intervals = intervals_of(change)
    ended = _last(own, "run-ended")
    finished = (ended or own[-1])["time"]
    stopped = _stopped(own, memory, ended)
    attempt = _attempt(own)
    under_way = open_changes(memory, own, attempt)
    return {
        "run_id": begun["run"],
        "attempt": attempt,
        "cluster": begun["cluster"],
        "environment": begun["environment"],
        "mode": begun["mode"],
        "source": begun["source"],
        "target": begun["target"],
        "change_id": begun.get("change_id"),
        "window": begun.get("window", ""),
        "position": (_last(own, "position") or {}).get("position"),
        "position_at_end": _position_at_end(own),
        "records": (_last(own, "position") or {}).get("records", "unknown"),
        "not_known": (_last(own, "not-known") or {}).get("why", ""),
        "missing_runs": [{**m._asdict(), "what": str(m)} for m in missing_in(own, earlier)],
        "operator": _operators(own, earlier),
        "begun_by": _begun_by(begun, earlier),
        "started": begun.get("started", begun["time"]),
        "finished": finished,
        "announced": begun.get("announced", ""),
        "taken": str(taken_by(change).length),
        "taken_by_run": _taken(begun.get("started", begun["time"]), finished),
        "standby": in_words(of_kind(intervals, STANDBY)),
        "fencing_off": in_words(of_kind(intervals, FENCING)),
        "service_gaps": _service_gaps([*earlier, *own]),
        **_ending(own, ended),
        "ledger": _left(as_seen(memory, change)),
        "left_alone": _left_alone(own),
        "restore_refused": restore_refused(memory, under_way),
        "under_way": under_way,
        "stopped": stopped,
        "support": _support(own),
        "commands": begun.get("commands", {}),
    }


def _left(entries: Iterable[LedgerEntry]) -> list[dict[str, Any]]:
    """Those that are in place, or may be: what was given back is left to nobody."""
    return [
        {name: value for name, value in asdict(entry).items() if name not in ("gone", "why")}
        for entry in entries
        if not entry.gone
    ]


def _left_alone(own: Sequence[Event]) -> list[dict[str, str]]:
    """Temporary changes that this run could not give back, and that end by themselves: what it
    said of each at last."""
    left: dict[tuple[str, str], dict[str, str]] = {}
    for event in own:
        if event["event"] == "ledger-closed":
            place = str(event["kind"]), str(event["subject"])
            left.pop(place, None)
            if event.get("left"):
                left[place] = {key: str(event[key]) for key in ("kind", "subject", "why")}
    return list(left.values())


def _position_at_end(own: Sequence[Event]) -> str | None:
    """By the look that ended the run; None: there was none, or an older runbook's."""
    left = [e for e in own if e["event"] == "fact" and e["name"] == AFTER]
    return left[-1].get("position") if left else None


def _support(own: Sequence[Event]) -> dict[str, Any] | None:
    """The support bundle in the run's directory: why it was made, for whom, what is missing."""
    made = _last(own, "support-bundle")
    if made is None:
        return None
    told = {key: made[key] for key in ("file", "why", "missing")}
    return {**told, "directions": own[0].get("support", "")}


def _last(events: Sequence[Event], kind: str) -> Event | None:
    return next((event for event in reversed(events) if event["event"] == kind), None)


def _went_wrong(own: Sequence[Event]) -> list[Event]:
    """What stopped the run; an ending as asked is no such thing, and what comes after it counts."""
    stops = (event for event in own if event["event"] == "stopped")
    return [event for event in stops if event["outcome"] != Ending.AS_ASKED]


def _ending(own: Sequence[Event], ended: Event | None) -> dict[str, Any]:
    """Outcome and exit code: as the run said itself, else of the first thing that stopped it."""
    told = ended or next(iter(_went_wrong(own)), None)
    outcome, code = (told["outcome"], told["exit_code"]) if told else INTERRUPTED
    return {"outcome": outcome, "exit_code": code}


def _stopped(own: Sequence[Event], memory: Memory, ended: Event | None) -> dict[str, Any] | None:
    first = next(iter(_went_wrong(own)), None) or _last(own, "stopped")
    said = {key: first[key] for key in ("reason", "what_to_do")} if first else None
    if first is not None and said is not None:  # an older journal has neither
        said |= {"way": first.get("way", Way.AGAIN), "accept": first.get("accept", [])}
        said["settle"] = first.get("settle", "")
    if ended is not None:
        return said
    silent = _without_a_word(own, memory)
    if said is None:
        return {
            "reason": silent,
            "what_to_do": "Run again: it finds out where the upgrade stands and goes on there;"
            " what is done is not done twice.",
            "way": Way.AGAIN,
            "accept": [],
            "settle": "",
        }
    return {**said, "reason": f"{said['reason']}; afterwards {silent}"}


def _without_a_word(own: Sequence[Event], memory: Memory) -> str:
    """What is known of a run whose journal just ends."""
    last = own[-1]
    step = _step_under_way(own)
    mine = {event["key"] for event in own if event["event"] == "intent"}
    changes = [sentence(r.begun) for r in memory.open_intents() if r.key in mine]
    return (
        "the run ended without a word (killed, power loss, or its disk was full);"
        f" last event: {last['event']} at {last['time']}; step under way: {step or 'none'};"
        f" change under way: {', '.join(changes) or 'none'}"
    )


def _step_under_way(own: Sequence[Event]) -> str:
    started, ended = _last(own, "step-started"), _last(own, "step-ended")
    if started is None or (ended is not None and ended["step"] == started["step"]):
        return ""
    return str(started["step"])


def _attempt(own: Sequence[Event]) -> str | None:
    """The attempt that this run opened, or the one that it found open on N."""
    said = [event.get("attempt") for event in own if event["event"] in _TELLS_ATTEMPT]
    return said[-1] if said else None


_TELLS_ATTEMPT = ("position", "attempt-opened")


def _operators(own: Sequence[Event], earlier: Sequence[Event]) -> str:
    """Who ran it: all people of the attempt, the first one first."""
    names = [operator_of(e) for e in [*earlier, *own] if e["event"] == "run-started"]
    return ", ".join(dict.fromkeys(filter(None, names)))


def _begun_by(own: Event, earlier: Sequence[Event]) -> dict[str, Any] | None:
    """Who began what another person's run goes on with; None: the same person did, or nothing."""
    first = next((event for event in earlier if event["event"] == "run-started"), None)
    if first is None or operator_of(first) == operator_of(own):
        return None
    told = {"host": str(first.get("host", "")), "run": str(first["run"])}
    return {"operator": operator_of(first), **told, "started": first.get("started", first["time"])}


def _taken(started: str, finished: str) -> str:
    """Hours, minutes, seconds."""
    return str(Taken(datetime.fromisoformat(started), datetime.fromisoformat(finished)).length)


def _service_gaps(events: Sequence[Event]) -> dict[str, Any]:
    """Service gaps of the whole attempt, as far as they were measured."""
    return {
        "totals": totals_of(events),
        "gaps": [gap.as_data() for gap in gaps_of(events)],
        "not_asked": [one.as_data() for one in unasked_of(events)],
    }
