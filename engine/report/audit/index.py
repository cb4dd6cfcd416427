"""What a change audit asks, where it is answered, and in red what is missing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.judge.text import counted, many
from engine.model.ending import Ending
from engine.model.event import Event
from engine.model.facts import BACK_OUT
from engine.model.steps import phase_of
from engine.record.changes import changes_of
from engine.record.gaps import blinding_of, sentence
from engine.report.anchors import phase_anchor, step_anchor
from engine.report.audit import runbooks
from engine.report.audit.approvals import approvals_of, drift_of
from engine.report.audit.covered import not_covered_of
from engine.report.audit.files import CREATED, files_of
from engine.report.audit.found import findings_of, key_of
from engine.report.audit.machines import machines_of
from engine.report.audit.old_files import in_words, old_files_of
from engine.report.audit.rehearsed import rehearsed_of
from engine.report.audit.standards import SERVES, Served
from engine.report.audit.tested import (
    AFTER_THE_UPDATE,
    BEFORE,
    TO_COME,
    Tested,
    ended_as_asked,
    events_before,
    phases_after,
)
from engine.report.audit.witnesses import witnesses_of
from engine.report.change import closing_of, of_change, taken_by
from engine.report.headline import in_short
from engine.report.losses import counts_of, losses_of
from engine.report.open_points import open_points_of
from engine.report.outages import shared_sentences
from engine.report.spans import runs_of


@dataclass(frozen=True)
class Place:
    """An id on the page; without a label its section's heading is shown."""

    anchor: str
    label: str = ""


def _at(*anchors: str) -> tuple[Place, ...]:
    return tuple(map(Place, anchors))


@dataclass(frozen=True)
class Answer:
    """A question of the audit: what answers it, where on the page; or what is missing."""

    question: str
    answer: str
    places: tuple[Place, ...] = ()
    """Where it is on the page, the section or the very rows."""
    missing: str = ""
    serves: Served = field(default_factory=Served)
    """Which part of each standard's clause it serves."""


def index_of(summary: Mapping[str, Any], events: Sequence[Event]) -> list[Answer]:
    """One entry a question. `summary` is summary.json's, `events` those of the whole attempt.

    Answers about the change count its own runs only: a run after its end only looks.
    """
    change = of_change(events)
    started = [event for event in change if event["event"] == "run-started"]
    first = started[0] if started else {}
    answers = [
        _reason(summary, first),
        _impact(summary, change),
        _approval(summary, change, first),
        _rehearsal(change),
        _tests("Tests before the change", change, events_before(change), BEFORE),
        _tests("Tests after the change", change, change, phases_after(change)),
        _deployment(summary, change, events),
        _back_out(first, change, events),
        _communication(events),
        _machines(events),
        _risks(change, events, str(summary["run_id"])),
        _losses(events),
        _open(summary, events),
        _completeness(summary, change),
        _not_covered(summary, events),
        _witness(events),
        _untouched(),
    ]
    return [replace(one, serves=SERVES.get(one.question, Served())) for one in answers]


def _reason(summary: Mapping[str, Any], first: Event | Mapping[str, Any]) -> Answer:
    change = summary.get("change_id")
    said = f"upgrade of {summary['cluster']} from {summary['source']} to {summary['target']}"
    notes = first.get("release_notes_read")
    if notes:
        said += f"; release notes and breaking changes read by {notes}"
    if not change:
        missing = "no change is named (runbook_change_id)"
        return Answer("Reason of the change", said, _at("head", "approvals"), missing)
    return Answer("Reason of the change", f"change {change}: {said}", _at("head", "approvals"))


def _impact(summary: Mapping[str, Any], events: Sequence[Event]) -> Answer:
    runs = runs_of(events)
    said = f"announced {summary['announced'] or 'nothing'}, taken {taken_by(events)}"
    said += f" in {len(runs)} runs" if len(runs) > 1 else ""
    said += f"; in standby: {summary['standby']}" if summary["standby"] else ""
    said += f"; without fencing: {summary['fencing_off']}" if summary["fencing_off"] else ""
    gaps = sentence(summary["service_gaps"]["totals"])
    if not gaps:
        missing = "gaps of services were not measured"
        return Answer("Impact on services", said, _at("gaps", "ledger", "timeline"), missing)
    shared = shared_sentences(summary["service_gaps"])
    cut_off = [one.sentence() for one in blinding_of(events)]
    said = "; ".join([f"{said}; gaps of services: {gaps}", *shared, *cut_off])
    return Answer("Impact on services", said, _at("gaps", "ledger", "timeline"))


def _approval(
    summary: Mapping[str, Any], events: Sequence[Event], first: Event | Mapping[str, Any]
) -> Answer:
    given = approvals_of(events)
    if given:
        names = ", ".join(dict.fromkeys(str(one["by"]) for one in given))
        missing = "; ".join(drift_of(events))
        return Answer("Approval", f"of this plan, signed by {names}", _at("approvals"), missing)
    window = summary.get("window") or ""
    said = f"window {window}" if window else ""
    missing = "no signed approval is on record; see the change's own record"
    if summary["environment"] == "rehearsal":
        return Answer("Approval", "a rehearsal needs none", _at("approvals"))
    return Answer("Approval", said, _at("approvals"), missing)


