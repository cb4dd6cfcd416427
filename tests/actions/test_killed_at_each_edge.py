"""Killed at each edge of a change, gone on with from N's records: the same end, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import waiting
from engine.attempt import detached_scripts, remote
from engine.model.answer import Answer
from engine.model.cluster import Cib, ClusterStatus, NodeAttributes
from engine.model.names import names_of
from engine.model.packages import PackageState
from engine.model.query import Asked, Query
from engine.queries.pacemaker import CIB
from engine.record.position import Position
from engine.record.run import Run
from runbook.phases.actions.neteye_command import neteye_upgraded
from runbook.phases.actions.pacemaker import fencing_restored, nodes_unstandby
from runbook.to_4_26.actions.failover import httpd_back, httpd_failed_over
from runbook.to_4_26.actions.ocs import ocs_credentials_written, ocs_files_migrated
from runbook.to_4_26.failover_record import Exercised
from runbook.to_4_26.httpd import checks as httpd_checks
from runbook.to_4_26.names import CREDENTIALS_TEMPLATE
from runbook.to_4_26.release import RELEASE, TARGET
from tests.actions.failover_cluster import Failover, FailoverLook
from tests.actions.killing import Edge, Ran, World, memory_on_n, run_action
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes
from tests.actions.test_ocs_migration import NEW, OLD, TEMPLATE
from tests.engine import kit
from tests.engine.scripted import said
from tests.judge import builders


class Files:
    """Two nodes at the planned stop: directories here, in which the scripts really run."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True)
        self.nodes = Nodes(place, N, OTHER)
        for node in (N, OTHER):
            for path, text in OLD.items():
                self.nodes.put(node, path, text)
                self.nodes.put(node, f"{path}.rpmnew", NEW[path])
        self.nodes.put(N, CREDENTIALS_TEMPLATE, TEMPLATE, 0o640)

    def change(self, node: str, argv: tuple[str, ...], stdin: Any) -> Answer:
        return self.nodes.run(node, argv, stdin)

    def look(self, run: Run) -> FakeLook:
        look = FakeLook(self.nodes)
        look.memory = run.memory
        return look

    def state(self) -> dict[str, str]:
        found = (p for node in (N, OTHER) for p in (self.nodes.base / node).rglob("*"))
        return {str(p.relative_to(self.nodes.base)): p.read_text() for p in found if p.is_file()}


class FilesWithCredentials(Files):
    """The same, with the credentials file written by the step before."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        changes: Iterator[Any] = ocs_credentials_written.generator(FakeLook(self.nodes), OTHER)
        change = next(changes)
        self.nodes.run(change.node, change.argv, change.stdin)


class Pacemaker:
    """Standby and fencing as the vendor's command leaves them, and a round that can be started."""

    def __init__(self, place: Path) -> None:
        self.standby = {kit.SECOND, kit.THIRD}
        self.transient: set[str] = set()
        """Those whose standby pcs leaves as it is."""
        self.fencing = False
        self.starts = 0

    def change(self, node: str, argv: tuple[str, ...], stdin: Any) -> Answer:
        if argv[:3] == ("pcs", "node", "unstandby"):
            self.standby = self.standby & self.transient
        elif argv[0] == "crm_attribute":
            assert argv[3:] == ("--name", "standby", "--lifetime", "reboot", "--delete")
            self.transient -= {argv[2]}
            self.standby -= {argv[2]}
        elif argv[:3] == ("pcs", "property", "set"):
            self.fencing = True
        else:
            return self._long_command(argv)
        return said()

    def _long_command(self, argv: tuple[str, ...]) -> Answer:
        if argv[2] == detached_scripts.FOLLOW.strip():
            return said("dead 0 4\nlog\n" if self.starts else "absent - 0\n")
        if self.starts:
            return said(code=remote.STARTED_BEFORE)
        self.starts = 1
        self.standby, self.fencing = {kit.SECOND, kit.THIRD}, False
        return said("started")

    def look(self, run: Run) -> PacemakerLook:
        return PacemakerLook(self, run)

    def state(self) -> tuple[set[str], bool, int]:
        return self.standby, self.fencing, self.starts


