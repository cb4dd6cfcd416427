"""What the evidence can't say: what nobody looked at, or what was seen and not kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.judge.text import duration, listed, shortened
from engine.model.event import Event, moment
from engine.model.facts import AFTER
from engine.model.groups import grouped
from engine.record.gaps import in_words, not_seen
from engine.record.outputs import SECRET
from engine.record.reach import cut_offs_of
from engine.report.audit.passwords import passwords_of
from engine.report.audit.runs import pauses_of
from engine.report.change import of_change
from engine.report.words import many, to_the_second

_NAMED = 40
"""Resources that are named."""
_WHY = 160
"""Characters of a reason that are shown."""


@dataclass(frozen=True)
class NotCovered:
    """A kind of thing that the evidence can't say, and each of them as a sentence."""

    title: str
    items: tuple[str, ...]
    about: str = ""
    """What is so of all of them."""


def not_covered_of(summary: Mapping[str, Any], events: Sequence[Event]) -> list[NotCovered]:
    """`summary` is summary.json's, `events` those of the whole attempt."""
    kinds = {
        "Outside of the runbook": _outside(summary),
        "Services": _services(summary, events),
        "Time without a run": _between(events),
        "Nodes out of reach": _out_of_reach(events),
        "Runs without an end on record": _silent(events),
        "Old copies of passwords": _old_copies(events),
        "Answers that are kept to themselves": _secret(events),
        "Outputs that are not here": _not_here(events),
    }
    found = [NotCovered(t, tuple(items), _ABOUT.get(t, "")) for t, items in kinds.items()]
    return [one for one in found if one.items]


_ABOUT = {
    "Time without a run": "Nobody looked, and no service was asked.",
    "Answers that are kept to themselves": "They hold a secret; only what was derived from them is"
    " on record, and it can't be judged again.",
}


def _outside(summary: Mapping[str, Any]) -> Iterator[str]:
    if summary["environment"] == "rehearsal":
        yield "This was a rehearsal: stand-ins for NetEye, DRBD and Elasticsearch."
    yield "What people did on the nodes by hand, unless a question of the runbook met it."
    yield ("What the vendor's commands did inside: their output, exit status and effects are here.")
    yield "Whether backups and snapshots named as fallback exist: the operator named them."


def _services(summary: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    totals = summary["service_gaps"]["totals"]
    asked = [str(one["target"]) for one in totals if one["way"]]
    if asked:
        yield (
            f"Asked were {', '.join(asked)}, from the machine of the run only. Of every other"
            " service the cluster's own status is all there is."
        )
    else:
        yield "No service was asked whether it answers: no change was made, or none was wanted."
    yield from _resources(events)
    for one in totals:
        if not one["way"]:
            yield f"{one['target']} never answered there, so its gaps are not measured."
        elif one["unseen"]:
            whole = in_words(not_seen(one))
            more = f" and was not asked for {in_words(one['not_asked'])}: not seen for {whole}"
            yield (
                f"{one['target']} could not be seen for {in_words(one['unseen'])}"
                f"{more if one['not_asked'] else ''}."
            )
    for one in summary["service_gaps"]["not_asked"]:
        since, until = (to_the_second(datetime.fromisoformat(one[n])) for n in ("since", "until"))
        whose = "None of them" if set(one["services"]) == set(asked) else listed(one["services"])
        word = "" if set(one["services"]) == set(asked) else "not "
        length = in_words(one["seconds"])
        yield f"{whose} was {word}asked from {since} to {until} ({length}): {one['why']}."
    for event in events:
        if event["event"] == "probing" and event["state"] == "broken":
            why = shortened(str(event.get("problem", "")), _WHY)
            yield f"{event['target']} was asked no more from {_at(event)} on: {why}."


def _resources(events: Sequence[Event]) -> Iterator[str]:
    """By name: which of them nobody asked is seen beside the services that were."""
    facts = [e for e in events if e["event"] == "fact" and e["name"] == AFTER]
    names = list(facts[-1].get("resources") or ()) if facts else []
    if names:
        yield (
            f"Resources of the cluster, its fence devices among them, are {len(names)}:"
            f" {listed(names, _NAMED)}. That one is Started is pacemaker's word; whether it serves"
            " anybody was asked of the services above alone."
        )


def _between(events: Sequence[Event]) -> Iterator[str]:
    for pause in pauses_of(of_change(events)):
        begin, end = map(to_the_second, (pause.begin, pause.end))
        yield f"{begin} to {end} ({duration(pause.end - pause.begin)}): {pause.detail}."


def _out_of_reach(events: Sequence[Event]) -> Iterator[str]:
    lost = grouped(
        (str(e["node"]), e)
        for e in events
        if e["event"] == "observation" and e.get("problem") and e.get("lost")
    )
    for node, each in lost.items():
        why = shortened(str(each[0]["problem"]), _WHY)
        until = f" to {_at(each[-1])}" if len(each) > 1 else ""
        number = many(len(each), "question")
        yield f"{node}: {number} without an answer, {_at(each[0])}{until}; first: {why}."
    for one in cut_offs_of(events):
        said = one.sentence()
        lasted = in_words((one.end - one.begin).total_seconds())
        yield f"{said[:1].upper()}{said[1:]} ({lasted}): {shortened(one.why, _WHY)}."


def _silent(events: Sequence[Event]) -> Iterator[str]:
    ended = {event["run"] for event in events if event["event"] == "run-ended"}
    last = {str(event["run"]): event for event in events}
    for run, event in last.items():
        if run not in ended:
            yield f"{run}: its last event is {event['event']} at {_at(event)}."


def _old_copies(events: Sequence[Event]) -> Iterator[str]:
    for one in passwords_of(events):
        looked = f"looked for in {one.searched} only" if one.searched else "looked for nowhere"
        yield f"{one.of}: old copies were {looked}, not in backups and snapshots of any kind."


def _secret(events: Sequence[Event]) -> Iterator[str]:
    kept = [e for e in events if (e.get("output") or {}).get("text") == SECRET]
    counts = grouped((str(e.get("question") or f"output of {e.get('key')}"), e) for e in kept)
    for question, each in counts.items():
        yield f"{question}: {many(len(each), 'answer')}."


def _not_here(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        why = (event.get("output") or {}).get("not_kept")
        if why:
            name = event.get("question") or event.get("name") or event["event"]
            yield f"{name}, {_at(event)}: {shortened(str(why), _WHY)}."
    fetched = {str(e["of"]): e for e in events if e["event"] == "outputs-fetched"}
    for run, event in fetched.items():
        for one in event["missing"]:
            number = many(len(one["files"]), "output")
            yield f"{number} of run {run}: {shortened(str(one['why']), _WHY)}."


def _at(event: Event) -> str:
    return to_the_second(moment(event))
