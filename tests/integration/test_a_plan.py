"""`--plan` on a good cluster, and on a blocked one: what it says, and no trace on any node.

Promise 1 of the design: under `--plan` the object that writes does not exist.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

from engine import cli
from tests.evidence.sealed import new_key
from tests.integration.clusters import TestCluster
from tests.integration.effects import Everything, everything, without_effect
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import starts

pytestmark = pytest.mark.integration


def plan_of(ran: Ran) -> dict[str, Any]:
    """plan.json of a run."""
    assert ran.directory is not None, ran.console
    plan: dict[str, Any] = json.loads((ran.directory / "plan.json").read_text())
    return plan


def steps_of(ran: Ran) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in plan_of(ran)["steps"]}


def commands(ran: Ran) -> list[str]:
    """What would be run, in order."""
    return [c["command"] for step in plan_of(ran)["steps"] for c in step["commands"]]


@dataclass(frozen=True)
class Plans:
    """Two plans of an unchanged cluster, minutes apart; the second has the approval it needs."""

    blocked: Ran
    good: Ran
    left: Everything
    """What lies on the cluster after them."""


@pytest.fixture(scope="module")
def plans(small: TestCluster, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Plans:
    directory = tmp_path_factory.mktemp("approved")
    place = directory / "approvals"
    place.mkdir()
    key = new_key(directory, "approver")
    allowed = directory / "approvers"
    allowed.write_text(f"b@example.test {key.with_suffix('.pub').read_text()}")
    inventory = directory / "approved.ini"
    asked = f"runbook_approvals = 1\nrunbook_approvals_from = {place}\n"
    inventory.write_text(
        f"{small.inventory.read_text()}\n[all:vars]\n{asked}runbook_approvers = {allowed}\n"
    )
    words = ["--name", "B. Bianchi", "--key", str(key), "--out", str(place / "b.approval.json")]
    with without_effect(small) as seen:
        blocked = project.plan(inventory)
        assert blocked.directory is not None, blocked.console
        assert cli.main(["approve", str(blocked.directory / "plan.json"), *words]) == 0
        good = project.plan(inventory)
    return Plans(blocked, good, seen[-1])


@pytest.fixture(scope="module")
def planned(plans: Plans) -> Ran:
    return plans.good


def test_the_proof_sees_an_effect(small: TestCluster, plans: Plans) -> None:
    """A file, a mode, a content, a package's file, a row: each would be told."""
    small.run(small.other, ("touch", "/var/lib/neteye/trace"))
    small.shell(small.active, "chmod g+w /root/.bashrc 2>/dev/null || chmod g+w /root")
    small.sql("CREATE TABLE ocsweb.trace (a INT)")
    told = "\n".join(plans.left.differences(everything(small)))
    small.sql("DROP TABLE ocsweb.trace")
    small.run(small.other, ("rm", "/var/lib/neteye/trace"))
    small.shell(small.active, "chmod g-w /root/.bashrc 2>/dev/null || chmod g-w /root")
    assert f"{small.other}: /var/lib/neteye/trace" in told
    assert f"{small.active}: /root" in told
    assert "table ocsweb.trace" in told


def test_a_plan_of_a_good_cluster_ends_well(planned: Ran) -> None:
    assert planned.code == 0, planned.console
    assert planned.summary["outcome"] == "planned"
    assert planned.summary["mode"] == "plan"
    assert planned.summary["attempt"] is None
    assert planned.changes == []


