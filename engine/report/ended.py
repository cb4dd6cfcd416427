"""How a run ended, as the first words of its headline: for every outcome and mode. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.judge.text import many, shortened
from engine.model.event import Event, moment
from engine.report.causes import causes_of
from engine.report.change import closing_of, of_change
from engine.report.observed import Observed, observed_of
from engine.report.window import window_sentence
from engine.report.words import clock_in_words, day_in_words, named

_REASON = 140
"""Characters of a reason that are shown."""


@dataclass(frozen=True)
class Told:
    """What the headline is made of."""

    summary: Mapping[str, Any]
    events: Sequence[Event]
    """Of the whole attempt."""
    own: Sequence[Event]
    change: Sequence[Event]
    """Without those of runs after its end."""
    seen: Observed

    @classmethod
    def of(cls, summary: Mapping[str, Any], events: Sequence[Event]) -> Told:
        run = str(summary["run_id"])
        own = [event for event in events if event["run"] == run]
        seen = observed_of(events, run)
        # what goes on by itself may have changed it since
        seen = replace(seen, is_current=seen.is_current and not summary["under_way"])
        return cls(summary, events, own, of_change(events), seen)

    @property
    def mode(self) -> str:
        return str(self.summary["mode"])

    @property
    def is_good(self) -> bool:
        return self.summary["exit_code"] == 0 and self.summary["outcome"] in ("done", "planned")

    @property
    def is_late(self) -> bool:
        """The run began when the attempt was closed."""
        return self.summary["run_id"] not in {event["run"] for event in self.change}

    @property
    def has_changed(self) -> bool:
        """This run began a change."""
        return any(event["event"] == "intent" for event in self.own)

    @property
    def is_at_target(self) -> bool:
        """Every release file that was seen says so."""
        return set(self.seen.versions.values()) == {self.summary["target"]}


def lead_of(told: Told) -> str:
    """How it ended, where that does not go without saying; then of which day it is told."""
    if not told.is_good:
        ended = _NOT_GOOD.get(str(told.summary["outcome"]), _failed)(told)
        if told.is_late:
            return f"{_closed(told)}; a run {_day_of_the_look(told)}: {ended}"
        return ended
    if told.is_late and told.mode != "restore":
        word = "planned" if told.mode == "plan" else "looked at once more"
        return f"{_closed(told)}; {word} {_day_of_the_look(told)}"
    return _GOOD[told.mode](told)


def _done(told: Told) -> str:
    """What was reached says more than this word."""
    return "" if told.seen.versions else "done"


def _planned(told: Told) -> str:
    plan = next((event for event in told.own if event["event"] == "plan"), None)
    changing = sum(bool(step["commands"]) for step in plan["steps"]) if plan else 0
    would = f", {many(changing, 'step')} would change the cluster" if changing else ""
    return f"planned, nothing changed: nothing blocks{would}"


def _given_back(told: Told) -> str:
    summary = told.summary
    if summary["ledger"] or summary["not_known"]:
        return "the restore has ended"
    back = any(event["event"] == "attempt-closed" for event in told.own)
    said = "no temporary change is in place" if back else "there was nothing to give back"
    said = f"given back, {said}" if back and told.has_changed else said
    if told.is_at_target:
        return said
    return f"{said}, and the upgrade to {summary['target']} is not done"


def _followed_up(told: Told) -> str:
    rows = [f"{row['id']} {row['state']}" for row in told.summary["guide"]]
    return ", ".join(["followed up", *rows])


_GOOD = {
    "execute": _done,
    "plan": _planned,
    "restore": _given_back,
    "follow-up": _followed_up,
}


def _failed(told: Told) -> str:
    return f"{_of_mode(told)}failed{_reason(told)}"


def _blocked(told: Told) -> str:
    found = [f for f in told.summary["findings"] if f["severity"] == "block" and not f["accepted"]]
    names = [f"{one['code']} ({one['subject']})" for one in found]
    what = f" by {named(names)}" if names else _reason(told)
    return f"{_of_mode(told)}blocked{what}{_nothing_changed(told)}"


def _stopped(told: Told) -> str:
    word = "followed up, something is left" if told.mode == "follow-up" else "stopped for a person"
    return f"{word}{_reason(told)}"


_NO_WORD = "killed, power loss, or its disk was full"
_BY = "the run was interrupted "


def _interrupted(told: Told) -> str:
    if any(event["event"] == "run-ended" for event in told.own):
        by = str((told.summary["stopped"] or {}).get("reason", ""))
        if by.startswith(_BY):
            return f"{_of_mode(told)}interrupted {shortened(by.removeprefix(_BY), _REASON)}"
        return f"{_of_mode(told)}interrupted{_reason(told)}"
    at = clock_in_words(moment(told.own[-1])) if told.own else "some time"
    return f"{_of_mode(told)}cut short ({_NO_WORD}), it ended without a word at {at}"


def _unknown(told: Told) -> str:
    causes = causes_of(told.own)
    if causes:
        return f"stopped ({'; '.join(causes)}): it is not known how this change ended"
    return f"stopped, as it is not known how a change ended{_reason(told)}"


def _locked(told: Told) -> str:
    what = "makes no further change" if told.has_changed else "changed nothing"
    return f"another run holds the cluster, this one {what}{_reason(told)}"


def _usage(told: Told) -> str:
    return f"not begun, the invocation is wrong{_reason(told)}{_nothing_changed(told)}"


def _as_asked(told: Told) -> str:
    target = told.summary["target"]
    return f"stopped as asked{_nothing_changed(told)}, the upgrade to {target} is to come"


_NOT_GOOD = {
    "stopped as asked": _as_asked,
    "blocked": _blocked,
    "stopped": _stopped,
    "interrupted": _interrupted,
    "unknown": _unknown,
    "locked": _locked,
    "usage": _usage,
}
_OF_MODE = {"plan": "the plan: ", "restore": "the restore: ", "follow-up": "the follow-up: "}


def _of_mode(told: Told) -> str:
    return _OF_MODE.get(told.mode, "")


def _nothing_changed(told: Told) -> str:
    return "" if told.has_changed else ", nothing changed by this run"


def _reason(told: Told) -> str:
    """What led to it first; in brackets."""
    reason = str((told.summary["stopped"] or {}).get("reason", ""))
    said = [*causes_of(told.own), *([shortened(reason, _REASON)] if reason else [])]
    return f" ({'; '.join(said)})" if said else ""


def _closed(told: Told) -> str:
    """Of the change, for a run after its end."""
    closing = closing_of(told.change)
    if closing is None:
        return "a look after the end"
    how = "closed" if closing.get("by", "done") == "done" else "closed by a restore"
    return ", ".join(filter(None, [f"{how} on {_day([closing])}", window_sentence(told.change)]))


def _day_of_the_look(told: Told) -> str:
    """Of a run after the end."""
    closing, day = closing_of(told.change), _day(told.own)
    return "later that day" if closing is not None and _day([closing]) == day else f"on {day}"


def _day(events: Sequence[Event]) -> str:
    """Of the last of these."""
    return day_in_words(str(events[-1]["time"])[:10]) if events else "an unknown day"
