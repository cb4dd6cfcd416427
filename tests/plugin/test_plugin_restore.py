"""`--restore`: only the steps of its scope, after which the ledger is empty or the end says why."""

from __future__ import annotations

import json

import pytest

from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.queries.identity import WHO
from engine.run.survey import RECORDS
from tests.engine.kit import lost_connection, unreachable
from tests.engine.scripted import said
from tests.plugin.kit import N, Project, Saver, assert_ended

pytest_plugins = "pytester"

UPGRADE = '''
from engine.act.actions import action
from engine.model.change import Change, Nothing, Temporary

@action()
def fencing_off(look):
    """Leaves a temporary change."""
    if look.ask("neteye01.neteyelocal", HAS("x")):
        return Nothing("x is there")
    yield Change("off", "neteye01.neteyelocal", ("set", "x"), 5.0,
                 opens=(Temporary("fencing", "cluster", "enabled"),))

@step("second.off", after=["first.baseline"])
def test_off(fencing_off):
    """Fencing off."""
'''
RESTORE = '''
@action()
def fencing_back(look):
    """Gives it back."""
    if ("fencing", "cluster") not in look.memory.ledger:
        return Nothing("nothing is open")
    yield Change("on", "neteye01.neteyelocal", ("set", "y"), 5.0, closes=(("fencing", "cluster"),))

@step("restore.fencing", after=["restore.look"], scope="restore")
def test_on(fencing_back):
    """Fencing on."""

@step("restore.attempt", after=["restore.fencing"], scope="restore")
def test_attempt(runbook_session, look, evidence):
    """The attempt is closed."""
    if look.attempt is not None and not look.memory.closed:
        runbook_session.close_attempt()
'''
LOOK = '''
@step("restore.look", asks=True, scope="restore")
def test_look(evidence):
    """Looks."""
    evidence.note("looked")
'''
STATE = '''
@step("closing.state", scope="both")
def test_state(evidence):
    """Always."""
    evidence.note("the state is told")
'''
STEPS = UPGRADE + LOOK + RESTORE + STATE
IN_PLACE = [
    "STILL IN PLACE, 1 temporary change:",
    "  fencing of cluster: not seen; * may do it; it was 'enabled' before",
    "*pytest runbook --inventory *inventory.ini --restore",
]

# the run that holds the cluster may have given it back meanwhile, or is about to
LAST_KNOWN = [
    "NOT KNOWN: *",
    "    *held by another run (who B. Bianchi, host another;*",
    "    last known: fencing of cluster: not seen; * may do it; it was 'enabled' before",
]


def left_with_fencing_off(project: Project) -> None:
    project.steps(STEPS)
    result = project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(IN_PLACE)
    assert [entry["kind"] for entry in project.summary["ledger"]] == ["fencing"]
    project.cluster.closed = 0


@pytest.fixture
def begun(project: Project, saver: Saver) -> Project:
    """An upgrade that was left with fencing off."""
    saver.begun(project, left_with_fencing_off)
    return project


def on_n(project: Project) -> list[dict[str, object]]:
    """All events of the attempt as they lie on N."""
    attempt = (project.cluster.root / "attempt").read_text().strip()
    journals = (project.cluster.root / "attempts" / attempt / "journal").glob("*.jsonl")
    return [json.loads(line) for path in sorted(journals) for line in path.read_text().splitlines()]


def test_only_the_steps_of_the_restore_run_and_the_attempt_is_closed(begun: Project) -> None:
    assert_ended(begun, begun.run("--restore"), 0, "done")
    assert begun.outcomes() == {
        "restore.look": "done",
        "restore.fencing": "done",
        "restore.attempt": "done",
        "closing.state": "done",
    }
    assert begun.cluster.changes == [("set", "x"), ("set", "y")]
    summary = begun.summary
    assert (summary["mode"], summary["ledger"], summary["guide"]) == ("restore", [], [])
    (started,) = begun.events("run-started")
    assert (started["mode"], started["scope"]) == ("restore", "restore")
    closed = [event for event in on_n(begun) if event["event"] == "attempt-closed"]
    assert [event["by"] for event in closed] == ["restore"]
    assert (begun.cluster.root / "lock").read_text().splitlines()[1] == "free"


