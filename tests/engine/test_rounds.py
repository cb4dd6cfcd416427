"""When a round of `neteye upgrade` is run, taken, or left alone, by what is on record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from engine.attempt.memory import Memory
from engine.model.change import Change, Nothing
from engine.model.host import Version
from engine.queries import Asked
from runbook.actions.neteye_command import neteye_updated, neteye_upgraded
from tests.engine import kit
from tests.policy.builders import cluster_status


def look(
    *events: dict[str, Any], run: str = "another-run", versions: tuple[int, ...] = (26, 26)
) -> Any:
    """A look at a cluster with this memory, whose first nodes are at these versions."""
    names = SimpleNamespace(
        active=kit.N, other=(kit.SECOND, kit.THIRD), all=(kit.N, kit.SECOND, kit.THIRD)
    )
    told = {name: Version(4, minor) for name, minor in zip(names.all, versions, strict=False)}
    return SimpleNamespace(
        run_id=run,
        memory=Memory.fold(events),
        names=names,
        cluster_status=lambda: cluster_status(),
        ask_all=lambda names, query: Asked(query.name, told),
    )


def started(number: int) -> dict[str, Any]:
    return kit.intent(
        f"upgrade.run[{number}]", detached=f"upgrade-{number}", repeatable=False, what="upgrade"
    )


def ended(number: int, code: int | None, outcome: str) -> dict[str, Any]:
    return kit.result(f"upgrade.run[{number}]", code=code, outcome=outcome)


def first_change(action: Any) -> Change | Nothing:
    """What the action yields first, or why it yields nothing."""
    ended: list[Nothing] = []

    def drive() -> Any:
        ended.append((yield from action))

    change: Change | None = next(drive(), None)
    return change if change is not None else ended[0]


def round_of(number: int, *events: dict[str, Any]) -> Change | Nothing:
    return first_change(neteye_upgraded.generator(look=look(*events), round_number=number))


def test_the_first_round_is_run_with_its_temporary_changes_announced() -> None:
    change = round_of(1)
    assert isinstance(change, Change)
    assert (change.node, change.argv, change.detached) == (
        kit.N,
        ("neteye", "upgrade"),
        "upgrade-1",
    )
    assert not change.repeatable
    assert {(entry.kind, entry.subject, entry.former) for entry in change.opens} == {
        ("standby", kit.SECOND, "active"),
        ("standby", kit.THIRD, "active"),
        ("fencing", "cluster", "enabled"),
    }


def test_a_round_under_way_is_followed_under_its_own_name() -> None:
    change = round_of(1, started(1))
    assert isinstance(change, Change)
    assert change.detached == "upgrade-1"


def test_a_round_that_ended_is_not_run_again_but_the_next_one_is() -> None:
    events = [started(1), ended(1, 4, "failed")]
    told = round_of(1, *events)
    assert isinstance(told, Nothing)
    assert "exit status 4" in told.reason
    change = round_of(2, *events)
    assert isinstance(change, Change)
    assert change.detached == "upgrade-2"


def test_after_a_good_end_no_round_is_needed() -> None:
    events = [started(1), ended(1, 4, "failed"), started(2), ended(2, 0, "ok")]
    for number in (2, 3, 5):
        told = round_of(number, *events)
        assert isinstance(told, Nothing)
        assert "ended with exit status 0 in upgrade-2" in told.reason


def test_exit_status_0_without_its_effect_is_no_end_for_the_next_run() -> None:
    """The run that saw it stops at the verification; who mended it runs the command once more."""
    events = [started(1), ended(1, 0, "ok")]
    behind = look(*events, versions=(26, 26, 25))
    first = first_change(neteye_upgraded.generator(look=behind, round_number=1))
    assert isinstance(first, Nothing)
    assert "was run and ended with exit status 0" in first.reason
    second = first_change(neteye_upgraded.generator(look=behind, round_number=2))
    assert isinstance(second, Change)
    assert second.detached == "upgrade-2"
    seen_now = look(*events, run="r", versions=(26, 26, 25))
    assert isinstance(
        first_change(neteye_upgraded.generator(look=seen_now, round_number=2)), Nothing
    )


def test_after_an_interruption_another_round_is_run() -> None:
    events = [started(1), ended(1, None, "failed")]
    assert isinstance(round_of(1, *events), Nothing)
    change = round_of(2, *events)
    assert isinstance(change, Change)
    assert change.detached == "upgrade-2"


def test_a_round_of_unknown_outcome_is_followed_not_left() -> None:
    change = round_of(1, started(1), ended(1, None, "unknown"))
    assert isinstance(change, Change)
    assert change.detached == "upgrade-1"


def test_an_update_under_way_is_followed_and_an_ended_one_is_run_again() -> None:
    def update(*events: dict[str, Any]) -> Change | Nothing:
        return first_change(neteye_updated.generator(look=look(*events)))

    begun = kit.intent("update.run", detached="update-1", repeatable=False)
    change = update(begun)
    assert isinstance(change, Change)
    assert change.detached == "update-1"
    again = update(begun, kit.result("update.run", code=1, outcome="failed"))
    assert isinstance(again, Change)
    assert again.detached == "update-2"
    second = kit.intent("update.run", detached="update-2", repeatable=False)
    failed = kit.result("update.run", code=1, outcome="failed")
    third = update(begun, failed, second, failed)
    assert isinstance(third, Change)
    assert third.detached == "update-3", "a name once used reads the old exit status for ever"
    done = update(begun, kit.result("update.run", code=0))
    assert isinstance(done, Nothing)
    assert isinstance(update(begun, started(1)), Nothing)


def test_an_update_of_unknown_outcome_is_followed_under_its_own_name() -> None:
    begun = kit.intent("update.run", detached="update-1", repeatable=False)
    unknown = kit.result("update.run", code=None, outcome="unknown")
    change = first_change(neteye_updated.generator(look=look(begun, unknown)))
    assert isinstance(change, Change)
    assert change.detached == "update-1"
