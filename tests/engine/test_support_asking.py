"""Asking for a support bundle: in time whatever hangs, nothing else than what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.ask.look import Look
from engine.model.answer import Answer, Lost, LostKind
from engine.model.names import Names
from engine.support import asking
from engine.support.asking import BATCH, EACH, TOTAL, Collected, ask_nodes
from engine.support.questions import LongCommand, of_node
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said

EVERY = (kit.N, kit.SECOND, kit.THIRD, kit.ELASTIC, kit.VOTING)
NAMES = Names(kit.N, (kit.N, kit.SECOND, kit.THIRD), (kit.ELASTIC,), (kit.VOTING,), {})


class Nodes(FakeTransport):
    """Each round trip is answered by `say`, and takes its time of a clock nobody waits for."""

    def __init__(self, time: kit.FakeTime) -> None:
        super().__init__({})
        self.time = time
        self.trips: dict[str, list[int]] = {}
        self.lost: dict[str, Lost] = {}
        self.hanging: set[str] = set()

    def ask_batch(self, node: str, argvs: object, *, deadline: float) -> list[Answer | Lost]:
        argvs = list(argvs)  # type: ignore[call-overload]
        self.trips.setdefault(node, []).append(len(argvs))
        if node in self.lost:
            raise self.lost[node]
        if node in self.hanging:
            self.time.seconds += deadline * len(argvs)
            return [Lost(node, "sh -c ... did not end", LostKind.DEADLINE) for _ in argvs]
        return [said(f"{argv[5]}\n\n[exit code 0]\n") for argv in argvs]


@pytest.fixture
def time() -> kit.FakeTime:
    return kit.FakeTime()


@pytest.fixture
def nodes(time: kit.FakeTime) -> Nodes:
    return Nodes(time)


def ask(tmp_path: Path, nodes: Nodes, *commands: LongCommand, over: bool = False) -> Collected:
    look = Look(kit.make_run(tmp_path), nodes, NAMES)
    return ask_nodes(look, 0.0, commands, str, is_over=lambda: over, clock=nodes.time.clock)


def test_every_node_is_asked_several_questions_a_round_trip(tmp_path: Path, nodes: Nodes) -> None:
    command = LongCommand(kit.N, kit.ATTEMPT, "upgrade-1")
    found = ask(tmp_path, nodes, command)
    assert found.missing == []
    assert set(nodes.trips) == set(EVERY)
    paths = [one.path for one in found.excerpts]
    assert len(paths) == len(set(paths))
    assert f"nodes/{kit.N}/commands/upgrade-1/nohup.out" in paths
    assert not any(f"nodes/{kit.SECOND}/commands" in path for path in paths)
    for node, trips in nodes.trips.items():
        assert max(trips) == BATCH
        assert sum(trips) == sum(path.startswith(f"nodes/{node}/") for path in paths)


def test_what_hangs_ends_with_the_time_of_all_and_is_named(tmp_path: Path, nodes: Nodes) -> None:
    nodes.hanging = {kit.N}
    found = ask(tmp_path, nodes)
    assert nodes.time.seconds <= TOTAL
    assert EACH * BATCH <= TOTAL
    asked = sum(nodes.trips[kit.N])
    role = kit.inventory().host(kit.N).role
    named = [line for line in found.missing if line.startswith(f"{kit.N}: ")]
    assert len(named) == len(of_node(role, 0.0)) > asked
    assert named[0] == f"{kit.N}: pcs-status.txt: it did not end in time"
    assert "90 seconds were over" in named[-1]


@pytest.mark.parametrize("error", [kit.unreachable(kit.THIRD), OSError(11, "no more processes")])
def test_a_node_out_of_reach_is_tried_once(tmp_path: Path, nodes: Nodes, error: Exception) -> None:
    nodes.lost[kit.THIRD] = error  # type: ignore[assignment]
    found = ask(tmp_path, nodes)
    assert len(nodes.trips[kit.THIRD]) == 1
    assert all(line.startswith(f"{kit.THIRD}: ") for line in found.missing)
    assert any(f"nodes/{kit.SECOND}/" in one.path for one in found.excerpts)


def test_who_gave_no_first_answer_is_not_waited_for(tmp_path: Path, nodes: Nodes) -> None:
    look = Look(kit.make_run(tmp_path), nodes, NAMES)
    look.silent[kit.VOTING] = "no route to host"
    found = asking.ask_nodes(look, 0.0, (), str)
    assert kit.VOTING not in nodes.trips
    assert found.missing == [f"{kit.VOTING}: everything: no route to host"]


def test_somebody_who_wants_it_to_end_is_heard(tmp_path: Path, nodes: Nodes) -> None:
    found = ask(tmp_path, nodes, over=True)
    assert nodes.trips == {}
    assert found.excerpts == []
    assert any("the run was interrupted" in line for line in found.missing)
