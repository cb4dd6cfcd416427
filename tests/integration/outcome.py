"""What must be true of a cluster that the runbook has upgraded, read past the runbook."""

from __future__ import annotations

import urllib.error
import urllib.request

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Ran
from tests.integration.snapshot import CHANGING, FINALISE, starts

OPEN = "G08"
NOT_NEEDED = "G26"
ROWS = tuple(f"G{number:02d}" for number in range(1, 29))


def assert_rows(ran: Ran, *absent: str) -> None:
    """G08 open, G26 not needed, the other 26 fulfilled by steps that recorded something.

    `absent` are those that such a cluster has nothing for.
    """
    expected = dict.fromkeys(ROWS, "fulfilled") | {OPEN: "open", NOT_NEEDED: "not needed"}
    expected |= dict.fromkeys(absent, "not applicable")
    assert ran.states == expected
    for row in ran.summary["guide"]:
        assert row["steps"], row
        assert row["reason"], row


def assert_upgraded(cluster: TestCluster, *, fencing: bool = True, ocs: bool = True) -> None:
    """4.26 everywhere, nobody in standby, fencing as before, OCS logs in, no node harmed."""
    for node in cluster.shorts:
        assert cluster.read(node, "/etc/neteye-release").startswith("NetEye release 4.26"), node
        harmed = cluster.shell(node, "ls /etc/neteye-rehearsal")
        assert "harmed" not in harmed.split(), f"{node}: neteye was run where it does harm"
    configuration = cluster.run(cluster.active, ("cibadmin", "--query", "--scope", "nodes"))
    assert 'name="standby" value="on"' not in configuration
    assert is_fencing_on(cluster) is fencing
    cluster.until_ready()
    if ocs:
        assert ocs_answer(cluster) == 400


def is_fencing_on(cluster: TestCluster) -> bool:
    words = ("--type", "crm_config", "--name", "stonith-enabled", "--query", "--quiet")
    return cluster.run(cluster.active, ("crm_attribute", *words)).strip() == "true"


def ocs_answer(cluster: TestCluster) -> int:
    """400: the server has logged in to its database and misses an agent's words; 500: it can't."""
    url = f"http://{cluster.topology.service_address('httpd')}/ocsinventory"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def assert_started_once_a_round(cluster: TestCluster, rounds: int, updates: int = 1) -> None:
    """`neteye update` and `upgrade` were started on N only, never more often than needed."""
    idle = dict.fromkeys(cluster.shorts, 0)
    assert starts(cluster, "neteye-update") == {**idle, cluster.active: updates}
    assert starts(cluster, "neteye-upgrade") == {**idle, cluster.active: rounds}


def all_starts(cluster: TestCluster) -> dict[str, dict[str, int]]:
    """How often each command that changes something was started on each node."""
    return {command: starts(cluster, command) for command in (*CHANGING, FINALISE)}
