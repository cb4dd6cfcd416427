"""What is left to do when a run is over: what, whose job, until when, where it is shown. Pure.

The operator's, unless the record names somebody else. A date is one that is on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.judge.kernels import REBOOT_NEEDED
from engine.judge.text import listed, shortened
from engine.model.event import Event
from engine.model.finding import Way
from engine.model.groups import grouped
from engine.model.steps import phase_of
from engine.parse.log_asks import asked_in
from engine.record.memory import LedgerEntry
from engine.report.anchors import change_anchor
from engine.report.audit.found import FindingKey, anchors_of, findings_of, key_of
from engine.report.audit.passwords import passwords_of
from engine.report.change import closing_of
from engine.report.losses import losses_of
from engine.report.standing import standing, tasks_of
from engine.report.under_way import HEADS, entry_text

OPERATOR = "the operator"
SUPPORT = "the vendor's support"
_MOST = 300
"""Characters of a reason that are shown."""
_LEFT = ("failed", "open")
_Anchors = Mapping[FindingKey, str]


@dataclass(frozen=True)
class OpenPoint:
    """One thing that is left to do."""

    what: str
    owner: str
    until: str
    """A day, as 2026-12-12; empty: none is on record."""
    where: str
    """Id of the place on the auditor's page that tells of it."""
    brief: str
    """The same in a word or two."""


def open_points_of(summary: Mapping[str, Any], events: Sequence[Event]) -> list[OpenPoint]:
    """What can't wait first. `summary` is summary.json's, `events` those of the whole attempt.

    A plan did nothing that could be left: only what earlier runs left is told.
    """
    left = [*_under_way(summary, events), *_temporary(summary)]
    if summary["mode"] == "plan":
        return left
    anchors = anchors_of(findings_of(events, str(summary["run_id"])))
    return [
        *left,
        *_support(summary),
        *_rows(summary, events),
        *_asked_by_the_vendor(events, anchors),
        *_accepted_for_a_time(events, anchors),
        *_tasks(events, anchors),
        *_old_passwords(events),
        *_above_the_limit(events),
        *_snapshots(summary, events),
    ]


def _under_way(summary: Mapping[str, Any], events: Sequence[Event]) -> Iterator[OpenPoint]:
    intents = {(e["key"], e["time"]): _change(e) for e in events if e["event"] == "intent"}
    for one in summary["under_way"]:
        kind = one["state"] if one["state"] != "unknown" else "long" if one["log"] else "short"
        name = f"{one['what']} on {one['node']}"
        told = f"{name} since {one['since']}: {HEADS[kind].lower()}"
        where = intents.get((one["key"], one["since"]), "changes")
        yield OpenPoint(told, OPERATOR, "", where, name)


def _change(intent: Event) -> str:
    return change_anchor(str(intent["run"]), intent["seq"])


def _temporary(summary: Mapping[str, Any]) -> Iterator[OpenPoint]:
    seen = " (as it was last known)" if summary["not_known"] else ""
    for one in summary["ledger"]:
        entry = LedgerEntry(**one)
        told = f"to be given back{seen}: {entry_text(entry)}"
        yield OpenPoint(told, OPERATOR, "", "ledger", f"{entry.kind} of {entry.subject}")


def _support(summary: Mapping[str, Any]) -> Iterator[OpenPoint]:
    stopped = summary["stopped"] or {}
    if stopped.get("way") == Way.SUPPORT:
        told = shortened(stopped["what_to_do"], _MOST)
        yield OpenPoint(told, SUPPORT, "", "head", "a call to support")


def _rows(summary: Mapping[str, Any], events: Sequence[Event]) -> Iterator[OpenPoint]:
    """Rows of the guide that are not fulfilled; those without any record make one point."""
    left = [row for row in summary["guide"] if row["state"] in _LEFT]
    told = grouped((str(e["row"]), e) for e in events if e["event"] == "row")
    for row in sorted(left, key=lambda row: _LEFT.index(row["state"])):
        if not row["steps"]:
            continue
        mine = [e for e in told.get(row["id"], ()) if e["state"] == row["state"]]
        until, brief = (_last_told(mine, name) for name in ("until", "brief"))
        # its first sentence: the row has the whole
        reason = str(row["reason"]).partition(". ")[0]
        state = "failed: " if row["state"] == "failed" else ""
        what = shortened(f"{row['id']} {row['duty']}: {state}{reason}", _MOST)
        brief = brief or f"{row['id']} ({row['duty']})"
        yield OpenPoint(what, OPERATOR, until, row["id"], f"{state}{brief}")
    without = [row["id"] for row in left if not row["steps"]]
    # a restore serves no row, a run that only follows up serves its own
    if without and summary["mode"] == "execute":
        what = f"rows of the guide without a record yet: {listed(without, 30)}"
        yield OpenPoint(what, OPERATOR, "", "guide", "the rest of the upgrade")


def _last_told(events: Iterable[Event], name: str) -> str:
    told = [str(event[name]) for event in events if event.get(name)]
    return told[-1] if told else ""


