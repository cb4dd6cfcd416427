"""httpd is moved to each operative node, looked at there, and put back; what is found is kept."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import waiting
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge.constraints import leftover_constraints
from engine.judge.restore import unsettled
from engine.model.change import Change, Move, Nothing
from engine.model.cluster import Cib, ClusterStatus, FailedAction, LocationConstraint
from engine.model.finding import Acceptance, Way
from engine.model.names import names_of
from engine.plan.look import Ahead, NotKnownYet, PlanLook
from engine.queries.pacemaker import STATUS
from engine.record.evidence import Evidence, StoppedForPerson
from engine.record.memory import Memory
from runbook.to_4_26 import failover, failover_record, test_82_failover, test_87_failover_proof
from runbook.to_4_26.actions.failover import (
    constraint_removed,
    failover_to_come,
    httpd_back,
    httpd_failed_over,
    move,
)
from runbook.to_4_26.actions.ocs import httpd_restarted
from runbook.to_4_26.actions.restore import ledger_constraint
from runbook.to_4_26.failover_record import CONSTRAINT, LEDGER, Exercised, Proof
from runbook.to_4_26.httpd import checks as httpd_checks
from runbook.to_4_26.presence import Seen
from runbook.to_4_26.settings import FAILOVER_PROOF
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.failover_cluster import (
    BROKEN,
    SECOND,
    THIRD,
    UNIT,
    Failover,
    FailoverLook,
    N,
    proved_on,
)
from tests.engine import kit
from tests.engine.scripted import FakeTransport
from tests.engine.scripted import said as answered
from tests.judge import builders as b
from tests.parse.topology import crm_mon


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.0)
    monkeypatch.setattr(failover, "ARRIVAL", 0.05)
    monkeypatch.setattr("runbook.to_4_26.actions.restore.BRIEF", 0.05)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Failover:
    made = Failover()
    monkeypatch.setattr(httpd_checks, "ocs_online", made.proved)
    return made


class Scene:
    """One run on that cluster, whose journal its memory is made of."""

    def __init__(self, place: Path, world: Failover, *earlier: Any, proof: bool = True) -> None:
        self.run = kit.make_run(place, earlier=[proved_on(), *earlier])
        self.world = world
        self.look = FailoverLook(world, self.run, proof=proof)
        self.changes: list[Change] = []

    def drive(self, step: str, generator: Iterator[Any]) -> Any:
        """Apply what the action yields; what it said at its end."""
        self.run.step = step
        try:
            change = next(generator)
            while True:
                self._entered(step, change)
                answer = self.world.change(change.node, change.argv, None)
                assert answer.code == 0, change.argv
                self._ended(step, change)
                change = generator.send(answer)  # type: ignore[attr-defined]
        except StopIteration as end:
            return end.value

    def _entered(self, step: str, change: Change) -> None:
        opens = [vars(entry) for entry in change.opens]
        key = f"{step}#{len(self.changes)}"
        self.changes.append(change)
        self.run.record("intent", step=step, key=key, node=N, what=change.what, opens=opens)

    def _ended(self, step: str, change: Change) -> None:
        key = f"{step}#{len(self.changes) - 1}"
        closes = [list(pair) for pair in change.closes]
        self.run.record("result", step=step, key=key, outcome="ok", code=0, closes=closes)

    def exercise(self, node: str) -> tuple[Any, Proof | None]:
        """The step `failover.httpd` of a node, body and all."""
        seen = Exercised()
        step = f"failover.httpd[{node}]"
        said = self.drive(step, httpd_failed_over.generator(self.look, node, seen))
        if seen.proof is not None:
            self.run.record(
                "fact", step=step, name=failover_record.fact_of(node), **seen.proof.as_fact()
            )
        return said, seen.proof

    def back(self) -> Any:
        return self.drive("failover.back", httpd_back.generator(self.look))

    def not_exercised(self, node: str = SECOND) -> str:
        said, proof = self.exercise(node)
        assert isinstance(said, Nothing)
        assert (proof, self.changes) == (None, [])
        return said.reason


@pytest.fixture
def scene(tmp_path: Path, world: Failover) -> Scene:
    return Scene(tmp_path, world)


def commands(scene: Scene) -> list[str]:
    return [" ".join(change.argv) for change in scene.changes]


def test_httpd_is_moved_proved_and_let_go_and_goes_back(scene: Scene, world: Failover) -> None:
    said, proof = scene.exercise(SECOND)
    assert proof == Proof(SECOND, (), f"looked at on {SECOND}")
    assert said == f"{UNIT} was proved on {SECOND}, and is not held there"
    assert world.state() == (SECOND, None)
    scene.exercise(THIRD)
    assert f"{UNIT} is back on {N}" in scene.back()
    assert world.state() == (N, None)
    assert world.moves == [SECOND, THIRD, N]
    assert scene.run.memory.ledger == {}
    added = f"pcs constraint location add {CONSTRAINT} {UNIT}"
    removed = f"pcs constraint remove {CONSTRAINT}"
    moves = [f"{added} {node} INFINITY" for node in (SECOND, THIRD, N)]
    assert commands(scene) == [word for line in moves for word in (line, removed)]


def test_the_constraint_is_in_the_ledger_before_and_out_of_it_after(
    scene: Scene, world: Failover
) -> None:
    httpd = failover.httpd_of(world.status())
    assert httpd is not None
    change = move(scene.look, world.status(), world.cib(), httpd, SECOND)  # type: ignore[arg-type]
    assert [vars(entry) for entry in change.opens] == [
        {"kind": "constraint", "subject": CONSTRAINT, "former": "absent"}
    ]
    assert change.moves == Move(httpd.members, N, SECOND, "the failover proof")
    assert "httpd" in httpd.members
    assert constraint_removed(scene.look).closes == (LEDGER,)  # type: ignore[arg-type]


def test_where_the_verification_proved_it_httpd_is_not_moved_to(scene: Scene) -> None:
    assert "verification.ocs_server" in scene.not_exercised(N)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fencing": True}, "fencing is on"),
        ({"disabled": True}, "disabled on purpose"),
        ({"standby": {SECOND}}, "is not active"),
        ({"fenced_on_failure": ("httpd",)}, "on-fail=fence"),
        ({"others": [LocationConstraint("never", UNIT, SECOND, "-INFINITY")]}, "never"),
        ({"others": [LocationConstraint("no", "httpd", SECOND, "-1000000")]}, "constraint no"),
        ({"has_ocs": False, "has_database": False}, "no operative node"),
        # what an uninstalled module has left: there is no server to be proved
        ({"has_ocs": False}, "databases: ocsweb"),
    ],
)
def test_what_speaks_against_a_move_is_told(
    scene: Scene, world: Failover, change: dict[str, Any], why: str
) -> None:
    vars(world).update(change)
    reason = scene.not_exercised()
    assert reason.startswith("not exercised: ")
    assert why in reason


def test_a_preference_of_somebody_else_does_not_keep_httpd_off(
    scene: Scene, world: Failover
) -> None:
    """pcs replaces such a one by ours: a member is named in the place of the group."""
    preference = LocationConstraint("prefer", UNIT, SECOND, "50")
    world.others = [preference]
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert not proof.findings
    assert world.cib().location == (preference,)
    assert "httpd_drbd_fs" in commands(scene)[0]


def test_where_every_name_is_taken_httpd_is_not_moved(scene: Scene, world: Failover) -> None:
    names = [UNIT, *(r.id for r in world.status().resources if r.group == UNIT)]
    world.others = [LocationConstraint(f"prefer-{n}", n, SECOND, "50") for n in names]
    assert "which pcs would replace" in scene.not_exercised()


def test_the_node_is_written_as_pacemaker_writes_it(scene: Scene, world: Failover) -> None:
    status = world.status()
    nodes = tuple(dataclasses.replace(n, uname=n.name.upper()) for n in status.nodes)
    status = dataclasses.replace(status, nodes=nodes)
    httpd = failover.httpd_of(status)
    assert httpd is not None
    argv = move(scene.look, status, world.cib(), httpd, SECOND).argv  # type: ignore[arg-type]
    assert argv[-2:] == (SECOND.upper(), "INFINITY")


def test_without_the_setting_nothing_is_asked_and_told_so(tmp_path: Path, world: Failover) -> None:
    scene = Scene(tmp_path, world, proof=False)
    scene.look.ask = scene.look.cluster_status = None  # type: ignore[assignment, method-assign]
    assert scene.not_exercised() == failover.NOT_SET
    assert scene.back().reason == "httpd was not moved"


def test_a_broken_node_is_kept_for_later_and_nothing_is_left(scene: Scene, world: Failover) -> None:
    world.broken = {SECOND}
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    (finding,) = proof.findings
    assert (finding.code, finding.subject) == ("failover-ocs-failed", SECOND)
    assert BROKEN.observed in finding.observed
    assert "NOT PROVED" in proof.sentence()
    b.assert_told_well(proof.findings)
    assert world.held is None
    scene.exercise(THIRD)
    scene.back()
    assert world.state() == (N, None)


def test_a_start_that_fails_is_found_without_waiting_and_nothing_is_left(
    scene: Scene, world: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover, "ARRIVAL", 1000.0)
    world.fails = {SECOND}
    said, proof = scene.exercise(SECOND)
    assert said == f"{UNIT} was NOT proved on {SECOND}, and is not held there"
    assert proof is not None
    (finding,) = proof.findings
    assert (finding.code, finding.subject) == ("failover-not-started", SECOND)
    assert "httpd_start_0: error, no such file" in finding.observed
    b.assert_told_well(proof.findings)
    assert world.state() == (N, None)
    assert scene.back().reason == f"httpd is on {N}"


def test_a_stop_that_fails_is_not_waited_for(
    scene: Scene, world: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover, "ARRIVAL", 1000.0)
    world.blocked = True
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert "FAILED (blocked)" in proof.findings[0].observed
    assert world.held is None


def test_what_was_accepted_elsewhere_is_not_waited_for_at_each_move(
    scene: Scene, world: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover, "ARRIVAL", 1000.0)
    plain = world.status

    def with_one_stopped() -> ClusterStatus:
        status = plain()
        return dataclasses.replace(
            status, resources=(*status.resources, b.resource("nagvis", None))
        )

    monkeypatch.setattr(world, "status", with_one_stopped)
    scene.run.judge.acceptances = (
        Acceptance("resource-stopped", "nagvis", "known since May", "A. Rossi"),
    )
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert proof.findings == ()


def test_a_question_without_an_answer_proves_nothing_and_ends_nothing(
    scene: Scene, world: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(look: Any, node: str) -> Any:
        raise Unanswered(node, "GET /ocsinventory", "the connection was lost")

    monkeypatch.setattr(httpd_checks, "ocs_online", silent)
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert proof.findings[0].code == "failover-ocs-failed"
    assert "the connection was lost" in proof.findings[0].observed
    assert world.held is None


def test_what_only_warns_keeps_httpd_off_no_node(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned = dataclasses.replace(BROKEN, code="ocs-agents-unseen")
    monkeypatch.setattr(httpd_checks, "ocs_online", lambda look, node: Seen([warned], "looked at"))
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert proof.findings == ()
    assert "OCS works there" in proof.sentence()


def test_what_is_bound_to_httpd_moves_along_and_is_named(scene: Scene, world: Failover) -> None:
    world.along = {"shared_ip": N, "portal": N}
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert proof.moved == ("shared_ip", "portal")
    assert "moved along: shared_ip, portal" in proof.sentence()


def test_a_proof_survives_the_journal(world: Failover, scene: Scene) -> None:
    world.broken = {SECOND}
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    fact = json.loads(json.dumps(proof.as_fact()))
    assert Proof.from_fact(fact) == proof
    assert failover_record.proof_on_record(scene.run.memory, SECOND) == proof


def test_what_was_good_is_not_done_again_and_what_was_not_is(
    tmp_path: Path, world: Failover
) -> None:
    bad = Proof(SECOND, (BROKEN,), "500").as_fact()
    good = Proof(THIRD, (), "400").as_fact()
    facts = [
        kit.event("fact", name=failover_record.fact_of(SECOND), **bad),
        kit.event("fact", name=failover_record.fact_of(THIRD), **good),
    ]
    scene = Scene(tmp_path, world, *facts)
    assert "exercised earlier" in scene.not_exercised(THIRD)
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert not proof.findings


def left(node: str) -> list[dict[str, Any]]:
    """A run that was killed after it had moved httpd to the node."""
    step = f"failover.httpd[{node}]"
    opens = [{"kind": "constraint", "subject": CONSTRAINT, "former": "absent"}]
    return [kit.intent(step, opens=opens), kit.result(step)]


def test_a_left_constraint_is_gone_on_with_on_its_own_node(tmp_path: Path, world: Failover) -> None:
    world.at = world.held = SECOND
    scene = Scene(tmp_path, world, *left(SECOND))
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert commands(scene) == [f"pcs constraint remove {CONSTRAINT}"]


def test_a_left_constraint_is_removed_before_the_next_node(tmp_path: Path, world: Failover) -> None:
    world.at = world.held = SECOND
    scene = Scene(tmp_path, world, *left(SECOND))
    scene.exercise(THIRD)
    assert [command.split()[2] for command in commands(scene)] == ["remove", "location", "remove"]
    assert world.state() == (THIRD, None)


def test_the_way_back_needs_the_ledger_alone(tmp_path: Path, world: Failover) -> None:
    """Whatever the setting says now, and whoever has taken the constraint away meanwhile."""
    world.at = world.held = SECOND
    scene = Scene(tmp_path, world, *left(SECOND), proof=False)
    scene.back()
    assert world.state() == (N, None)
    assert scene.run.memory.ledger == {}
    other = Failover()
    again = Scene(tmp_path / "again", other, *left(SECOND), proof=False)
    assert again.back().reason == f"httpd is on {N}"
    assert again.run.memory.ledger == {}


def test_with_fencing_on_the_constraint_goes_and_httpd_stays(
    tmp_path: Path, world: Failover
) -> None:
    world.at = world.held = SECOND
    world.fencing = True
    scene = Scene(tmp_path, world, *left(SECOND))
    assert "httpd is not moved: fencing is on" in scene.back()
    assert world.state() == (SECOND, None)


def test_while_httpd_is_on_its_way_the_verification_does_not_restart_it(
    tmp_path: Path, world: Failover
) -> None:
    world.at = None
    scene = Scene(tmp_path, world, *left(SECOND))
    said = scene.drive("verification.httpd", httpd_restarted.generator(scene.look))
    assert isinstance(said, Nothing)
    assert "failover.httpd" in said.reason


def test_under_way_from_the_first_move_until_it_is_known_to_be_back() -> None:
    step = f"failover.httpd[{SECOND}]"
    removed = kit.result(step, closes=[list(LEDGER)])
    moved = [kit.intent(step), removed]
    over = kit.event("fact", 10, name=failover_record.OVER, node=N)
    again = {**kit.intent(step), "time": kit.event("x", 20)["time"]}
    for events, expected in (
        ([], False),
        (left(SECOND), True),
        (moved, True),
        ([*moved, over], False),
        ([*moved, over, again, removed], True),
    ):
        assert failover_record.is_under_way(Memory.fold(events)) is expected, events


def test_once_put_back_httpd_s_home_stays_wherever_a_later_run_proves_ocs(
    tmp_path: Path, world: Failover
) -> None:
    """Else a run that found `failover-not-back` was followed by one that found nothing."""
    proved = kit.event("fact", name=failover_record.PROVED, node=N)
    over = kit.event("fact", name=failover_record.OVER, node=N)
    elsewhere = {**proved, "node": SECOND}
    for events, home in (
        ([], N),
        ([elsewhere], SECOND),
        ([proved, over, elsewhere], N),
    ):
        look = Scene(tmp_path / str(len(events)), world, *events).look
        assert failover.home_of(look) == home


def test_a_plan_shows_both_changes(scene: Scene) -> None:
    told = failover_to_come(scene.look, SECOND, Exercised())  # type: ignore[arg-type]
    assert not isinstance(told, Nothing)
    assert [change.argv[2] for change in told.changes] == ["location", "remove"]


def test_a_plan_shows_no_move_that_was_made_already(tmp_path: Path, world: Failover) -> None:
    world.at = world.held = SECOND
    look = Scene(tmp_path, world, *left(SECOND)).look
    told = failover_to_come(look, SECOND, Exercised())  # type: ignore[arg-type]
    assert not isinstance(told, Nothing)
    assert [change.argv[2] for change in told.changes] == ["remove"]


def _moved(look: Any) -> Change:
    status = b.cluster_status()
    return move(look, status, Cib({}), failover.Httpd(UNIT, (), N, is_disabled=False), SECOND)


@pytest.mark.parametrize("proof", [True, False])
def test_a_plan_ahead_of_the_upgrade_knows_the_setting_and_nothing_else(
    tmp_path: Path, proof: bool
) -> None:
    """After the upgrade's changes httpd is somewhere; without the setting nobody needs to know."""
    run = kit.make_run(tmp_path, of_step={FAILOVER_PROOF: proof})
    upgrade = Change("neteye upgrade", N, ("neteye", "upgrade"), 9.0, detached="upgrade-1")
    ahead = Ahead([("upgrade.run[1]", upgrade)])
    node = FakeTransport({(N, STATUS.argv): answered(crm_mon(3))})
    look = PlanLook(Look(run, node, names_of(run.inventory, None)), ahead)
    if proof:
        with pytest.raises(NotKnownYet):
            next(httpd_failed_over.generator(look, SECOND, Exercised()))
        with pytest.raises(NotKnownYet):  # whether it will have been moved is not known either
            next(httpd_back.generator(look))
        ahead.made.append((f"failover.httpd[{SECOND}]", _moved(look)))
        with pytest.raises(NotKnownYet):
            next(httpd_back.generator(look))
        return
    for generator in (
        httpd_failed_over.generator(look, SECOND, Exercised()),
        httpd_back.generator(look),
    ):
        with pytest.raises(StopIteration) as end:
            next(generator)
        assert isinstance(end.value.value, Nothing)


