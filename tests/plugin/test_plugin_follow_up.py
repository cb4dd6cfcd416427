"""`--follow-up reports/RUN`: asks only, goes by the evidence of that run, and says who is left."""

from __future__ import annotations

import csv
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.errors import UsageError
from engine.queries.identity import WHO
from engine.run.survey import RECORDS
from engine.verify import GENESIS, WITNESSED, digest
from tests.engine.kit import lost_connection, unreachable, who
from tests.engine.scripted import said
from tests.parse.topology import cluster_file
from tests.plugin.kit import N, Project, Saver, assert_ended
from tests.plugin.pages import cases, head, page
from tests.rejudge.again import judged

pytest_plugins = "pytester"

UPGRADE = '''
from engine.act.actions import action
from engine.model.change import Change, Nothing, Temporary

@step("second.change", after=["first.baseline"])
def test_change(x_set, evidence):
    """x is set."""

@step("second.verified", after=["second.change"], guide=["G02"])
def test_verified(runbook_session, look, evidence):
    """The upgrade is verified, and something is left to look at later."""
    (runbook_session.run.directory / "backups" / "machines").write_text("3 machines.")
    evidence.remember("checked", moment="then")
    evidence.open("G02", "look again")
'''
FENCING = '''
@action()
def fencing_off(look):
    """Leaves a temporary change."""
    if look.ask("neteye01.neteyelocal", HAS("y")):
        return Nothing("y is there")
    yield Change("off", "neteye01.neteyelocal", ("set", "y"), 5.0,
                 opens=(Temporary("fencing", "cluster", "enabled"),))

@step("third.off", after=["second.verified"])
def test_off(fencing_off):
    """Fencing off."""
'''
FOLLOW = '''
@step("follow_up.look", guide=["G02"], scope="follow-up")
def test_look(runbook_session, look, evidence):
    """Looks."""
    follows = runbook_session.run.follows
    assert follows.facts["checked"]["moment"] == "then"
    if look.ask("neteye01.neteyelocal", HAS("well")):
        evidence.fulfilled("G02", "all well")
        return
    rows = (("host%d" % number, "=cmd") for number in range(3))
    evidence.list("machines", ("name", "agent"), rows)
    runbook_session.console.output("3 left")
    evidence.judge([bad(code="odd-thing")], observed="", guide=())
    evidence.open("G02", "3 left")
    runbook_session.leave_open("3 of 3 are left", "Update them.")
'''
STATE = '''
@step("closing.attempt", after=["second.verified"])
def test_attempt(runbook_session, look):
    """The attempt is closed."""
    if not look.memory.closed:
        runbook_session.close_attempt()
'''
EVERY = '''
@step("closing.state", scope="every")
def test_state(evidence):
    """Always."""
    evidence.note("the state is told")
'''
STEPS = UPGRADE + STATE + FOLLOW + EVERY


@pytest.fixture
def tiny(project: Project) -> Project:
    project.release = dataclasses.replace(project.release, verified_by="checked")
    project.steps(STEPS)
    return project


def verified_and_closed(project: Project) -> None:
    project.steps(STEPS)
    assert project.run().ret == 0
    project.cluster.version = "4.26"
    project.cluster.closed = 0


@pytest.fixture
def upgraded(tiny: Project, saver: Saver) -> Project:
    """An upgrade that was verified and closed; N is at the target."""
    saver.begun(tiny, verified_and_closed)
    return tiny


def last(project: Project) -> str:
    """The newest run, as people type it."""
    return f"reports/{project.latest.name}"


def asked_only(project: Project, before: int) -> bool:
    """No change and no record since: the only record script is the one that reads."""
    since = project.cluster.scripts[before:]
    return set(since) <= {remote.READ.strip()}


