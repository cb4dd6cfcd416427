"""Where httpd has run and what holds it, read past the runbook."""

from __future__ import annotations

from datetime import datetime

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Ran

# systemd's releases say it in different words; the message has an id
_STARTED = "39f53479d3a045ac8e11786248231fbf"
_STARTS = r"""
journalctl --no-pager --output cat --since "@$1" UNIT=httpd.service "MESSAGE_ID=$2" |
  grep -c . || true
"""


def httpd_starts(cluster: TestCluster, ran: Ran) -> dict[str, int]:
    """Operative node -> how often httpd was started there since the nodes were reactivated."""
    steps = {step["name"]: step for step in ran.summary["steps"]}
    since = datetime.fromisoformat(steps["reactivation.normal"]["started"]).timestamp()
    return {
        node.short: int(cluster.shell(node.short, _STARTS, str(int(since)), _STARTED))
        for node in cluster.topology.operative
    }


def assert_nothing_holds_httpd(cluster: TestCluster) -> None:
    """The CIB has no location constraint but those of the fence devices."""
    constraints = cluster.run(cluster.active, ("cibadmin", "--query", "--scope", "constraints"))
    assert "neteye-runbook" not in constraints
    for line in constraints.splitlines():
        assert "<rsc_location" not in line or 'rsc="fence_' in line, line
