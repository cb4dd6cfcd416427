"""`--until PHASE`: a run that ends where the cluster may be left for days."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.model.event import moment
from engine.report.evidence_files import read_evidence
from engine.report.summary import summary_of
from engine.verify import NOT_PROVED
from engine.watching.fold import state_of
from engine.watching.words import told_of
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import INVENTORY, RELEASE, SECOND, THIRD, N, Project, assert_ended
from tests.plugin.several_nights import LEFT, PAUSES, STAGES, steps_of

pytest_plugins = "pytester"

SAID = "stopped as asked"
CLOSING = '@step("closing.state", scope="every")'
BEFORE = '''
@step("first.seen", scope="every")
def test_seen(evidence):
    """As it was."""
    evidence.remember("state-before", cluster={"fencing": "on"})


'''


@pytest.fixture
def nights(project: Project) -> Project:
    project.release = replace(
        RELEASE,
        stages=STAGES,
        pauses=PAUSES,
        no_return="upgrade.run",
    )
    project.steps(steps_of())
    return project


def test_it_ends_behind_the_phase_and_the_next_run_goes_on(nights: Project) -> None:
    result = nights.run("--until", "update")
    assert_ended(nights, result, 0, SAID)
    assert nights.outcomes() == {
        "first.baseline": "done",
        "first.state": "done",
        "update.change": "done",
        "backup.made": "not reached",
        "upgrade.run": "not reached",
        "closing.attempt": "not reached",
        "closing.state": "done",
    }
    assert nights.cluster.changes == [("set", "x")]
    nights.cluster.closed = 0
    assert_ended(nights, nights.run(), 0, "done")
    assert nights.cluster.changes == [("set", "x"), ("set", "y")]


def test_what_the_console_says(nights: Project) -> None:
    result = nights.run("--until", "update")
    result.stdout.fnmatch_lines(
        [
            "*topped as asked, the upgrade to 4.26 is to come*",
            "to come: 3 of 7 steps",
            f"{SAID}: the phase update is done, and --until update was given. Every node is*",
            "what to do: Do not upgrade by hand. For the next night write its window into*",
            "still running on the cluster: nothing that this runbook started",
            "still in place: no temporary change of this runbook",
            "the next night: *",
            f"outcome: {SAID}, exit code 0",
        ]
    )
    text = result.stdout.str()
    command = re.search("^the next night: (.*)$", text, re.M)
    assert command is not None
    assert "--until" not in command[1]
    assert "STOPPED" not in text
    assert "docs/when-it-stops.md" not in text


def test_a_row_that_was_not_reached_is_to_come(nights: Project) -> None:
    nights.steps(steps_of().replace("G02", "G03"))
    nights.release = replace(nights.release, guide={**RELEASE.guide, "G03": "the third duty"})
    nights.run("--until", "update")
    rows = {row["id"]: (row["state"], row["reason"]) for row in nights.summary["guide"]}
    assert rows["G01"][0] == "fulfilled"
    assert rows["G03"] == ("open", "to come: upgrade.run")


def test_what_it_leaves_is_as_the_schemas_have_it(nights: Project) -> None:
    nights.run("--until", "backup")
    assert nights.outcomes()["backup.made"] == "done"
    assert problems_of_run(nights.latest) == []
    assert nights.events("run-started")[0]["until"] == "backup"


def test_the_pages_say_it(nights: Project) -> None:
    nights.run("--until", "update")
    for name in ("report.html", "evidence.html", "live.html"):
        text = (nights.latest / name).read_text()
        assert SAID in text, name
        assert not re.search(r"(?i)the run failed|is not fulfilled|that are not fulfilled", text)
    assert "rows to come" in (nights.latest / "evidence.html").read_text()


def test_the_reports_can_be_made_anew(nights: Project, rebuild: Callable[..., str]) -> None:
    nights.run("--until", "update")
    before = nights.summary
    rebuild(nights.latest)
    assert nights.summary == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nonsense", "there is no such phase; a run can end behind update or backup"),
        ("upgrade", "without fencing, to the end; name backup, the last place before it"),
        ("closing", "without fencing, to the end; name backup, the last place before it"),
        ("preflight", "no place to stop behind; name update instead"),
        ("again", "no place to stop behind; name update or backup instead"),
    ],
)
def test_where_it_is_not_safe_it_is_refused(nights: Project, given: str, told: str) -> None:
    result = nights.run("--until", given)
    assert result.ret == 4
    assert told in result.stderr.str()
    assert nights.is_untouched


@pytest.mark.parametrize(
    "other", [("--plan",), ("--restore",), ("--follow-up", "reports/latest")], ids=lambda o: o[0]
)
def test_beside_what_has_no_phases_it_is_refused(nights: Project, other: tuple[str, ...]) -> None:
    result = nights.run("--until", "update", *other)
    assert result.ret == 4
    assert f"--until with {other[0]}: " in result.stderr.str()
    assert nights.is_untouched


def test_without_the_reactivation_there_is_no_such_place(nights: Project) -> None:
    nights.write("inventory.ini", f"{INVENTORY}runbook_reactivate_after_update = no\n")
    result = nights.run("--until", "update")
    assert result.ret == 4
    assert "runbook_reactivate_after_update = no" in result.stderr.str()
    assert nights.is_untouched


def test_a_phase_without_steps_is_no_place(nights: Project) -> None:
    nights.steps(steps_of().replace("backup.", "saved."))
    result = nights.run("--until", "backup")
    assert result.ret == 4
    assert "this runbook has no step of that phase" in result.stderr.str()
    assert nights.cluster.changes == []


def test_behind_the_point_of_no_return_it_is_refused(nights: Project) -> None:
    nights.steps(
        steps_of("upgrade under way").replace(
            '''@step("closing.attempt", after=["upgrade.run"])
def test_attempt(runbook_session, evidence):
    """The end."""
    runbook_session.close_attempt()
''',
            '''@step("closing.attempt", after=["upgrade.run"])
def test_attempt(evidence):
    """Not yet."""
    evidence.judge([bad()], observed="not yet")
''',
        )
    )
    assert nights.run().ret == 1
    changes = list(nights.cluster.changes)
    result = nights.run("--until", "update")
    assert result.ret == 4
    assert nights.summary["outcome"] == "usage"
    told = nights.summary["stopped"]["reason"]
    assert "the first round of the upgrade was begun at" in told
    assert "nothing was changed" in told
    assert nights.cluster.changes == changes
    assert nights.events("lock-taken") == []


def test_a_place_that_is_not_safe_ends_in_red(nights: Project) -> None:
    nights.steps(steps_of("update under way"))
    result = nights.run("--until", "update")
    assert result.ret == 1
    assert "can't end as --until update asked" in nights.summary["stopped"]["reason"]


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ({"nodes": {**LEFT["nodes"], SECOND: "online, standby"}}, f"{SECOND} in standby"),
        ({"nodes": {**LEFT["nodes"], SECOND: "offline"}}, f"{SECOND} not online"),
        ({"versions": {N: "4.25", SECOND: "4.25"}}, f"{THIRD} not seen at 4.25"),
        ({"versions": {**LEFT["versions"], N: "4.26"}}, f"{N} not seen at 4.25"),
        ({"cluster": {"fencing": "off"}}, "fencing off, before it was on"),
        ({"cluster": {}}, "was not seen at the end"),
        ({"nodes": None}, "was not seen at the end"),
    ],
)
@pytest.mark.parametrize("is_done", [False, True], ids=["run", "done already"])
def test_what_is_not_seen_as_it_should_be_is_no_good_end(
    nights: Project, left: dict[str, Any], told: str, is_done: bool
) -> None:
    steps = steps_of(**left)
    if is_done:
        done = replace(PAUSES[0], done_at="not started")
        nights.release = replace(nights.release, pauses=(done, PAUSES[1]))
        steps = steps.replace(CLOSING, f"{BEFORE}{CLOSING}")
    nights.steps(steps)
    assert nights.run("--until", "update").ret == 1
    assert told in nights.summary["stopped"]["reason"]


def test_without_a_word_on_how_it_is_left_it_ends_in_red(nights: Project) -> None:
    text = steps_of()
    nights.steps(re.sub(r"    evidence\.remember\(.*\n", '    evidence.note("seen")\n', text))
    assert nights.run("--until", "update").ret == 1


def test_what_goes_wrong_before_is_told_as_ever_and_again_ends_there_too(nights: Project) -> None:
    broken = 'evidence.judge([bad()], observed="seen")'
    nights.steps(steps_of().replace('assert look.ask("neteye01.neteyelocal", HAS("x"))', broken))
    result = nights.run("--until", "update")
    assert result.ret == 1
    assert nights.summary["outcome"] == "failed"
    result.stdout.fnmatch_lines(["next, then: *--until update*"])


def test_what_goes_wrong_afterwards_counts(nights: Project) -> None:
    """A step's teardown fails behind the phase's last step: it did not end as asked."""
    fixture = """
