"""Applying changes: what is on record before and after, and what stops a run how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.act.driving import Action, Applied
from engine.attempt.records import RecordsWriter
from engine.model.answer import Answer, Lost, LostKind
from engine.model.change import Change, Move, Nothing, Temporary
from engine.model.ending import Ending, Mode
from engine.transport.firewall import Firewall
from tests.engine import kit
from tests.engine.acting import SET, STEP, Bench, Make, change
from tests.engine.scripted import said

# --- done


def test_the_intent_is_on_n_before_the_command_runs(bench: Make) -> None:
    seen: list[list[str]] = []
    made: Bench

    def answer() -> Answer:
        seen.append(made.on_n())
        here = made.run.journal.path.read_text()
        assert '"event": "intent"' in here
        assert '"event": "result"' not in here
        return said("done")

    made = bench({(kit.N, SET): answer})
    applied = made.apply(change(), end="because")
    assert seen == [["intent"]]
    assert made.on_n() == ["intent", "result"]
    assert (applied.did_something, applied.reason) == (True, "because")
    assert made.run.changes_made == 1
    assert made.ending() is None


def test_intent_and_result_say_what_is_needed_to_go_on(bench: Make) -> None:
    made = bench({(kit.N, SET): said("out", stderr="warning")})
    made.apply(change(opens=(Temporary("fencing", "cluster", "enabled"),)))
    (intent,), (result,) = made.events("intent"), made.events("result")
    assert intent["key"] == result["key"] == f"{STEP}#1"
    assert intent["command"] == "pcs property set x=1"
    assert intent["opens"] == [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    assert (intent["repeatable"], intent["detached"]) == (True, None)
    assert (result["outcome"], result["code"]) == ("ok", 0)
    assert result["output"]["text"] == "out\n[stderr] warning"
    assert ("fencing", "cluster") in made.run.memory.ledger


def test_changes_of_one_action_have_keys_of_their_own(bench: Make) -> None:
    made = bench({(kit.N, SET): said(), (kit.N, ("true",)): said()})
    applied = made.apply(change(), change(argv=("true",)))
    assert [event["key"] for event in made.events("intent")] == [f"{STEP}#1", f"{STEP}#2"]
    assert len(applied.answers) == 2


def test_the_action_is_given_the_answer(bench: Make) -> None:
    got: list[str] = []

    def asking() -> Action:
        answer = yield change()
        got.append(answer.text)
        return f"it said {answer.text}"

    made = bench({(kit.N, SET): said("7")})
    assert made.applier.apply(STEP, asking()).reason == "it said 7"
    assert got == ["7"]


def test_nothing_to_do_makes_no_event_and_no_command(bench: Make) -> None:
    made = bench()
    applied = made.apply(end=Nothing("it is there"))
    assert (applied.did_something, applied.reason) == (False, "it is there")
    assert made.commands == []
    assert made.run.journal.events == []
    assert made.run.changes_made == 0


def test_standard_input_reaches_the_command_and_no_record(bench: Make) -> None:
    made = bench()
    made.apply(change(stdin=b"PASSWORD-ON-STDIN"))
    assert "PASSWORD-ON-STDIN" not in made.run.journal.path.read_text()
    assert "PASSWORD-ON-STDIN" not in made.node.journal_on_n()


def test_a_secret_answer_is_never_in_the_journal(bench: Make, tmp_path: Path) -> None:
    made = bench({(kit.N, SET): said("HUNTER2", stderr="HUNTER2 again")})
    applied = made.apply(change(secret_output=True))
    assert applied.answers[0].text == "HUNTER2"
    assert made.events("result")[0]["output"] == {"text": "(not recorded: secret)"}
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert "HUNTER2" not in path.read_text(), path
    assert "HUNTER2" not in repr(applied)


def test_a_secret_answer_of_a_failed_change_is_not_told_either(bench: Make, tmp_path: Path) -> None:
    made = bench({(kit.N, SET): said("HUNTER2", code=1, stderr="HUNTER2 again")})
    text = made.refused(change(secret_output=True))
    assert "(not shown: secret)" in text
    assert "HUNTER2" not in text
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert "HUNTER2" not in path.read_text(), path


@pytest.mark.parametrize(("outcome", "left"), [(said(), 0), (said(code=1), 1)])
def test_a_ledger_entry_is_closed_by_success_only(bench: Make, outcome: Answer, left: int) -> None:
    opened = kit.intent(
        "before.it", opens=[{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    )
    made = bench({(kit.N, SET): outcome}, earlier=[opened, kit.result("before.it")])
    made.apply(change(closes=(("fencing", "cluster"),), may_fail=True))
    assert len(made.run.memory.ledger) == left


# --- failed


def test_a_failed_change_stops_the_run_and_no_other_follows(bench: Make) -> None:
    made = bench({(kit.N, SET): said("out", code=3, stderr="CIB is locked")})
    text = made.refused(change(), change(argv=("never",)))
    assert "set x on neteye01.neteyelocal failed with exit code 3: CIB is locked" in text
    assert made.commands == [SET]
    assert made.ending() == (Ending.FAILED, 1)
    assert [event["outcome"] for event in made.events("result")] == ["failed"]
    assert made.on_n() == ["intent", "result"]


def test_no_change_is_made_in_a_stopped_run(bench: Make) -> None:
    made = bench()
    made.run.halt(Ending.BLOCKED, "two findings", "remove them")
    text = made.refused(change())
    assert "No change is made any more after: two findings" in text
    assert made.commands == []
    assert made.events("intent") == []
    assert made.ending() == (Ending.BLOCKED, 10)


def test_no_change_is_made_when_a_run_only_plans(bench: Make) -> None:
    made = bench(mode=Mode.PLAN)
    assert "this run only looks" in made.refused(change())
    assert made.commands == []
    assert made.run.journal.events == []


def test_a_change_that_may_fail_leaves_the_verdict_to_its_action(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=1)})
    applied = made.apply(change(may_fail=True))
    assert applied.answers[0].code == 1
    assert made.ending() is None
    assert made.events("result")[0]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("codes", "beginning"),
    [
        ((0,), "set x on n1: as the guide says"),
        ((4,), "set x on n1 ended with exit status 4: as the guide says"),
        ((0, 4), "set x on n1; set x on n2 ended with exit status 4: as the guide says"),
        ((0, 0, 0), "3 changes on n1, n2, n3: as the guide says"),
        ((0, 0, 4), "3 changes on n1, n2, n3; set x on n3 ended with exit status 4: as"),
        ((), "as the guide says"),
    ],
)
def test_what_an_action_came_to_claims_no_more_than_its_changes(
    codes: tuple[int, ...], beginning: str
) -> None:
    made = [Change("set x", f"n{n}", ("set",), 9.0) for n in range(1, len(codes) + 1)]
    answers = [Answer(code, b"", b"", 1.0) for code in codes]
    said = Applied(tuple(made), tuple(answers), "as the guide says").sentence()
    assert said.startswith(beginning)


def test_other_codes_may_be_good_ones(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=100)})
    made.apply(change(ok_codes=(0, 100)))
    assert made.events("result")[0]["outcome"] == "ok"


def test_the_first_stop_counts(bench: Make) -> None:
    made = bench({(kit.N, SET): said(code=1)})
    made.refused(change())
    made.run.halt(Ending.UNKNOWN, "later", "")
    assert made.ending() == (Ending.FAILED, 1)


def test_what_the_transport_refuses_is_a_failure_that_never_ran(bench: Make) -> None:
    made = bench()
    firewall = Firewall(made.run.inventory)

    class Walled(kit.Node):
        def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
            if not kit.is_record_script(argv):
                firewall.check(node, argv)
            return super()._reply(node, argv, stdin)

    made.applier.transport = Walled(made.node.root, {(kit.VOTING, ("neteye", "upgrade")): said()})
    text = made.refused(change(node=kit.VOTING, argv=("neteye", "upgrade")))
    assert kit.VOTING in text
    assert made.ending() == (Ending.FAILED, 1)
    assert made.events("result")[0]["outcome"] == "failed"


# --- no answer


STARTED = [LostKind.CONNECTION_LOST, LostKind.DEADLINE]
NEVER = [LostKind.UNREACHABLE, LostKind.AUTHENTICATION, LostKind.HOST_KEY]


@pytest.mark.parametrize("kind", STARTED)
@pytest.mark.parametrize("repeatable", [True, False])
def test_no_answer_to_a_change_that_may_have_run_is_unknown(
    bench: Make, kind: LostKind, repeatable: bool
) -> None:
    made = bench({(kit.N, SET): Lost(kit.N, "gone", kind, said("half"))})
    text = made.refused(change(repeatable=repeatable))
    assert "is not known: gone" in text
    assert ("Run again" in text) is repeatable
    assert (f"--settle '{STEP}=done|repeat'" in text) is not repeatable
    assert made.ending() == (Ending.UNKNOWN, 12)
    (result,) = made.events("result")
    assert result["outcome"] == "unknown"
    assert result["reason"] == f"gone. {kit.N} answers again and has not rebooted"
    assert result["output"]["text"] == "half"


@pytest.mark.parametrize("kind", NEVER)
def test_a_change_that_never_started_has_failed(bench: Make, kind: LostKind) -> None:
    made = bench({(kit.N, SET): Lost(kit.N, "no way", kind)})
    assert "The command never started" in made.refused(change(repeatable=False))
    assert made.ending() == (Ending.FAILED, 1)
    assert made.events("result")[0]["outcome"] == "failed"


def test_without_its_intent_on_n_a_command_is_not_started(bench: Make) -> None:
    made = bench()
    made.node.failing = [kit.lost_connection(), kit.unreachable()]
    text = made.refused(change(repeatable=False))
    assert "not done: set x. Its intent could not be recorded on N" in text
    assert made.commands == []
    assert made.run.changes_made == 0
    assert made.ending() == (Ending.FAILED, 1)
    # nothing is left open: the next run may do it
    assert made.run.memory.open_intents() == []


def test_a_lost_lock_stops_before_the_command(bench: Make) -> None:
    made = bench()
    RecordsWriter(made.node, kit.N, {"who": "other"}).acquire(over="1")
    assert "another run took the cluster over" in made.refused(change())
    assert made.commands == []
    assert made.ending() == (Ending.LOCKED, 13)


def test_a_result_that_n_did_not_take_is_handed_over_later(bench: Make) -> None:
    made = bench()
    made.node.failing = [None, kit.lost_connection()]
    made.apply(change())
    assert made.on_n() == ["intent"]
    assert made.events("bookkeeping")
    made.applier.sync()
    assert made.on_n() == ["intent", "result", "bookkeeping"]
    assert made.ending() is None


def test_before_an_attempt_is_open_nothing_is_written_to_n(bench: Make) -> None:
    made = bench(attempt=None)
    made.run.record("note", step="", text="x")
    made.applier.sync()
    assert made.on_n() == []
    assert made.run.journal.unsent()


def test_what_a_change_moves_is_in_its_intent(bench: Make) -> None:
    made = bench({(kit.N, SET): said("")})
    move = Move(("web_ip", "web"), kit.N, kit.SECOND, "the proof")
    made.apply(change(moves=move), change(what="set y"))
    named, plain = made.events("intent")
    assert Move.of(named["moves"]) == move
    assert "moves" not in plain


def test_the_files_of_a_change_are_told_before_and_after(bench: Make) -> None:
    absent = "file-state\tbefore\t/etc/x\tabsent"
    after = f"file-state\tafter\t/etc/x\troot\troot\t600\t3\t{'d' * 64}"
    made = bench({(kit.N, SET): said(f"{absent}\n{after}\n")})
    made.apply(change(files=("/etc/x",)), change(what="set y"))
    named, plain = made.events("intent")
    assert named["files"] == ["/etc/x"]
    assert "files" not in plain
    result, other = made.events("result")
    (told,) = result["files"]
    assert (told["before"], told["after"]["sha256"]) == (None, "d" * 64)
    assert "files" not in other