def test_only_failed_starts_of_httpd_are_left_out_before_fencing() -> None:
    """A failed stop stays: with fencing on, its node would be fenced."""
    seen = b.observed(fencing=False)
    for op_key, codes in (
        ("httpd_start_0", []),
        ("httpd_drbd_fs_monitor_0", []),
        ("httpd_stop_0", ["failed-action"]),
        ("mariadb_start_0", ["failed-action"]),
    ):
        found = failover.after_failover(b.with_failure(seen, op_key, SECOND), b.expected())
        assert b.codes(found) == codes, op_key
    blocked = b.with_resource(seen, "httpd", blocked=True)
    assert b.codes(failover.after_failover(blocked, b.expected())) == ["resource-blocked"]


def test_httpd_elsewhere_after_the_way_back_is_a_finding(world: Failover) -> None:
    world.at = THIRD
    findings = failover.not_back(N, failover.httpd_of(world.status()))
    assert [(f.code, f.subject) for f in findings] == [("failover-not-back", N)]
    b.assert_told_well(findings)
    world.at = N
    assert failover.not_back(N, failover.httpd_of(world.status())) == []


@pytest.mark.parametrize("code", ["failover-not-started", "failover-ocs-failed"])
def test_a_node_that_can_not_run_httpd_blocks_and_can_be_accepted(code: str) -> None:
    assert SEVERITIES.of(code) == "block"
    assert code not in SEVERITIES.never_acceptable


