"""One invocation: what it goes by, what it has on record, and what stopped it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from engine.errors import RunbookError, UsageError
from engine.judge.weighing import Judge
from engine.model.change import Settlement
from engine.model.ending import Ending, Mode, Stop
from engine.model.event import Event
from engine.model.finding import Way
from engine.model.inventory import Inventory
from engine.model.prediction import Predicted
from engine.model.release import Pause, Release
from engine.model.steps import Scope
from engine.record.course import UpgradeCourse
from engine.record.directory import why_not_begun
from engine.record.interrupts import Interrupts
from engine.record.journal import LOCK_TAKEN, Journal, utc_now
from engine.record.material import facts_before_a_change, runbook_hash
from engine.record.memory import Memory
from engine.record.other_runs import Followed, Read
from engine.record.outputs import Outputs
from engine.record.redact import Redactor
from engine.record.rows import RowState


@dataclass(frozen=True)
class SupportWanted:
    """Why the run leaves a support bundle; the step and the row of the guide that ask for it."""

    why: str
    step: str = ""
    row: str = ""


class TellsOthers(Protocol):
    """Who tells somebody outside how the run goes."""

    def tell(self, occasion: str, text: str, wait: float = 0.0, **more: Any) -> None: ...
    def end(self, text: str, **more: Any) -> None: ...
    def new_problems(self) -> list[str]: ...


@dataclass
class Run:
    """The state of this invocation."""

    inventory: Inventory
    release: Release
    mode: Mode
    directory: Path
    run_id: str
    journal: Journal
    redactor: Redactor
    judge: Judge
    outputs: Outputs
    started: datetime
    runbook: str = field(default_factory=runbook_hash)
    """Hash of the runbook's sources."""
    ran_with: Mapping[str, Any] = field(default_factory=dict)
    """Beside its own text: Python, plugins, start-up files; as `run-started` has it."""
    scope: Scope = Scope.UPGRADE
    """Which steps it is made of; a plan of a restore has the mode `plan`, and this scope."""
    now: Callable[[], datetime] = utc_now
    memory: Memory = field(default_factory=Memory)
    """The attempt's memory: earlier runs first, kept up to date by this one."""
    course: UpgradeCourse = field(default_factory=UpgradeCourse)
    """How the upgrade goes, those runs too: what it predicts of the next one."""
    predicted: Predicted | None = None
    """What the rehearsal predicts that this upgrade goes by; None: there is no such thing."""
    attempt: str | None = None
    follows: Followed | None = None
    """The run whose upgrade this one follows up; its `attempt` is that run's."""
    read: tuple[Read, ...] = ()
    """The evidence of other runs that it goes by, found unaltered at its start."""
    settlements: tuple[Settlement, ...] = ()
    """What this run was told of unknown outcomes; on record once it holds the records' lock."""
    by: str = ""
    """Who runs it, as `--by` says; empty: the login name is all that is known."""
    news: TellsOthers | None = field(default=None, repr=False)
    """Tells others; None: nobody has been told yet, and no webhook is named."""
    until: Pause | None = None
    """Behind which phase it was told to end."""
    to_its_end: bool = False
    """It was told to go to the end of the upgrade, whatever an earlier one was told."""
    asked_for: frozenset[str] = frozenset()
    """The steps up to the end of that phase; those that every run makes are not among them."""
    at_its_end: tuple[str, ...] = ()
    """Steps behind that phase which it makes all the same, when all that was asked for is done."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Step -> why the run does not come to it: it is behind that phase, say."""
    latest_before: str = ""
    """The run that `reports/latest` pointed to before; empty: none."""
    support: SupportWanted | None = None
    """Set when the run is to leave a support bundle."""
    wants_snapshot: bool = False
    """A plan that asks what a snapshot needs, and leaves one."""
    shows_everything: bool = False
    """The console of a plan has every step, also those that neither act nor block."""
    stop: Stop | None = None
    not_known: str = ""
    """Why this run can't tell what is changed for a time and what still runs; empty: it can."""
    changes_made: int = 0
    waits_for: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Step -> the full names of those that it waits for."""
    step: str = ""
    """The step under way, for the evidence."""
    on_stop: list[Callable[[Stop], None]] = field(default_factory=list)
    interrupts: Interrupts = field(default_factory=Interrupts, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def material_facts(self, active: str, versions: Mapping[str, object]) -> dict[str, Any]:
        """What a plan or an approval of it depends on, as this run knows it at its start."""
        return facts_before_a_change(
            roles={host.name: host.role.value for host in self.inventory.hosts},
            active=active,
            versions=versions,
            release=self.release,
            scope=self.scope.value,
            settings=self.inventory.settings,
            acceptances=self.judge.in_force,
            runbook=self.runbook,
        )

    def record(self, event: str, **fields: Any) -> Event:
        """Write an event to the journal and take it into memory.

        A journal that can't be written stops the run: no further change is made, checks go on,
        and what N takes is kept there. RunbookError for an intent that is not on the disk.
        """
        with self.interrupts.whole(), self._lock:  # nodes are asked in parallel
            try:
                line = self.journal.record(event, **fields)
                self.memory.add(line)
                self.course.add(line)
            except OSError as error:
                self._stop_without_journal()
                raise RunbookError(
                    f"not done: {fields.get('what', event)}. Its intent could not be written to"
                    f" {self.journal.path}: {error.strerror or error}"
                ) from error
            if self.journal.problem:
                self._stop_without_journal()
        return line

    def tell_rows(
        self,
        rows: Iterable[str],
        state: RowState,
        reason: str,
        *,
        step: str = "",
        **more: bool | str,
    ) -> None:
        """What a step (default: the one under way) did for these rows of the guide, and why."""
        for row in rows:
            told = {"row": row, "state": state.value, "reason": reason, **more}
            self.record("row", step=step or self.step, **told)

    def _stop_without_journal(self) -> None:
        if not self.is_stopped:
            self.halt(
                Ending.FAILED,
                f"the journal {self.journal.path} can't be written ({self.journal.problem}):"
                " without it no change is made",
                "Make room on this machine, or make the directory writable. Then run again: what"
                " N has on record is enough to go on.",
            )

    def refuse_without_journal(self) -> None:
        """UsageError when the journal could not even be begun."""
        if not self.journal.is_whole:
            raise UsageError(why_not_begun(self.journal.path, self.journal.problem))

    def halt(
        self,
        ending: Ending,
        reason: str,
        what_to_do: str,
        *,
        way: Way = Way.AGAIN,
        accept: Sequence[str] = (),
        settle: str = "",
    ) -> Stop:
        """Something stopped the run. Only the first one counts for the exit code.

        `accept`: CODE@SUBJECT of the findings that another run would only find again; `settle`:
        the step of which a person has to say how its change ended.
        """
        clean = self.redactor.clean_output
        stop = Stop(ending, clean(reason), clean(what_to_do), way)
        with self.interrupts.whole(), self._lock:  # the lease's thread may stop it, too
            if self.stop is not None and self.is_stopped:
                return self.stop
            self.stop = stop
            self.record(
                "stopped",
                step=self.step,
                outcome=ending.value,
                exit_code=ending.code,
                reason=reason,
                what_to_do=what_to_do,
                way=way.value,
                accept=list(accept),
                settle=settle,
            )
        for callback in self.on_stop:
            callback(stop)
        return stop

    def does_not_know(self, why: str) -> None:
        """Say why temporary changes and running commands are not known; '': they are known again.

        The memory then holds what was known last, and no report tells it as the present state.
        """
        if why != self.not_known:
            self.not_known = why
            self.record("not-known", step=self.step, why=why)

    @property
    def is_stopped(self) -> bool:
        """Something went wrong. An ending as asked is no such thing: what comes after it counts."""
        return self.stop is not None and self.stop.ending is not Ending.AS_ASKED

    def want_support(self, wanted: SupportWanted) -> None:
        """A support bundle is made at the end, once; the first step that asks for one is named."""
        if self.support is None or not self.support.step:
            self.support = wanted

    @property
    def is_kept_out(self) -> bool:
        """Another run has the cluster, and this one never had it. One that lost it had it."""
        if self.stop is None or self.stop.ending is not Ending.LOCKED:
            return False
        return all(event["event"] != LOCK_TAKEN for event in self.journal.events)

    @property
    def may_change(self) -> bool:
        """No change is made after the first thing that stopped the run."""
        return self.mode.changes and self.stop is None
