"""A run that meets other machines than those that are meant: what it says, and what it sends."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.attempt import remote
from engine.model.answer import Known
from engine.model.finding import Severities, Severity
from engine.queries.identity import WHO
from tests.engine.kit import machine_id, who
from tests.parse.topology import cluster_file
from tests.plugin.kit import (
    BECOMES,
    CHANGE,
    CLOSING,
    RELEASE,
    SECOND,
    THIRD,
    N,
    Project,
    assert_ended,
)

pytest_plugins = ["pytester"]

CODES = ("machine-mistaken", "machine-twice", "machine-changed", "machine-id-missing")

# the attempt knows its machines, as the real baseline does
KNOWN = """
import os, signal
import pytest
from engine.record.evidence import StoppedForPerson
from engine.model.steps import step
from tests.plugin.kit import HAS, bad, changing


@step("first.baseline", guide=["G01", "G02"])
def test_baseline(runbook_session, look, evidence):
    evidence.fulfilled("G01", "the tiny guide's first duty")
    evidence.fulfilled("G02", "the tiny guide's second duty")
    if look.attempt is None and not look.memory.closed:
        seen = runbook_session.survey.reachable.values
        machines = {node: one.machine_id for node, one in seen.items()}
        runbook_session.open_attempt({"fencing": True, "private": [], "machines": machines})

"""


@pytest.fixture
def machines(project: Project) -> Project:
    table = {**RELEASE.severities.table, **dict.fromkeys(CODES, Severity.BLOCK)}
    never = RELEASE.severities.never_acceptable | set(CODES)
    project.release = replace(RELEASE, severities=Severities(table, frozenset(never)))
    project.write("runbook/test_10_steps.py", KNOWN + CHANGE + CLOSING)
    return project


def says(project: Project, node: str, name: str, **said: str) -> None:
    """Behind the node's address the machine `name` answers."""
    project.cluster.answer[node, WHO.argv] = who(name, cluster_file(3), **said)


def findings(project: Project) -> list[tuple[str, str]]:
    return [(f["code"], f["subject"]) for f in project.summary["findings"]]


@pytest.mark.parametrize("options", [(), ("--plan",), ("--restore",), ("--restore", "--plan")])
def test_swapped_addresses_end_the_run_and_nothing_but_the_question_was_sent(
    machines: Project, options: tuple[str, ...]
) -> None:
    says(machines, N, THIRD)
    says(machines, THIRD, N)
    result = machines.run(*options)
    assert_ended(machines, result, 10, "blocked")
    assert findings(machines) == [("machine-mistaken", N), ("machine-mistaken", THIRD)]
    assert {argv for _, argv in machines.cluster.asked} == {WHO.argv}
    assert machines.cluster.confirmed == {}
    assert not machines.cluster.root.exists()
    result.stdout.fnmatch_lines([f"*{N}: at 192.0.2.1, inventory.ini line 2*calls itself {THIRD}*"])


def test_two_names_with_one_machine(machines: Project) -> None:
    says(machines, SECOND, N)
    assert_ended(machines, machines.run(), 10, "blocked")
    assert findings(machines) == [("machine-twice", f"{N}, {SECOND}")]
    assert {argv for _, argv in machines.cluster.asked} == {WHO.argv}


def test_another_cluster_is_seen_before_its_lock_is_touched(machines: Project) -> None:
    other = cluster_file(3).replace("neteye.example.test", "staging.example.test")
    for node in (N, SECOND, THIRD):
        machines.cluster.answer[node, WHO.argv] = who(node, other)
    assert_ended(machines, machines.run(), 10, "blocked")
    assert findings(machines) == [("cluster-name-mismatch", "neteye.example.test")]
    assert not machines.cluster.root.exists()


def test_the_baseline_holds_the_machines(machines: Project) -> None:
    assert machines.run().ret == 0
    baseline = next(machines.cluster.root.glob("attempts/*/baseline.json"))
    assert json.loads(baseline.read_text())["machines"] == {
        node: machine_id(node) for node in (N, SECOND, THIRD)
    }


def test_a_machine_that_changed_within_the_attempt(machines: Project) -> None:
    machines.write("runbook/test_10_steps.py", KNOWN + CHANGE + CLOSING + BECOMES)
    assert machines.run().ret == 1  # the attempt stays open
    lock = (machines.cluster.root / "lock").read_text()
    says(machines, THIRD, THIRD, id="e" * 32)
    machines.cluster.asked.clear()
    machines.cluster.closed = 0
    result = machines.run()
    assert_ended(machines, result, 10, "blocked")
    assert findings(machines) == [("machine-changed", THIRD)]
    assert [argv for node, argv in machines.cluster.asked if node != N] == [WHO.argv] * 2
    assert (machines.cluster.root / "lock").read_text() == lock
    assert remote.ACQUIRE not in machines.cluster.scripts
    # the way out: the machine that takes its place on purpose says so
    says(machines, THIRD, THIRD)
    machines.run()
    assert ("machine-changed", THIRD) not in findings(machines)


def test_another_machine_in_mid_run_ends_it(machines: Project) -> None:
    machines.write("runbook/test_10_steps.py", KNOWN + CHANGE + CLOSING + BECOMES)
    result = machines.run()
    assert_ended(machines, result, 1, "failed")
    code, subject = findings(machines)[0]
    assert (code, subject) == ("machine-changed", SECOND)
    told = machines.summary["findings"][0]
    assert machine_id(SECOND) in told["observed"]
    assert "'neteye09.example.test' with machine id ffff" in told["observed"]
    assert machines.cluster.changes == [("set", "x")]
    assert (SECOND, ("has", "x")) not in machines.cluster.asked
    assert machines.outcomes()["closing.state"] == "done"


def test_whoever_is_confirmed_is_known_by_id_and_name(machines: Project) -> None:
    says(machines, SECOND, "NETEYE02", member=SECOND)
    machines.run()
    assert machines.cluster.confirmed[SECOND] == Known(machine_id("NETEYE02"), "NETEYE02", SECOND)


def test_a_baseline_of_an_older_runbook_has_no_machines(machines: Project) -> None:
    machines.write(
        "runbook/test_10_steps.py",
        KNOWN.replace(', "machines": machines', "") + CHANGE + CLOSING + BECOMES,
    )
    assert machines.run().ret == 1
    says(machines, THIRD, THIRD, id="e" * 32)
    machines.run()
    assert ("machine-changed", THIRD) not in findings(machines)


@pytest.mark.parametrize("code", CODES)
def test_nobody_can_accept_it(machines: Project, code: str) -> None:
    result = machines.run("--accept", f"{code}=never mind", "--by", "me")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*can't be accepted by anybody*"])
    assert machines.cluster.asked == []
