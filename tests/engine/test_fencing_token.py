"""A run that slept through a takeover: its changes are held back where they would start."""

from __future__ import annotations

from typing import Any

import pytest

from engine.attempt import remote
from engine.attempt.fencing_token import gate_of
from engine.attempt.records import LEASE, RecordsWriter
from engine.model.answer import Answer, LostKind
from engine.model.ending import Ending
from tests.engine import kit
from tests.engine.acting import SET, Bench, Make, change
from tests.engine.scripted import said

ELSEWHERE = {(kit.SECOND, SET): said("done")}


def taken_over_meanwhile(
    made: Bench, monkeypatch: pytest.MonkeyPatch, sleep: float = LEASE + 1
) -> None:
    """The run sleeps when its intent is on N, and wakes up when another one has the cluster."""
    plain = made.applier.sync
    slept: list[bool] = []

    def sync() -> None:
        plain()
        if not slept:
            slept.append(True)
            made.time.wait(sleep)
            RecordsWriter(made.node, kit.N, {"who": "B. Bianchi", "run": "R2"}).acquire(over="1")

    monkeypatch.setattr(made.applier, "sync", sync)


@pytest.mark.parametrize("node", [kit.N, kit.SECOND])
def test_what_was_intended_before_a_takeover_is_not_started_after_it(
    bench: Make, monkeypatch: pytest.MonkeyPatch, node: str
) -> None:
    made = bench({(node, SET): said()})
    taken_over_meanwhile(made, monkeypatch)
    text = made.refused(change(node=node, repeatable=False))
    assert made.commands == []
    assert "another run took the cluster over (who B. Bianchi, run R2)" in text
    assert made.ending() == (Ending.LOCKED, 13)
    (result,) = made.events("result")
    assert (result["outcome"], result["never_started"]) == ("failed", True)
    assert made.run.memory.open_intents() == []


def test_a_change_on_n_is_held_back_at_its_very_start(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench()
    taken_over_meanwhile(made, monkeypatch, sleep=0)
    made.refused(change())
    assert made.node.held_back == [(kit.N, SET)]


def test_a_change_elsewhere_is_held_back_when_the_run_sleeps_at_the_last_moment(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the gate and the command; the lock was taken over in that time."""
    made = bench(ELSEWHERE)
    plain = made.node.run

    def run(node: str, argv: Any, **options: Any) -> Answer:
        if gate := options.get("gate"):
            # that node's clock has gone on while the run slept
            late = (*gate[:4], str(int(gate[4]) - 10_000), *gate[5:])
            options["gate"] = late
            RecordsWriter(made.node, kit.N, {"who": "B. Bianchi"}).acquire(over="1")
        return plain(node, argv, **options)

    monkeypatch.setattr(made.node, "run", run)
    text = made.refused(change(node=kit.SECOND))
    assert "took the cluster over (who B. Bianchi)" in text
    assert made.commands == []
    assert made.ending() == (Ending.LOCKED, 13)


def test_a_change_that_only_came_late_is_made_under_a_new_lease(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench(ELSEWHERE)
    plain = made.node.run
    late: list[bool] = []

    def run(node: str, argv: Any, **options: Any) -> Answer:
        if (gate := options.get("gate")) and not late:
            late.append(True)
            options["gate"] = (*gate[:4], "0", *gate[5:])
        return plain(node, argv, **options)

    monkeypatch.setattr(made.node, "run", run)
    made.apply(change(node=kit.SECOND))
    assert made.commands == [SET]
    assert made.node.held_back == [(kit.SECOND, SET)]
    assert made.ending() is None


class Clocked:
    """N and another node, started at the same moment: what they and the run know of the time."""

    node, fencing_token, boot, lease = kit.N, "1", "start", LEASE

    def __init__(self, renewed: float) -> None:
        self.renewed = self.now = renewed

    @property
    def age(self) -> float:
        return self.now - self.renewed

    def keep(self, share: float = 3) -> None:
        """It is young enough."""

    def run(self, node: str, argv: Any, **options: Any) -> Answer:
        return said(f"{int(self.now)} start\n")


@pytest.mark.parametrize("hundredth", [0, 1, 33, 66, 99])
def test_a_gate_elsewhere_is_shut_before_n_may_give_the_lock_away(hundredth: int) -> None:
    """Both sides count whole seconds of their uptime."""
    at = Clocked(1000 + hundredth / 100)
    given_away = int(at.renewed) + LEASE
    for later in range(0, LEASE * 50, 7):
        at.now = at.renewed + later / 100
        until = int(gate_of(at, at, kit.SECOND).argv[4])  # type: ignore[arg-type]
        assert until + 1 <= given_away, "it passes until this second is over"


def test_a_machine_that_is_always_late_gives_up_and_says_so(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench(ELSEWHERE)
    plain = made.node.run

    def run(node: str, argv: Any, **options: Any) -> Answer:
        if gate := options.get("gate"):
            options["gate"] = (*gate[:4], "0", *gate[5:])
        return plain(node, argv, **options)

    monkeypatch.setattr(made.node, "run", run)
    assert "held back 3 times" in made.refused(change(node=kit.SECOND))
    assert made.events("result")[0]["never_started"] is True
    assert made.ending() == (Ending.FAILED, 1)


def test_a_node_that_can_not_be_asked_before_is_not_unknown(bench: Make) -> None:
    """The look before the change was lost: the change itself was not sent."""
    made = bench(ELSEWHERE)
    made.node.failing = [None, kit.lost_connection(kit.SECOND)]
    text = made.refused(change(node=kit.SECOND, repeatable=False))
    assert "The command never started" in text
    assert made.commands == []
    assert made.ending() == (Ending.FAILED, 1)
    assert made.run.memory.open_intents() == []


def test_the_commands_own_75_is_an_answer(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=remote.SUPERSEDED, stderr="Temporary failure")})
    assert "failed with exit code 75" in made.refused(change())
    assert made.ending() == (Ending.FAILED, 1)


def test_a_lease_is_renewed_before_a_change_elsewhere_when_it_grew_old(bench: Make) -> None:
    made = bench(ELSEWHERE, attempt=None)  # no journal on N yet: nothing else asks for the lock
    made.time.wait(LEASE)
    made.apply(change(node=kit.SECOND))
    renewals = [argv for _, argv in made.node.asked if argv[2:3] == (remote.RENEW.strip(),)]
    assert len(renewals) == 1


@pytest.mark.parametrize(
    ("boot", "told"),
    [
        ("77 another/start", "has rebooted since, 77 seconds ago"),
        (None, "answers again and has not rebooted"),
        ("lost", "can't be asked now either: the connection was lost"),
    ],
)
def test_after_a_loss_one_look_tells_whether_the_node_was_started_anew(
    bench: Make, monkeypatch: pytest.MonkeyPatch, boot: str | None, told: str
) -> None:
    made = bench({(kit.N, SET): kit.lost_connection()})
    plain = made.node._reply

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if argv[2:3] != (remote.BOOT.strip(),) or boot is None:
            return plain(node, argv, stdin)
        return kit.lost_connection() if boot == "lost" else said(boot)

    monkeypatch.setattr(made.node, "_reply", reply)
    text = made.refused(change())
    assert f"{kit.N} {told}" in text
    assert told in made.events("result")[0]["reason"]
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_a_refused_start_is_told_from_a_lost_one() -> None:
    assert not kit.unreachable().may_have_run
    assert kit.lost_connection().kind is LostKind.CONNECTION_LOST