def _rehearsal(change: Sequence[Event]) -> Answer:
    """Production asks for one; elsewhere it is told why there is none."""
    seen = rehearsed_of(change)
    if not seen.run:
        begun = next((e for e in change if e["event"] == "run-started"), None)
        is_asked = begun is not None and begun.get("environment") == "production"
        said = "" if is_asked else seen.problem
        return Answer("Rehearsal", said, _at("rehearsal"), seen.problem if is_asked else "")
    differs = ", ".join(one.what for one in seen.differences) or "nothing that has to be the same"
    risks = f"; findings accepted there: {len(seen.accepted)}" if seen.accepted else ""
    said = f"{seen.run}, ended {seen.finished}, {seen.signed}{risks}; different there: {differs}"
    missing = "" if seen.is_known else f"nobody stands for its statement: {seen.signed}"
    return Answer("Rehearsal", said, _at("rehearsal"), missing)


def _open(summary: Mapping[str, Any], events: Sequence[Event]) -> Answer:
    points = open_points_of(summary, events)
    said = in_short(points, str(summary["finished"])) or "none"
    places = [Place(one.where, one.brief) for one in points if one.where != "head"]
    return Answer("Open points", said, (Place("open", "Open"), *places))


def _tests(
    question: str, change: Sequence[Event], events: Sequence[Event], phases: Sequence[str]
) -> Answer:
    """What was tested; apart from it what was not, and what was seen without weight."""
    tested = Tested.of(events, phases, ended_as_asked(change))
    if not tested.ended:
        return Answer(question, "", _at("steps"), "none was run")
    runs = {name: str(event["run"]) for name, event in tested.ended.items()}
    bad = tested.bad
    places = [Place(step_anchor(runs[name], name), name) for name in bad]
    every = dict.fromkeys(str(event["run"]) for event in change)
    numbers = {run: number for number, run in enumerate(every, 1)}
    for run, phase in dict.fromkeys((run, phase_of(name)) for name, run in runs.items()):
        late = f", {AFTER_THE_UPDATE}" if phase in BEFORE and tested.is_late(phase) else ""
        number = f" (run {numbers[run]})" if len(every) > 1 else ""
        places.append(Place(phase_anchor(run, phase), f"{phase}{late}{number}"))
    missing = [f"not passed: {', '.join(bad[:10])}"] if bad else []
    if later := len(tested.to_come):
        missing.append(f"{TO_COME}: {many(later, 'step')}, as the run ended where it was asked to")
    return Answer(question, tested.sentence(), tuple(places), "; ".join(missing))


def _deployment(
    summary: Mapping[str, Any], change: Sequence[Event], events: Sequence[Event]
) -> Answer:
    made = len(changes_of(events))
    runs, all_runs = ({event["run"] for event in each} for each in (change, events))
    said = f"changes: {made}, runs: {len(runs)}, by {summary['operator']}"
    begun = [event for event in change if event["event"] == "run-started"]
    said += f"; {runbooks.sentence(begun)}"
    if late := len(all_runs) - len(runs):
        said += f"; afterwards {late} more that only looked"
    closed = closing_of(change)
    ended = summary["outcome"]
    missing = "" if ended == "done" else f"the last run ended {ended}"
    if ended == Ending.AS_ASKED:
        missing = "the rest is to come: the last run ended where it was asked to end"
    if closed is not None:
        is_done = closed.get("by", "done") == "done"
        missing = "" if is_done else "the attempt was closed by --restore, not by its end"
    return Answer("Deployment record", said, _at("changes", "files", "states"), missing)


def _back_out(
    first: Event | Mapping[str, Any], change: Sequence[Event], events: Sequence[Event]
) -> Answer:
    """Old files of all runs: one that only looks afterwards tells which still lie there."""
    fallback = first.get("fallback")
    restore = [
        str(event["text"])
        for event in change
        if event["event"] == "note" and _about(event) == BACK_OUT
    ]
    old = in_words(old_files_of(events))
    files = f"put old files back: {old}" if old else ""
    named = f"named by the operator: {fallback}" if fallback else ""
    table = [f"the table: {text}" for text in restore[-1:]]
    has_created = any(one.what == CREATED for one in files_of(events, ()).files)
    created = "remove what the runbook created, as Files lists it" if has_created else ""
    alone = "packages and release go back only as the operator named" if named and table else ""
    said = "; ".join(filter(None, (named, *table, files, created, alone)))
    missing = "" if fallback else "nothing is said of how to back out (runbook_fallback)"
    places = (*_at("backups"), *([Place("old-files", "Old files")] if old else []))
    return Answer("Back-out", said, (*places, *_at("approvals")), missing)


