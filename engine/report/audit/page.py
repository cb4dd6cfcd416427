"""`evidence.html`: one static file that needs no script, and prints on A4.

The same journals give the same bytes: nothing of this machine or moment gets in, unless the page is
made after the run. Whatever a node or a person wrote is escaped by the template engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from engine.atomic import write_atomically
from engine.attempt.remote import ROOT
from engine.errors import RunbookError
from engine.judge.ways import consequence
from engine.model.event import Event, stamp
from engine.model.finding import acceptance_sentence
from engine.model.groups import grouped
from engine.prove.anew import Anew
from engine.prove.verifier import COMMANDS
from engine.record.gaps import blinding_of, gaps_of, how_asked, in_words, not_seen
from engine.record.intervals import FENCING, STANDBY, Interval, intervals_of, length
from engine.record.memory import Memory
from engine.report.anchors import phase_anchor
from engine.report.audit.approvals import approvals_of, drift_of, kept_of
from engine.report.audit.backups import backups_of
from engine.report.audit.changes import GLANCE, changes_by_run
from engine.report.audit.cited import cited_in
from engine.report.audit.contents import anchors_in, contents_of, titles_of
from engine.report.audit.covered import not_covered_of
from engine.report.audit.cut_short import cut_short_of
from engine.report.audit.files import files_of
from engine.report.audit.found import alike_in, anchors_of, findings_of
from engine.report.audit.front import front_of, is_of_attempt
from engine.report.audit.index import index_of
from engine.report.audit.machines import machines_of
from engine.report.audit.old_files import old_files_of
from engine.report.audit.own_moves import own_moves
from engine.report.audit.passwords import passwords_of
from engine.report.audit.people import OLDER, people_of
from engine.report.audit.ran_with import ran_with_of
from engine.report.audit.records import Key, OfStep
from engine.report.audit.rehearsed import rehearsed_of
from engine.report.audit.rests import rests_on
from engine.report.audit.runbooks import runbooks_of
from engine.report.audit.runs import pauses_of
from engine.report.audit.standards import COLUMNS, NOTE
from engine.report.audit.states import differences_in, states_of
from engine.report.audit.steps import steps_by_run
from engine.report.audit.timeline.labels import exact
from engine.report.audit.timeline.lanes import drawing_of
from engine.report.audit.timeline.shapes import SMALL, WIDE
from engine.report.audit.timeline.svg import draw
from engine.report.audit.witnesses import witnesses_of
from engine.report.change import closing_of, of_change, taken_by
from engine.report.earlier import placed, placing
from engine.report.evidence_files import ODD
from engine.report.fanned import shown_name
from engine.report.html import commands_in_lines, template, to_run
from engine.report.losses import counts_of, losses_of
from engine.report.outages import addresses_of, shared_sentences
from engine.report.predicted import beside_of
from engine.report.spans import runs_of
from engine.report.summary import summary_of
from engine.report.under_way import as_seen
from engine.report.words import at
from engine.verify import SEALED

NAME = "evidence.html"


def render(
    own: Sequence[Event],
    earlier: Sequence[Event],
    anew: Anew | None = None,
    of_step: OfStep | None = None,
) -> str:
    """The page, from this run's events and those of the attempt's runs before it.

    `anew`: it is not the run itself that writes it. `of_step` has all events of a step, where the
    others are only what is told of them (`engine.record.told`).
    """
    of_step = of_step and _as_placed(of_step, placing(earlier, own), own)
    earlier = placed(earlier, own)
    summary = summary_of(own, earlier)
    events = _sealed_left_out([*earlier, *own], str(own[0]["run"]))
    change = of_change(events)
    begun = [event for event in events if event["event"] == "run-started"]
    findings = findings_of(events, str(own[0]["run"]))
    return template("audit/page.html.j2").render(
        summary=summary,
        first=begun[0] if begun else {},
        front=front_of(summary, change),
        cut_short=cut_short_of(change),
        contents_of=contents_of,
        phase_anchor=phase_anchor,
        titles_of=titles_of,
        anchors_in=anchors_in,
        cited=cited_in(events, [str(row["id"]) for row in summary["guide"]]),
        rests=rests_on([event for event in events if event["run"] == own[0]["run"]]),
        index=index_of(summary, events),
        timeline=drawing_of(events, own[0].get("nodes", {})),
        draw=draw,
        shapes=(WIDE, SMALL),
        exact=exact,
        standards=COLUMNS,
        on_standards=NOTE,
        runs=runs_of(events),
        pauses=[*pauses_of(events), None],
        change_runs=len(runs_of(change)),
        closed=closing_of(change),
        taken=taken_by(change),
        is_of_attempt=is_of_attempt(summary, len(runs_of(change))),
        change_ended=change[-1]["time"],
        states=states_of(change),
        people=people_of(
            events,
            [event for event in earlier if event["event"] == SEALED],
            anew,
        ),
        machines=machines_of(events),
        witnesses=witnesses_of(events),
        ran_with=ran_with_of(begun),
        runbooks=runbooks_of(begun),
        passwords=passwords_of(events),
        backups=backups_of(events),
        old_files=old_files_of(events),
        files=files_of(events, differences_in(change)),
        shown=shown_name,
        records=ROOT,
        older=OLDER,
        gaps=gaps_of(events),
        outages=sum(len(one.outages) for one in addresses_of(summary["service_gaps"])),
        shared=shared_sentences(summary["service_gaps"]),
        own_moves=own_moves(events),
        cut_offs=[one.sentence() for one in blinding_of(events)],
        how=how_asked(summary["service_gaps"]["totals"]),
        not_seen=not_seen,
        in_words=in_words,
        findings=findings,
        window=at(str(summary["window"])),
        losses=losses_of(events),
        counted=counts_of(events),
        alike_in=alike_in,
        consequence=consequence,
        commands=commands_in_lines,
        to_run=to_run(summary),
        ledger=_ledger(events),
        changes=changes_by_run(events),
        glance=GLANCE,
        steps=steps_by_run(events, anchors_of(findings), of_step),
        row_ids={str(row["id"]) for row in summary["guide"]},
        approvals=approvals_of(change),
        approvals_kept=kept_of(change, str(own[0]["run"])),
        drift=drift_of(change),
        settled=[event for event in events if event["event"] == "settled"],
        rehearsed=rehearsed_of(change),
        predicted=beside_of(change),
        verifying=[line.replace("DIRECTORY", str(own[0]["run"])) for line in COMMANDS],
        not_covered=not_covered_of(summary, events),
        made_anew=anew.sentence() if anew else "",
        acceptance=acceptance_sentence,
    )


class NotDrawn(RunbookError):
    """An event of an earlier run has not what the page needs: another runbook wrote it."""


def write_page(
    directory: Path,
    own: Sequence[Event],
    earlier: Sequence[Event],
    of_step: OfStep | None = None,
) -> None:
    """Write it whole, or not at all; raises OSError, NotDrawn."""
    write_atomically(directory / NAME, page_of(own, earlier, None, of_step))


def page_of(
    own: Sequence[Event],
    earlier: Sequence[Event],
    anew: Anew | None = None,
    of_step: OfStep | None = None,
) -> bytes:
    """As the file has it. NotDrawn."""
    try:
        text = render(own, earlier, anew, of_step)
    except (KeyError, UndefinedError) as error:
        raise NotDrawn(f"an event of the journals lacks a field: {error}") from error
    except ODD as error:
        raise NotDrawn(f"an event of the journals is not as a run writes it: {error}") from error
    return text.encode("utf-8", "backslashreplace")


def _sealed_left_out(events: Iterable[Event], own: str) -> list[Event]:
    """Without the events after this run's last word, before which its page is written."""
    kept: list[Event] = []
    is_over = False
    for event in events:
        is_own = event["run"] == own
        if event["event"] == "run-ended":
            # the last one counts: the one before was told when the disk was full
            kept = [e for e in kept if (e["run"], e["event"]) != (event["run"], "run-ended")]
            is_over = is_over or is_own
        elif is_own and is_over:
            continue
        kept.append(event)
    return kept