# the steps' bodies: what is kept, and when it is judged


def proof_step(scene: Scene, node: str) -> Evidence:
    """The step `failover.proof` of a node, and what it says."""
    scene.run.step = f"failover.proof[{node}]"
    evidence = Evidence(scene.run, scene.run.step, ("G14",))
    with contextlib.suppress(AssertionError):  # what blocks is in the evidence
        test_87_failover_proof.test_proof(node, scene.look, evidence)  # type: ignore[arg-type]
    return evidence


def whole(scene: Scene, *nodes: str) -> Scene:
    for node in nodes:
        scene.exercise(node)
    scene.back()
    return scene


def test_what_was_found_is_kept_and_does_not_stop_the_run(scene: Scene, world: Failover) -> None:
    world.broken = {SECOND}
    seen = Exercised()
    scene.drive(f"failover.httpd[{SECOND}]", httpd_failed_over.generator(scene.look, SECOND, seen))
    evidence = Evidence(scene.run, f"failover.httpd[{SECOND}]", ("G14",))
    test_82_failover.test_httpd(None, seen, SECOND, scene.look, evidence)  # type: ignore[arg-type]
    assert evidence.blocking == []
    assert scene.run.stop is None
    on_record = failover_record.proof_on_record(scene.run.memory, SECOND)
    assert on_record == seen.proof


