"""Real agents report before the upgrade, during it and after: stored, told, and followed up (G08).

Debian's agents on machines beside the cluster; see docs/rehearsal.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal import agents
from tests.findings import shims
from tests.integration.clusters import Clusters, RehearsalError, TestCluster
from tests.integration.conftest import TWO
from tests.integration.invocation import Project, Ran, copy_project, with_settings
from tests.integration.judging import differences, judged, not_judged

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

MACHINES = ("linux01", "linux02", "linux03", "old01", "old02")
# pcs comes back when agents have reported to the httpd that has just started
_HOLDS = """
[ "$*" != "resource restart httpd" ] || {
  "$REAL" "$@" || exit
  touch /run/httpd-restarted
  for second in {1..280}; do [ ! -e /run/agents-reported ] || exit 0; sleep 1; done
  exit 1
}
exec "$REAL" "$@"
"""
_ROWS = """
SELECT h.NAME, h.USERAGENT, m.NUMSLOTS, m.CAPACITY FROM ocsweb.hardware h
 LEFT JOIN ocsweb.memories m ON m.HARDWARE_ID = h.ID
 WHERE h.NAME LIKE 'linux0_' OR h.NAME LIKE 'old0_' ORDER BY h.NAME, m.NUMSLOTS
"""
OCS, OLD = "OCS-NG_unified_unix_agent_v2.10.0", "OCS-NG_unified_unix_agent_v2.1.1"
FUSION = "FusionInventory-Agent_v2.6-3"


def _report(cluster: TestCluster, *machines: str, **options: Any) -> None:
    for one in agents.report(cluster.name, machines, say=lambda _: None, **options):
        assert one.code == 0, one


def _rows(cluster: TestCluster) -> list[tuple[str, ...]]:
    return [tuple(line.split("\t")) for line in cluster.sql(_ROWS).splitlines()]


class Meanwhile:
    """`linux01` reports again and again; when the run has restarted httpd, others do as well."""

    def __init__(self, cluster: TestCluster) -> None:
        self.cluster = cluster
        self.stored: list[str] = []
        """LASTDATE of linux01 after each of its reports, while httpd was not yet restarted."""
        self.over = Event()

    def report(self) -> None:
        while not self.over.is_set() and not self._restarted():
            agents.report(self.cluster.name, ["linux01"], say=lambda _: None)
            # where the database is on its way to another node nobody answers
            with suppress(RehearsalError, IndexError):
                self.stored.append(self.cluster.sql(_LASTDATE).strip())
        if not self.over.is_set():
            _report(self.cluster, "linux01", "linux02")
            _report(self.cluster, "old02", files={"agent": "ocsinventory\n"})
            self.cluster.run(self.cluster.active, ("touch", "/run/agents-reported"))

    def _restarted(self) -> bool:
        script = "[ -e /run/httpd-restarted ] && echo yes || echo no"
        return self.cluster.shell(self.cluster.active, script).strip() == "yes"


_LASTDATE = "SELECT LASTDATE FROM ocsweb.hardware WHERE NAME = 'linux01'"


@dataclass
class Upgraded:
    """A cluster whose agents reported before, during and after."""

    cluster: TestCluster
    project: Project
    before: list[tuple[str, ...]]
    stored_meanwhile: list[str]
    ran: Ran
    after: list[tuple[str, ...]]


@pytest.fixture(scope="module")
def upgraded(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    cluster = clusters.get("agents", TWO, seed=26)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("agents") / "copy"))
    inventory = tmp_path_factory.mktemp("inventory") / "inventory.ini"
    # httpd would start anew on each node, and once more here
    settings = {"runbook_failover_proof": "no"}
    inventory.write_text(with_settings(cluster.inventory.read_text(), settings))
    _report(cluster)
    before = _rows(cluster)
    shims.put(SimpleNamespace(cluster=cluster), cluster.active, "pcs", _HOLDS)  # type: ignore[arg-type]
    meanwhile = Meanwhile(cluster)
    with ThreadPoolExecutor() as pool:
        reporting = pool.submit(meanwhile.report)
        try:
            ran = project.execute(inventory)
        finally:
            meanwhile.over.set()
        reporting.result()
    yield Upgraded(cluster, project, before, meanwhile.stored, ran, _rows(cluster))
    clusters.down()


def test_what_they_sent_before_was_stored_as_text(upgraded: Upgraded) -> None:
    assert upgraded.before == [
        ("linux01", OCS, "0", "8192"),
        ("linux01", OCS, "1", ""),
        ("linux02", FUSION, "1", "32768"),
        ("linux02", FUSION, "2", "32768"),
        ("linux02", FUSION, "3", ""),
        ("linux03", OCS, "NULL", "NULL"),
        ("old01", OLD, "0", "8192"),
        ("old01", OLD, "1", "No"),
        ("old02", OLD, "0", "8192"),
        ("old02", OLD, "1", "No"),
    ]


def test_they_were_stored_during_the_upgrade(upgraded: Upgraded) -> None:
    assert upgraded.ran.code == 0, upgraded.ran.console
    assert len(set(upgraded.stored_meanwhile)) > 1


def test_the_verification_has_them_as_stored(upgraded: Upgraded) -> None:
    steps = {step["name"]: step for step in upgraded.ran.summary["steps"]}
    for name in ("verification.inventories", "closing.agents"):
        said = steps[name]["reason"]
        assert "inventories of 3 machines stored since " in said, name
        assert "with 7 rows of memories" in said, name
        assert " with 200)" in said, name
    assert upgraded.ran.findings("ocs-inventories-not-stored") == []


def test_that_can_be_judged_again(upgraded: Upgraded) -> None:
    assert upgraded.ran.directory is not None
    told = judged(upgraded.project, upgraded.ran.directory.resolve())
    assert differences(told) == []
    assert {"verification.inventories", "closing.agents"} & set(not_judged(told)) == set()


def test_what_they_sent_after_is_an_integer(upgraded: Upgraded) -> None:
    """What an agent sends as before is not written again: the NULL of the upgrade stays."""
    rows = [row for row in upgraded.after if row[0] != "linux03"]
    assert rows == [
        ("linux01", OCS, "0", "8192"),
        ("linux01", OCS, "1", "NULL"),
        ("linux02", FUSION, "1", "32768"),
        ("linux02", FUSION, "2", "32768"),
        ("linux02", FUSION, "3", "NULL"),
        # it has not reported since
        ("old01", OLD, "0", "8192"),
        ("old01", OLD, "1", "NULL"),
        # updated: 0 is what the server makes of a size that is left out
        ("old02", OCS, "0", "8192"),
        ("old02", OCS, "1", "0"),
    ]


def _verdicts(upgraded: Upgraded) -> tuple[Ran, dict[str, str]]:
    assert upgraded.ran.directory is not None
    ran = upgraded.project.follow_up(upgraded.cluster.inventory, upgraded.ran.directory)
    assert ran.directory is not None, ran.console
    (table,) = (ran.directory / "outputs").glob("*-agents-to-follow-up.csv")
    with table.open(newline="") as file:
        rows = {row["name"]: row["verdict"] for row in csv.DictReader(file)}
    return ran, {name: rows[name] for name in rows if name in MACHINES}


def test_the_follow_up_sees_what_each_has_sent(upgraded: Upgraded) -> None:
    """`old02` was updated, `old01` reports later and was not.

    What was sent before the column was verified does not count for a verdict: it is sent again.
    """
    _report(upgraded.cluster, "old02")
    ran, verdicts = _verdicts(upgraded)
    assert verdicts == {"old01": "not reported yet", "old02": "reports integers"}
    steps = {step["name"]: step for step in ran.summary["steps"]}
    assert "inventories of 3 machines stored since" in steps["followup.inventories"]["reason"]
    assert ran.findings("ocs-inventories-not-stored") == []
    _report(upgraded.cluster, "old01")
    ran, verdicts = _verdicts(upgraded)
    assert verdicts == {"old01": "update the agent", "old02": "reports integers"}
    steps = {step["name"]: step for step in ran.summary["steps"]}
    assert "inventories of 4 machines stored since" in steps["followup.inventories"]["reason"]
    assert ran.code == 11, ran.console
    assert ran.changes == []
