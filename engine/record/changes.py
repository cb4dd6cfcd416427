"""The changes of an attempt: each once, however many runs followed it to its end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from engine.model.change import Outcome
from engine.model.event import Event, moment


@dataclass
class MadeChange:
    """One change from its begin to its end, as the journals of all runs tell it."""

    intent: Event
    """Of the run that began it."""
    result: Event | None = None
    """How it ended, as the last run that knew told it."""
    followed: list[Event] = field(default_factory=list)
    """Intents of later runs, which followed the long command or read its exit status."""
    again: Event | None = None
    """The intent of a later run that did it once more, as its end was not on record."""
    settled: Event | None = None
    """What a person said of it."""
    at_work: Event | None = None
    """The last event that saw the long command at work."""
    found: Event | None = None
    """The first event that saw the long command ended, before its end was on record."""
    last: datetime = field(default=datetime.max)
    """The latest moment at which it can have been at work while its end is not on record: of a
    long command the last event of all, of any other the last one of its run."""

    @property
    def is_long(self) -> bool:
        """It was detached: it does not end with the run that began it."""
        return bool(self.intent.get("detached"))

    @property
    def was_started(self) -> bool:
        return not (self.result or {}).get("never_started")

    @property
    def begin(self) -> datetime:
        return moment(self.intent)

    @property
    def is_end_told(self) -> bool:
        """When it ended is known: the node told it, or the run that collected it watched it end.

        Else a run found it ended, and it ended at some time since it was last seen at work.
        """
        if self.result is None or (self.is_long and self.result["outcome"] == Outcome.UNKNOWN):
            return False
        is_watched = self.at_work is not None and self.at_work["run"] == self.result["run"]
        return "ended" in self.result or not self.is_handed_on or is_watched

    @property
    def is_found_ended(self) -> bool:
        """A long command that a run found ended: its end is an upper bound."""
        return self.is_long and self.end is not None and not self.is_end_told

    @property
    def is_handed_on(self) -> bool:
        """Another run than the one that began it told its end, or follows it."""
        told = self.result is not None and self.result["run"] != self.intent["run"]
        return told or bool(self.followed)

    @property
    def end(self) -> datetime | None:
        """When it ended, else when a run found it ended; None: that is not on record."""
        if self.is_long:
            told = self.result
            if told is not None and told["outcome"] == Outcome.UNKNOWN:
                told = None
            if told is not None and "ended" in told:
                return datetime.fromisoformat(told["ended"])
            return min((moment(one) for one in (self.found, told) if one), default=None)
        if self.result is None:
            return None
        # what a later run finds done was done when the run that began it was still there
        return None if self.is_handed_on else moment(self.result)

    @property
    def earliest_end(self) -> datetime:
        """When it was last known to be at work."""
        return moment(self.at_work) if self.at_work is not None else self.begin

    @property
    def until(self) -> datetime:
        """Its end, or the latest that it can have been."""
        return max(self.begin, self.end or self.last)

    @property
    def seconds(self) -> float | None:
        """Its own; of one that was found ended the most; None while no end is on record."""
        if self.result is None:
            return None
        if self.is_long and self.is_handed_on and "ended" not in self.result:
            return (self.end - self.begin).total_seconds() if self.end else None
        told = self.result.get("seconds")
        return float(told) if told is not None else None


def changes_of(events: Iterable[Event]) -> list[MadeChange]:
    """All changes of these runs, in the order in which they began."""
    made: list[MadeChange] = []
    latest: dict[str, MadeChange] = {}
    last: dict[str, datetime] = {}
    for event in events:
        last[str(event["run"])] = moment(event)
        key = str(event.get("key"))
        if event["event"] == "intent":
            before = latest.get(key)
            if before is not None and follows(event.get("detached"), before.intent, before.result):
                before.followed.append(event)
                continue
            if before is not None and (before.result is None or is_traceless(before.result)):
                before.again = event
            latest[key] = MadeChange(event)
            made.append(latest[key])
        elif event["event"] == "result" and key in latest:
            _end(latest[key], event)
        elif key in latest and _sees_at_work(event):
            latest[key].at_work = event
        elif key in latest and _sees_ended(event):
            latest[key].found = latest[key].found or event
        elif event["event"] == "settled":
            asked = [one for one in made if one.intent["step"] == event.get("step")]
            if asked:
                asked[-1].settled = event
    for one in made:
        own = last[str(one.intent["run"])]
        one.last = moment(one.again) if one.again else max(last.values()) if one.is_long else own
    return made


def _sees_at_work(event: Event) -> bool:
    """Its log has gone on while it was followed, or the run saw it work when it ended itself."""
    is_seen = event["event"] == "command-seen" and event.get("state") == "running"
    return is_seen or event["event"] in ("progress", "command-started")


def _sees_ended(event: Event) -> bool:
    return event["event"] == "command-seen" and event.get("state") in ("ended", "gone")


def _end(change: MadeChange, result: Event) -> None:
    if result.get("never_started") and change.followed:
        # the later run could not write down that it follows: the command is as it was
        change.followed.pop()
    else:
        change.result = result


def follows(detached: str | None, intent: Event, result: Event | None) -> bool:
    """A change of that name goes on with the intent's long command, whose end is not known."""
    is_over = is_traceless(result) or (result is not None and result["outcome"] != Outcome.UNKNOWN)
    return bool(detached) and detached == intent.get("detached") and not is_over


def is_traceless(result: Event | None) -> bool:
    """Of a long command that was started nothing was left on its node: nobody can follow it."""
    return bool(result and result.get("no_trace"))


def since_when(intent: Event) -> str:
    """`, begun at ...` of a command that this run only follows; '' of what it begins itself."""
    since = intent.get("since")
    return f", begun at {str(since)[:19].replace('T', ' ')} by an earlier run" if since else ""


def long_ones(changes: Iterable[MadeChange]) -> list[MadeChange]:
    """Long commands that were started."""
    return [one for one in changes if one.is_long and one.was_started]
