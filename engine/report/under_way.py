"""What a run leaves on the cluster: commands that may still run, and temporary changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.attempt import remote
from engine.model.event import Event, moment, stamp
from engine.record.intervals import FENCING, STANDBY, Interval, Key, intervals_of, last_look
from engine.record.memory import ChangeRecord, LedgerEntry, Memory

SEEN = "command-seen"
"""The event of a last look at a long command, when the run ends."""


def open_changes(memory: Memory, own: Sequence[Event], attempt: str | None) -> list[dict[str, Any]]:
    """One entry a change, oldest first: what, where, since when, and how it was last seen.

    `state` of a long command that the run looked at before it ended: `running`, `ended`, `gone`
    (no process, no exit status), `lost` (it was seen, and nothing of it is there); of any other
    change `unknown`. `goes_on_by` says which run goes on with it: one like this one
    (`again`), one of the upgrade (`upgrade`), or `none`, as the attempt is closed.
    """
    goes_on_by = _goes_on_by(memory, own)
    seen = {event["key"]: event for event in own if event["event"] == SEEN}
    return [
        {
            "key": record.key,
            "step": record.intent["step"],
            "node": record.intent["node"],
            "what": record.intent["what"],
            "since": record.begun["time"],
            "log": log_of(attempt, record.intent),
            "state": seen[record.key]["state"] if record.key in seen else "unknown",
            "status": seen[record.key].get("status") if record.key in seen else None,
            "goes_on_by": goes_on_by,
        }
        for record in memory.open_intents()
    ]


def _goes_on_by(memory: Memory, own: Sequence[Event]) -> str:
    if memory.closed:
        return "none"
    return "upgrade" if own[0].get("scope") == "restore" else "again"


def log_of(attempt: str | None, intent: Event) -> str | None:
    """Path of a long command's log on its node (the wrapper's, `engine/act/detached.py`)."""
    if not intent.get("detached") or attempt is None:
        return None
    return f"{remote.ROOT}/attempts/{attempt}/commands/{intent['detached']}/nohup.out"


def sentence(intent: Event) -> str:
    """The change in a few words."""
    return f"{intent['what']} on {intent['node']} since {intent['time']} ({intent['step']})"


def lines_of(changes: Iterable[dict[str, Any]]) -> list[str]:
    """For the console: each open change, and what it means for whoever comes next."""
    lines = []
    for change in changes:
        where = f"{change['what']} on {change['node']} since {change['since']} ({change['step']})"
        lines.append(f"{HEADS[_kind(change)]}: {where}")
        if change["log"]:
            lines.append(f"    log: {change['node']}:{change['log']}")
        lines.append(f"    {_meaning(change)}")
    return lines


def _meaning(change: dict[str, Any]) -> str:
    if change["goes_on_by"] == "none":
        seen = _SEEN[_kind(change)].format(**change)
        place = "the log" if change["log"] else change["node"]
        return f"{seen}; the attempt is closed: no run goes on with it; look at {place}"
    again = {"again": "run again", "upgrade": "run again without --restore"}[change["goes_on_by"]]
    return _MEANINGS[_kind(change)].format(again=again, **change)


def _kind(change: dict[str, Any]) -> str:
    if change["state"] != "unknown":
        return str(change["state"])
    return "long" if change["log"] else "short"


HEADS = {
    "running": "STILL RUNNING",
    "ended": "ENDED MEANWHILE",
    "gone": "GONE WITHOUT AN EXIT STATUS",
    "lost": "GONE WITHOUT A TRACE",
    "long": "MAY STILL BE RUNNING",
    "short": "NOT KNOWN HOW IT ENDED",
}
_SEEN = {
    "running": "it goes on by itself",
    "ended": "with exit status {status}",
    "gone": "its process is not there any more",
    "lost": "its log and exit status are not there any more",
    "long": "it does not depend on this machine",
    "short": "its answer did not come",
}
_MEANINGS = {
    "running": "it goes on by itself; {again}, and it is followed to its end",
    "ended": "with exit status {status}; {again}, and its result is read",
    "gone": "its process is not there any more; look at the log, then {again}",
    "lost": "its log and exit status are not there any more, so it may run or have ended;"
    " look at {node}, then {again} and say how it ended",
    "long": "it does not depend on this machine; {again}: it is followed, or its result is read",
    "short": "{again}: its effect is looked for first; if it can't be seen, you are asked",
}


def restore_refused(memory: Memory, under_way: Iterable[Mapping[str, Any]]) -> str:
    """Why `--restore` would give nothing back now, as the next run begins; '' when it would.

    `running`: a long command runs, or may; `half`: the last round of the upgrade did not end with
    exit status 0.
    """
    if any(_kind(dict(change)) in ("running", "long") for change in under_way):
        return "running"
    rounds = memory.detached("upgrade")
    return "half" if rounds and rounds[-1].exit_status != 0 else ""


_REFUSED = {
    "running": "--restore gives nothing back while the command runs",
    "half": "the cluster is half-upgraded, so --restore gives nothing back unless the vendor's"
    " support has it accepted (restore-half-upgraded)",
}


def open_entries(entries: Iterable[LedgerEntry], restore: str, refused: str = "") -> list[str]:
    """The lines for the console: what is in place, since when, what it was before, the way out.

    `restore` is the command that gives it back; `refused` as `restore_refused` has it. Empty when
    nothing is in place.
    """
    listed = list(entries)
    if not listed:
        return []
    many = f"{len(listed)} temporary change{'s' if len(listed) > 1 else ''}"
    return [
        f"STILL IN PLACE, {many}:",
        *(f"  {entry_text(entry)}" for entry in listed),
        *_ways_out(restore, refused),
    ]


def _ways_out(restore: str, refused: str) -> list[str]:
    first = "  the way out: run the upgrade again, it goes on and gives back what it took"
    if refused:
        return [f"{first}; {_REFUSED[refused]}"]
    return [f"{first}; or leave it and give back now:", f"    {restore}"]


def not_known(
    why: str, entries: Iterable[LedgerEntry], under_way: Iterable[Mapping[str, Any]]
) -> list[str]:
    """The lines when the run does not know it; what it knew last is told as such."""
    known = last_known(entries, under_way)
    return [
        "NOT KNOWN: what still runs on the cluster, and which temporary changes are in place:",
        f"    {why}",
        *(f"    last known: {text}" for text in known),
    ]


def last_known(entries: Iterable[LedgerEntry], under_way: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each temporary change and each change without an end on record, as a phrase."""
    return [
        *map(entry_text, entries),
        *(f"{change['what']} on {change['node']} since {change['since']}" for change in under_way),
    ]


