"""The lock on N as a machine: whatever several runs do in whatever order, one holds the cluster.

The record scripts run for real, by sh, in a directory here.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.attempt.records import LEASE, LockHeld, LockLost, RecordsWriter
from tests.engine import kit

RUNS = ("run-a", "run-b", "run-c")
ACTOR = st.sampled_from(RUNS)


class LockMachine(RuleBasedStateMachine):
    """Three runs, each on a machine of its own, and a lease that can run out at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.root = Path(self.directory.name) / "records"
        self.node = kit.Node(self.root)
        self.writers: dict[str, RecordsWriter] = {}
        self.holder: str | None = None
        """Who holds the lock by the model; its lease may be over."""
        self.token = 0
        self.is_stale = False
        self.written: list[str] = []

    def teardown(self) -> None:
        self.directory.cleanup()

    @initialize()
    def runs_begin(self) -> None:
        self.writers = {run: RecordsWriter(self.node, kit.N, {"run": run}) for run in RUNS}

    @rule(run=ACTOR, knows_it_is_gone=st.booleans())
    def take(self, run: str, knows_it_is_gone: bool) -> None:
        """`knows_it_is_gone`: the run has seen that the holder's process does not live."""
        free = self.holder is None or self.is_stale
        over = str(self.token) if knows_it_is_gone else ""
        try:
            self.writers[run].acquire(over=over)
        except LockHeld as held:
            told = held.holder["run"]
            assert (free, knows_it_is_gone, told) == (False, False, self.holder)
            return
        assert free or knows_it_is_gone
        assert int(str(self.writers[run].token)) == self.token + 1
        self.token += 1
        self.holder, self.is_stale = run, False

    @rule(run=ACTOR)
    def take_over_one_that_was_taken_over_since(self, run: str) -> None:
        """The token that a run has seen gone is not the lock's any more: no reason to take."""
        if self.holder is None or self.is_stale or self.token < 2:
            return
        try:
            self.writers[run].acquire(over=str(self.token - 1))
        except LockHeld:
            return
        raise AssertionError("a lock was taken over for a token that is history")

    @rule(run=ACTOR)
    def write(self, run: str) -> None:
        line = json.dumps({"run": run, "n": len(self.written)})
        try:
            self.writers[run].append_journal("A", "R", [line])
        except LockLost:
            assert run != self.holder
            return
        assert run == self.holder
        self.written.append(line)
        self.is_stale = False

    @rule(run=ACTOR)
    def renew(self, run: str) -> None:
        try:
            self.writers[run].renew()
        except LockLost:
            assert run != self.holder
            return
        assert run == self.holder
        self.is_stale = False

    @rule(run=ACTOR)
    def give_back(self, run: str) -> None:
        try:
            self.writers[run].release()
        except LockLost:
            assert run != self.holder
            return
        if run == self.holder:
            self.holder = None

    @rule(sleeper=ACTOR, other=ACTOR)
    def one_that_slept_through_a_takeover_does_nothing(self, sleeper: str, other: str) -> None:
        if sleeper == other:
            return
        for run in (sleeper, other):
            self.writers[run].acquire(over=str(self.token))
            self.token += 1
        self.holder, self.is_stale = other, False
        line = json.dumps({"run": sleeper, "n": -1})
        with pytest.raises(LockLost):
            self.writers[sleeper].append_journal("A", "R", [line])
        with pytest.raises(LockLost):
            self.writers[sleeper].open_attempt("A", {})
        with pytest.raises(LockLost):
            self.writers[sleeper].renew()
        with pytest.raises(LockLost):
            self.writers[sleeper].release()

    @precondition(lambda self: self.holder is not None)
    @rule()
    def the_lease_runs_out(self) -> None:
        lock = self.root / "lock"
        before = lock.stat().st_mtime - LEASE - 10
        os.utime(lock, (before, before))
        self.is_stale = True

    @invariant()
    def n_agrees_with_the_model(self) -> None:
        lock = self.root / "lock"
        if not lock.exists():
            assert self.token == 0
            return
        token, state, *rest = lock.read_text().splitlines()
        assert int(token) == self.token
        assert state == ("held" if self.holder else "free")
        if self.holder:
            assert json.loads(rest[0])["run"] == self.holder

    @invariant()
    def what_was_written_is_what_holders_wrote(self) -> None:
        journal = self.root / "attempts" / "A" / "journal" / "R.jsonl"
        lines = journal.read_text().splitlines() if journal.exists() else []
        assert lines == self.written


LockMachine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, derandomize=True
)
TestLock = LockMachine.TestCase