def test_it_lists_the_values_that_are_no_integers(planned: Ran, small: TestCluster) -> None:
    assert planned.directory is not None
    (file,) = (planned.directory / "outputs").glob("*.csv")
    with file.open(newline="") as text:
        listed = list(csv.DictReader(text))
    # in other words than the runbook's: neither blank nor digits alone
    wanted = small.sql(
        "SELECT ID FROM ocsweb.memories WHERE TRIM(CAPACITY) <> ''"
        " AND (CAPACITY REGEXP '[^0-9]' OR CAPACITY + 0 > 2147483647)"
    ).split()
    assert wanted
    assert sorted(int(row["row id"]) for row in listed) == sorted(map(int, wanted))
    journal = [json.loads(line) for line in (planned.directory / "journal.jsonl").open()]
    (output,) = [e["output"] for e in journal if "rows" in (e.get("output") or {})]
    assert output["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert output["file"] == f"outputs/{file.name}"
    assert output["sha256"] in (planned.directory / "report.html").read_text()


def test_it_leaves_nothing_on_any_node(planned: Ran, small: TestCluster) -> None:
    assert planned.code == 0
    for node in small.shorts:
        small.run(node, ("test", "!", "-e", "/var/lib/neteye-runbook"))
    for command in ("neteye-update", "neteye-upgrade"):
        assert not any(starts(small, command).values())


def test_it_shows_every_command_that_is_known_beforehand(planned: Ran) -> None:
    plain = [command for command in commands(planned) if "-c " not in command]
    unstandby, fencing = "pcs node unstandby --all --wait=300", "stonith-enabled=true"
    known = [command for command in plain if not command.startswith("mysql")]
    assert known[0] == "neteye update"
    assert known[1] == unstandby
    assert fencing in known[2]
    assert known[3:5] == ["neteye upgrade", unstandby]
    assert fencing in known[5]
    assert len(known) == 6


def test_it_claims_nothing_of_what_the_upgrade_leaves(planned: Ran) -> None:
    steps = steps_of(planned)
    for name in ("upgrade.stop[1]", "upgrade.run[2]", "verification.versions", "closing.attempt"):
        assert steps[name]["verdict"] == "AFTER", steps[name]
    assert steps["verification.versions"]["after"] == "upgrade.run[1]"
    assert steps["baseline.recorded"]["verdict"] == "WILL RUN"
    assert steps["baseline.recorded"]["reason"].startswith("bookkeeping")


def test_its_table_is_short_and_marks_the_point_of_no_return(planned: Ran) -> None:
    console = planned.console
    told = console[console.index("PLAN: nothing blocks.") :].splitlines()
    head = next(i for i, line in enumerate(told) if line.startswith("verdict "))
    foot = next(i for i, line in enumerate(told) if line.startswith("not shown: "))
    assert foot - head < 50
    assert all(len(line) <= 80 for line in told[: foot + 1])
    mark = next(i for i, line in enumerate(told) if "point of no return" in line)
    assert "upgrade.run[1]" in told[mark + 1]
    assert "neteye upgrade" in " ".join(told[mark + 1 : mark + 3])
    assert any("POINT OF NO RETURN" in line for line in told)
    assert any("holds it" in line for line in told)
    assert " would change the cluster in about " in told[0]
    assert not any(line.startswith("SATISFIED") for line in told)


def test_its_checks_were_made_all_the_same(planned: Ran) -> None:
    checks = {n: o for n, o in planned.outcomes.items() if n.startswith("preflight.")}
    assert len(checks) > 15
    assert set(checks.values()) == {"SATISFIED"}


def test_minutes_later_its_facts_are_the_same(plans: Plans) -> None:
    """And what its checks say; the hash over it all: tests/plugin/test_plan_file.py."""
    before, later = (plan_of(ran)["material"] for ran in (plans.blocked, plans.good))
    steps = {step["name"]: step for step in later.pop("steps")}
    reached = [
        step
        for step in before.pop("steps")
        if step["name"].startswith("preflight.") and step["verdict"] != "BLOCKED"
    ]
    assert before == later
    assert len(reached) > 15
    assert [steps[step["name"]] for step in reached] == reached


def test_an_approval_is_asked_for_and_taken(plans: Plans) -> None:
    """That it counts no more when a fact has changed: tests/judge/test_policy_approvals.py."""
    assert plans.blocked.code == 10, plans.blocked.console
    assert plans.blocked.blocking == {"approvals-missing"}
    assert plans.good.code == 0, plans.good.console


def test_a_blocked_plan_shows_nothing_that_would_be_run(plans: Plans) -> None:
    """And it left nothing either: both plans were looked at together."""
    ran = plans.blocked
    assert ran.summary["outcome"] == "blocked"
    steps = steps_of(ran)
    blocked = {name for name, step in steps.items() if step["verdict"] == "BLOCKED"}
    assert {"preflight.governance", "baseline.recorded", "upgrade.run[1]"} <= blocked
    assert "approvals-missing" in {f["code"] for f in steps["upgrade.run[1]"]["findings"]}
    assert commands(ran) == []
    assert "PLAN: BLOCKED at " in ran.console
