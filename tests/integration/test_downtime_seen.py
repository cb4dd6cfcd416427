"""Downtimes of an attempt as the cluster's own Icinga has them: before, during, after kills.

Killed during `neteye update` and given back by `--restore`; begun anew, killed before the first
round of the upgrade, and finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.fault import Fault
from tests.faults.lab import FIRST_ROUND, Lab
from tests.integration.clusters import Clusters
from tests.integration.conftest import TWO
from tests.integration.invocation import Ran
from tests.integration.test_a_plan import steps_of

# the rehearsal's Icinga, past the runbook
icinga = pytest.importorskip("rehearsal.render.icinga")
monitoring = pytest.importorskip("tests.integration.monitoring")

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

FAULT = Fault("downtime-seen", "an attempt with a downtime", TWO, lambda lab: None, "guide")
UPDATE_ENDED = "test -e /var/lib/neteye-runbook/attempts/*/commands/update-1/status"
WANTED = {"downtime": "yes"}


@dataclass
class Seen:
    """What Icinga had in a downtime after each run, and what it would have told people."""

    expected: set[str]
    after: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    """Names of the downtimes themselves."""
    runs: dict[str, Ran] = field(default_factory=dict)
    told_inside: int = 0
    told_outside: int = 0


@pytest.fixture(scope="module")
def seen(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    cluster = clusters.get("downtime", TWO, seed=29)
    cluster.is_spoilt = True
    asked = monitoring.Icinga(cluster)
    asked.until_answering()
    asked.until_checked()
    hosts = {*map(icinga.host_name, cluster.topology.nodes), cluster.topology.fqdn}
    services = asked.attributes("services", "host_name").items()
    found = Seen({*hosts, *(name for name, one in services if one["host_name"] in hosts)})
    lab = Lab(FAULT, cluster, tmp_path_factory.mktemp("downtime"))

    def look(when: str) -> None:
        asked.until_answering()
        found.after[when] = asked.in_downtime()
        found.names[when] = set(asked.attributes("downtimes", "author"))

    with lab.stack:
        found.runs["plan"] = lab.expect(lab.start("--plan", **WANTED), 0, evidence=False)
        look("the plan")
        _kill_at(lab, "update.run#1")
        look("a kill")
        node, service = icinga.host_name(cluster.topology.nodes[1]), "load"
        outside = icinga.OUTSIDE[0]
        asked.report(node, service, 2)
        asked.report(outside, "paper", 2)
        asked.until_told(outside, "paper")
        found.told_inside = asked.problems(node, service)
        found.told_outside = asked.problems(outside, "paper")
        asked.report(node, service, 0)
        lab.wait_for("the end of the update", cluster.active, UPDATE_ENDED)
        found.runs["restore"] = lab.expect(lab.start("--restore", **WANTED), 0)
        look("the restore")
        _kill_at(lab, FIRST_ROUND)
        look("another kill")
        found.runs["done"] = lab.expect(lab.start(**WANTED), 0)
        look("the end")
        yield found


def _kill_at(lab: Lab, intent: str) -> None:
    running = lab.start(**WANTED)
    running.until_intent(intent)
    running.kill()


def test_the_plan_tells_the_hosts_and_changes_nothing(seen: Seen) -> None:
    told = steps_of(seen.runs["plan"])
    hosts = [name for name in seen.expected if "!" not in name]
    assert all(host in told["preflight.downtime"]["reason"] for host in hosts)
    assert told["baseline.downtime"]["verdict"] == "WILL RUN"
    assert told["update.run"]["verdict"] == "WILL RUN"  # known as well as without a downtime
    assert told["closing.downtime"]["verdict"] == "AFTER"
    assert seen.after["the plan"] == set()


def test_every_host_and_service_is_silent_also_when_the_run_was_killed(seen: Seen) -> None:
    assert seen.after["a kill"] == seen.after["another kill"] == seen.expected


def test_nobody_is_told_of_the_cluster_and_of_a_host_outside_somebody_is(seen: Seen) -> None:
    assert (seen.told_inside, seen.told_outside) == (0, 1)


def test_a_restore_and_the_end_leave_none(seen: Seen) -> None:
    for when in ("the restore", "the end"):
        assert seen.after[when] == set(), when
        assert seen.names[when] == set(), when


def test_the_run_that_went_on_made_no_other(seen: Seen) -> None:
    """It only removed them."""
    assert seen.names["another kill"]
    changes = _downtimes(seen.runs["done"])
    assert [change["step"] for change in changes] == ["closing.downtime"]


def test_no_finding_was_made_of_it(seen: Seen) -> None:
    for when, ran in seen.runs.items():
        found = [e["code"] for e in ran.events if e["event"] == "finding"]
        assert [code for code in found if code.startswith("downtime-")] == [], when


def _downtimes(ran: Ran) -> list[dict[str, Any]]:
    return [change for change in ran.changes if change["step"].endswith(".downtime")]