def test_who_is_left_ends_in_11_and_says_what_to_type(upgraded: Project) -> None:
    run, scripts = last(upgraded), len(upgraded.cluster.scripts)
    changes = list(upgraded.cluster.changes)
    journals = sorted((upgraded.cluster.root).rglob("*.jsonl"))
    result = upgraded.run("--follow-up", run)
    result.stdout.fnmatch_lines(
        [
            "*follow_up.look*",
            "    | 3 left",
            "STOPPED (stopped): 3 of 3 are left",
            "What to do: Update them.",
            f"next, then: *pytest runbook --inventory inventory.ini --follow-up {run}",
        ]
    )
    assert_ended(upgraded, result, 11, "stopped")
    assert asked_only(upgraded, scripts)
    assert upgraded.cluster.changes == changes
    assert sorted((upgraded.cluster.root).rglob("*.jsonl")) == journals
    assert (upgraded.cluster.root / "lock").read_text().splitlines()[1] == "free"


def test_it_has_a_small_report_of_its_own(upgraded: Project) -> None:
    run = upgraded.latest.name
    upgraded.run("--follow-up", f"reports/{run}")
    summary = upgraded.summary
    assert (summary["mode"], summary["attempt"], summary["ledger"]) == ("follow-up", run, [])
    assert upgraded.outcomes() == {"follow_up.look": "done", "closing.state": "done"}
    assert [(row["id"], row["state"]) for row in summary["guide"]] == [("G02", "open")]
    assert [f["severity"] for f in summary["findings"]] == ["warn"]
    assert (upgraded.latest / "report.html").stat().st_size > 0
    (table,) = (upgraded.latest / "outputs").glob("*-machines.csv")
    assert list(csv.reader(table.open())) == [
        ["name", "agent"],
        *([f"host{number}", "'=cmd"] for number in range(3)),
    ]
    assert table.stat().st_mode & 0o777 == 0o600
    (started,) = upgraded.events("run-started")
    assert (started["mode"], started["scope"], started["follows"]) == (
        *("follow-up", "follow-up"),
        run,
    )
    head = head_of(upgraded.path / "reports" / run)
    assert started["read"] == [{"as": "follow-up", "run": run, "head": head}]
    text = (upgraded.latest / "evidence.html").read_text()
    assert f"follows run {run}, unaltered up to {head[:16]}" in text


def test_its_report_can_be_made_anew(upgraded: Project, rebuild: Callable[[Path], str]) -> None:
    upgraded.run("--follow-up", last(upgraded))
    run = upgraded.latest
    old = page(run), head(run), cases(run), (run / "summary.json").read_bytes()
    rebuild(run)
    assert (page(run), head(run), cases(run), (run / "summary.json").read_bytes()) == old


def test_when_all_is_well_it_ends_in_0(upgraded: Project) -> None:
    upgraded.cluster.things.add("well")
    result = upgraded.run("--follow-up", last(upgraded))
    assert_ended(upgraded, result, 0, "done")
    assert [row["state"] for row in upgraded.summary["guide"]] == ["fulfilled"]


def test_latest_may_be_a_follow_up_by_now(upgraded: Project) -> None:
    run = last(upgraded)
    for _ in range(2):
        result = upgraded.run("--follow-up", "reports/latest")
        assert result.ret == 11
        result.stdout.fnmatch_lines([f"next, then: * --follow-up {run}"])


def test_any_run_of_the_attempt_will_do(upgraded: Project) -> None:
    """Also one that found everything done, and a plan made since: earlier journals are there."""
    first = upgraded.latest.name
    assert upgraded.run().ret == 0
    assert upgraded.run("--follow-up", last(upgraded)).ret == 11
    assert upgraded.summary["attempt"] == first
    assert upgraded.run("--plan").ret == 0
    assert upgraded.run("--follow-up", last(upgraded)).ret == 11
    assert upgraded.summary["attempt"] == first


def test_it_works_while_the_upgrade_is_not_over(tiny: Project) -> None:
    """Verified, reactivation pending: another run may even be at work."""
    tiny.steps(UPGRADE + FENCING + FOLLOW + EVERY)
    assert tiny.run().ret == 1
    assert [entry["kind"] for entry in tiny.summary["ledger"]] == ["fencing"]
    RecordsWriter(tiny.cluster, N, {"who": "B. Bianchi", "host": "another"}).acquire()
    tiny.cluster.things.add("well")
    tiny.cluster.closed, scripts = 0, len(tiny.cluster.scripts)
    result = tiny.run("--follow-up", last(tiny))
    assert_ended(tiny, result, 0, "done")
    assert asked_only(tiny, scripts)
    result.stdout.no_fnmatch_line("STILL IN PLACE*")