def test_judged_afterwards_the_broken_node_alone_is_red(scene: Scene, world: Failover) -> None:
    world.broken = {SECOND}
    whole(scene, SECOND, THIRD)
    assert [f.code for f in proof_step(scene, SECOND).blocking] == ["failover-ocs-failed"]
    third = proof_step(scene, THIRD)
    assert (third.blocking, third.outcome) == ([], "done")
    home = proof_step(scene, N)
    assert home.blocking == []
    assert "httpd is left here" in home.reasons[0]


def test_ocs_has_to_work_where_httpd_is_left(scene: Scene, world: Failover) -> None:
    whole(scene, SECOND)
    world.broken = {N}
    assert [f.code for f in proof_step(scene, N).blocking] == [BROKEN.code]


def test_httpd_that_could_not_be_put_back_is_told(scene: Scene, world: Failover) -> None:
    scene.exercise(SECOND)
    world.fails = {N}
    assert f"{UNIT} did not come back to {N}" in scene.back()
    assert world.state() == (SECOND, None)
    (finding,) = proof_step(scene, N).blocking
    assert (finding.code, finding.way) == ("failover-not-back", Way.ACCEPT)
    assert f"--accept 'failover-not-back@{N}=REASON' --by NAME" in finding.remedy


def told_by(scene: Scene) -> list[Any]:
    return [event for event in scene.run.journal.events if event["event"] == "finding"]


