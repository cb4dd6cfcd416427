"""What the journals of an attempt remember: it answers only what the cluster can't show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from engine.model.change import Outcome, merged
from engine.model.event import Event
from engine.model.finding import Acceptance
from engine.record.changes import follows, is_traceless


@dataclass(frozen=True)
class ChangeRecord:
    """The latest intent of one change and its result, None while none is on record."""

    key: str
    intent: Event
    result: Event | None = None
    first: Event | None = None
    """The intent that began the command which this one follows; None: it follows none."""
    seen: bool = False
    """A run saw the long command at work, or ended: it was started."""

    def is_followed_by(self, detached: str | None) -> bool:
        """A change of that name goes on with this long command."""
        return follows(detached, self.intent, self.result)

    @property
    def begun(self) -> Event:
        """The intent that began it, of whatever run."""
        return self.first or self.intent

    @property
    def outcome(self) -> Outcome | None:
        return Outcome(self.result["outcome"]) if self.result else None

    @property
    def has_ended(self) -> bool:
        """It is known how it ended. With an unknown outcome a command may still run."""
        return self.outcome in (Outcome.OK, Outcome.FAILED)

    @property
    def needs_a_word(self) -> bool:
        """A person has to say how it ended, unless its effect is seen (`--settle`)."""
        if self.has_ended:
            return False
        if self.intent.get("detached"):
            return is_traceless(self.result)
        return not self.intent.get("repeatable")

    @property
    def exit_status(self) -> int | None:
        """As recorded, 0 also by a person's word (`--settle`); None while there is neither."""
        if self.result is None:
            return None
        return 0 if self.result.get("by_word") else self.result.get("code")


@dataclass(frozen=True)
class LedgerEntry:
    """A temporary change that is open on the books, with the value to give back."""

    kind: str
    subject: str
    former: str
    since: str
    seen: bool = True
    """False: nobody has seen it yet, only the command was begun that may do it."""
    gone: str = ""
    """When it was seen to be so no more, by whatever gave it back; empty: that was not seen."""
    why: str = ""
    """Of one not seen: why it is likely to be so all the same; empty: a look says that it isn't."""


@dataclass(frozen=True)
class _Before:
    """What an intent replaced, restored when its change was never started."""

    record: ChangeRecord | None
    settled: Event | None
    changed_by: str | None
    opened: tuple[tuple[str, str], ...]
    """Entries of the ledger that were not there before."""


