"""The rehearsal's Icinga 2: it answers where a NetEye does, downtimes stay, and keep messages back.

Without the runbook: what its downtimes are tried on has to be an Icinga.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from rehearsal.errors import CommandError
from rehearsal.render import icinga
from rehearsal.render.icinga import host_name
from rehearsal.run import wait_for
from tests.integration.clusters import SETTLE, Clusters, TestCluster
from tests.integration.conftest import TWO
from tests.integration.monitoring import Answer, Icinga

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

USER = "runbook-downtime"
OUTSIDE = icinga.OUTSIDE[0]


@pytest.fixture(scope="module")
def lab(clusters: Clusters) -> TestCluster:
    return clusters.get("icinga", TWO, seed=26)


@pytest.fixture(scope="module")
def monitoring(lab: TestCluster) -> Icinga:
    found = Icinga(lab)
    found.until_answering()
    found.until_checked()
    return found


@pytest.fixture
def downtime(monitoring: Icinga, lab: TestCluster) -> Iterator[set[str]]:
    """A downtime of two hours of the nodes and their services, gone afterwards; what is in it."""
    names = [host_name(node) for node in lab.topology.nodes]
    answer = schedule(monitoring, names)
    assert answer.status == 200, answer
    services = monitoring.attributes("services", "host_name").items()
    expected = {*names, *(name for name, one in services if one["host_name"] in names)}
    until_in_downtime(monitoring, expected)
    yield expected
    monitoring.until_answering()
    remove(monitoring)
    until_in_downtime(monitoring, set())


def schedule(monitoring: Icinga, names: list[str], user: str = USER) -> Answer:
    """Two hours for these hosts and their services."""
    begin = int(time.time())
    asked = {
        "type": "Host",
        "filter": "host.name in names",
        "filter_vars": {"names": names},
        "author": "runbook",
        "comment": "test",
        "fixed": True,
        "all_services": True,
        "start_time": begin,
        "end_time": begin + 2 * 60 * 60,
    }
    return monitoring.ask("POST", "actions/schedule-downtime", asked, user=user)


def remove(monitoring: Icinga) -> None:
    """Those that are there, by name: with a host's go those of its services, since 2.13."""
    for name in monitoring.attributes("downtimes", "author"):
        answer = monitoring.ask("POST", "actions/remove-downtime", {"downtime": name}, user=USER)
        assert answer.status in (200, 404), answer
    assert monitoring.attributes("downtimes", "author") == {}


def until_in_downtime(monitoring: Icinga, expected: set[str]) -> None:
    def missing() -> str | None:
        found = monitoring.in_downtime()
        return None if found == expected else f"in downtime: {sorted(found)}"

    wait_for(f"in downtime: {sorted(expected)}", missing, seconds=SETTLE)


def test_it_answers_every_operative_node_by_the_services_name(
    monitoring: Icinga, lab: TestCluster
) -> None:
    """Its certificate is good for that name by the CA that the node has."""
    for node in lab.topology.operative:
        answer = monitoring.ask("GET", "objects/hosts?attrs=address", user=USER, node=node.short)
        addresses = {one["name"]: one["attrs"]["address"] for one in answer.results}
        assert addresses[lab.topology.fqdn] == str(lab.topology.cluster_ip)
        assert set(addresses) == {
            *(host_name(node) for node in lab.topology.nodes),
            *(lab.topology.fqdn, OUTSIDE),
        }


def test_nobody_else_vouches_for_it(monitoring: Icinga) -> None:
    with pytest.raises(CommandError, match="certificate problem"):
        monitoring.ask("GET", "", authority="/etc/ssl/certs/ca-certificates.crt")


def test_it_listens_at_the_services_address_alone(lab: TestCluster) -> None:
    words = ("ss", "-Hltn", "sport = :5665")
    told = lab.run(lab.node_of(icinga.SERVICE), words).split()
    assert told[3] == f"{lab.topology.service_address(icinga.SERVICE)}:5665"
    assert len(told) == 5


def test_a_user_without_the_permission_schedules_nothing(
    monitoring: Icinga, lab: TestCluster
) -> None:
    names = [host_name(node) for node in lab.topology.nodes]
    assert schedule(monitoring, names, user="runbook-observer").status == 404
    assert monitoring.attributes("downtimes", "author") == {}


def test_a_downtime_survives_a_restart(
    monitoring: Icinga, lab: TestCluster, downtime: set[str]
) -> None:
    before = monitoring.attributes("downtimes", "comment")
    lab.run(lab.active, ("pcs", "resource", "restart", icinga.SERVICE, "--wait=300"))
    monitoring.until_answering()
    assert monitoring.attributes("downtimes", "comment") == before
    until_in_downtime(monitoring, downtime)


def test_a_downtime_survives_a_kill(
    monitoring: Icinga, lab: TestCluster, downtime: set[str]
) -> None:
    node = lab.node_of(icinga.SERVICE)
    lab.run(node, ("systemctl", "kill", "--signal=KILL", icinga.SERVICE))
    lab.until_failed_action()
    lab.run(lab.active, ("pcs", "resource", "cleanup", icinga.SERVICE))
    lab.until_ready()
    monitoring.until_answering()
    until_in_downtime(monitoring, downtime)


def test_icinga_moves_with_its_downtimes_and_messages(
    monitoring: Icinga, lab: TestCluster, downtime: set[str]
) -> None:
    before = lab.node_of(icinga.SERVICE)
    messages = monitoring.messages()
    lab.run(lab.active, ("pcs", "node", "standby", f"{before}.neteyelocal", "--wait=300"))
    try:
        assert lab.node_of(icinga.SERVICE) != before
        monitoring.until_answering()
        until_in_downtime(monitoring, downtime)
        assert monitoring.messages()[: len(messages)] == messages
    finally:
        lab.run(lab.active, ("pcs", "node", "unstandby", "--all", "--wait=300"))
        lab.until_ready()


def test_a_message_is_kept_back_in_a_downtime_and_one_of_a_host_outside_is_sent(
    monitoring: Icinga, lab: TestCluster, downtime: set[str]
) -> None:
    host = host_name(lab.topology.nodes[0])
    monitoring.until_checked()  # what was checked since the last save is lost with a kill
    before = monitoring.problems(OUTSIDE, "paper")
    assert monitoring.problems(host, "disk") == 0
    try:
        monitoring.report(host, "disk", 2)
        monitoring.report(OUTSIDE, "paper", 1)
        monitoring.until_told(OUTSIDE, "paper", before + 1)
        assert monitoring.problems(host, "disk") == 0
        # it lasts, and so is told as soon as nothing keeps it back: it was the downtime
        remove(monitoring)
        monitoring.until_told(host, "disk")
    finally:
        monitoring.report(host, "disk", 0)
        monitoring.report(OUTSIDE, "paper", 0)