def _as_placed(of_step: OfStep, place: Callable[[Event], Event], own: Sequence[Event]) -> OfStep:
    """The same as `_sealed_left_out` leaves them, and with citations as they are here."""
    run = own[0]["run"]
    end = next((event["seq"] for event in own if event["event"] == "run-ended"), math.inf)

    def placed_of(key: Key) -> Iterator[Event]:
        is_own = key[0] == run
        return (place(e) for e in of_step(key) if not is_own or e["seq"] <= end)

    return placed_of


def _ledger(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Every temporary change: since when, what it was before, until when; open ones without end.

    Times of standby and fencing are those at which they were seen (`engine.record.intervals`). Of
    what is open on the books, `as_seen` says what is in place.
    """
    rows: list[dict[str, Any]] = []
    memory = Memory.fold([])
    for event in events:
        before = dict(memory.ledger)
        memory.add(event)
        for key, entry in memory.ledger.items():
            if key not in before:
                rows.append({**asdict(entry), "until": "", "lasted": "", "left": "", "key": key})
        for row in rows:
            if not row["until"] and row["key"] not in memory.ledger:
                row["until"] = event["time"]
                row["left"] = event["why"] if event.get("left") else ""
    open_now = {(entry.kind, entry.subject): entry for entry in as_seen(memory, events)}
    for row in rows:
        if not row["until"]:
            entry = open_now[row["key"]]
            row |= {"until": entry.gone, "seen": entry.seen}
    intervals = intervals_of(events)
    return _together(_as_measured(row, intervals) for row in rows)


def _together(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of many nodes the same, by the second, is told once: all `subjects`, least and most."""
    same = grouped((_shown(row), row) for row in rows)
    found = []
    for each in same.values():
        ordered = sorted(each, key=lambda row: float(row.get("seconds", 0)))
        least, most = ordered[0]["lasted"], ordered[-1]["lasted"]
        lasted = least if least == most else f"{least}; the longest {most}"
        found.append({**each[0], "subjects": [row["subject"] for row in each], "lasted": lasted})
    return found


def _shown(row: Mapping[str, Any]) -> tuple[object, ...]:
    times = (str(row.get(name, ""))[: len("2026-11-02T00:00:00")] for name in _TIMES)
    return (row["kind"], row["former"], row["seen"], row["left"], *times)


_TIMES = ("since", "earliest", "until")


def _as_measured(row: dict[str, Any], intervals: Sequence[Interval]) -> dict[str, Any]:
    if row["kind"] not in (STANDBY, FENCING):
        return row
    mine = [
        one
        for one in intervals
        if one.key == row["key"]
        and stamp(one.end) >= row["since"]
        and (not row["until"] or stamp(one.since) <= row["until"])
    ]
    if not mine:
        return {**row, "lasted": "it was not seen to be so"}
    # closed by a word of the run, and not looked at since
    until = stamp(mine[-1].until) if row["until"] and mine[-1].until else row["until"]
    since = {"since": stamp(mine[0].since)}
    if mine[0].begins_vaguely and mine[0].earliest:
        since["earliest"] = stamp(mine[0].earliest)
    seconds = sum(one.seconds for one in mine)
    return {**row, **since, "until": until, "lasted": length(mine), "seconds": seconds}
