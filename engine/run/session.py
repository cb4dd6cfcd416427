"""One run from its first look to its last line; the plugin only passes pytest's events on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from engine.act.applier import Applier
from engine.act.driving import Action, Applied, Changes, without_doubts
from engine.act.foreseen import Foresight
from engine.act.former import settle
from engine.act.over import is_over
from engine.act.stops import NotDone, firewall_refused, superseded
from engine.ask.look import Look
from engine.ask.recognition import met_stranger
from engine.attempt.baseline import keep_baseline
from engine.attempt.handover import hand_over
from engine.attempt.records import LockLost, RecordsWriter
from engine.errors import Refused, RunbookError, UsageError
from engine.model.answer import Lost
from engine.model.ending import Ending, Mode, Stop
from engine.model.event import Event
from engine.model.steps import Scope, StepItem
from engine.plan.planner import Planner
from engine.record.evidence import Evidence
from engine.record.intervals import Interval, intervals_of
from engine.record.logins import WaysSeen
from engine.record.memory import LedgerEntry
from engine.record.run import Run
from engine.report.change import Taken, of_change, taken_by
from engine.report.console import Console
from engine.report.under_way import as_seen
from engine.run.fetching import fetch
from engine.run.measuring import Measuring
from engine.run.notify import tell_stop
from engine.run.opening import Opening
from engine.run.stepping import StepUnderWay
from engine.run.survey import Survey
from engine.run.witness import Witness
from engine.secrets import Secret
from engine.transport.base import Transport
from engine.watching.live import LivePage


class Applies(Protocol):
    """Who makes the changes that actions yield."""

    def apply(self, step: str, action: Changes) -> Applied: ...
    def sync(self) -> None: ...
    def hand_over(self) -> None: ...


class Session:
    """What fixtures and hooks work with. The applier exists in execute mode only."""

    def __init__(self, run: Run, transport: Transport, console: Console) -> None:
        self.run = run
        self.console = console
        self._transport = transport
        self.is_refused = False
        """The role firewall refused a command: no further step runs."""
        transport.on_refused = self._refused
        transport.on_stranger = self._met_stranger
        ways = WaysSeen(run)
        transport.on_login, transport.on_socket = ways.login, ways.socket
        self._applier: Applies | None = None
        self._records: RecordsWriter | None = None
        self._witness: Witness | None = None
        self.opening = Opening(run, transport, console)
        self.look: Look
        self.survey: Survey
        self.measuring = Measuring(run, transport)
        self.live = LivePage(run)
        self.planner = Planner(run)
        self.steps = StepUnderWay(run, console, self.planner)
        run.on_stop.append(self._announce)

    @property
    def evidence(self) -> Evidence | None:
        """What the step under way says it saw; None before the first one."""
        return self.steps.evidence

    def begin(self) -> None:
        """First look, then the lock. In plan mode no lock, no writer, no applier exist."""
        self.live.begin()
        if not self.opening.hold_here():
            return
        asked = self.run.now()
        self.look, self.survey = self.opening.look()
        if (records := self.opening.hold()) is not None:
            self._records = records
            say = functools.partial(self.console.line, yellow=True)
            self._witness = Witness(self.run, self._transport, self.look.silent, say)
            self._applier = Applier(
                self.run,
                self._transport,
                records,
                self.console.output,
                self._idle,
                self._before_change,
            )
        self.measuring.watch_states(self.look, self.survey, asked)
        self.opening.judge()
        self.steps.foretold.begin(self.survey.earlier, self.look.position)
        if self._applier is not None and self.run.stop is None and self.run.memory.has_changed:
            self.measuring.watch_services()  # a command of an earlier run may be at work
        if self._applier is not None and self.run.stop is None and self.run.settlements:
            settle(self.run, self._transport)
            self._applier.sync()  # a person's word outlives whatever stops this run
        if self._witness is not None and self.run.stop is None:
            self._witness.begun()

    def apply(
        self,
        name: str,
        rows: tuple[str, ...],
        make: Callable[[Look], Action],
        foresight: Foresight | None = None,
    ) -> Applied:
        """Run an action for the step under way, or show it when this run only plans."""
        step = self.run.step
        if over := is_over(self.run):
            applied = Applied(reason=over)
            self.steps.tell_applied(applied, rows, self.survey.earlier)
            return applied
        try:
            if self.run.mode is Mode.PLAN:
                return self.planner.show(
                    self.look,
                    lambda look: without_doubts(make(look), self.steps.go_on_with),
                    foresight,
                )
            if self._applier is None:
                raise NotDone("no change is made: N did not answer, or its lock is not ours")
            applied = self._applier.apply(
                step, without_doubts(make(self.look), self.steps.go_on_with)
            )
        except RunbookError as error:
            self.steps.fail_for(error, rows, action=name)
        self.steps.tell_applied(applied, rows, self.survey.earlier)
        return applied

    def open_attempt(self, baseline: Mapping[str, Any], key: Secret | None = None) -> None:
        """Open a new attempt with its baseline; bookkeeping on N, no change of the cluster.

        `key`: by which the baseline's HMACs of secrets were made.
        """
        assert self._records is not None and self._applier is not None  # noqa: PT018
        attempt = self.run.run_id
        self._records.open_attempt(attempt, baseline, key)
        self.run.attempt = attempt
        self.look.baseline = baseline
        self.run.record("attempt-opened", step=self.run.step, attempt=attempt)
        keep_baseline(self.run, baseline)
        self._applier.sync()

    def adopt_attempt(self) -> None:
        """Take the attempt on N for open: it has a baseline, even if its first event is missing."""
        if self.run.memory.started is None:
            self.run.record(
                "attempt-opened", step=self.run.step, attempt=self.run.attempt, adopted=True
            )

    def close_attempt(self) -> None:
        """Close it: nothing is left to do or to give back, and the next start is a new attempt.

        Closed by a restore, the cluster need not be at the target.
        """
        self.run.record(
            "attempt-closed",
            step=self.run.step,
            attempt=self.run.attempt,
            by="restore" if self.run.scope is Scope.RESTORE else "done",
        )

    @property
    def commands(self) -> Mapping[str, str]:
        """What to type next, as the run wrote it down at its start."""
        commands: Mapping[str, str] = self.run.journal.events[0].get("commands", {})
        return commands

    def check_hold(self) -> None:
        """Ask N whether the cluster is still ours: changes of another run are not known here."""
        if self._records is None:
            return
        try:
            self._records.keep()
        except LockLost as error:
            superseded(self.run, error)
        except (Lost, UsageError):
            pass  # `not_ours` judges by how long N was away
        if why := self._records.not_ours:
            self.run.does_not_know(why)

    def leave_open(self, reason: str, what_to_do: str) -> None:
        """The step has looked, and a person has to continue: exit code 11."""
        self.run.halt(Ending.STOPPED, reason, what_to_do)

    def fetch(self, node: str, argv: tuple[str, ...], name: str, deadline: float) -> Path:
        """Bring a file of N into the run's `backups/` (0600); raises Lost."""
        return fetch(self.run, self._transport, node, argv, name, deadline)

    def _idle(self, word: str) -> None:
        self.console.idle(word)
        self.measuring.look_at_states()

    def _before_change(self) -> None:
        self.measuring.watch_services()
        if self._witness is not None:
            self._witness.before_change(self.survey.earlier)

    def tell_witnesses(self) -> None:
        """The run is over but for its last lines: the head of its journal is told to others."""
        if self._witness is not None:
            self._witness.ended()

    def watch_standby(self) -> None:
        """Look now who is in standby."""
        self.measuring.look_at_states(now=True)

    def attempt_events(self) -> list[Event]:
        """What is on record of the attempt until now."""
        return [*self.survey.earlier, *self.run.journal.events]

    def temporary_states(self) -> list[Interval]:
        """When nodes were in standby and fencing off during this attempt, as it was seen."""
        return intervals_of(of_change(self.attempt_events()))

    def open_ledger(self) -> list[LedgerEntry]:
        """What is open on the books, as it was seen."""
        return as_seen(self.run.memory, of_change(self.attempt_events()))

    def time_taken(self) -> Taken:
        """From the begin of the attempt's first run until now; until its end when it is over."""
        now = None if self.run.memory.closed else self.run.now()
        return taken_by(of_change(self.attempt_events()), now)

    def foresee(self, function: object) -> None:
        """A plan does not run this step's body: what it says of itself beforehand."""
        assert self.evidence is not None
        self.planner.foresee(self.look, self.evidence, function)

    def _refused(self, error: Refused) -> None:
        self.is_refused = True
        firewall_refused(self.run, error)

    def _met_stranger(self, lost: Lost) -> None:
        """Another machine has taken a node's place: it is asked nothing any more."""
        met_stranger(self.run, lost)

    def _announce(self, stop: Stop) -> None:
        if self.run.mode is Mode.PLAN or stop.ending is Ending.AS_ASKED:
            return  # its last lines tell everything together
        self.console.line("")
        self.console.line(f"STOPPED ({stop.ending.value}): {stop.reason}", red=True, bold=True)
        self.console.line(f"What to do: {stop.what_to_do}", bold=True)
        tell_stop(self.run, stop)

    def end(self) -> None:
        """Hand the rest of the journal to N, give the lock back, close the connections."""
        if self.opening.lock is not None:
            sync = self._applier.hand_over if self._applier is not None else None
            say = functools.partial(self.console.line, yellow=True)
            hand_over(self.run, sync, self.opening.lock, say, forget=self._forget)
        if self.opening.lock_here is not None:
            self.opening.lock_here.give_back()
        self._transport.close()

    def _forget(self) -> None:
        """Throw away the key of a closed attempt, by which its secrets could be compared.

        Again in each later run: one that was killed may have left the key.
        """
        found = self.survey.attempt.id if self.survey.attempt else None
        attempt = self.run.attempt or found  # a closed one found on N is not this run's own
        if self._records is not None and self.run.memory.closed and attempt is not None:
            self._records.throw_key_away(attempt)


RUN = pytest.StashKey[Run]()
SESSION = pytest.StashKey[Session]()
ITEM = pytest.StashKey[StepItem]()
JUDGED = pytest.StashKey[bool]()
"""The steps are judged again from a run's evidence: there is no run that begins and ends."""


def run_of(config: pytest.Config) -> Run | None:
    """The run that begins and ends here; None where none does."""
    return None if config.stash.get(JUDGED, False) else config.stash.get(RUN, None)