def _asked_by_the_vendor(events: Sequence[Event], anchors: _Anchors) -> Iterator[OpenPoint]:
    """What the log of a long command asks for; of a reboot also the kernels that the run saw."""
    intents: dict[str, Event] = {}
    said: dict[str, Event] = {}
    for event in events:
        if event["event"] == "intent":
            intents[str(event["key"])] = event
        elif event["event"] == "result" and event["key"] in intents:
            intent = intents[str(event["key"])]
            if intent.get("detached"):
                said |= {text: intent for text in asks_of(event) if text not in said}
    kernels = [f for f in standing(events) if f["code"] == REBOOT_NEEDED and _is_last(f)]
    seen = [f"{one['subject']}: {one['observed']}" for one in kernels]
    reboots = [text for text in said if "boot" in text.lower()]
    asked = [f"the log of {said[text]['what']} says: {text}" for text in reboots]
    if asked or seen:
        told = "; ".join([*asked, *seen])
        where = anchors[key_of(kernels[0])] if kernels else _change(said[reboots[0]])
        yield OpenPoint(told, OPERATOR, "", where, "a reboot")
    for text, intent in said.items():
        if text not in reboots:
            told = f"the log of {intent['what']} says: {text}"
            yield OpenPoint(told, OPERATOR, "", _change(intent), "a restart")


def asks_of(result: Event) -> list[str]:
    """What the log of a long command asks for; in an older journal what its excerpt shows of it."""
    if "asks" in result:
        return [str(text) for text in result["asks"]]
    lines = str((result.get("output") or {}).get("text", "")).splitlines()
    return list(dict.fromkeys(shortened(said, _MOST) for line in lines if (said := asked_in(line))))


def _is_last(finding: Event) -> bool:
    """Seen when everything was done: the upgrade itself may change it."""
    return phase_of(str(finding["step"])) == "closing"


def _accepted_for_a_time(events: Sequence[Event], anchors: _Anchors) -> Iterator[OpenPoint]:
    """An acceptance that ends: by then somebody has to have mended what was accepted."""
    for one in standing(events):
        accepted = one["accepted"] or {}
        if accepted.get("until"):
            told = f"accepted until {accepted['until']}: [{one['code']}] {one['subject']}:"
            told += f" {one['observed']}"
            yield OpenPoint(
                shortened(told, _MOST),
                str(accepted["by"]),
                str(accepted["until"]),
                anchors[key_of(one)],
                f"{one['code']} of {one['subject']}",
            )


def _tasks(events: Sequence[Event], anchors: _Anchors) -> Iterator[OpenPoint]:
    """Warnings that are left for a person; the same of several subjects is one point.

    Of an attempt that has changed nothing nothing is left: the next run looks again.
    """
    if not any(event["event"] == "intent" for event in events):
        return
    left = (
        one
        for one in tasks_of(events)
        # a reboot is told with what the vendor's log says of it
        if not one["accepted"] and one["code"] != REBOOT_NEEDED
    )
    for code, each in grouped((str(one["code"]), one) for one in left).items():
        first, number = each[0], len(each)
        brief = code if number == 1 else f"{code} ({number})"
        more = f" and {number - 1} more" if number > 1 else ""
        told = f"{brief}: {shortened(str(first['observed']), _MOST)}: {first['subject']}{more}"
        yield OpenPoint(told, OPERATOR, "", anchors[key_of(first)], brief)


def _old_passwords(events: Sequence[Event]) -> Iterator[OpenPoint]:
    """Old copies of a password, which only a person may remove: a back-out needs them."""
    for one in passwords_of(events):
        number = sum(len(where.nodes) or 1 for where in one.old_copies)
        if number:
            paths = listed(dict.fromkeys(where.path for where in one.old_copies), 2)
            what = f"old copies of the {one.of}: {number} ({paths}): remove them when no way back"
            brief = f"old copies of the {one.of} ({number})"
            yield OpenPoint(f"{what} needs them any more", OPERATOR, "", "passwords", brief)


def _above_the_limit(events: Sequence[Event]) -> Iterator[OpenPoint]:
    """A loss that nobody was asked about, as only production asks, and that it would ask about."""
    found = [event for event in events if event["event"] == "finding"]
    accepted = {str(one["subject"]) for one in found if one["accepted"]}
    for number, loss in enumerate(losses_of(events), 1):
        if loss.is_above_limit and loss.is_observed and loss.of not in accepted:
            told = (
                f"lost: {loss.of}: {loss.share} {loss.what}; more than the {loss.limit} that a"
                " setting allows without a person's word: say whether that can be borne. Nobody was"
                " asked here; production stops at it until somebody accepts it"
            )
            yield OpenPoint(told, OPERATOR, "", f"loss-{number}", f"the loss in {loss.of}")


def _snapshots(summary: Mapping[str, Any], events: Sequence[Event]) -> Iterator[OpenPoint]:
    """What was named as the way back is needed no more when the change is done."""
    closed = closing_of(events)
    is_done = closed is not None and closed.get("by", "done") == "done"
    if not is_done or summary["environment"] == "rehearsal":
        return
    named = [e.get("fallback") for e in events if e["event"] == "run-started"]
    for fallback in dict.fromkeys(filter(None, named)):
        if "snapshot" in str(fallback).lower():
            told = f"to be removed when they are needed no more: {shortened(str(fallback), _MOST)}"
            yield OpenPoint(told, OPERATOR, "", "approvals", "snapshots")