@pytest.fixture
def falls():
    yield
    raise RuntimeError("torn down badly")

"""
    text = steps_of().replace("(x_set, look", "(falls, x_set, look")
    nights.steps(fixture + text)
    result = nights.run("--until", "update")
    assert result.ret == 1
    assert nights.summary["outcome"] == "failed"


def test_a_journal_that_breaks_off_behind_the_stop_is_no_good_end(nights: Project) -> None:
    nights.run("--until", "update")
    own = read_evidence(nights.latest).own
    stop = next(n for n, event in enumerate(own) if event["event"] == "stopped")
    cut = summary_of(own[: stop + 1])
    assert (cut["outcome"], cut["exit_code"]) == ("interrupted", 2)


def test_nobody_is_asked_to_come(nights: Project, tmp_path: Path) -> None:
    """The message tells the end, and no stop."""
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\n{{ echo "[$RUNBOOK_OCCASION] $RUNBOOK_TEXT"; }} >> {told}\n')
    script.chmod(0o755)
    nights.write("inventory.ini", f"{INVENTORY}runbook_notify_command = {script}\n")
    nights.run("--until", "update")
    text = told.read_text()
    assert "[end]" in text
    assert f"{SAID} (exit code 0)" in text
    assert "[stop]" not in text
    assert "[question]" not in text


def test_a_phase_that_is_to_come_is_not_told_to_begin(nights: Project, tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\necho "$RUNBOOK_TEXT" >> {told}\n')
    script.chmod(0o755)
    nights.write("inventory.ini", f"{INVENTORY}runbook_notify_command = {script}\n")
    nights.run("--until", "update")
    text = told.read_text()
    assert "phase update begins" in text
    assert "phase upgrade begins" not in text


# what ends a night


def with_an_end(steps: str, body: str = 'evidence.note("y was given back")') -> str:
    """The steps with one that a night ends with too; it waits for what is to come."""
    end = f'''
@step("closing.back", after=["upgrade.run"], ends_night=True)
def test_back(y_set, look, evidence, runbook_session):
    """Something is given back."""
    {body}


'''
    return steps.replace('@step("closing.attempt"', f'{end}@step("closing.attempt"')


def test_what_ends_a_night_is_made_though_it_lies_behind_the_phase(nights: Project) -> None:
    nights.steps(with_an_end(steps_of()))
    result = nights.run("--until", "update")
    assert_ended(nights, result, 0, SAID)
    outcomes = nights.outcomes()
    assert (outcomes["closing.back"], outcomes["closing.attempt"]) == ("done", "not reached")
    assert nights.cluster.changes == [("set", "x"), ("set", "y")]
    said = nights.summary["stopped"]["reason"]
    assert "No temporary change is in place; set y" in said
    assert said.endswith("y was given back.")
    assert cli.main(["verify", str(nights.latest)]) == NOT_PROVED  # whole, and not signed
    assert problems_of_run(nights.latest) == []
    (stage,) = [s for s in told_of(*_seen(nights)).stages if s.title == "upgrade"]
    assert stage.state == "ahead"


def _seen(nights: Project) -> tuple[Any, Any]:
    events = read_evidence(nights.latest).own
    return state_of(events), moment(events[-1])


def test_a_run_that_goes_through_makes_it_in_its_place(nights: Project) -> None:
    nights.steps(with_an_end(steps_of()))
    nights.run()
    assert nights.outcomes()["closing.back"] == "nothing to do"  # y is set by then


def test_what_ends_a_night_waits_for_all_before_it(nights: Project) -> None:
    """A run that is stopped gives nothing back: the next one goes on with it."""
    broken = 'evidence.judge([bad()], observed="seen")'
    steps = steps_of().replace('assert look.ask("neteye01.neteyelocal", HAS("x"))', broken)
    nights.steps(with_an_end(steps))
    assert nights.run("--until", "update").ret == 1
    assert nights.outcomes()["closing.back"] == "not reached"
    assert nights.cluster.changes == [("set", "x")]


def test_where_the_phase_is_done_already_it_is_made_alone(nights: Project) -> None:
    nights.steps(with_an_end(steps_of()))
    nights.run("--until", "update")
    nights.cluster.things.clear()
    before, nights.cluster.closed = len(nights.cluster.changes), 0
    done = replace(PAUSES[0], done_at="not started")
    nights.release = replace(nights.release, pauses=(done, PAUSES[1]))
    assert_ended(nights, nights.run("--until", "update"), 0, SAID)
    assert nights.cluster.changes[before:] == [("set", "y")]
    assert nights.outcomes()["update.change"] == "not reached"


LEFT_ALONE = """evidence.judge(
        [bad("cluster", "odd-thing", observed="y stays until noon", remedy="Take it by hand.")],
        observed="seen",
    )
    look.close_ledger("y", "cluster", "y is over at noon", left=True)"""


def test_what_could_not_be_given_back_is_told_and_no_fault(nights: Project) -> None:
    nights.steps(with_an_end(steps_of(), LEFT_ALONE))
    result = nights.run("--until", "update")
    assert_ended(nights, result, 0, SAID)
    stopped = nights.summary["stopped"]
    assert "NOT GIVEN BACK: y stays until noon." in stopped["reason"]
    assert "No temporary change" not in stopped["reason"]
    assert stopped["what_to_do"].startswith("Take it by hand. ")
    result.stdout.fnmatch_lines(
        ["STILL IN PLACE, and ends by itself: y of cluster: y is over at noon"]
    )
    assert "no temporary change of this runbook" not in result.stdout.str()
    assert problems_of_run(nights.latest) == []


def test_where_the_phase_is_done_already_it_says_so_and_changes_nothing(nights: Project) -> None:
    """The position of a cluster without records stands for that behind the phase."""
    done = replace(PAUSES[0], done_at="not started")
    nights.release = replace(nights.release, pauses=(done, PAUSES[1]))
    result = nights.run("--until", "update")
    assert_ended(nights, result, 0, SAID)
    assert nights.cluster.changes == []
    assert nights.events("attempt-opened") == []
    assert [name for name, outcome in nights.outcomes().items() if outcome == "done"] == [
        "closing.state"
    ]
    reasons = {step["name"]: step["reason"] for step in nights.summary["steps"]}
    assert reasons["update.change"] == "nothing is run: an earlier run has done the phase update"
    assert reasons["upgrade.run"] == "to come: this run was to end behind update"
    told = nights.summary["stopped"]["reason"]
    assert told.startswith("the phase update is done already, by an earlier run")


def test_what_failed_behind_the_phase_is_for_the_next_night(nights: Project) -> None:
    """An earlier run went on, and failed: that the cluster may be left is true all the same."""
    failing = steps_of().replace(
        'evidence.note("made")', 'evidence.judge([bad(guide=("G02",))], observed="seen")'
    )
    nights.steps(
        failing.replace('after=["update.change"])', 'after=["update.change"], guide=["G02"])')
    )
    assert nights.run().ret == 1
    rows = {row["id"]: row["state"] for row in nights.summary["guide"]}
    assert rows["G02"] == "failed"
    nights.cluster.closed = 0
    assert_ended(nights, nights.run("--until", "update"), 0, SAID)


def test_who_looks_on_is_told(nights: Project, capsys: pytest.CaptureFixture[str]) -> None:
    nights.run("--until", "update")
    capsys.readouterr()
    assert cli.main(["watch", "--once", str(nights.latest)]) == 0
    text = capsys.readouterr().out
    events = read_evidence(nights.latest).own
    stages = told_of(state_of(events), moment(events[-1])).stages
    assert [(one.title, one.state) for one in stages] == [
        ("before", "behind"),
        ("update", "behind"),
        ("backup", "ahead"),
        ("upgrade", "ahead"),
    ]
    assert "waits for a person" in text
    assert "no, until the next night: " in text


@pytest.fixture
def broken_night(nights: Project) -> Project:
    """A run with `--until update` stopped before it; what stopped it is mended."""
    good = steps_of()
    broken = 'evidence.judge([bad()], observed="seen")'
    nights.steps(good.replace('assert look.ask("neteye01.neteyelocal", HAS("x"))', broken))
    assert nights.run("--until", "update").ret == 1
    nights.steps(good)
    return nights


def test_a_night_without_its_end_goes_past_it_only_when_that_is_said(broken_night: Project) -> None:
    made = list(broken_night.cluster.changes)
    night = broken_night.latest.name
    assert broken_night.run().ret == 4
    assert broken_night.summary["outcome"] == "usage"
    assert broken_night.cluster.changes == made
    stopped = broken_night.summary["stopped"]
    assert stopped["reason"].startswith(f"the run {night} was told to end behind the phase update")
    assert "run again with --until update" in stopped["what_to_do"]
    assert broken_night.run().ret == 4, "nor does a second try go by it"
    assert broken_night.run("--until", "end").ret == 0
    assert broken_night.outcomes()["closing.attempt"] == "done"


def test_the_next_night_needs_no_word_when_the_first_has_come_to_its_end(
    broken_night: Project,
) -> None:
    assert broken_night.run("--until", "update").ret == 0
    assert broken_night.summary["outcome"] == SAID
    assert broken_night.run().ret == 0
    assert broken_night.outcomes()["closing.attempt"] == "done"


def test_who_has_said_that_it_goes_to_the_end_need_not_say_it_again(broken_night: Project) -> None:
    good = steps_of()
    broken = 'assert evidence.judge([bad()], observed="seen")'
    broken_night.steps(good.replace('evidence.note("made")', broken))
    assert broken_night.run("--until", "end").ret == 10
    assert broken_night.outcomes()["upgrade.run"] == "not reached"
    broken_night.steps(good)
    assert broken_night.run().ret == 0


def test_a_plan_and_a_restore_are_asked_for_no_end(broken_night: Project) -> None:
    assert broken_night.run("--plan").ret != 4
    assert broken_night.run("--restore").ret != 4
