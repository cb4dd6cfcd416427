"""Real outputs of the tools of other bases: older and newer ones than those of `captured/`.

Each file of `data/bases` is read here, by the parser that reads it in a run.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from fnmatch import fnmatch

import pytest

from engine.errors import ParseError
from engine.model.cluster import LocationConstraint
from engine.parse.cib import parse_cib
from engine.parse.crm_mon import parse_crm_mon
from engine.parse.machine import parse_daemon_states
from engine.parse.quorum import parse_quorumtool
from engine.parse.rpm import parse_check_update
from rehearsal import bases

from .data import DATA
from .topology import node_name

BASES = DATA / "bases"
N1, N2, N3 = (node_name(number) for number in (1, 2, 3))
BAN = f"cli-ban-httpd_group-on-{N1}"


@dataclass(frozen=True)
class Seen:
    """What crm_mon told; the defaults are a healthy cluster."""

    dc: str = N1
    standby: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    unclean: tuple[str, ...] = ()
    not_started: tuple[str, ...] = ()
    failures: tuple[tuple[str, str, int], ...] = ()
    fenced: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    mixed_version: bool = False
    nodes: tuple[str, ...] = field(default=(N1, N2, N3))


FAILED = (("nats-server", N1, 7),)
CRM_MON = {
    "bullseye-pacemaker-2.0.5.healthy": Seen(),
    "bullseye-pacemaker-2.0.5.mid-update": Seen(
        dc=N2, standby=(N2, N3), not_started=("fence_neteye01",)
    ),
    "bullseye-pacemaker-2.0.5.failed-action": Seen(dc=N3, failures=FAILED),
    "bullseye-pacemaker-2.0.5.stopped-03": Seen(offline=(N3,)),
    "bullseye-pacemaker-2.0.5.unclean-02": Seen(unclean=(N2,)),
    "bullseye-pacemaker-2.0.5.fenced-02": Seen(offline=(N2,), fenced=(N2,)),
    "bullseye-pacemaker-2.0.5.leftover-ban": Seen(dc=N2, leftovers=(BAN,)),
    "trixie-pacemaker-3.0.0.healthy": Seen(dc=N2),
    "trixie-pacemaker-3.0.0.mid-update": Seen(standby=(N2, N3), not_started=("fence_neteye01",)),
    "trixie-pacemaker-3.0.0.failed-action": Seen(dc=N2, failures=FAILED),
    "trixie-pacemaker-3.0.0.stopped-03": Seen(dc=N2, offline=(N3,)),
    # a node that is gone tells no feature set any more, and that makes versions mixed
    "trixie-pacemaker-3.0.0.unclean-02": Seen(unclean=(N2,), mixed_version=True),
    "trixie-pacemaker-3.0.0.fenced-02": Seen(offline=(N2,), fenced=(N2,)),
    "trixie-pacemaker-3.0.0.leftover-ban": Seen(dc=N2, leftovers=(BAN,)),
}
LOCAL = "stopped-03-local.crm_mon.xml"
READ = (LOCAL, "cib.xml", "healthy.quorumtool.txt", "stopped-03.quorumtool.txt",
        "stopped-03-local.daemons.txt", "healthy.check-update.txt",
        "healthy.crm_simulate.txt", "disabled-glpi.crm_simulate.txt")  # fmt: skip
"""What crm_simulate says is looked at beside the other base's, in test_crm_simulate.py."""


def of(pattern: str) -> list[str]:
    """Names of the files that end so; there is one of each other base at least."""
    found = sorted(path.name for path in BASES.iterdir() if path.name.endswith(pattern))
    others = {base.name for base in bases.BASES if base != bases.DEFAULT}
    assert {name.partition("-")[0] for name in found} == others
    return found


def text(name: str) -> str:
    return (BASES / name).read_text()


def test_every_file_is_read_here() -> None:
    read = {f"{name}.crm_mon.xml" for name in CRM_MON} | {name for end in READ for name in of(end)}
    assert {path.name for path in BASES.iterdir()} == read


@pytest.mark.parametrize("name", CRM_MON)
def test_crm_mon(name: str) -> None:
    status = parse_crm_mon(text(f"{name}.crm_mon.xml"))
    assert status.with_quorum
    assert len(status.resources) == 22
    assert CRM_MON[name] == Seen(
        dc=status.dc or "",
        standby=status.standby_nodes,
        offline=tuple(node.name for node in status.nodes if not node.online),
        unclean=tuple(node.name for node in status.nodes if node.unclean),
        not_started=tuple(one.id for one in status.resources if one.role != "Started"),
        failures=tuple((one.resource, one.node, one.exit_code) for one in status.failures),
        fenced=tuple(event.target for event in status.fence_events),
        leftovers=tuple(ban.id for ban in status.bans if ban.is_leftover),
        mixed_version=status.mixed_version,
        nodes=tuple(node.name for node in status.nodes),
    )


@pytest.mark.parametrize("name", of(LOCAL))
def test_crm_mon_where_the_cluster_is_stopped(name: str) -> None:
    with pytest.raises(ParseError, match=r"Not connected \(102\): the cluster is stopped on this"):
        parse_crm_mon(text(name))


@pytest.mark.parametrize("name", of("cib.xml"))
def test_the_configuration(name: str) -> None:
    cib = parse_cib(text(name))
    fencing = "true" if fnmatch(name, "*leftover-ban*") else "false"
    assert cib.properties["stonith-enabled"] == fencing
    ban = LocationConstraint(BAN, "httpd_group", N1, "-INFINITY")
    assert [one for one in cib.location if not one.resource.startswith("fence_")] == (
        [ban] if "leftover-ban" in name else []
    )


@pytest.mark.parametrize("name", of("cib.xml"))
def test_a_base_claims_what_its_pacemaker_says_of_itself(name: str) -> None:
    base, root = bases.find(name.partition("-")[0]), ET.fromstring(text(name))
    claimed = (root.get("crm_feature_set"), root.get("validate-with"))
    assert claimed == (base.feature_set, base.schema)


@pytest.mark.parametrize("name", of("healthy.quorumtool.txt") + of("stopped-03.quorumtool.txt"))
def test_quorum(name: str) -> None:
    seen = parse_quorumtool(text(name))
    votes = 3 if "stopped-03" in name else 4
    assert (seen.quorate, seen.expected_votes, seen.total_votes, seen.quorum) == (True, 4, votes, 3)
    assert (seen.has_qdevice, seen.qdevice_votes) == (True, 1)
    assert [one.nodeid for one in seen.members] == [1, 2, 3][: votes - 1]


@pytest.mark.parametrize("name", of("stopped-03-local.daemons.txt"))
def test_daemons(name: str) -> None:
    found = {one.name: (one.active, one.enabled) for one in parse_daemon_states(text(name))}
    assert found == {
        "corosync": ("inactive", "enabled"),
        "pacemaker": ("inactive", "enabled"),
        "pcsd": ("active", "enabled"),
    }


@pytest.mark.parametrize("name", of("healthy.check-update.txt"))
def test_pending_updates(name: str) -> None:
    found = {one.name: f"{one.version}-{one.release}" for one in parse_check_update(text(name))}
    assert len(found) == 7
    assert found["ocsinventory-server"] == "2.9.0-2.neteye4.25"