@pytest.mark.parametrize("trouble", ["unreadable", "kept back", "none"])
def test_the_records_on_n_do_not_matter(upgraded: Project, trouble: str) -> None:
    if trouble == "unreadable":
        attempt = upgraded.latest.name
        (upgraded.cluster.root / "attempts" / attempt / "baseline.json").write_text("{")
    elif trouble == "kept back":
        upgraded.cluster.answer[N, RECORDS.argv] = lost_connection(N)
    else:
        shutil.rmtree(upgraded.cluster.root)
    upgraded.cluster.things.add("well")
    assert_ended(upgraded, upgraded.run("--follow-up", last(upgraded)), 0, "done")


def test_a_question_without_an_answer_is_no_verdict(upgraded: Project) -> None:
    upgraded.cluster.answer[N, ("has", "well")] = said(code=3)
    result = upgraded.run("--follow-up", last(upgraded))
    assert_ended(upgraded, result, 10, "blocked")
    assert upgraded.outcomes()["follow_up.look"] == "failed"


def test_an_unreachable_n_is_no_verdict(upgraded: Project) -> None:
    upgraded.cluster.answer[N, WHO.argv] = unreachable(N)
    assert_ended(upgraded, upgraded.run("--follow-up", last(upgraded)), 10, "blocked")


def test_another_machine_is_asked_nothing_about_the_agents(upgraded: Project) -> None:
    upgraded.cluster.asked.clear()
    upgraded.cluster.answer[N, WHO.argv] = who("neteye09.neteyelocal", cluster_file(3))
    assert upgraded.run("--follow-up", last(upgraded)).ret == 10
    assert {argv for _, argv in upgraded.cluster.asked} == {WHO.argv}


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def head_of(run: Path) -> str:
    return digest((run / "journal.jsonl").read_bytes().splitlines()[-1])


def rewrite(path: Path, without: str = "", **fields: object) -> None:
    """Other values in `run-started` of a journal, as if that run had been killed: no seal."""
    events = [event for event in lines_of(path) if event["event"] != "sealed"]
    events[0] |= fields
    events[0].pop(without, None)
    text, heads = "", [GENESIS]
    for event in events:
        if event["event"] == WITNESSED:
            event["head"] = heads[int(str(event["line"]))]
        line = json.dumps({**event, "prev": heads[-1]}, ensure_ascii=False)
        text = f"{text}{line}\n"
        heads.append(digest(line.encode()))
    path.write_text(text)
    for name in ("manifest.json", "manifest.json.sig"):
        (path.parent / name).unlink(missing_ok=True)


def no_journal(project: Project) -> str:
    (project.latest / "journal.jsonl").unlink()
    return last(project)


