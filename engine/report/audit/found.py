"""The findings of an attempt as the page lists them: each once, what still stands first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.judge.ways import folded
from engine.model.event import Event
from engine.model.finding import Severity
from engine.model.groups import grouped
from engine.report.anchors import finding_anchor
from engine.report.standing import settled_by

_MANY = 3
"""So many alike take one line on the page."""
_STANDING = "block"
"""What stops a run is never folded."""
FindingKey = tuple[str, str, str]
"""Code, subject, what was observed."""
Entry = tuple[Mapping[str, Any], list[Mapping[str, Any]]]
"""A finding, and those that follow from it."""


@dataclass(frozen=True)
class Alike:
    """Findings of the same code and kind, on several nodes say; or a single one."""

    kind: str
    code: str
    entries: tuple[Entry, ...]

    @property
    def gone(self) -> str:
        """Why they do not stand, where that is so: each reason once."""
        return "; ".join(dict.fromkeys(str(one["gone"]) for one, _ in self.entries if one["gone"]))

    @property
    def subjects(self) -> list[str]:
        return list(dict.fromkeys(str(one["subject"]) for one, _ in self.entries))


def findings_of(events: Sequence[Event], own: str) -> list[dict[str, Any]]:
    """Each finding as it was weighed last; blocking ones first. `own` is the last run.

    Beside the event's fields: `stands` (it was not settled, and the last run has seen it or it is
    a task of somebody; a note without weight stands until the next change), `gone` (why it does
    not stand), `kind` (what a reader chooses by) and `anchor` (its id).
    """
    all_seen = [event for event in events if event["event"] == "finding"]
    seen = {key_of(event): event for event in all_seen}
    last = {key_of(event)[:2]: event for event in all_seen}
    told_by: dict[tuple[str, str, str], set[str]] = {}
    for event in all_seen:
        code, subject, observed = key_of(event)
        told_by.setdefault((str(event["run"]), code, subject), set()).add(observed)
    weights = {"block": 0, "warn": 1}
    settled = settled_by(events)
    numbers = {id(event): number for number, event in enumerate(events)}
    changed = max((n for n, event in enumerate(events) if event["event"] == "intent"), default=-1)
    told = []
    for (code, subject, _), finding in seen.items():
        later = last[code, subject]
        mine, theirs = (told_by[str(e["run"]), code, subject] for e in (finding, later))
        gone = _gone(finding, later, settled.get((code, subject)), own, is_anew=bool(theirs - mine))
        if not gone and _is_note(finding) and numbers[id(finding)] < changed:
            gone = "seen on the way, before later changes; it was given no weight"
        told.append({**finding, "stands": not gone, "gone": gone})
    told.sort(
        key=lambda f: (
            not f["stands"],
            weights.get(f["severity"], 2),
            bool(f["accepted"]),
            f["time"],
        ),
    )
    return [
        {**one, "kind": _kind(one), "anchor": finding_anchor(str(one["code"]), number)}
        for number, one in enumerate(told, 1)
    ]


def _gone(finding: Event, last: Event, ended: Event | None, own: str, *, is_anew: bool) -> str:
    """Why it does not stand; '' when it does.

    `last` is the last one of its code and subject, `ended` the end of the step that settled them.
    `is_anew`: a later run observed something else of both, a load by now, say: seen again.
    """
    if finding.get("settled_by"):
        if ended is not None:
            return f"settled: no longer holds after {ended['step']}"
        # a step of one run may tell several of a code and subject: all of them stand
        is_anew = is_anew or (last["step"], last["run"]) != (finding["step"], finding["run"])
    if is_anew:
        return f"seen anew in {last['step']}"
    is_left = finding["run"] == own or (finding.get("task") and ended is None)
    return "" if is_left else "not seen again"


def _is_note(finding: Event) -> bool:
    """It tells how a cluster in the middle of its upgrade was; tasks are left until looked at."""
    return bool(finding["severity"] == Severity.INFO and not finding.get("task"))


def _kind(finding: dict[str, Any]) -> str:
    if finding["accepted"]:
        return "accepted"
    return str(finding["severity"]) if finding["stands"] else "earlier"


def alike_in(findings: Iterable[Mapping[str, Any]]) -> list[Alike]:
    """Entries of the page's list, in the order of the findings; those that are alike together."""
    found = []
    kinds = grouped(((one["kind"], one["code"]), (one, below)) for one, below in folded(findings))
    for (kind, code), entries in kinds.items():
        parts = [entries] if len(entries) >= _MANY and kind != _STANDING else [[e] for e in entries]
        found += [Alike(str(kind), str(code), tuple(part)) for part in parts]
    return found


def anchors_of(findings: Iterable[Mapping[str, Any]]) -> dict[FindingKey, str]:
    """Finding -> its id on the page."""
    return {key_of(one): str(one["anchor"]) for one in findings}


def key_of(finding: Mapping[str, Any]) -> FindingKey:
    """What makes two events the same finding."""
    return str(finding["code"]), str(finding["subject"]), str(finding["observed"])
