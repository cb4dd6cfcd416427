"""Giving back the ledger's entries: only what they name, and fencing never onto an absent node."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.act.detached import Progress
from engine.act.driving import Applied
from engine.act.foreseen import Foreseen
from engine.errors import Unanswered
from engine.judge.restore import LastRound
from engine.model.change import Change, Nothing
from engine.model.cluster import Cib, ClusterNode, ClusterStatus, NodeAttributes
from engine.model.finding import Finding
from engine.model.host import Process
from engine.queries.pacemaker import CIB
from engine.record.evidence import StoppedForPerson
from engine.record.memory import ChangeRecord, Memory
from runbook.cluster.restoring import below_what_runs, last_round, still_running, what_runs
from runbook.phases import test_95_restore, test_98_restored
from runbook.phases.actions.pacemaker import unstandby_to_come
from runbook.phases.actions.restore import (
    ledger_fencing,
    ledger_unstandby,
    unstandby_planned,
)
from runbook.to_4_26 import test_96_restore
from runbook.to_4_26.actions.restore import ledger_scratch
from runbook.to_4_26.names import SCRATCH_DATABASE
from tests.engine import kit
from tests.judge.builders import cluster_status, node

N, SECOND, THIRD = kit.N, kit.SECOND, kit.THIRD
STANDBY = [{"kind": "standby", "subject": name, "former": "active"} for name in (SECOND, THIRD)]
FENCING = {"kind": "fencing", "subject": "cluster", "former": "enabled"}
SCRATCH = {"kind": "scratch-schema", "subject": SCRATCH_DATABASE, "former": "absent"}


class Look:
    """A cluster that was left with these entries; `schemas` are the database's."""

    def __init__(
        self, *opens: dict[str, str], status: ClusterStatus | None = None, schemas: Any = ()
    ) -> None:
        self.memory = Memory.fold([kit.intent(opens=list(opens))])
        self.attempt = kit.ATTEMPT
        self.names = SimpleNamespace(
            active=N,
            operative=(N, SECOND, THIRD),
            internal={name: f"{name.split('.')[0]}.internal" for name in (N, SECOND, THIRD)},
            of_pacemaker=lambda name: name,
            spelled=lambda name, status: f"{name.split('.')[0]}.internal",
        )
        self.transient: tuple[str, ...] = ()
        self.status = status or cluster_status(fencing=False)
        self.schemas = schemas
        self.progress: Progress | None = None

    def cluster_status(self) -> ClusterStatus:
        return self.status

    def timer(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Nobody waits for a cluster that is none."""

    def close_ledger(self, kind: str, subject: str, why: str) -> None:
        self.memory.add(kit.event("ledger-closed", kind=kind, subject=subject, why=why))

    def sql(self, query: Any) -> Any:
        if isinstance(self.schemas, Unanswered):
            raise self.schemas
        return self.schemas

    def sql_node(self) -> str:
        return SECOND

    def ask(self, node: str, query: Any) -> Any:
        assert node == N
        if query is CIB:
            on = {"standby": "on"}
            return Cib({}, attributes=tuple(NodeAttributes(n, n, {}, on) for n in self.transient))
        return self.progress

    @property
    def open(self) -> set[tuple[str, str]]:
        return set(self.memory.ledger)


def nodes_are(*nodes: ClusterNode, fencing: bool = False) -> ClusterStatus:
    return replace(cluster_status(fencing=fencing), nodes=nodes)


def only(action: Any, look: Look) -> Change:
    """The one change of the action, which ends well after it."""
    generator = action.generator(look)
    change = next(generator)
    assert isinstance(change, Change)
    with pytest.raises(StopIteration):
        generator.send(SimpleNamespace(code=0))
    return change


def nothing(action: Any, look: Look) -> str:
    """Why the action has nothing to do."""
    with pytest.raises(StopIteration) as end:
        next(action.generator(look))
    assert isinstance(end.value.value, Nothing)
    return end.value.value.reason


def test_only_the_nodes_of_the_ledger_are_taken_out_of_standby() -> None:
    """THIRD was in standby before the upgrade: it is no entry, and stays so."""
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD, standby=True))
    change = only(ledger_unstandby, Look(STANDBY[0], FENCING, status=status))
    assert change.node == N
    assert change.argv == ("pcs", "node", "unstandby", "neteye02.internal", "--wait=300")
    assert change.closes == (("standby", SECOND),)


def test_a_transient_standby_is_ended_too_of_the_ledgers_nodes_only() -> None:
    """pcs ends with 0 and leaves it as it is."""
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD, standby=True))
    look = Look(STANDBY[0], status=status)
    look.transient = (SECOND, THIRD)
    generator = ledger_unstandby.generator(look)
    first = next(generator)
    second = generator.send(SimpleNamespace(code=0))
    assert first.argv[:3] == ("pcs", "node", "unstandby")
    assert " ".join(second.argv) == (
        f"crm_attribute --node {SECOND} --name standby --lifetime reboot --delete"
    )
    with pytest.raises(StopIteration):
        generator.send(SimpleNamespace(code=0))


def test_a_plan_shows_both_commands() -> None:
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD))
    look: Any = Look(*STANDBY, status=status)
    look.transient = (SECOND,)
    for to_come in (unstandby_planned, unstandby_to_come):
        shown = to_come(look)
        assert isinstance(shown, Foreseen)
        assert [change.argv[0] for change in shown.changes] == ["pcs", "crm_attribute"]
    assert isinstance(unstandby_planned(Look(*STANDBY)), Nothing)  # type: ignore[arg-type]
    assert isinstance(unstandby_to_come(Look()), Nothing)  # type: ignore[arg-type]


def test_a_node_that_is_away_is_freed_too() -> None:
    """Its standby can't be seen: the command does no harm where there is none."""
    status = nodes_are(node(N), node(SECOND, online=False), node(THIRD, standby=True))
    change = only(ledger_unstandby, Look(*STANDBY, status=status))
    assert {subject for _, subject in change.closes} == {SECOND, THIRD}


def test_nodes_that_are_active_already_are_closed_in_the_ledger() -> None:
    status = nodes_are(node(N), node(SECOND), node(THIRD, standby=True))
    look = Look(*STANDBY, status=status)
    assert only(ledger_unstandby, look).closes == (("standby", THIRD),)
    assert look.open == {("standby", THIRD)}
    look = Look(*STANDBY)
    assert "active already" in nothing(ledger_unstandby, look)
    assert look.open == set()


@pytest.mark.parametrize("action", [ledger_unstandby, ledger_scratch, ledger_fencing])
def test_without_an_entry_nothing_is_done_whatever_the_cluster_shows(action: Any) -> None:
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD))
    look = Look(status=status, schemas=frozenset({SCRATCH_DATABASE}))
    assert "not among the open temporary changes" in nothing(action, look)


