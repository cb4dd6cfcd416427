"""Applying changes: what is on record before and after, and what stops a run how."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import remote
from engine.act import Action, Applied, Applier, NotDone
from engine.detached import Follower
from engine.model.change import Change, Nothing, Temporary
from engine.records import LEASE, RecordsWriter
from engine.run import Ending, Mode, Run
from engine.transport.base import Answer, Lost, LostKind
from engine.transport.firewall import Firewall
from engine.transport.scripted import said
from tests.engine import kit

SET = ("pcs", "property", "set", "x=1")
STEP = "phase.step"


def change(**changes: Any) -> Change:
    plain: dict[str, Any] = {"what": "set x", "node": kit.N, "argv": SET, "deadline": 60.0}
    return Change(**{**plain, **changes})


def action(*changes: Change, end: Nothing | str | None = None) -> Action:
    """An action of these changes; it keeps no look at the cluster."""
    for one in changes:  # noqa: UP028  # a tuple takes no answers
        yield one
    return end


class Bench:
    """An applier with a real journal here and real records on a node N in a directory."""

    def __init__(self, tmp_path: Path, answers: Mapping[Any, Any], **of_run: Any) -> None:
        self.node = kit.Node(tmp_path / "records", answers)
        self.run: Run = kit.make_run(tmp_path, **of_run)
        self.records = RecordsWriter(self.node, kit.N, {"who": "test"})
        self.records.acquire()
        self.time = kit.FakeTime()
        self.output: list[str] = []
        self.words: list[str] = []
        self.applier = Applier(
            self.run,
            self.node,
            self.records,
            self.output.append,
            self.words.append,
            self.time.clock,
        )

    def apply(self, *changes: Change, step: str = STEP, end: Any = None) -> Applied:
        self.run.step = step
        return self.applier.apply(step, action(*changes, end=end))

    def refused(self, *changes: Change) -> str:
        """Apply what can't be done; the text for the operator."""
        with pytest.raises(NotDone) as caught:
            self.apply(*changes)
        return str(caught.value)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """What was run on nodes, record scripts apart."""
        return [argv for _, argv in self.node.asked if not kit.is_record_script(argv)]

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        return [event for event in self.run.journal.events if event["event"] == kind]

    def on_n(self) -> list[str]:
        """Kinds of the events of this run on N."""
        lines = self.node.journal_on_n().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def ending(self) -> tuple[Ending, int] | None:
        stop = self.run.stop
        return (stop.ending, stop.ending.code) if stop else None


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    def make(answers: Mapping[Any, Any] | None = None, **of_run: Any) -> Bench:
        return Bench(tmp_path, answers or {(kit.N, SET): said()}, **of_run)

    return make


Make = Callable[..., Bench]


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
    assert (result["outcome"], result["reason"]) == ("unknown", "gone")
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


# --- an earlier run