def test_the_next_run_begins_a_new_attempt(begun: Project) -> None:
    first = (begun.cluster.root / "attempt").read_text()
    assert begun.run("--restore").ret == 0
    result = begun.run()
    assert result.ret == 0, result.outlines
    assert (begun.cluster.root / "attempt").read_text() != first
    assert [row["state"] for row in begun.summary["guide"]] == ["fulfilled", "fulfilled"]


def test_a_target_without_a_finished_upgrade_is_no_record_of_one(begun: Project) -> None:
    """What a restore closed proves nothing: the cluster is judged as one that nobody knows."""
    begun.cluster.version = "4.26"
    assert begun.run("--restore").ret == 0
    begun.run()
    (position,) = begun.events("position")
    assert position["position"] == "not started"


def test_a_second_restore_finds_nothing_and_ends_well(begun: Project) -> None:
    assert begun.run("--restore").ret == 0
    begun.cluster.closed = 0
    assert_ended(begun, begun.run("--restore"), 0, "done")
    assert begun.events("intent") == []
    assert begun.outcomes()["restore.fencing"] == "nothing to do"


def test_a_plan_of_a_restore_changes_nothing(begun: Project) -> None:
    scripts = list(begun.cluster.scripts)
    result = begun.run("--plan", "--restore")
    assert result.ret == 0, result.outlines
    assert begun.cluster.changes == [("set", "x")]
    assert set(begun.cluster.scripts[len(scripts) :]) == {
        remote.READ.strip(),
        remote.OUTPUTS.strip(),
    }
    assert begun.summary["mode"] == "plan"
    assert begun.outcomes()["restore.fencing"] == "WILL RUN"
    assert "second.off" not in begun.outcomes()
    result.stdout.fnmatch_lines(IN_PLACE)


def test_a_change_that_fails_leaves_the_entry_and_the_attempt_open(begun: Project) -> None:
    begun.cluster.answer[N, ("set", "y")] = said(code=1)
    result = begun.run("--restore")
    assert_ended(begun, result, 1, "failed")
    result.stdout.fnmatch_lines(IN_PLACE)
    assert begun.outcomes()["restore.attempt"] == "not reached"
    assert begun.outcomes()["closing.state"] == "done"
    del begun.cluster.answer[N, ("set", "y")]
    assert begun.run("--restore").ret == 0


def test_a_restore_without_an_answer_is_unknown_and_run_again_it_looks_and_acts(
    begun: Project,
) -> None:
    begun.cluster.answer[N, ("set", "y")] = lost_connection(N)
    result = begun.run("--restore")
    assert_ended(begun, result, 12, "unknown")
    result.stdout.fnmatch_lines(IN_PLACE)
    del begun.cluster.answer[N, ("set", "y")]
    assert begun.run("--restore").ret == 0
    assert begun.summary["ledger"] == []


def test_a_finding_blocks_before_anything_is_given_back(begun: Project) -> None:
    blocked = LOOK.replace('evidence.note("looked")', 'evidence.judge([bad()], observed="seen")')
    begun.steps(UPGRADE + blocked + RESTORE + STATE)
    result = begun.run("--restore")
    assert_ended(begun, result, 10, "blocked")
    result.stdout.fnmatch_lines(IN_PLACE)
    assert begun.cluster.changes == [("set", "x")]
    accepted = begun.run("--restore", "--accept", "bad-thing=looked at it", "--by", "A. Rossi")
    assert accepted.ret == 0, accepted.outlines
    assert begun.cluster.changes == [("set", "x"), ("set", "y")]