def as_seen(memory: Memory, events: Sequence[Event]) -> list[LedgerEntry]:
    """What is open on the books, as it was seen: the one truth of what is still in place.

    `events` are those of the change's runs. Each entry is told since it was seen; one that nobody
    saw, since the command that may do it; one that was given back, with when that was seen. The
    books keep that one until a step closes it: a run is not done before.
    """
    intervals, looked = intervals_of(events), last_look(events)
    return [_as_seen(entry, memory, intervals, looked) for entry in memory.ledger.values()]


def _as_seen(
    entry: LedgerEntry, memory: Memory, intervals: Iterable[Interval], looked: datetime | None
) -> LedgerEntry:
    if entry.kind not in (STANDBY, FENCING):
        return entry
    key = entry.kind, entry.subject
    mine = [one for one in intervals if one.key == key]
    last = mine[-1] if mine else None
    if last is not None and last.until is None:
        return replace(entry, since=stamp(last.since))
    maker = _unseen_maker(memory, key, looked)
    is_since = last is not None and last.end >= datetime.fromisoformat(entry.since)
    if last is not None and is_since and looked is not None and maker is None:
        return replace(entry, gone=stamp(last.end))
    return replace(entry, seen=False, why=_why(maker) if maker else "")


def _unseen_maker(memory: Memory, key: Key, looked: datetime | None) -> ChangeRecord | None:
    """The last command that may have made it so since the cluster was looked at last; None: every
    one had ended by then."""
    makers = [
        record
        for record in memory.changes.values()
        if key in [(one["kind"], one["subject"]) for one in record.intent.get("opens", ())]
        and not _had_ended(record, looked)
    ]
    return makers[-1] if makers else None


def _had_ended(record: ChangeRecord, looked: datetime | None) -> bool:
    if looked is None or record.result is None:
        return False
    return record.has_ended and moment(record.result) <= looked


def _why(maker: ChangeRecord) -> str:
    what = maker.intent["what"]
    if maker.has_ended:
        return f"perhaps changed, as nobody has looked since the end of {what}"
    # while it works hardly anybody looks: who took it for normal would trust fencing to be on
    return f"probably changed, as {what} does so and its end is not on record"


def in_place(entries: Sequence[LedgerEntry]) -> str:
    """What of these is in place, what is likely to be, what is only on the books, and what was
    given back; in words."""
    seen = _named(one for one in entries if one.seen and not one.gone)
    unseen: dict[str, list[LedgerEntry]] = {}
    for one in entries:
        if not one.seen:
            unseen.setdefault(one.why or "on the books, but not seen", []).append(one)
    gone = _named(one for one in entries if one.gone)
    said = [seen or ("none seen" if any(one.why for one in entries) else "none")]
    said += [f"{why}: {_named(those)}" for why, those in unseen.items()]
    said += [f"on the books, but seen to be given back: {gone}"] if gone else []
    return "; ".join(said)


def _named(entries: Iterable[LedgerEntry]) -> str:
    return ", ".join(f"{entry.kind} of {entry.subject}" for entry in entries)


def entry_text(entry: LedgerEntry) -> str:
    """One entry as a phrase."""
    what = f"{entry.kind} of {entry.subject} since {entry.since}"
    if entry.gone:
        what = f"{entry.kind} of {entry.subject}: seen to be given back at {entry.gone}"
    elif not entry.seen:
        command = f"a command begun at {entry.since} may do it"
        what = f"{entry.kind} of {entry.subject}: not seen; {command}"
    return f"{what}; it was {entry.former!r} before"