OPEN_INTENT = kit.intent(repeatable=False)
UNKNOWN = kit.result(outcome="unknown", code=None)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_that_is_not_repeatable_stops_for_a_person(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    text = made.refused(change(repeatable=False))
    assert f"--settle '{STEP}=done|repeat'" in text
    assert made.commands == []
    assert made.ending() == (Ending.UNKNOWN, 12)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_that_is_repeatable_is_done_again(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    made.apply(change())
    assert made.commands == [SET]
    assert made.run.memory.open_intents() == []


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_a_former_change_whose_end_is_known_is_made_again_when_it_is_needed(
    bench: Make, outcome: str
) -> None:
    made = bench(earlier=[OPEN_INTENT, kit.result(outcome=outcome)])
    made.apply(change(repeatable=False))
    assert made.commands == [SET]


def settled(word: str) -> list[dict[str, Any]]:
    return [OPEN_INTENT, kit.event("settled", step=STEP, word=word, by="A. Rossi", reason="seen")]


def test_settled_as_done_is_not_done_again(bench: Make) -> None:
    made = bench(earlier=settled("done"))
    applied = made.apply(change(repeatable=False))
    assert made.commands == []
    assert applied.answers[0].code == 0
    assert made.ending() is None


def test_settled_to_repeat_is_done_again(bench: Make) -> None:
    made = bench(earlier=settled("repeat"))
    made.apply(change(repeatable=False))
    assert made.commands == [SET]


def test_settled_for_another_step_counts_for_that_one_only(bench: Make) -> None:
    other = kit.event("settled", step="phase.other", word="done", by="A", reason="B")
    made = bench(earlier=[OPEN_INTENT, other])
    made.refused(change(repeatable=False))
    assert made.ending() == (Ending.UNKNOWN, 12)


@pytest.mark.parametrize("former", [[OPEN_INTENT], [OPEN_INTENT, UNKNOWN]])
def test_an_open_intent_whose_effect_is_there_is_adopted(
    bench: Make, former: list[dict[str, Any]]
) -> None:
    made = bench(earlier=former)
    made.apply(end=Nothing("x is set"))
    (result,) = made.events("result")
    assert (result["outcome"], result["adopted"]) == ("ok", True)
    assert "an earlier run began it and its effect is there: x is set" in result["reason"]
    assert made.commands == []
    assert made.run.memory.open_intents() == []


def test_what_has_failed_before_is_not_adopted(bench: Make) -> None:
    made = bench(earlier=[OPEN_INTENT, kit.result(outcome="failed")])
    made.apply(end=Nothing("x is set"))
    assert made.events("result") == []


# --- detached


UPGRADE = ("neteye", "upgrade")


def upgrade(**changes: Any) -> Change:
    return change(argv=UPGRADE, detached="upgrade-1", repeatable=False, **changes)


class Detached(kit.Node):
    """START and FOLLOW are answered here; every other record script runs for real."""

    def __init__(self, root: Path, started: Any, looks: Callable[[], Any]) -> None:
        super().__init__(root)
        self.started, self.looks = started, looks
        self.starts = 0

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        source = argv[2] if len(argv) > 2 else ""
        if source == remote.START.strip():
            assert argv[5:] == UPGRADE
            self.starts += 1
            return self.started
        if source == remote.FOLLOW.strip():
            return self.looks()
        return super()._reply(node, argv, stdin)


@pytest.fixture
def long_command(bench: Make, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A bench whose N runs a detached command that stands as `looks` say, one after the other."""

    def make(looks: list[Any], started: Any = None, **of_run: Any) -> Bench:
        made = bench(**of_run)
        node = Detached(made.node.root, started or said(), kit.replies(*looks))
        made.node = made.applier.transport = node
        made.records = made.applier.records = RecordsWriter(node, kit.N, {"who": "test"})
        made.records.acquire(over="1")
        timeless = functools.partial(Follower, clock=made.time.clock, wait=made.time.wait)
        monkeypatch.setattr("engine.detached.Follower", timeless)
        return made

    return make


def test_a_detached_command_is_started_followed_and_done(long_command: Make) -> None:
    made = long_command([said("alive - 4\none\n"), said("dead 0 8\ntwo\n")])
    applied = made.apply(upgrade())
    assert "".join(made.output) == "one\ntwo\n"
    assert applied.answers[0].code == 0
    assert made.events("intent")[0]["detached"] == "upgrade-1"
    assert made.events("result")[0]["code"] == 0
    assert made.on_n() == ["intent", "result"]


def test_the_exit_status_of_a_detached_command_counts(long_command: Make) -> None:
    made = long_command([said("dead 4 6\nerror\n")])
    assert "failed with exit code 4: error" in made.refused(upgrade())
    assert made.ending() == (Ending.FAILED, 1)


@pytest.mark.parametrize("looks", [["dead 0 4\nlog\n"], ["alive - 0\n", "dead 0 4\nlog\n"]])
def test_a_command_that_an_earlier_run_started_is_taken_or_followed(
    long_command: Make, looks: list[str]
) -> None:
    before = kit.intent(detached="upgrade-1", repeatable=False)
    made = long_command(
        [said(text) for text in looks], said(code=remote.STARTED_BEFORE), earlier=[before]
    )
    assert made.apply(upgrade()).answers[0].code == 0
    assert made.ending() is None
    assert "".join(made.output) == "log\n"


def test_an_interrupted_command_stops_with_11(long_command: Make) -> None:
    made = long_command([said("alive - 0\n"), said("dead - 0\n")])
    text = made.refused(upgrade())
    assert "was interrupted: its process is gone" in text
    assert made.ending() == (Ending.STOPPED, 11)
    (result,) = made.events("result")
    assert (result["outcome"], result["code"]) == ("failed", None)


def test_a_command_that_outlives_its_deadline_is_unknown(long_command: Make) -> None:
    made = long_command([said("alive - 0\n")])
    text = made.refused(upgrade(deadline=100.0))
    assert "still running after 100 s" in text
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_a_start_without_an_answer_is_unknown(long_command: Make) -> None:
    made = long_command([said("dead 0 0\n")], kit.lost_connection())
    made.refused(upgrade())
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_a_node_out_of_reach_before_the_start_is_a_failure(long_command: Make) -> None:
    made = long_command([said("dead 0 0\n")], kit.unreachable())
    made.refused(upgrade())
    assert made.ending() == (Ending.FAILED, 1)


def test_the_lease_is_renewed_while_a_command_is_followed(long_command: Make) -> None:
    looks = [*[said("alive - 0\n")] * (2 * LEASE), said("dead 0 0\n")]
    made = long_command(looks)
    made.apply(upgrade(deadline=1000.0))
    renewed = [argv for _, argv in made.node.asked if argv[2:3] == (remote.RENEW.strip(),)]
    assert 4 <= len(renewed) <= 8


def test_a_lost_connection_while_following_is_waited_for(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([said("alive - 0\n")])
    plain = made.node._reply

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if 15 < made.time.clock() < 15 + 2 * LEASE:
            return kit.unreachable()
        if made.time.clock() > 200 and argv[2] == remote.FOLLOW.strip():
            return said("dead 0 0\n")
        return plain(node, argv, stdin)

    monkeypatch.setattr(made.node, "_reply", reply)
    made.apply(upgrade(deadline=1000.0))
    assert made.ending() is None


def test_a_run_that_is_superseded_while_it_follows_says_so(long_command: Make) -> None:
    made = long_command([said("alive - 0\n")])
    plain = made.applier.on_idle

    def idle(word: str) -> None:
        plain(word)
        if made.time.clock() == 5:
            RecordsWriter(made.node, kit.N, {"who": "other"}).acquire(over="2")

    made.applier.on_idle = idle
    with pytest.raises(Exception, match="another run took the cluster over"):
        made.apply(upgrade(deadline=1000.0))
    assert made.ending() == (Ending.LOCKED, 13)


def test_a_started_command_out_of_reach_for_good_is_unknown(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([said("alive - 0\n"), kit.unreachable()])
    monkeypatch.setattr(made.applier, "keep_lease", lambda: None)
    text = made.refused(upgrade(deadline=10_000.0))
    assert "never started" not in text
    assert made.ending() == (Ending.UNKNOWN, 12)
    assert made.run.memory.open_intents()


@pytest.mark.xfail(
    strict=True,
    reason="a lock file that is busy for once (exit code 74 of the renewal) ends the following of"
    " a command that lives, without a result on record",
)
def test_a_renewal_that_fails_once_does_not_end_the_following(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([*[said("alive - 0\n")] * LEASE, said("dead 0 0\n")])
    plain = made.node._reply
    busy = [said(code=remote.BUSY)]

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if argv[2:3] == (remote.RENEW.strip(),) and busy:
            return busy.pop()
        return plain(node, argv, stdin)

    monkeypatch.setattr(made.node, "_reply", reply)
    made.apply(upgrade(deadline=1000.0))
    assert made.ending() is None


@pytest.mark.xfail(
    strict=True, reason="a command that is not there at all is said to be `still running`"
)
def test_a_detached_command_without_a_trace_is_not_still_running(long_command: Make) -> None:
    made = long_command([said("absent - 0\n")], said(code=remote.STARTED_BEFORE))
    assert "still running" not in made.refused(upgrade())