@dataclass
class Memory:
    """The fold of all events of an attempt, in order."""

    changes: dict[str, ChangeRecord] = field(default_factory=dict)
    ledger: dict[tuple[str, str], LedgerEntry] = field(default_factory=dict)
    facts: dict[str, Event] = field(default_factory=dict)
    """Latest `fact` event by name: what steps remember for later ones (never a secret)."""
    settled: dict[str, Event] = field(default_factory=dict)
    """A person's word, by the key of its change; it counts until the change is begun anew."""
    accepted: dict[tuple[str, str | None], Acceptance] = field(default_factory=dict)
    """The latest acceptance by code and subject; it holds until the attempt is closed."""
    risks: dict[tuple[str, str | None], Acceptance] = field(default_factory=dict)
    """The same of the whole attempt, its end included: what was accepted on the way."""
    closed: bool = False
    closed_by: str | None = None
    """`done`, or `restore`: temporary changes were given back, the upgrade done or not."""
    runs: dict[str, Event] = field(default_factory=dict)
    """`run-started` of each run of the attempt."""
    missing: list[Event] = field(default_factory=list)
    """Runs of which N has no journal, by the last word on where the upgrade stands."""
    changed_by: str | None = None
    """The run that opened the attempt or last began a change."""
    _before: dict[str, _Before] = field(default_factory=dict, repr=False, compare=False)
    """Key of a change whose result is not on record yet -> what its intent replaced."""
    started: str | None = None
    ended: str | None = None

    @classmethod
    def fold(cls, events: Iterable[Event]) -> Memory:
        memory = cls()
        for event in events:
            memory.add(event)
        return memory

    def add(self, event: Event) -> None:
        """Take one more event into account; events of other kinds are left out."""
        handler = getattr(self, f"_on_{event['event'].replace('-', '_')}", None)
        if handler:
            handler(event)

    def _on_run_started(self, event: Event) -> None:
        self.runs[event["run"]] = event

    def _on_position(self, event: Event) -> None:
        self.missing = list(event.get("missing") or ())

    def _on_attempt_opened(self, event: Event) -> None:
        self.started, self.ended, self.closed = event["time"], None, False
        self.changed_by = event["run"]
        self.closed_by = None

    def _on_attempt_closed(self, event: Event) -> None:
        self.closed, self.ended = True, event["time"]
        self.closed_by = event.get("by", "done")
        self.accepted.clear()

    def _on_intent(self, event: Event) -> None:
        key = event["key"]
        opened = tuple(self._opened_by(event))
        # a settlement was given for the former start, not for this one
        settled = self.settled.pop(key, None)
        before = self.changes.get(key)
        self._before[key] = _Before(before, settled, self.changed_by, opened)
        is_followed = before is not None and before.is_followed_by(event.get("detached"))
        first = before.begun if before is not None and is_followed else None
        if first == event:  # a journal that was handed over twice
            first = None
        seen = before is not None and is_followed and before.seen
        self.changes[key] = ChangeRecord(key, event, first=first, seen=seen)
        self.changed_by = event["run"]

    def _opened_by(self, intent: Event) -> Iterator[tuple[str, str]]:
        """Enter what the intent opens. The first former value counts: a second round finds the
        state the first one left."""
        for entry in intent.get("opens", ()):
            kind, subject = place = entry["kind"], entry["subject"]
            if place not in self.ledger:
                self.ledger[place] = LedgerEntry(kind, subject, entry["former"], intent["time"])
                yield place

    def _on_result(self, event: Event) -> None:
        record = self.changes.get(event["key"])
        if record is None:
            return
        before = self._before.pop(event["key"], None)
        if event.get("never_started"):
            self._forget(event["key"], before)
            return
        seen = record.seen or is_traceless(event)
        self.changes[event["key"]] = replace(record, result=event, seen=seen)
        if event["outcome"] == Outcome.OK:
            for kind, subject in event.get("closes", ()):
                self.ledger.pop((kind, subject), None)

    def _forget(self, key: str, before: _Before | None) -> None:
        """A change that never started leaves no trace: what its intent replaced is back."""
        if before is None:
            return
        if before.record is None:
            del self.changes[key]
        else:
            self.changes[key] = before.record
        if before.settled is not None:
            self.settled[key] = before.settled
        self.changed_by = before.changed_by
        for place in before.opened:
            self.ledger.pop(place, None)

    def _on_progress(self, event: Event) -> None:
        if record := self.changes.get(event["key"]):
            self.changes[event["key"]] = replace(record, seen=True)

    _on_command_started = _on_progress

    def _on_command_seen(self, event: Event) -> None:
        if event["state"] in ("running", "ended"):  # the others are said of what is not there
            self._on_progress(event)

    def _on_ledger_closed(self, event: Event) -> None:
        self.ledger.pop((event["kind"], event["subject"]), None)

    def _on_settled(self, event: Event) -> None:
        for record in self.of_step(event["step"]):
            if record.needs_a_word:
                self.settled[record.key] = event

    def _on_accepted(self, event: Event) -> None:
        until = event["until"]
        key = event["code"], event["subject"]
        self.accepted[key] = self.risks[key] = Acceptance(
            code=event["code"],
            subject=event["subject"],
            reason=event["reason"],
            by=event["by"],
            until=date.fromisoformat(until) if until else None,
            run=event["run"],
            given=event["given"],
        )

    def _on_fact(self, event: Event) -> None:
        self.facts[event["name"]] = event

    @property
    def has_changed(self) -> bool:
        """A run of the attempt, which is not over, has begun to change the cluster."""
        return bool(self.changes) and not self.closed

    def of_step(self, step: str) -> list[ChangeRecord]:
        """The changes of one step, in order."""
        return [record for record in self.changes.values() if record.intent["step"] == step]

    def outcome_of(self, step: str) -> Outcome | None:
        """How the step's changes ended, taken together; None when it began none."""
        records = self.of_step(step)
        if not records:
            return None
        return merged(record.outcome or Outcome.UNKNOWN for record in records)

    def steps_to_settle(self) -> list[str]:
        """Steps with a change of unknown outcome that only a person can settle."""
        asking = (record for record in self.changes.values() if record.needs_a_word)
        return list(dict.fromkeys(record.intent["step"] for record in asking))

    @property
    def last_changer(self) -> Event | None:
        """`run-started` of the run that opened the attempt or last began a change."""
        return self.runs.get(self.changed_by) if self.changed_by else None

    def detached(self, *commands: str) -> list[ChangeRecord]:
        """Detached starts of these commands (`update` has `update-1`, `update-2`), oldest first."""
        return [
            record
            for record in self.changes.values()
            if str(record.intent.get("detached") or "").rpartition("-")[0] in commands
        ]

    def open_intents(self) -> list[ChangeRecord]:
        """Changes whose outcome is not on record or was recorded as unknown."""
        return [record for record in self.changes.values() if not record.has_ended]