def test_fencing_is_enabled_and_its_entry_closed() -> None:
    change = only(ledger_fencing, Look(FENCING))
    assert (change.node, change.argv) == (N, ("pcs", "property", "set", "stonith-enabled=true"))
    assert change.closes == (("fencing", "cluster"),)


def test_fencing_that_is_on_already_is_closed_in_the_ledger() -> None:
    look = Look(FENCING, status=cluster_status(fencing=True))
    assert "enabled already" in nothing(ledger_fencing, look)
    assert look.open == set()


@pytest.mark.parametrize("state", [{"online": False}, {"unclean": True}, {"pending": True}])
def test_fencing_stays_off_while_a_node_would_be_shot(state: dict[str, bool]) -> None:
    look = Look(FENCING, status=nodes_are(node(N), node(SECOND, **state), node(THIRD)))
    with pytest.raises(StoppedForPerson) as stopped:
        next(ledger_fencing.generator(look))
    assert [f.code for f in stopped.value.findings] == ["restore-unclean"]
    assert look.open == {("fencing", "cluster")}


def test_the_scratch_schema_is_dropped_where_the_database_runs() -> None:
    change = only(ledger_scratch, Look(SCRATCH, schemas=frozenset({SCRATCH_DATABASE})))
    assert change.node == SECOND
    assert change.closes == (("scratch-schema", SCRATCH_DATABASE),)


def test_a_schema_that_is_gone_is_closed_in_the_ledger() -> None:
    look = Look(SCRATCH, schemas=frozenset({"glpi"}))
    assert "there is no schema" in nothing(ledger_scratch, look)
    assert look.open == set()


def test_a_database_that_does_not_answer_leaves_the_entry_open() -> None:
    look = Look(SCRATCH, schemas=Unanswered(SECOND, "schemas", "no connection"))
    with pytest.raises(Unanswered):
        next(ledger_scratch.generator(look))
    assert look.open == {("scratch-schema", SCRATCH_DATABASE)}


# the attempt's own command


def started(name: str, *events: dict[str, Any]) -> Look:
    look = Look()
    step = f"{name.split('-')[0]}.run"
    look.memory.add(kit.intent(step, detached=name, what="neteye upgrade, round 1"))
    for event in events:
        look.memory.add(event)
    return look


ALIVE = Progress(exists=True, alive=True, status=None, size=10)
GONE = Progress(exists=True, alive=False, status=None, size=10)
ENDED = Progress(exists=True, alive=False, status=0, size=10)


@pytest.mark.parametrize("name", ["update-1", "upgrade-1"])
def test_a_command_that_lives_keeps_a_restore_off(name: str) -> None:
    look = started(name)
    look.progress = ALIVE
    (finding,) = still_running(look)  # type: ignore[arg-type]
    assert (finding.code, finding.subject) == ("restore-while-running", N)
    assert f"commands/{name}/nohup.out" in finding.observed


