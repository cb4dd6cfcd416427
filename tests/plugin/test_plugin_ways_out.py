"""No dead end: for every code that can stop a run behind its first change there is a way on.

Each run judges anew what it can see: who has mended the cause starts the runbook again, and what
was done is not done twice. That is gone here for every code, the ones that nobody can accept
included, where a step judges it and where an action can't go on with it. What rests on the records
instead has a way of its own: `OWN_WAYS` names the test that goes it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.act.actions import action
from engine.act.driving import Action
from engine.ask.look import Look
from engine.model.change import Change, Nothing
from engine.model.finding import Severity
from engine.record.evidence import StoppedForPerson
from runbook.to_4_26.severities import SEVERITIES
from tests.plugin.kit import RELEASE, N, Project, bad, has

pytest_plugins = "pytester"

ROOT = Path(__file__).resolve().parents[2]
BLOCKING = {code for code, weight in SEVERITIES.table.items() if weight is Severity.BLOCK}
CODES = sorted(BLOCKING | SEVERITIES.never_acceptable)

OWN_WAYS = {
    "outcome-unknown": "tests/plugin/test_plugin_settle.py",
    "planned-stop-again": "tests/actions/test_upgrade_stop_resumed.py"
    "::test_the_same_stop_twice_is_left_by_hand",
    "round-failed": "tests/actions/test_upgrade_stop_resumed.py"
    "::test_a_failure_of_an_earlier_run_lets_the_next_round_begin",
    "rounds-exhausted": "tests/engine/test_rounds.py"
    "::test_each_further_run_may_start_the_last_round_once_more",
    "version-not-reached": "tests/engine/test_rounds.py"
    "::test_exit_status_0_without_its_effect_is_no_end_for_the_next_run",
    "packages-behind": "tests/engine/test_rounds.py"
    "::test_packages_left_after_a_good_end_are_brought_by_another_round",
    "updates-left": "tests/engine/test_rounds.py"
    "::test_updates_left_after_a_good_end_are_brought_by_another_update",
    "backup-not-proved": "tests/actions/test_backup.py"
    "::test_a_backup_that_was_not_proved_is_taken_anew",
    "backup-missing": "tests/actions/test_backup.py"
    "::test_a_backup_that_is_lost_is_gone_on_without_when_it_is_accepted",
    "failover-ocs-failed": "tests/integration/test_failover_broken_node.py",
    "failover-not-started": "tests/actions/test_failover.py",
    "failover-not-back": "tests/actions/test_failover.py",
    "records-unreadable": "tests/plugin/test_plugin_ways_out.py"
    "::test_damaged_records_are_put_back_from_the_machine_that_has_them",
}
"""Code -> the test that goes its way: the finding rests on what is on record, not on a look."""

JUDGED = """
@step("judged.{code}", after=["second.change"])
def test_judged_{name}(look, evidence):
    '''It judges what it sees.'''
    mended = look.ask("{node}", HAS("mended"))
    evidence.judge([] if mended else [bad("it", code="{code}")], observed="seen")
"""
FIRST = """
@step("second.change", after=["first.baseline"])
def test_change(x_set):
    '''The first change.'''
"""
STOPPED = """
@step("stopped.{code}", after=["second.change"])
def test_stopped_{name}(stopping):
    '''Its action can't go on.'''
"""
CLOSED = """
@step("last.closed", after=[{names}])
def test_closed(runbook_session, look, evidence):
    '''The attempt is closed.'''
    if not look.memory.closed:
        runbook_session.close_attempt()
    evidence.note("closed")
"""


@action()
def stopping(look: Look, request: pytest.FixtureRequest) -> Action:
    """A change, and what it can't go on with until somebody has mended it."""
    code = request.node.name.removeprefix("test_stopped_").replace("_", "-")
    if look.ask(N, has(f"after-{code}")):
        return Nothing("all is done")
    if not look.ask(N, has(f"before-{code}")):
        yield Change(f"set before-{code}", N, ("set", f"before-{code}"), deadline=10.0)
    if not look.ask(N, has("mended")):
        raise StoppedForPerson([bad("it", code=code)])
    yield Change(f"set after-{code}", N, ("set", f"after-{code}"), deadline=10.0)
    return "both"


@pytest.fixture
def real(project: Project) -> Project:
    project.release = replace(RELEASE, severities=SEVERITIES)
    return project


def _steps(template: str, codes: list[str]) -> str:
    texts = [template.format(code=code, name=code.replace("-", "_"), node=N) for code in codes]
    prefix = "judged" if template is JUDGED else "stopped"
    names = ", ".join(f'"{prefix}.{code}"' for code in codes)
    return "".join([FIRST, *texts, CLOSED.format(names=names)])


def test_who_mends_what_a_step_has_found_runs_again_and_goes_on(real: Project) -> None:
    real.steps(_steps(JUDGED, CODES))
    assert real.run().ret == 1  # a check has failed behind a change
    assert {f["code"] for f in real.summary["findings"]} == set(CODES)
    real.cluster.things.add("mended")
    assert real.run().ret == 0
    assert real.cluster.changes == [("set", "x")]
    assert real.run().ret == 0


def test_who_mends_what_an_action_can_not_go_on_with_runs_again(real: Project) -> None:
    codes = sorted(SEVERITIES.never_acceptable)
    real.steps(f"from {__name__} import stopping\n" + _steps(STOPPED, codes))
    result = real.run()
    assert result.ret == 11
    result.stdout.fnmatch_lines(["What to do: Make it good, then."])
    begun = [("set", "x"), ("set", f"before-{codes[0]}")]
    assert real.cluster.changes == begun
    assert real.run().ret == 11  # nothing is done twice, and nothing is done instead
    assert real.cluster.changes == begun
    real.cluster.things.add("mended")
    assert real.run().ret == 0
    rest = [("set", f"{word}-{code}") for code in codes for word in ("before", "after")]
    assert real.cluster.changes == [("set", "x"), *rest]


def test_what_can_be_accepted_is_a_second_way_behind_the_first_change(real: Project) -> None:
    acceptable = sorted(BLOCKING - SEVERITIES.never_acceptable)
    real.steps(_steps(JUDGED, acceptable))
    assert real.run().ret == 1
    words = [word for code in acceptable for word in ("--accept", f"{code}=known")]
    assert real.run(*words, "--by", "A. Rossi").ret == 0
    assert real.cluster.changes == [("set", "x")]


def test_damaged_records_are_put_back_from_the_machine_that_has_them(real: Project) -> None:
    real.steps(_steps(JUDGED, ["disk-space"]))
    assert real.run().ret == 1
    first = real.latest
    (journal,) = real.cluster.root.glob("attempts/*/journal/*.jsonl")
    journal.write_text(journal.read_text().replace('"intent"', "", 1))
    assert real.run().ret == 10
    assert {f["code"] for f in real.summary["findings"]} == {"records-unreadable"}
    journal.write_text((first / "journal.jsonl").read_text())
    real.cluster.things.add("mended")
    assert real.run().ret == 0
    assert real.cluster.changes == [("set", "x")]


@pytest.mark.parametrize("code", OWN_WAYS)
def test_a_way_of_its_own_is_gone_by_a_test(code: str) -> None:
    assert code in CODES
    file, _, name = OWN_WAYS[code].partition("::")
    text = (ROOT / file).read_text()
    assert re.search(rf"^def {name or 'test_'}", text, re.M)