def test_a_node_that_was_not_exercised_is_left_to_the_operator(
    scene: Scene, world: Failover
) -> None:
    scene.run.judge.severities = SEVERITIES
    world.standby = {THIRD}
    whole(scene, SECOND, THIRD)
    evidence = proof_step(scene, THIRD)
    assert (evidence.outcome, evidence.blocking) == ("done", [])
    assert f"failover.httpd[{THIRD}] says why" in evidence.reasons[0]
    (finding,) = told_by(scene)
    assert (finding["code"], finding["subject"]) == ("failover-not-exercised", THIRD)
    assert (finding["severity"], finding["task"]) == ("warn", True)
    assert finding["observed"].endswith(f"{THIRD} is not active")
    rows = [event for event in scene.run.journal.events if event["event"] == "row"]
    assert {(row["row"], row["state"]) for row in rows} == {("G14", "not needed")}


@pytest.mark.parametrize(
    ("proof", "change", "why"),
    [
        (False, {}, "runbook_failover_proof is not set"),
        (True, {"disabled": True}, "disabled on purpose"),
        (True, {"fenced_on_failure": ("httpd",)}, "on-fail=fence"),
        # as after a run that found fencing on: nothing speaks against it now
        (True, {"fencing": True}, f"see failover.httpd[{SECOND}]"),
    ],
)
def test_why_a_node_was_not_exercised(
    tmp_path: Path, world: Failover, proof: bool, change: dict[str, Any], why: str
) -> None:
    scene = Scene(tmp_path, world, proof=proof)
    vars(world).update(change)
    findings = failover.not_exercised(scene.look, SECOND)  # type: ignore[arg-type]
    assert [(one.code, one.subject) for one in findings] == [("failover-not-exercised", SECOND)]
    assert why in findings[0].observed
    b.assert_told_well(findings)