def test_an_entry_that_no_step_gives_back_never_ends_in_0(begun: Project) -> None:
    begun.steps(UPGRADE + LOOK + STATE)
    result = begun.run("--restore")
    assert_ended(begun, result, 1, "failed")
    reason = begun.summary["stopped"]["reason"]
    # this cluster goes on showing it on
    assert reason.endswith("still in place: none; on the books, but not seen: fencing of cluster")
    result.stdout.fnmatch_lines(IN_PLACE)


@pytest.mark.parametrize("option", ["--restore", "--plan"])
def test_open_entries_are_shown_whatever_the_run_was(begun: Project, option: str) -> None:
    if option == "--restore":
        RecordsWriter(begun.cluster, N, {"who": "B. Bianchi", "host": "another"}).acquire()
    result = begun.run(option)
    assert result.ret == (13 if option == "--restore" else 0), result.outlines
    result.stdout.fnmatch_lines(LAST_KNOWN if option == "--restore" else IN_PLACE)
    summary = json.loads((begun.directories[-1] / "summary.json").read_text())
    assert summary["exit_code"] == result.ret
    assert [entry["kind"] for entry in summary["ledger"]] == ["fencing"]
    assert begun.cluster.changes == [("set", "x")]


def test_a_held_lock_keeps_an_upgrade_off_and_shows_what_is_open(begun: Project) -> None:
    RecordsWriter(begun.cluster, N, {"who": "B. Bianchi", "host": "another"}).acquire()
    result = begun.run()
    assert result.ret == 13
    result.stdout.fnmatch_lines(LAST_KNOWN)
    result.stdout.fnmatch_lines(["outcome: locked, exit code 13"])


@pytest.mark.parametrize("options", [("--restore",), ("--plan", "--restore")])
def test_without_an_attempt_there_is_nothing_to_restore(
    project: Project, options: tuple[str, ...]
) -> None:
    project.steps(STEPS)
    result = project.run(*options)
    assert_ended(project, result, 4, "usage")
    result.stdout.fnmatch_lines(["*nothing to restore: no attempt of this runbook is on record*"])
    assert project.cluster.changes == []
    assert set(project.cluster.scripts) == {remote.READ.strip()}
    assert not project.cluster.root.exists()


def test_an_unreachable_n_is_no_missing_attempt(begun: Project) -> None:
    begun.cluster.answer[N, WHO.argv] = unreachable(N)
    result = begun.run("--restore")
    assert result.ret not in (0, 4), result.outlines
    assert begun.cluster.changes == [("set", "x")]


def test_records_that_cannot_be_read_are_no_missing_attempt(begun: Project) -> None:
    attempt = (begun.cluster.root / "attempt").read_text().strip()
    (begun.cluster.root / "attempts" / attempt / "baseline.json").write_text("{")
    result = begun.run("--restore")
    assert_ended(begun, result, 10, "blocked")
    result.stdout.fnmatch_lines(["*records of an earlier run can't be read*"])
    assert begun.cluster.changes == [("set", "x")]


def test_records_that_n_does_not_hand_over_are_no_missing_attempt(begun: Project) -> None:
    begun.cluster.answer[N, RECORDS.argv] = lost_connection(N)
    result = begun.run("--restore")
    assert_ended(begun, result, 10, "blocked")
    result.stdout.fnmatch_lines(["*did not hand over the records of earlier runs*"])
    assert begun.cluster.changes == [("set", "x")]


def test_a_restore_that_waits_for_a_step_of_the_upgrade_does_not_begin(begun: Project) -> None:
    begun.steps(STEPS.replace('after=["restore.look"]', 'after=["second.off"]'))
    result = begun.run("--restore")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*'restore.fencing' waits for 'second.off'*no earlier step*"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--restore", "--follow-up", "reports/x"), "*--restore and --follow-up exclude*"),
        (
            ("--restore", "--settle", "second.off=done", "--reason", "seen", "--by", "A"),
            "*--settle with --restore*",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_asked(
    project: Project, options: tuple[str, ...], said: str
) -> None:
    project.steps(STEPS)
    result = project.run(*options)
    assert result.ret == 4
    result.stderr.fnmatch_lines([said])
    assert project.is_untouched
