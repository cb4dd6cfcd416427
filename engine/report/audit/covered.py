"""What the evidence can't say: what nobody looked at, or what was seen and not kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from engine.judge.text import duration, listed, many, shortened
from engine.model.event import Event, moment
from engine.model.facts import AFTER
from engine.model.groups import grouped
from engine.record.gaps import in_words, not_seen
from engine.record.outputs import SECRET
from engine.record.reach import cut_offs_of
from engine.report.audit.passwords import passwords_of
from engine.report.audit.runs import pauses_of
from engine.report.change import of_change
from engine.report.words import to_the_second
from engine.verify import set_back

_NAMED = 40
"""Resources that are named."""
_TOLD = 12
"""Times of a clock that was set back."""
_WHY = 160
"""Characters of a reason that are shown."""


@dataclass(frozen=True)
class NotCovered:
    """A kind of thing that the evidence can't say, and each of them as a sentence."""

    title: str
    items: tuple[str, ...]
    counted: str = ""
    """How many of what there are, in words; empty where a number says nothing."""
    about: str = ""
    """What is so of all of them."""


def not_covered_of(summary: Mapping[str, Any], events: Sequence[Event]) -> list[NotCovered]:
    """`summary` is summary.json's, `events` those of the whole attempt."""
    found = (
        NotCovered("Outside of the runbook", tuple(_outside(summary))),
        NotCovered("Services", tuple(_services(summary, events))),
        _between(events),
        _missing(summary),
        _out_of_reach(events),
        _silent(events),
        _old_copies(events),
        _secret(events),
        _not_here(events),
        _clock(events),
    )
    return [one for one in found if one.items]


def _outside(summary: Mapping[str, Any]) -> Iterator[str]:
    if summary["environment"] == "rehearsal":
        yield "This was a rehearsal: stand-ins for NetEye, DRBD and Elasticsearch."
    yield "What people did on the nodes by hand, unless a question of the runbook met it."
    yield (
        "What the vendor's commands did inside: their output and exit status are here, and of their"
        " effects what was asked afterwards."
    )
    yield (
        "The cluster's status while a long command ran: a run that followed it asked every few"
        " seconds, and only what showed a change of standby or fencing is on record."
    )
    yield "Whether backups and snapshots named as fallback exist: the operator named them."


def _services(summary: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    totals = summary["service_gaps"]["totals"]
    asked = [str(one["target"]) for one in totals if one["way"]]
    if asked:
        yield (
            f"Asked were {', '.join(asked)}; Service gaps tell how. Of every other"
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
            f" {listed(names, _NAMED)}. That a resource is Started is what pacemaker says;"
            " whether it serves anybody was asked of the services above alone."
        )


def _between(events: Sequence[Event]) -> NotCovered:
    pauses = pauses_of(of_change(events))
    items = []
    for pause in pauses:
        begin, end = map(to_the_second, (pause.begin, pause.end))
        items.append(f"{begin} to {end} ({duration(pause.end - pause.begin)}): {pause.detail}.")
    about = "Nobody looked, and no service was asked."
    return NotCovered("Time without a run", tuple(items), many(len(pauses), "pause"), about)


def _missing(summary: Mapping[str, Any]) -> NotCovered:
    items = tuple(f"{one['what']}." for one in summary["missing_runs"])
    return NotCovered("Runs of which no journal is here", items, many(len(items), "entry"))


def _out_of_reach(events: Sequence[Event]) -> NotCovered:
    items, cut_offs = [], cut_offs_of(events)
    lost = grouped(
        (str(e["node"]), e)
        for e in events
        if e["event"] == "observation" and e.get("problem") and e.get("lost")
    )
    for node, each in lost.items():
        why = shortened(str(each[0]["problem"]), _WHY)
        until = f" to {_at(each[-1])}" if len(each) > 1 else ""
        number = many(len(each), "question")
        items.append(f"{node}: {number} without an answer, {_at(each[0])}{until}; first: {why}.")
    for one in cut_offs:
        said = one.sentence()
        lasted = in_words((one.end - one.begin).total_seconds())
        items.append(f"{said[:1].upper()}{said[1:]} ({lasted}): {shortened(one.why, _WHY)}.")
    nodes = {*lost, *(one.node for one in cut_offs)}
    return NotCovered("Nodes out of reach", tuple(items), many(len(nodes), "node"))


def _silent(events: Sequence[Event]) -> NotCovered:
    ended = {event["run"] for event in events if event["event"] == "run-ended"}
    last = {str(event["run"]): event for event in events if event["run"] not in ended}
    items = tuple(
        f"{run}: its last event is {event['event']} at {_at(event)}." for run, event in last.items()
    )
    return NotCovered("Runs without an end on record", items, many(len(items), "run"))


def _old_copies(events: Sequence[Event]) -> NotCovered:
    items = []
    for one in passwords_of(events):
        looked = f"in {one.searched} only, in no backup" if one.searched else "nowhere"
        items.append(f"{one.of}: looked for {looked}.")
    return NotCovered("Old copies of passwords", tuple(items), many(len(items), "password"))


def _secret(events: Sequence[Event]) -> NotCovered:
    kept = [e for e in events if (e.get("output") or {}).get("text") == SECRET]
    kinds = grouped((str(e.get("question") or f"output of {e.get('key')}"), e) for e in kept)
    return NotCovered(
        "Answers that are withheld",
        tuple(f"{kind}: {many(len(each), 'answer')}." for kind, each in kinds.items()),
        f"{many(len(kept), 'answer')} of {many(len(kinds), 'kind')}",
        "They hold a secret; only what was derived from them is on record, and it can't be judged"
        " again.",
    )


def _not_here(events: Sequence[Event]) -> NotCovered:
    items, number = [], 0
    for event in events:
        why = (event.get("output") or {}).get("not_kept")
        if why:
            name = event.get("question") or event.get("name") or event["event"]
            items.append(f"{name}, {_at(event)}: {shortened(str(why), _WHY)}.")
            number += 1
    fetched = {str(e["of"]): e for e in events if e["event"] == "outputs-fetched"}
    for run, event in fetched.items():
        for one in event["missing"]:
            files = len(one["files"])
            why = shortened(str(one["why"]), _WHY)
            items.append(f"{many(files, 'output')} of run {run}: {why}.")
            number += files
    return NotCovered("Outputs that are not here", tuple(items), many(number, "output"))


def _clock(events: Sequence[Event]) -> NotCovered:
    runs = [[dict(event) for event in mine] for _, mine in groupby(events, lambda e: e["run"])]
    told = set_back(runs)
    items = [f"{text[:1].upper()}{text[1:]}." for text in told[:_TOLD]]
    about = "Times on record are those of the machine of each run."
    return NotCovered("Clock", tuple(items), many(len(told), "time"), about)


def _at(event: Event) -> str:
    return to_the_second(moment(event))
