"""What the fold of the journals remembers, and what it forgets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.model.change import Outcome
from engine.record.memory import Memory
from tests.engine.kit import event, intent, result

OPENS_FENCING = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]


def test_an_intent_without_a_result_is_open() -> None:
    memory = Memory.fold([intent()])
    record = memory.changes["phase.step#1"]
    assert record.outcome is None
    assert memory.open_intents() == [record]
    assert memory.of_step("phase.step") == [record]
    assert memory.of_step("phase.other") == []


@pytest.mark.parametrize(
    ("outcome", "is_open"), [("ok", False), ("failed", False), ("unknown", True)]
)
def test_a_result_settles_its_intent_unless_it_is_unknown(outcome: str, is_open: bool) -> None:
    memory = Memory.fold([intent(), result(outcome=outcome)])
    assert memory.changes["phase.step#1"].outcome is Outcome(outcome)
    assert bool(memory.open_intents()) is is_open


def test_the_latest_intent_counts() -> None:
    memory = Memory.fold([intent(), result(outcome="failed"), intent(what="again")])
    record = memory.changes["phase.step#1"]
    assert (record.intent["what"], record.outcome) == ("again", None)


def test_a_result_without_an_intent_is_no_change() -> None:
    assert Memory.fold([result()]).changes == {}


def test_the_first_former_value_is_the_one_to_give_back() -> None:
    second = [{"kind": "fencing", "subject": "cluster", "former": "disabled"}]
    memory = Memory.fold([intent(opens=OPENS_FENCING), intent(number=2, opens=second)])
    assert [entry.former for entry in memory.ledger.values()] == ["enabled"]


def test_a_ledger_entry_stays_when_the_command_that_opened_it_failed() -> None:
    memory = Memory.fold([intent(opens=OPENS_FENCING), result(outcome="failed")])
    assert ("fencing", "cluster") in memory.ledger


@pytest.mark.parametrize(("outcome", "left"), [("ok", 0), ("failed", 1), ("unknown", 1)])
def test_only_a_change_that_succeeded_closes_an_entry(outcome: str, left: int) -> None:
    closing = result("back.on", outcome=outcome, closes=[["fencing", "cluster"]])
    memory = Memory.fold([intent(opens=OPENS_FENCING), result(), intent("back.on"), closing])
    assert len(memory.ledger) == left


def test_an_entry_found_undone_is_closed_without_a_change() -> None:
    closed = event("ledger-closed", kind="fencing", subject="cluster", why="it is on")
    assert Memory.fold([intent(opens=OPENS_FENCING), closed]).ledger == {}


def test_a_closed_entry_can_be_opened_again_with_its_new_former_value() -> None:
    closed = event("ledger-closed", kind="fencing", subject="cluster", why="it is on")
    again = [{"kind": "fencing", "subject": "cluster", "former": "second"}]
    memory = Memory.fold([intent(opens=OPENS_FENCING), closed, intent(number=2, opens=again)])
    assert memory.ledger[("fencing", "cluster")].former == "second"


def test_the_latest_fact_of_a_name_counts() -> None:
    facts = [event("fact", name="backup", file="a"), event("fact", name="backup", file="b")]
    assert Memory.fold(facts).facts["backup"]["file"] == "b"


SETTLED = event("settled", step="phase.step", word="done", by="A", reason="B")


def test_what_a_person_settled_is_kept_for_the_change_it_is_about() -> None:
    memory = Memory.fold([intent(repeatable=False), SETTLED])
    assert memory.settled["phase.step#1"]["word"] == "done"


@pytest.mark.parametrize(
    "before",
    [
        [],
        [intent()],
        [intent(repeatable=False, detached="upgrade-1")],
        [intent(repeatable=False), result()],
    ],
    ids=["nothing begun", "repeatable", "detached", "ended"],
)
def test_a_word_on_what_needs_none_is_not_kept(before: list[dict[str, Any]]) -> None:
    assert Memory.fold([*before, SETTLED]).settled == {}


def test_a_word_outlives_the_next_change_of_its_step() -> None:
    memory = Memory.fold([intent(repeatable=False), SETTLED, intent(number=2)])
    assert "phase.step#1" in memory.settled


def test_the_run_that_opened_or_last_began_a_change_is_known() -> None:
    first, second, third = ({"run": name} for name in ("r1", "r2", "r3"))
    events = [
        event("run-started", runbook="a") | first,
        event("attempt-opened") | first,
        event("run-started", runbook="b") | second,
        intent() | second,
        event("run-started", runbook="c") | third,
    ]
    assert Memory().last_changer is None
    for count, runbook in ((2, "a"), (3, "a"), (4, "b"), (5, "b")):
        last = Memory.fold(events[:count]).last_changer
        assert last is not None
        assert last["runbook"] == runbook


def test_the_outcome_of_a_step_is_that_of_its_changes_together() -> None:
    assert Memory().outcome_of("phase.step") is None
    both = [intent(), result(), intent(number=2)]
    assert Memory.fold(both).outcome_of("phase.step") is Outcome.UNKNOWN
    assert Memory.fold([*both, result(number=2)]).outcome_of("phase.step") is Outcome.OK
    assert (
        Memory.fold([*both, result(number=2, outcome="failed")]).outcome_of("phase.step")
        is Outcome.FAILED
    )


ACCEPTED = event(
    "accepted", code="disk-space", subject=None, by="A", reason="B", until="2026-12-31", given="x"
)


def test_an_acceptance_holds_until_the_attempt_is_closed() -> None:
    (acceptance,) = Memory.fold([ACCEPTED]).accepted.values()
    assert (acceptance.code, acceptance.by, acceptance.run) == ("disk-space", "A", "r")
    assert acceptance.until == date(2026, 12, 31)
    assert Memory.fold([ACCEPTED, event("attempt-closed")]).accepted == {}


def test_an_attempt_opens_closes_and_opens_again() -> None:
    opened, closed = event("attempt-opened", 1), event("attempt-closed", 2)
    assert Memory.fold([opened]).started == opened["time"]
    assert Memory.fold([opened, closed]).closed
    assert not Memory.fold([opened, closed, event("attempt-opened", 3)]).closed


def test_detached_commands_by_name_oldest_first() -> None:
    events = [
        intent("update.run", detached="update-1"),
        intent("upgrade.run[1]", detached="upgrade-1"),
        intent("upgrade.run[2]", detached="upgrade-2"),
        intent("other.step"),
    ]
    found = Memory.fold(events).detached("upgrade")
    assert [record.intent["detached"] for record in found] == ["upgrade-1", "upgrade-2"]


def test_kinds_it_does_not_know_are_none_of_its_business() -> None:
    assert Memory.fold([event("observation", node="x"), event("of-a-later-version")]) == Memory()


def test_a_settlement_counts_for_what_was_known_when_it_was_given() -> None:
    events = [
        intent(repeatable=False),
        event("settled", step="phase.step", word="repeat", by="A", reason="B"),
        intent(repeatable=False),
    ]
    assert Memory.fold(events[:2]).settled
    assert Memory.fold(events).settled == {}


def test_what_never_started_is_as_if_it_had_not_been_intended() -> None:
    never = result(outcome="failed", code=None, never_started=True)
    assert Memory.fold([intent(), never]).changes == {}


NEVER = result(outcome="failed", code=None, never_started=True)
REPEAT = event("settled", step="phase.step", word="repeat", by="A", reason="B")
UNKNOWN = [intent(repeatable=False), result(outcome="unknown", code=None)]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [*UNKNOWN, REPEAT],
        [intent(repeatable=False), REPEAT],
        [intent(opens=OPENS_FENCING), result()],
        [event("attempt-opened") | {"run": "another"}],
    ],
    ids=["nothing", "settled", "settled without a result", "entry of before", "run of before"],
)
def test_a_fold_with_what_never_started_is_the_fold_without_it(before: list[Any]) -> None:
    again = intent(repeatable=False, opens=OPENS_FENCING)
    assert Memory.fold([*before, again, NEVER]) == Memory.fold(before)


def test_a_word_is_used_up_by_what_was_started() -> None:
    started = [*UNKNOWN, REPEAT, intent(repeatable=False), result(outcome="failed")]
    assert Memory.fold(started).settled == {}


def test_a_second_try_that_never_started_does_not_undo_the_first_one() -> None:
    events = [
        event("attempt-opened"),
        intent("upgrade.run[1]", detached="upgrade-1", repeatable=False),
        result("upgrade.run[1]", outcome="unknown", code=None),
        intent("upgrade.run[1]", detached="upgrade-1", repeatable=False),
        result("upgrade.run[1]", outcome="failed", code=None, never_started=True),
    ]
    (record,) = Memory.fold(events).detached("upgrade")
    assert record.outcome is Outcome.UNKNOWN