class TransientStandby(Pacemaker):
    """Somebody has set one node to standby until its next start, meanwhile."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.transient = {kit.THIRD}


class Active(Pacemaker):
    """Everybody active and fencing on, as before a round."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.standby, self.fencing = set(), True


class PacemakerLook:
    """What the actions on pacemaker ask."""

    def __init__(self, world: Pacemaker, run: Run) -> None:
        self._world, self._run = world, run
        self.run_id, self.memory = run.run_id, run.memory
        self.names, self.release = names_of(run.inventory, None), RELEASE
        self.baseline = {"fencing": True}
        self.position = Position.UPGRADE_UNDER_WAY

    def cluster_status(self) -> ClusterStatus:
        status = builders.cluster_status(fencing=self._world.fencing)
        nodes = [builders.node(name) for name in self.names.operative]
        seen = tuple(replace(one, standby=one.name in self._world.standby) for one in nodes)
        return replace(status, nodes=seen)

    def ask(self, node: str, query: Query[Any]) -> Any:
        assert query is CIB
        on = {"standby": "on"}
        transient = self._world.transient
        return Cib({}, attributes=tuple(NodeAttributes(n, n, {}, on) for n in transient))

    def ask_all(self, names: Any, query: Query[Any]) -> Asked[Any]:
        """Versions and packages: of a round that ended with 0 its effect is there."""
        is_packages = query.name.startswith("packages beside")
        return Asked(query.name, dict.fromkeys(names, PackageState() if is_packages else TARGET))

    def close_ledger(self, kind: str, subject: str, why: str) -> None:
        self._run.record("ledger-closed", step=self._run.step, kind=kind, subject=subject, why=why)


def _failed_over(look: FailoverLook) -> Any:
    return httpd_failed_over.generator(look, kit.SECOND, Exercised())


@pytest.fixture(autouse=True, scope="module")
def _proof_and_waiting() -> Iterator[None]:
    """The proof by use asks the world that the action looks at; nobody waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpd_checks, "ocs_online", lambda look, node: look.world.proved(look, node))
        patch.setattr(waiting, "EVERY", 0.0)
        yield


CASES: dict[str, tuple[type[World], Any, int]] = {
    # world, action, number of changes
    "unstandby": (Pacemaker, nodes_unstandby.generator, 1),
    "transient": (TransientStandby, nodes_unstandby.generator, 2),
    "fencing": (Pacemaker, fencing_restored.generator, 1),
    "round": (Active, lambda look: neteye_upgraded.generator(look, 1), 1),
    "credentials": (Files, lambda look: ocs_credentials_written.generator(look, OTHER), 1),
    "failover": (Failover, _failed_over, 2),
    "files": (FilesWithCredentials, lambda look: ocs_files_migrated.generator(look, OTHER), 8),
}
EDGES = [
    (case, number, edge)
    for case, (_, _, count) in CASES.items()
    for number in range(1, count + 1)
    for edge in Edge
    # after a result is before the next intent: nothing lies between them
    if number == count or edge is not Edge.AFTER_RESULT
    if number == 1 or edge is not Edge.BEFORE_INTENT
    # the second file of a node goes the way of the first
    if number not in (5, 7)
]


def assert_settled(ran: Ran, world: World, undisturbed: Any) -> None:
    assert ran.applied is not None
    assert ran.run.stop is None
    assert world.state() == undisturbed
    assert memory_on_n(ran).open_intents() == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Case -> the state that a run leaves which nothing disturbs."""
    states = {}
    for case, (make_world, make, count) in CASES.items():
        place = tmp_path_factory.mktemp(case)
        world = make_world(place / "world")  # type: ignore[call-arg]
        ran = run_action(place, world, make)
        assert len(ran.node.effects) == count, ran.whats
        states[case] = world.state()
    return states


