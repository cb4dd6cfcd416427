"""When a round of `neteye upgrade` is run, taken, or left alone, by what is on record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.act.driving import driven
from engine.errors import Unanswered
from engine.model.answer import Answer
from engine.model.change import Change, Nothing
from engine.model.host import Package, Version
from engine.model.packages import PackageState
from engine.model.query import Asked, Query
from engine.record.memory import Memory
from engine.record.position import AT_TARGET, LEFT, Position
from runbook.phases.actions.neteye_command import neteye_updated, neteye_upgraded
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.judge.builders import cluster_status


def look(
    *events: dict[str, Any],
    run: str = "another-run",
    versions: tuple[int, ...] = (26, 26),
    position: Position = Position.UPGRADE_UNDER_WAY,
    behind: dict[str, str] | None = None,
    hidden: bool = False,
    silent: tuple[str, ...] = (),
    versionless: tuple[str, ...] = (),
) -> Any:
    """A look at a cluster with this memory, whose first nodes are at these versions.

    `behind`: node -> the package that it has older than the repository, `hidden` from its dnf;
    `silent` are nodes whose dnf does not answer, `versionless` those that do not tell their
    version.
    """
    nodes = (kit.N, kit.SECOND, kit.THIRD)
    names = SimpleNamespace(active=kit.N, other=nodes[1:], operative=nodes, all=nodes)
    told = {name: Version(4, minor) for name, minor in zip(names.all, versions, strict=False)}
    states = {n: _state((behind or {}).get(n), hidden) for n in nodes if n not in silent}

    def ask_all(_: Any, query: Query[Any]) -> Asked[Any]:
        if query.name.startswith("packages beside"):
            return Asked(query.name, dict(states), dict.fromkeys(silent, "no repository"))
        answered = {node: version for node, version in told.items() if node not in versionless}
        return Asked(query.name, answered, dict.fromkeys(versionless, "no answer"))

    return SimpleNamespace(
        release=RELEASE,
        run_id=run,
        memory=Memory.fold(events),
        names=names,
        position=position,
        cluster_status=lambda: cluster_status(),
        ask_all=ask_all,
    )


def _state(package: str | None, hidden: bool) -> PackageState:
    if package is None:
        return PackageState()
    newer = (Package(package, "0", "2", "1", "noarch"),)
    return PackageState(behind=newer, offered=() if hidden else newer)


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


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "neteye upgrade, round 1 on {node}: it ended with exit status 0"),
        # the planned stop, or a failure: either is no end
        (2, "neteye upgrade, round 1 on {node} ended with exit status 2"),
    ],
)
def test_a_round_says_how_it_ended(code: int, said: str) -> None:
    action = neteye_upgraded.generator(look=look(), round_number=1)
    applied = driven(action, lambda change: Answer(code, b"", b"", 1.0))
    assert applied.sentence() == said.format(node=kit.N)


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


GOOD_END = (started(1), ended(1, 0, "ok"))
ALL_NEW = (26, 26, 26)


def next_round(number: int, seen: Any) -> Change | Nothing:
    return first_change(neteye_upgraded.generator(look=seen, round_number=number))


def test_packages_left_after_a_good_end_are_brought_by_another_round() -> None:
    """Release files of 4.26 everywhere, and a package of 4.25: an exclude was in the way."""
    seen = look(*GOOD_END, versions=ALL_NEW, behind={kit.SECOND: "nats-server-neteye"})
    assert isinstance(next_round(1, seen), Nothing)
    change = next_round(2, seen)
    assert isinstance(change, Change)
    assert change.detached == "upgrade-2"
    # `neteye upgrade` on a finished 4.26 would go on to the version after it
    assert change.argv == ("neteye", "update")


def test_while_a_node_does_not_tell_its_version_neither_command_is_started() -> None:
    """`neteye upgrade` on a finished 4.26 would go on to the version after it."""
    seen = look(
        *GOOD_END,
        versions=ALL_NEW,
        behind={kit.SECOND: "nats-server-neteye"},
        versionless=(kit.THIRD,),
    )
    with pytest.raises(Unanswered, match="no answer"):
        next_round(2, seen)


def test_while_they_are_hidden_no_round_is_spent_on_them() -> None:
    seen = look(*GOOD_END, versions=ALL_NEW, behind={kit.N: "tornado"}, hidden=True)
    assert isinstance(next_round(2, seen), Nothing)
    seen = look(BEGUN, UPDATED, behind={kit.N: "tornado"}, hidden=True)
    assert isinstance(update_of(seen), Nothing)


def test_after_the_round_that_brought_them_stopped_the_same_command_goes_on() -> None:
    events = (*GOOD_END, started(2), ended(2, 4, "failed"))
    change = next_round(3, look(*events, versions=ALL_NEW))
    assert isinstance(change, Change)
    assert (change.detached, change.argv) == ("upgrade-3", ("neteye", "update"))


def test_a_planned_stop_of_the_first_rounds_goes_on_with_the_upgrade() -> None:
    """Whatever the release files say: no round has come to the end, which is finalised last."""
    change = next_round(2, look(started(1), ended(1, 4, "failed"), versions=ALL_NEW))
    assert isinstance(change, Change)
    assert change.argv == ("neteye", "upgrade")


def test_the_run_that_saw_the_good_end_leaves_it_to_the_verification() -> None:
    seen = look(*GOOD_END, run="r", versions=ALL_NEW, behind={kit.N: "tornado"})
    assert isinstance(next_round(2, seen), Nothing)


def test_what_was_accepted_to_stay_asks_for_no_round() -> None:
    left = kit.event("fact", name=LEFT, nodes={kit.N: ["tornado"]})
    seen = look(*GOOD_END, left, versions=ALL_NEW, behind={kit.N: "tornado"})
    assert isinstance(next_round(2, seen), Nothing)
    seen = look(*GOOD_END, left, versions=ALL_NEW, behind={kit.N: "glpi"})
    assert isinstance(next_round(2, seen), Change)


def test_what_came_after_the_proof_is_the_next_updates_business() -> None:
    proof = kit.event("fact", name=AT_TARGET, round="upgrade-1", nodes={})
    seen = look(*GOOD_END, proof, versions=ALL_NEW, behind={kit.N: "tornado"})
    assert isinstance(next_round(2, seen), Nothing)
    other = kit.event("fact", name=AT_TARGET, round="upgrade-0", nodes={})
    assert isinstance(
        next_round(2, look(*GOOD_END, other, versions=ALL_NEW, behind={kit.N: "tornado"})), Change
    )


def test_a_repository_that_does_not_answer_starts_no_round() -> None:
    seen = look(*GOOD_END, versions=ALL_NEW, silent=(kit.THIRD,))
    assert isinstance(next_round(2, seen), Nothing)


def test_each_further_run_may_start_the_last_round_once_more() -> None:
    """Rounds that are used up lock nobody in: who starts again has seen to the cause."""
    events = [e for n in range(1, 6) for e in (started(n), ended(n, 2, "failed"))]
    assert isinstance(next_round(4, look(*events)), Nothing)
    change = next_round(5, look(*events))
    assert isinstance(change, Change)
    assert change.detached == "upgrade-6", "the old name would read the old exit status"
    assert isinstance(next_round(5, look(*events, run="r")), Nothing), "once a run"
    at_stop = look(*events, position=Position.PLANNED_STOP)
    assert isinstance(next_round(5, at_stop), Nothing), "the migration comes first"
    under_way = kit.intent("upgrade.run[5]", detached="upgrade-6", repeatable=False, what="upgrade")
    followed = next_round(5, look(*events, under_way))
    assert isinstance(followed, Change)
    assert followed.detached == "upgrade-6"


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
    good_end = kit.result("update.run", code=0)
    assert isinstance(update(begun, good_end), Nothing)
    assert isinstance(update(begun, started(1)), Nothing)


def test_an_update_of_unknown_outcome_is_followed_under_its_own_name() -> None:
    begun = kit.intent("update.run", detached="update-1", repeatable=False)
    unknown = kit.result("update.run", code=None, outcome="unknown")
    change = first_change(neteye_updated.generator(look=look(begun, unknown)))
    assert isinstance(change, Change)
    assert change.detached == "update-1"


BEGUN = kit.intent("update.run", detached="update-1", repeatable=False)
UPDATED = kit.result("update.run", code=0)


def update_of(seen: Any) -> Change | Nothing:
    return first_change(neteye_updated.generator(look=seen))


def test_updates_left_after_a_good_end_are_brought_by_another_update() -> None:
    change = update_of(look(BEGUN, UPDATED, behind={kit.THIRD: "tornado"}))
    assert isinstance(change, Change)
    assert change.detached == "update-2"
    left = kit.event("fact", name=LEFT, nodes={kit.THIRD: ["tornado"]})
    assert isinstance(update_of(look(BEGUN, UPDATED, left, behind={kit.THIRD: "tornado"})), Nothing)
    assert isinstance(update_of(look(BEGUN, UPDATED, silent=(kit.N,))), Nothing)
    same_run = look(BEGUN, UPDATED, run="r", behind={kit.THIRD: "tornado"})
    assert isinstance(update_of(same_run), Nothing), "the step that saw it says so"


def test_without_pending_updates_no_update_is_begun() -> None:
    assert isinstance(update_of(look()), Nothing)
    assert isinstance(update_of(look(behind={kit.N: "tornado"})), Change)
    assert isinstance(update_of(look(silent=(kit.N,))), Change)