def another_schema(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl", schema=99)
    return last(project)


def another_cluster(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl", cluster="other.example")
    return last(project)


def another_step(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl", target="4.27")
    return last(project)


def lost_origin(project: Project) -> str:
    first = project.latest
    assert project.run("--follow-up", last(project)).ret == 11
    shutil.rmtree(first)
    return last(project)


def garbage(project: Project) -> str:
    project.write("reports/x/journal.jsonl", "no json\nno json\n")
    return "reports/x"


def without(name: str) -> Callable[[Project], str]:
    """A field of `run-started` is not there."""

    def spoil(project: Project) -> str:
        rewrite(project.latest / "journal.jsonl", without=name)
        return last(project)

    return spoil


def no_beginning(project: Project) -> str:
    path = project.latest / "journal.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in lines_of(path)[1:]))
    return last(project)


def nested(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl", nodes=json.loads("[" * 300 + "]" * 300))
    return last(project)


def earlier_pipe(project: Project) -> str:
    (project.latest / "earlier").mkdir(exist_ok=True)
    os.mkfifo(project.latest / "earlier" / "x.jsonl")
    return last(project)


def steering(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl", cluster="\x1b[2Jother")
    return last(project)


def list_emptied(project: Project) -> str:
    (project.latest / "backups" / "machines").write_text("")
    return last(project)


def list_gone(project: Project) -> str:
    (project.latest / "backups" / "machines").unlink()
    return last(project)


def fact_altered(project: Project) -> str:
    path = project.latest / "journal.jsonl"
    path.write_text(path.read_text().replace('"moment": "then"', '"moment": "now"'))
    return last(project)


def fact_of_a_killed_run_altered(project: Project) -> str:
    rewrite(project.latest / "journal.jsonl")
    return fact_altered(project)


def seal_gone(project: Project) -> str:
    (project.latest / "manifest.json").unlink()
    return last(project)


def earlier_altered(project: Project) -> str:
    assert project.run().ret == 0
    (path,) = (project.latest / "earlier").glob("*.jsonl")
    path.write_text(path.read_text().replace('"moment": "then"', '"moment": "now"'))
    return last(project)


def looked_at_then_written_anew(project: Project) -> str:
    """All of it fits together, but for the head that the first follow-up had read."""
    first = project.latest
    assert project.run("--follow-up", last(project)).ret == 11
    rewrite(first / "journal.jsonl", operator="nobody")
    return last(project)


def looked_at_then_its_list_emptied(project: Project) -> str:
    """The follow-up that is named is whole, and so is the head of the run that it looked at."""
    first = project.latest
    assert project.run("--follow-up", last(project)).ret == 11
    (first / "backups" / "machines").write_text("")
    return last(project)


BAD: dict[str, tuple[Callable[[Project], str], str]] = {
    "an emptied list": (
        list_emptied,
        "*backups/machines was altered (0 bytes*listed is 11 bytes*; expected is*",
    ),
    "a list that is gone": (list_gone, "*NOT VALID: backups/machines is missing; expected*"),
    "an altered fact": (fact_altered, "*NOT VALID: journal.jsonl: line * was altered; expected*"),
    "an altered fact of a killed run": (
        fact_of_a_killed_run_altered,
        "*NOT VALID: journal.jsonl: line * was altered; expected*",
    ),
    "a list of files that is gone": (seal_gone, "*NOT VALID: manifest.json is missing*"),
    "an altered earlier journal": (earlier_altered, "*NOT VALID: earlier/*was altered*"),
    "another journal than the one that was read": (
        looked_at_then_written_anew,
        "*the head of its journal is *, expected *, as run * had read it; bring *",
    ),
    "an emptied list of the run that a follow-up looked at": (
        looked_at_then_its_list_emptied,
        "*NOT VALID: backups/machines was altered (0 bytes*listed is 11 bytes*; expected is*",
    ),
    "no directory": (lambda p: "reports/nothing", "*reports/nothing: no such run*reports/RUN*"),
    "no run": (lambda p: "runbook", "*runbook: no journal.jsonl in it, so it is no run*"),
    "no journal": (no_journal, "*no journal.jsonl in it*"),
    "another schema": (another_schema, "*journal schema 99*use the version of the runbook*"),
    "no events": (garbage, "*no JSON event*"),
    "another cluster": (another_cluster, "*of cluster other.example, but the inventory is that*"),
    "another version step": (
        another_step,
        "*4.25 -> 4.27, but this is the runbook of 4.25 -> 4.26*",
    ),
    "no cluster": (without("cluster"), "*an event of its journal has no field 'cluster'*"),
    "no target": (without("target"), "*an event of its journal has no field 'target'*"),
    "no run-started": (no_beginning, "*no journal of a run*expected run-started first*"),
    "nested": (nested, "*no JSON event (nested*"),
    "a pipe": (earlier_pipe, "*can't be read (it is a pipe, expected a file)*"),
    "words that steer": (steering, "*of cluster ?[[]2Jother, but*"),
    "a follow-up whose run is gone": (lost_origin, "*a follow-up of run * not beside it*"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_can_not_be_followed_up_is_one_sentence_before_anything_is_asked(
    upgraded: Project, case: str
) -> None:
    make, sentence = BAD[case]
    given = make(upgraded)
    asked, runs = len(upgraded.cluster.asked), len(upgraded.directories)
    result = upgraded.run("--follow-up", given)
    assert result.ret == 4
    result.stderr.fnmatch_lines([sentence])
    assert "\x1b" not in result.stderr.str()
    assert len([line for line in result.errlines if line.strip()]) == 1
    assert (len(upgraded.cluster.asked), len(upgraded.directories)) == (asked, runs)


def test_judged_again_it_goes_by_the_run_that_it_had_read(upgraded: Project) -> None:
    first = upgraded.latest
    assert upgraded.run("--follow-up", last(upgraded)).ret == 11
    again = judged(upgraded)
    assert again.is_same, "nobody can judge its position again: it keeps no records of N"
    assert not again.not_reached
    rewrite(first / "journal.jsonl", operator="nobody")
    said = f"as run {upgraded.latest.name} had read it; bring the directory back from a copy"
    with pytest.raises(UsageError, match=said):
        judged(upgraded)


def test_a_run_that_was_killed_may_be_followed_up(upgraded: Project) -> None:
    """It sealed nothing: its lines follow each other, and say what is used of it."""
    rewrite(upgraded.latest / "journal.jsonl")
    assert upgraded.run("--follow-up", last(upgraded)).ret == 11


def test_a_run_that_still_goes_on_is_not_followed_up(upgraded: Project) -> None:
    with (upgraded.latest / "journal.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = upgraded.run("--follow-up", last(upgraded))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*this run still goes on*"])


UNVERIFIED: dict[str, tuple[tuple[str, ...], str]] = {
    "execute": ((), "*a run of the upgrade, and in it no upgrade was verified*"),
    "plan": (("--plan",), "*a plan, which changes nothing, and in it no upgrade was verified*"),
    "restore": (("--restore",), "*a restore, which upgrades nothing, and in it no*"),
}


@pytest.mark.parametrize("case", UNVERIFIED)
def test_without_a_verified_upgrade_there_is_nobody_to_follow_up(tiny: Project, case: str) -> None:
    """Whatever the run was; the command that leads there is told."""
    options, sentence = UNVERIFIED[case]
    tiny.steps(UPGRADE.replace("checked", "not-yet") + FOLLOW + EVERY)
    if case == "restore":
        assert tiny.run().ret == 0
    tiny.run(*options)
    asked = len(tiny.cluster.asked)
    result = tiny.run("--follow-up", last(tiny))
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"{sentence}pytest runbook --inventory inventory.ini"])
    assert len(tiny.cluster.asked) == asked


def test_a_version_step_that_leaves_nothing_has_no_follow_up(upgraded: Project) -> None:
    upgraded.release = dataclasses.replace(upgraded.release, verified_by="")
    result = upgraded.run("--follow-up", last(upgraded))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*the upgrade 4.25 -> 4.26 leaves nothing that is followed up"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--plan",), "*--plan with --follow-up: *only asks*"),
        (("--accept", "bad-thing=why", "--by", "A"), "*--accept with --follow-up: *"),
        (
            ("--settle", "second.change=done", "--reason", "seen", "--by", "A"),
            "*--settle with --follow-up: *",
        ),
        (("--restore",), "*--restore and --follow-up exclude each other*"),
    ],
)
def test_what_does_not_go_with_it_is_refused(
    upgraded: Project, options: tuple[str, ...], sentence: str
) -> None:
    asked = len(upgraded.cluster.asked)
    result = upgraded.run("--follow-up", last(upgraded), *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines([sentence])
    assert len(upgraded.cluster.asked) == asked


def test_acceptances_of_the_inventory_are_about_the_upgrade(upgraded: Project) -> None:
    inventory = (upgraded.path / "inventory.ini").read_text()
    upgraded.write(
        "inventory.ini",
        f"{inventory}runbook_accept = bad-thing=known\nrunbook_accepted_by = A. Rossi\n",
    )
    upgraded.cluster.things.add("well")
    result = upgraded.run("--follow-up", last(upgraded))
    assert result.ret == 0
    assert upgraded.summary["warnings"] == []


def test_no_rehearsal_is_started_for_it(upgraded: Project) -> None:
    inventory = (upgraded.path / "inventory.ini").read_text()
    upgraded.write("inventory.ini", inventory.replace("staging", "rehearsal"))
    upgraded.run("--follow-up", last(upgraded))
    assert upgraded.started == []