@pytest.mark.parametrize(("case", "number", "edge"), EDGES)
def test_gone_on_with_it_ends_the_same(
    tmp_path: Path, undisturbed: dict[str, Any], case: str, number: int, edge: Edge
) -> None:
    make_world, make, count = CASES[case]
    world = make_world(tmp_path / "world")  # type: ignore[call-arg]
    killed = run_action(tmp_path, world, make, edge=edge, number=number)
    assert killed.applied is None
    again = run_action(tmp_path, world, make)
    assert_settled(again, world, undisturbed[case])
    made = len(killed.node.effects) + len(again.node.effects)
    if case != "round":  # asked to start again, the wrapper says that it was: `starts` counts
        # a copy that is kept is made sure of again: it finds itself there
        assert count <= made <= count + (count > 1), again.whats
    if edge is Edge.BEFORE_RESULT and number == count and case != "round":
        told = [e for e in again.run.journal.events if e["event"] == "result"]
        assert any(event.get("adopted") for event in told)
    if number < count:
        return
    third = run_action(tmp_path, world, make)
    assert third.node.effects == []
    assert_settled(third, world, undisturbed[case])


@pytest.mark.parametrize("edge", Edge)
def test_the_ledger_tells_the_first_former_values(tmp_path: Path, edge: Edge) -> None:
    """A round that is followed later finds the state that it left itself."""
    world = Active(tmp_path)
    make = CASES["round"][1]
    run_action(tmp_path, world, make, step="upgrade.run[1]", edge=edge, number=1)
    again = run_action(tmp_path, world, make, step="upgrade.run[1]")
    ledger = memory_on_n(again).ledger
    assert {key: entry.former for key, entry in ledger.items()} == {
        ("standby", kit.SECOND): "active",
        ("standby", kit.THIRD): "active",
        ("fencing", "cluster"): "enabled",
    }
    for step, make_back in (("a.unstandby", nodes_unstandby), ("a.fencing", fencing_restored)):
        last = run_action(tmp_path, world, make_back.generator, step=step)
    assert memory_on_n(last).ledger == {}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("edge", Edge)
def test_httpd_is_back_and_let_go_wherever_a_run_was_killed(
    tmp_path: Path, edge: Edge, number: int
) -> None:
    """By another machine, from the ledger on N and the cluster alone; nothing is done twice."""
    world = Failover(tmp_path)
    there, back = f"failover.httpd[{kit.SECOND}]", "failover.back"
    effects = run_action(tmp_path, world, _failed_over, step=there).node.effects
    killed = run_action(tmp_path, world, httpd_back.generator, step=back, edge=edge, number=number)
    assert killed.applied is None
    again = run_action(tmp_path, world, httpd_back.generator, step=back)
    assert_settled(again, world, (kit.N, None))
    assert memory_on_n(again).ledger == {}
    assert len(effects) == len(killed.node.effects) + len(again.node.effects) == 2
    third = run_action(tmp_path, world, httpd_back.generator, step=back)
    assert third.node.effects == []


@pytest.mark.parametrize("edge", Edge)
@pytest.mark.parametrize("case", ["unstandby", "fencing"])
def test_what_was_given_back_is_closed_in_the_ledger(tmp_path: Path, case: str, edge: Edge) -> None:
    world = Active(tmp_path)
    run_action(tmp_path, world, CASES["round"][1], step="upgrade.run[1]")
    for _ in range(2):
        for action in (nodes_unstandby, fencing_restored):
            ending = edge if action.generator is CASES[case][1] else None
            step = f"phase.{action.__name__}"
            last = run_action(tmp_path, world, action.generator, step=step, edge=ending, number=1)
            edge_done = last.applied is None
            if edge_done:
                last = run_action(tmp_path, world, action.generator, step=step)
    assert memory_on_n(last).ledger == {}
    assert memory_on_n(last).open_intents() == []