@pytest.mark.parametrize("proof", [True, False])
def test_where_httpd_ran_or_never_runs_nothing_is_left_to_exercise(
    tmp_path: Path, world: Failover, proof: bool
) -> None:
    scene = Scene(tmp_path, world, proof=proof)
    assert failover.not_exercised(scene.look, N) == []  # type: ignore[arg-type]
    world.others = [LocationConstraint("never", UNIT, SECOND, "-INFINITY")]
    assert failover.not_exercised(scene.look, SECOND) == []  # type: ignore[arg-type]
    # verified again, where somebody has moved it since
    moved = Scene(tmp_path / "moved", world, proved_on(THIRD), proof=proof)
    for node in (N, THIRD):
        assert failover.not_exercised(moved.look, node) == []  # type: ignore[arg-type]


def test_without_an_ocs_server_or_in_a_closed_attempt_nobody_has_to_exercise_it(
    tmp_path: Path, scene: Scene
) -> None:
    scene.run.memory.closed = True
    assert "the attempt is closed" in proof_step(scene, SECOND).reasons[0]
    scene.run.memory.closed = False
    scene.run.memory.facts.pop(failover_record.PROVED)
    evidence = proof_step(scene, SECOND)
    assert evidence.outcome == "not needed"
    assert told_by(scene) == []