def _about(note: Event) -> str:
    """Older journals have it in the text alone."""
    is_way_back = "restore it on the node" in str(note["text"])
    return str(note.get("about", BACK_OUT if is_way_back else ""))


_TOLD = Place("told", "Who was told")
_PASSING = ("phase", "alive")
"""Messages of which the section alone has each."""


def _communication(events: Sequence[Event]) -> Answer:
    told = [event for event in events if event["event"] == "notified"]
    if not told:
        missing = "nobody was told by the runbook (runbook_notify_command, runbook_notify_url_file)"
        return Answer("Communication", "", (_TOLD,), missing)
    failed = [event for event in told if event["problem"]]
    named = [event for event in told if event["occasion"] not in _PASSING]
    said = ", ".join(f"{event['occasion']} at {event['time']}" for event in named)
    if rest := len(told) - len(named):
        said += f"; {many(rest, 'message')} in between"
    missing = f"{len(failed)} of {len(told)} failed: {failed[0]['problem']}" if failed else ""
    return Answer("Communication", said, (_TOLD,), missing)


def _machines(events: Sequence[Event]) -> Answer:
    """Who answered under the names of the nodes, in every run."""
    machines = machines_of(events)
    if not machines:
        missing = "which machines answered is not on record (older runbook)"
        return Answer("Machines", "", _at("machines"), missing)
    known = [one.node for one in machines if one.ids and one.keys]
    said = f"machine id and host key on record of {len(known)} of {many(len(machines), 'node')}"
    differ = "; ".join(f"{one.node}: {one.differs}" for one in machines if one.differs)
    missing = f"not the same machine in every run: {differ}" if differ else ""
    return Answer("Machines", said, _at("machines"), missing)


def _risks(change: Sequence[Event], events: Sequence[Event], own: str) -> Answer:
    """Those of the change; where they are, the page counts over all runs."""
    accepted = {
        key_of(event) for event in change if event["event"] == "finding" and event["accepted"]
    }
    said = f"{len(accepted)} accepted findings, each with name and reason" if accepted else "none"
    places = [
        Place(str(one["anchor"]), f"{one['code']} {one['subject']}")
        for one in findings_of(events, own)
        if key_of(one) in accepted
    ]
    return Answer("Accepted risks", said, tuple(places) or _at("findings"))


def _losses(events: Sequence[Event]) -> Answer:
    """Of a run that only looks afterwards too: what it counts is what was lost."""
    counted, lost = counts_of(events), losses_of(events)
    said = "; ".join(
        f"{one.of}: {one.share}" + ("" if one.is_observed else ", as counted before the change")
        for one in lost
    )
    if not lost:
        looked_at = ", ".join(dict.fromkeys(one.of for one in counted))
        said = f"none in {looked_at}" if looked_at else "no step looked for any"
    for one in counted:
        said += f"; changed in {one.of} without a loss: {one.changed}" if one.changed else ""
    places = [Place(f"loss-{number}", one.of) for number, one in enumerate(lost, 1)]
    return Answer("Loss of data", said, tuple(places) or _at("losses"))


def _completeness(summary: Mapping[str, Any], events: Sequence[Event]) -> Answer:
    said = counted(row["state"] for row in summary["guide"])
    left = [row["id"] for row in summary["guide"] if row["state"] in ("open", "failed")]
    silent = {event["run"] for event in events} - {
        event["run"] for event in events if event["event"] == "run-ended"
    }
    word = "to come" if summary["outcome"] == Ending.AS_ASKED else "that are not fulfilled"
    missing = [f"rows {word}: {', '.join(left)}"] if left else []
    missing += [f"runs that did not write their end: {', '.join(sorted(silent))}"] if silent else []
    lost = len(summary["missing_runs"])
    missing += [f"runs of which no journal is here: {lost}"] if lost else []
    numbers = {run.run: number for number, run in enumerate(runs_of(events), 1)}
    places = [*map(Place, left, left)]
    places += [Place(f"steps-{run}", f"run {numbers[run]}") for run in sorted(silent)]
    places += _at("timeline") if lost else ()
    return Answer(
        "Completeness", f"rows of the guide: {said}", tuple(places) or _at("guide"),
        "; ".join(missing),
    )  # fmt: skip


def _not_covered(summary: Mapping[str, Any], events: Sequence[Event]) -> Answer:
    titles = [
        f"{one.title.lower()}{f' ({one.counted})' if one.counted else ''}"
        for one in not_covered_of(summary, events)
    ]
    return Answer("What is not covered", ", ".join(titles), _at("limits"))


def _witness(events: Sequence[Event]) -> Answer:
    """Who beside the run's own machine can tell that the journal is not another one by now."""
    seen = witnesses_of(events)
    return Answer("Outside witness", seen.sentence(), _at("witnesses"), "; ".join(seen.lacking))


def _untouched() -> Answer:
    """The seal is made after the page: it can only say how to look."""
    said = "not shown on this page: VERIFY.txt and the commands below tell it"
    return Answer("Altered since", said, (Place("verify", "How to verify"),))
