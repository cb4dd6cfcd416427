"""How a run begins: the machine's lock, the first look, the cluster's lock, what lies on N."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.ask.ahead import Served
from engine.ask.look import Look
from engine.ask.recognition import judge_strangers
from engine.attempt.backfill import backfill
from engine.attempt.baseline import keep_baseline
from engine.attempt.kept import Fetcher
from engine.attempt.lock import ClusterLock, MachineLock, holder, is_gone, take_machine_lock
from engine.attempt.records import RecordsWriter
from engine.model.ending import Ending
from engine.model.event import Event, moment, operator_of
from engine.model.names import names_of
from engine.model.steps import Scope
from engine.record.memory import Memory
from engine.record.no_return import passing_of
from engine.record.other_runs import Followed
from engine.record.run import Run
from engine.report import earlier
from engine.report.console import Console
from engine.report.words import to_the_second
from engine.run.survey import RECORDS, Survey, refresh_records, survey
from engine.run.takeover import judge_position, judge_records
from engine.run.until import leave_out_what_is_done, refuse_too_late, refuse_unsaid
from engine.transport.base import Transport
from engine.verify import JOURNALS_READ, Missing


class Opening:
    """The first look and the locks of one run, in this order: here, look, N, judge."""

    def __init__(self, run: Run, transport: Transport, console: Console) -> None:
        self._run = run
        self._transport = transport
        self._console = console
        self._look: Look
        self._survey: Survey
        self._fetcher = Fetcher(run, transport)
        self._fetched: Mapping[str, str] = {}
        """The journals whose outputs were fetched."""
        self._read: Mapping[str, str] | None = None
        """Run -> head of its journal, as it was told last."""
        self._told: list[Missing] = []
        self.served = Served(transport)
        """What was asked ahead."""
        self.lock: ClusterLock | None = None
        self.lock_here: MachineLock | None = None

    def hold_here(self) -> bool:
        """One run for each cluster on this machine. False: the run is stopped and says why."""
        if self._run.mode.changes:
            self.lock_here = take_machine_lock(self._run)
        return self.lock_here is not None or not self._run.mode.changes

    def look(self) -> tuple[Look, Survey]:
        """Look at every node, and say where the upgrade stands."""
        self._look = Look(self._run, self._transport, names_of(self._run.inventory, None))
        self._look.source = self.served
        self._survey = survey(self._run, self._look)
        self._record_machines()
        judge_strangers(self._run, self._survey.strangers, self._survey.sent)
        if self._run.follows is not None:
            self.stand_apart(self._run.follows, self._look, self._survey)
        self._record_position()
        self._tell_holder()
        return self._look, self._survey

    def hold(self) -> RecordsWriter | None:
        """Who may write on N; None when this run only looks, or when it is stopped and says why."""
        if self._run.stop is not None:
            return None
        if self._run.scope is Scope.RESTORE and self._has_nothing():
            self._run.halt(
                Ending.USAGE,
                f"there is nothing to restore: no attempt of this runbook is on record on"
                f" {self._look.names.active}",
                "--restore only gives back what a run of this runbook wrote down before it changed"
                " it. To upgrade, run without --restore.",
            )
            return None
        refuse_too_late(self._run, self._look.position, self._survey.earlier)
        refuse_unsaid(self._run, self._look.position, self._survey.earlier)
        if self._run.stop is not None:
            return None
        names = self._look.names
        is_there = names.is_known and names.active in self._survey.reachable.values
        if not (self._run.mode.changes and is_there):
            return None
        with self._run.interrupts.whole():
            return self._take_lock()

    def judge(self) -> None:
        """Whether this run can continue what an earlier one left on N; stops it if not."""
        judge_strangers(self._run, self._survey.strangers, self._survey.sent)
        if self._run.follows is not None:
            return  # it goes by the evidence of the run that it follows up
        before = self._relies_on()
        judge_records(self._run, self._look, self._survey)
        judge_position(self._run, self._look, self._survey)
        if self._relies_on() != before:
            self._record_position()
        # again, as another run may have had the lock since the first look
        refuse_too_late(self._run, self._look.position, self._survey.earlier)
        refuse_unsaid(self._run, self._look.position, self._survey.earlier)
        leave_out_what_is_done(self._run, self._look.position)
        if self._look.baseline is not None and self._run.stop is None:
            keep_baseline(self._run, self._look.baseline)
        if self._run.stop is None:
            self._tell_who_began()

    def _tell_who_began(self) -> None:
        """A second person goes on: from here on two of them have to be asked."""
        runs, attempt = self._run.memory.runs, self._run.attempt
        own = self._run.journal.events[0]
        first = runs.get(attempt or "")
        if first is None or self._run.memory.closed or operator_of(first) == operator_of(own):
            return
        last = next(one for one in reversed(runs.values()) if one["run"] != own["run"])
        also = f"; the last run was by {_by(last)}" if last is not first else ""
        text = f"this upgrade was begun by {_by(first)}{also}"
        self._console.line(text, yellow=True)
        self._run.record("note", step="", text=text)

    def stand_apart(self, followed: Followed, look: Look, seen: Survey) -> None:
        """A follow-up is no part of the attempt: it goes by no record on N and adds none."""
        run = self._run
        run.memory = Memory.fold(run.journal.events)
        run.judge.honour(())
        run.attempt, seen.attempt, seen.earlier = followed.attempt, None, []
        look.baseline = None

    def _record_machines(self) -> None:
        """Which machines answered: strangers, too."""
        seen = self._survey.reachable.values
        told = {n: {"machine_id": w.machine_id, "hostname": w.hostname} for n, w in seen.items()}
        self._run.record("machines", step="", machines=told)

    def _relies_on(self) -> tuple[str | None, bool]:
        """The attempt that goes on, and whether earlier journals count: also of a closed one."""
        return self._run.attempt, bool(self._survey.earlier)

    def _has_nothing(self) -> bool:
        return self._knows_records() and self._survey.attempt is None

    def _take_lock(self) -> RecordsWriter | None:
        records = RecordsWriter(self._transport, self._look.names.active, holder(self._run))
        lock = ClusterLock(self._run, records)
        if not lock.take():
            return None
        self.lock = lock
        if lock.taken_over:
            self._console.line(lock.taken_over, yellow=True)
        before = self._stands()
        refresh_records(self._run, self._look, self._survey)
        self._complete(records)
        if self._stands() != before:
            self._record_position()
        if self._run.attempt is not None:
            self._fetcher.give(self._run.attempt, records)
        return records

    def _goes_on(self) -> bool:
        """With the attempt on N, though no journal of it may be there."""
        attempt = self._survey.attempt
        return attempt is not None and attempt.id == self._run.attempt

    def _stands(self) -> tuple[object, ...]:
        """What the event of the position tells."""
        return self._survey.attempt, self._look.position, self._survey.missing

    def _complete(self, records: RecordsWriter) -> None:
        """Give N what earlier runs from here could not, so that nothing known is asked again."""
        attempt = self._survey.attempt
        if attempt is None or self._run.attempt != attempt.id:
            return
        if delivered := backfill(self._run, attempt, records):
            for text in delivered:
                self._console.line(text, yellow=True)
            refresh_records(self._run, self._look, self._survey)

    def _record_position(self) -> None:
        """Where the upgrade stands, and what an earlier run left: for the reports, at once."""
        attempt = self._survey.attempt if self._survey.earlier else None
        journals = attempt.journals if attempt else {}
        heads = self._survey.heads if attempt else {}
        missing = self._survey.missing if attempt or self._goes_on() else ()
        self._tell_journals(journals, heads)
        is_kept = self._keeps(lambda: earlier.keep(self._run.directory, journals))
        heads = heads if is_kept else {}
        if journals != self._fetched:
            number = attempt.id if attempt else ""
            self._fetcher.fetch(self._look.names.active, number, self._survey.earlier)
            self._fetched = journals
        passing = passing_of([*self._survey.earlier, *self._run.journal.events])
        self._run.record(
            "position",
            position=self._look.position.value,
            active=self._look.names.active if self._look.names.is_known else "",
            attempt=self._run.attempt,
            records="known" if self._knows_records() and not self._run.follows else "unknown",
            passed=passing["time"] if passing else None,
            journals=heads,
            missing=[one._asdict() for one in missing],
        )
        self._tell_missing(missing)
        if is_kept:
            self._keeps(lambda: earlier.drop_others(self._run.directory, journals))
        if not self._run.follows:
            self._run.does_not_know(self._unknown())

    def _tell_journals(self, journals: Mapping[str, str], heads: Mapping[str, str]) -> None:
        """Before they are put there: whoever adds one to a killed run's directory is found."""
        runs = [name.removesuffix(".jsonl") for name in journals]
        read = {run: heads.get(run, "") for run in runs}
        if read != self._read:
            self._read = read
            self._run.record(JOURNALS_READ, step="", journals=read)

    def _tell_missing(self, missing: Sequence[Missing]) -> None:
        """Once each, however often the position is told."""
        for one in missing:
            if one not in self._told:
                self._told.append(one)
                self._run.record("warning", step="", text=f"missing: {one}")
                self._console.line(f"missing: {one}", yellow=True)

    def _keeps(self, do: Callable[[], None]) -> bool:
        """Whether the disk took it; else a warning says why not."""
        try:
            do()
        except OSError as error:
            text = f"the attempt's earlier journals could not be kept here: {error}"
            self._run.record("warning", step="", text=text)
            return False
        return True

    def _knows_records(self) -> bool:
        """They were read, or N said that there are none; else an empty ledger says nothing."""
        return not self._without_records()

    def _without_records(self) -> str:
        """Why the records are not known."""
        seen, active = self._survey, self._look.names.active
        if not self._look.names.is_known:
            return f"which node is N is not known: {seen.who_is_n()}"
        if active not in seen.reachable.values:
            return f"{active} does not answer: {self._look.silent.get(active, 'no first answer')}"
        if not seen.has_asked_records:
            return f"{active} was not asked for its records: not every machine is the one meant"
        if seen.unreadable:
            return f"the records on {active} can't be used: {seen.unreadable}"
        problems = [p.why for p in seen.problems if p.question == RECORDS.name]
        return f"{active} did not hand over its records: {problems[0]}" if problems else ""

    def _unknown(self) -> str:
        """Why nobody can tell from the records what is changed for a time; '' when they tell."""
        lock = self._survey.lock
        if self._run.mode.changes or lock is None or not lock.is_alive or is_gone(lock.holder):
            return self._without_records()
        return str(lock)

    def _tell_holder(self) -> None:
        """A run that only looks goes on beside another one, and says whose it is."""
        lock = self._survey.lock
        if lock is None or str(lock) != self._run.not_known:
            return
        text = (
            f"{lock}: what it changes meanwhile is not seen here, and until it has ended no other"
        )
        text += " run begins (exit code 13)"
        self._console.line(text, yellow=True)
        self._run.record("warning", step="", text=text)


def _by(begun: Event) -> str:
    """`A. Rossi (rossi) on controller, run RUN of 2026-11-28 20:14:03 UTC`."""
    host = f" on {begun['host']}" if begun.get("host") else ""
    return f"{operator_of(begun)}{host}, run {begun['run']} of {to_the_second(moment(begun))} UTC"