# giving back, and recognising at the start


def test_a_restore_removes_the_constraint_and_moves_nothing(
    tmp_path: Path, world: Failover
) -> None:
    world.at = world.held = SECOND
    scene = Scene(tmp_path, world, *left(SECOND))
    scene.drive("restore.constraint", ledger_constraint.generator(scene.look))
    assert commands(scene) == [f"pcs constraint remove {CONSTRAINT}"]
    assert world.state() == (SECOND, None)
    assert scene.run.memory.ledger == {}


def test_a_restore_closes_the_entry_of_a_constraint_that_is_gone(
    tmp_path: Path, world: Failover
) -> None:
    scene = Scene(tmp_path, world, *left(SECOND))
    said = scene.drive("restore.constraint", ledger_constraint.generator(scene.look))
    assert isinstance(said, Nothing)
    assert (scene.run.memory.ledger, scene.changes) == ({}, [])


def test_a_restore_leaves_a_cluster_alone_that_is_not_at_rest(
    tmp_path: Path, world: Failover
) -> None:
    world.at = world.held = SECOND
    world.blocked = True
    scene = Scene(tmp_path, world, *left(SECOND))
    with pytest.raises(StoppedForPerson) as stopped:
        scene.drive("restore.constraint", ledger_constraint.generator(scene.look))
    assert [f.code for f in stopped.value.findings] == ["restore-unsettled"]
    assert world.held == SECOND
    assert LEDGER in scene.run.memory.ledger


def test_a_restore_without_an_entry_leaves_the_constraint_to_its_owner(
    scene: Scene, world: Failover
) -> None:
    world.held = SECOND
    said = scene.drive("restore.constraint", ledger_constraint.generator(scene.look))
    assert "not among the open temporary changes" in said.reason


def test_what_is_not_at_rest_is_told() -> None:
    assert unsettled(b.cluster_status(), b.DEFAULT.operative) == ()
    seen = b.observed()
    for odd, word in (
        (b.with_node(seen, SECOND, unclean=True), SECOND),
        (b.with_node(seen, SECOND, online=False), SECOND),
        (b.with_resource(seen, "mariadb", role="Stopping"), "mariadb is Stopping"),
        (b.with_resource(seen, "mariadb", blocked=True), "blocked"),
        (b.with_resource(seen, "mariadb", nodes=(N, SECOND)), "runs on several nodes"),
    ):
        (finding,) = unsettled(odd.status, b.DEFAULT.operative)
        assert word in finding.observed
        b.assert_told_well([finding])


def test_the_start_tells_our_own_leftover_by_its_id(world: Failover) -> None:
    world.held = SECOND
    (finding,) = leftover_constraints(world.cib(), (), N)
    assert (finding.code, finding.subject) == ("constraint-leftover", CONSTRAINT)
    assert UNIT in finding.observed
    assert SECOND in finding.observed
    assert "--restore" in finding.remedy
    b.assert_told_well([finding])
    assert failover_record.CONSTRAINT in finding.remedy


def test_a_failed_action_of_another_node_says_nothing(scene: Scene, world: Failover) -> None:
    world.failures = [FailedAction("httpd_monitor_30000", THIRD, "error", 1, "complete")]
    _, proof = scene.exercise(SECOND)
    assert proof is not None
    assert not proof.findings
