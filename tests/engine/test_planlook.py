"""The look of a plan: it never takes the state of now for the state after a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.ask.look import Look
from engine.model.change import Change, Temporary
from engine.model.names import names_of
from engine.model.query import SqlQuery
from engine.plan.look import Ahead, NotKnownYet, PlanLook
from engine.queries.neteye import VERSION
from engine.queries.pacemaker import STATUS
from engine.record.run import Run
from tests.engine import kit
from tests.engine.scripted import said
from tests.parse.topology import crm_mon

TAKE = Change(
    "take",
    kit.N,
    ("neteye", "upgrade"),
    9.0,
    may_fail=True,
    detached="upgrade-1",
    opens=(Temporary("standby", kit.SECOND, "active"), Temporary("fencing", "cluster", "enabled")),
)
GIVE = Change("give", kit.N, ("pcs", "x"), 9.0, closes=(("standby", kit.SECOND),))
SQL: SqlQuery[Any] = SqlQuery(name="rows", database="ocsweb", sql="SELECT 1", parse=list)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path, attempt=None)


@pytest.fixture
def look(run: Run, tmp_path: Path) -> Look:
    node = kit.Node(
        tmp_path / "records",
        {
            (kit.N, STATUS.argv): said(crm_mon(3)),
            (kit.N, VERSION.argv): said("NetEye release 4.25 - test\n"),
        },
    )
    return Look(run, node, names_of(run.inventory, None))


def ahead(*changes: Change) -> Ahead:
    return Ahead([(f"upgrade.run[{n}]", change) for n, change in enumerate(changes, 1)])


def test_with_nothing_ahead_it_asks_like_any_other(look: Look) -> None:
    seen = PlanLook(look, Ahead())
    assert str(seen.ask(kit.N, VERSION)) == "4.25"
    assert seen.cluster_status().resources
    assert seen.attempt is None
    assert seen.baseline is not None
    assert seen.baseline.get("fencing") is True


QUESTIONS: dict[str, Callable[[Look], object]] = {
    "ask": lambda look: look.ask(kit.N, VERSION),
    "ask_all": lambda look: look.ask_all([kit.N], VERSION),
    "a host": lambda look: look.host(kit.N).file("/x").exists,
    "hosts": lambda look: look.on_each([kit.N], "/x", lambda host: host.file("/x").exists),
    "sql": lambda look: look.sql(SQL),
    "a long answer of the database": lambda look: look.sql_pages(lambda _: SQL),
    "a forwarded socket": lambda look: look.forwards(kit.N, "/run/s"),
    "where the database runs": lambda look: look.sql_node(),
    "resources": lambda look: look.cluster_status().resources,
    "nodes": lambda look: look.cluster_status().nodes,
    "options": lambda look: look.cluster_status().options.maintenance_mode,
    "the attempt": lambda look: look.attempt,
    "more of the baseline": lambda look: (look.baseline or {}).get("placement"),
    "how it ended": lambda look: look.memory.detached("upgrade")[0].outcome,
    "its exit status": lambda look: look.memory.detached("upgrade")[0].result["code"],  # type: ignore[index]
    "whether it ended": lambda look: look.memory.detached("upgrade")[0].has_ended,
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_with_a_change_ahead_nothing_of_then_is_known(
    look: Look, ask: Callable[[Look], object]
) -> None:
    with pytest.raises(NotKnownYet):
        ask(PlanLook(look, ahead(TAKE)))


def test_the_ledger_of_the_changes_is(look: Look) -> None:
    taken = PlanLook(look, ahead(TAKE))
    assert taken.cluster_status().standby_nodes == (kit.SECOND,)
    assert taken.cluster_status().options.stonith_enabled is False
    assert set(taken.memory.ledger) == {("standby", kit.SECOND), ("fencing", "cluster")}
    given = PlanLook(look, ahead(TAKE, GIVE))
    assert given.cluster_status().standby_nodes == ()
    assert given.cluster_status().options.stonith_enabled is False
    assert set(given.memory.ledger) == {("fencing", "cluster")}


def test_a_change_that_must_not_fail_has_succeeded_then(look: Look) -> None:
    update = Change("update", kit.N, ("neteye", "update"), 9.0, detached="update-1")
    (record,) = PlanLook(look, ahead(update)).memory.detached("update")
    assert record.result is not None
    assert record.result["code"] == 0


def test_the_runs_own_memory_stays_as_it_is(run: Run, look: Look) -> None:
    assert PlanLook(look, ahead(TAKE)).memory.changes
    assert run.memory.changes == {}
    assert run.memory.ledger == {}
    PlanLook(look, Ahead()).close_ledger("fencing", "cluster", "it is on")
    assert not [e for e in run.journal.events if e["event"] == "ledger-closed"]


@pytest.mark.parametrize(
    ("allowed", "is_only"),
    [(("upgrade",), True), (("upgrade.run",), True), (("update",), False), (("up",), False)],
)
def test_whose_changes_are_ahead(allowed: tuple[str, ...], is_only: bool) -> None:
    assert ahead(TAKE, GIVE).is_only_of(allowed) is is_only
    assert Ahead().is_only_of(())


def test_after_a_change_apart_from_all_others_the_cluster_is_known_as_before(look: Look) -> None:
    silent = (Temporary("downtime", "cluster", "none"),)
    quiet = Change("silence", kit.N, ("sh", "-c", "x"), 9.0, opens=silent, apart=True)
    seen = PlanLook(look, ahead(quiet))
    assert str(seen.ask(kit.N, VERSION)) == "4.25"
    assert seen.cluster_status().resources
    assert seen.attempt is None
    # what it opens is known all the same: the step that ends it has something to do
    assert set(seen.memory.ledger) == {("downtime", "cluster")}
    assert ahead(quiet).is_only_of(())
    with pytest.raises(NotKnownYet):
        PlanLook(look, ahead(quiet, TAKE)).ask(kit.N, VERSION)