RUNNING = {
    N: [Process(7, "/usr/bin/python3 /usr/sbin/neteye upgrade")],
    SECOND: [Process(8, "/usr/bin/python3 /usr/bin/dnf -y update")],
}


def test_what_the_attempt_s_own_command_has_started_follows_from_it() -> None:
    look = started("upgrade-1")
    look.progress = ALIVE
    found = what_runs(look, RUNNING)  # type: ignore[arg-type]
    assert [(f.code, f.subject, f.follows) for f in found] == [
        ("restore-while-running", N, ""),
        ("command-running", N, f"restore-while-running@{N}"),
        ("command-running", SECOND, f"restore-while-running@{N}"),
    ]
    look.progress = ENDED
    found = what_runs(look, RUNNING)  # type: ignore[arg-type]
    assert [(f.code, f.follows) for f in found] == [("command-running", "")] * 2


@pytest.mark.parametrize("progress", [GONE, ENDED])
def test_a_command_that_is_over_does_not(progress: Progress) -> None:
    look = started("upgrade-1")
    look.progress = progress
    assert still_running(look) == []  # type: ignore[arg-type]


def test_the_last_round_is_read_on_n_when_no_run_has_seen_its_end() -> None:
    look = started("upgrade-1")
    for progress, code in ((ENDED, 0), (GONE, None)):
        look.progress = progress
        assert last_round(look) == LastRound("upgrade-1", code)  # type: ignore[arg-type]


def test_a_cluster_is_half_upgraded_because_the_command_still_runs() -> None:
    half = [Finding("restore-half-upgraded", N, "seen", "expected", "remedy")]
    look = started("upgrade-1")
    look.progress = ALIVE
    (told,) = below_what_runs(look, half)  # type: ignore[arg-type]
    assert told.follows == f"restore-while-running@{N}"
    look.progress = GONE
    assert below_what_runs(look, half) == half  # type: ignore[arg-type]


def test_the_last_round_is_taken_from_the_record() -> None:
    look = started("upgrade-1", kit.result("upgrade.run", code=2, outcome="failed"))
    assert last_round(look) == LastRound("upgrade-1", 2)  # type: ignore[arg-type]


def test_an_update_is_no_round_of_the_upgrade() -> None:
    assert last_round(started("update-1")) is None  # type: ignore[arg-type]


def test_the_updates_end_is_told_too() -> None:
    look = started("update-1")
    look.progress = GONE
    told = str(last_round(look, "update"))  # type: ignore[arg-type]
    unknown = "has no exit status: it was interrupted, or still runs"
    assert told == f"the last round of the update (update-1) {unknown}"


class Told:
    """Evidence of a step whose change an earlier run has made; it keeps the findings."""

    def __init__(self, *closes: tuple[str, str]) -> None:
        self.made = [ChangeRecord("x#1", kit.intent(), kit.result(closes=closes))] * bool(closes)
        self.codes: list[str] = []

    def judge(self, findings: Any, *, observed: str, sound: str = "") -> bool:
        self.codes += [finding.code for finding in findings]
        return True


DONE_BEFORE: Any = Applied(reason="active already")


def restored(step: Any, look: Look, *closed: tuple[str, str]) -> list[str]:
    """What a step finds in a run after the one that made its change."""
    told: Any = Told(*closed)
    step(DONE_BEFORE, look, told)
    return told.codes


@pytest.mark.parametrize(("again", "codes"), [(False, []), (True, ["node-standby"])])
def test_a_node_that_stays_in_standby_is_found_by_the_next_restore_too(
    again: bool, codes: list[str]
) -> None:
    look = Look(status=nodes_are(node(N), node(SECOND, standby=again), node(THIRD, standby=True)))
    session = SimpleNamespace(watch_standby=lambda: None)

    def step(applied: Any, look: Any, told: Any) -> None:
        test_95_restore.test_unstandby(applied, look, told, session)  # type: ignore[arg-type]

    assert restored(step, look, ("standby", SECOND)) == codes
    assert restored(step, look) == [], "what no restore has given back is nobody's"


@pytest.mark.parametrize(("fencing", "codes"), [(True, []), (False, ["fencing-state"])])
def test_fencing_that_did_not_come_on_is_found_by_the_next_restore_too(
    fencing: bool, codes: list[str]
) -> None:
    look = Look(status=cluster_status(fencing=fencing))
    step = test_98_restored.test_fencing
    assert restored(step, look, ("fencing", "cluster")) == codes
    assert restored(step, look) == []


def test_a_schema_that_was_dropped_and_is_there_is_found_by_the_next_restore_too() -> None:
    step, entry = test_96_restore.test_scratch, ("scratch-schema", SCRATCH_DATABASE)
    assert restored(step, Look(schemas=("ocsweb",)), entry) == []
    there = Look(schemas=(SCRATCH_DATABASE,))
    assert restored(step, there) == []
    with pytest.raises(AssertionError):
        restored(step, there, entry)
