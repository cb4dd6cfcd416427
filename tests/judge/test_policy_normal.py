"""The profiles of "normal": a healthy cluster passes, each single fault is told by its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.judge import normal
from engine.judge.fencing import stopped_fence_devices
from engine.judge.normal import Expected, Observed
from engine.judge.resources import disabled_resources
from engine.model.cluster import Cib, DaemonState, QuorumStatus, Unmanaged
from engine.model.drbd import DrbdDevice, DrbdPeerDevice
from engine.model.finding import Way
from engine.model.host import ElasticHealth
from tests.judge import builders as b

BEFORE: dict[str, Any] = {"version": b.SOURCE}
MID: dict[str, Any] = {"only_active": True, "fencing": False}
REACTIVATED: dict[str, Any] = {"fencing": False}
FINAL: dict[str, Any] = {}
PROFILES: dict[str, tuple[Callable[[Observed, Expected], tuple[Any, ...]], dict[str, Any]]] = {
    "before": (normal.before_start, BEFORE),
    "mid": (normal.mid_upgrade, MID),
    "reactivated": (normal.reactivated, REACTIVATED),
    "final": (normal.final, FINAL),
}
TOPOLOGIES = [(3, 1, 1), (2, 0, 0), (2, 0, 1), (3, 0, 0), (5, 2, 1), (16, 8, 1)]


@pytest.mark.parametrize("counts", TOPOLOGIES, ids=lambda c: "+".join(map(str, c)))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_healthy_cluster_has_no_finding(profile: str, counts: tuple[int, int, int]) -> None:
    judge, state = PROFILES[profile]
    top = b.topology(*counts)
    assert judge(b.observed(top, **state), b.expected(top)) == ()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("enabled", ["disabled", ""])
def test_a_daemon_that_is_installed_and_not_used_is_no_fault(profile: str, enabled: str) -> None:
    """pcs does not show it either."""
    judge, state = PROFILES[profile]
    off = (*b.daemon_states(), DaemonState("sbd", "inactive", enabled))
    seen = b.with_daemons(b.observed(**state), b.SECOND, off)
    assert judge(seen, b.expected()) == ()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("active", ["inactive", "failed"])
def test_without_a_voting_only_node_the_qdevice_has_nothing_to_do(
    profile: str, active: str
) -> None:
    judge, state = PROFILES[profile]
    top = b.topology(3, 1, 0)
    idle = DaemonState("corosync-qdevice", active, "enabled")
    others = tuple(d for d in b.daemon_states() if d.name != "corosync-qdevice")
    seen = b.with_daemons(b.observed(top, **state), top.operative[1], (*others, idle))
    assert judge(seen, b.expected(top)) == ()


# code -> (profiles in which the fault is told, the fault)
Break = Callable[[Observed], Observed]
ALL = ("before", "mid", "reactivated", "final")
ACTIVE = ("before", "reactivated", "final")
NOT_JUDGED_MID = ACTIVE
SUSPENDED = {"suspended": True}
FAULTS: dict[str, tuple[tuple[str, ...], list[str], Break]] = {
    "node offline": (ALL, ["node-offline"], lambda o: b.with_node(o, b.THIRD, online=False)),
    "node unknown to pacemaker": (
        ALL,
        ["node-offline"],
        lambda o: b.with_status(o, nodes=tuple(n for n in o.status.nodes if n.name != b.THIRD)),
    ),
    "node unclean": (
        ALL,
        ["node-unclean"],
        lambda o: b.with_node(o, b.THIRD, online=False, unclean=True),
    ),
    "node unclean and online": (
        ALL,
        ["node-unclean"],
        lambda o: b.with_node(o, b.THIRD, unclean=True),
    ),
    "N in standby": (ALL, ["node-standby"], lambda o: b.with_node(o, b.N, standby=True)),
    "N in standby on failure": (
        ALL,
        ["node-standby"],
        lambda o: b.with_node(o, b.N, standby_onfail=True),
    ),
    "other in standby": (ACTIVE, ["node-standby"], lambda o: b.with_node(o, b.THIRD, standby=True)),
    "other not in standby": (
        ("mid",),
        ["node-not-standby"],
        lambda o: b.with_node(o, b.THIRD, standby=False),
    ),
    "node in maintenance": (
        ALL,
        ["node-maintenance"],
        lambda o: b.with_node(o, b.THIRD, maintenance=True),
    ),
    "node pending": (ALL, ["node-pending"], lambda o: b.with_node(o, b.THIRD, pending=True)),
    "node shutting down": (ALL, ["node-pending"], lambda o: b.with_node(o, b.THIRD, shutdown=True)),
    "no controller": (ALL, ["no-dc"], lambda o: b.with_status(o, dc=None, with_quorum=None)),
    "mixed pacemaker": (
        ALL,
        ["pacemaker-mixed"],
        lambda o: b.with_status(o, mixed_version=True),
    ),
    "maintenance mode": (
        ALL,
        ["cluster-maintenance"],
        lambda o: b.with_options(o, maintenance_mode=True),
    ),
    "stop all": (ALL, ["cluster-stop-all"], lambda o: b.with_options(o, stop_all_resources=True)),
    "stopped": (
        ALL,
        ["resource-stopped"],
        lambda o: b.with_resource(o, "httpd", role="Stopped", active=False, nodes=()),
    ),
    "Started by role only": (
        ALL,
        ["resource-stopped"],
        lambda o: b.with_resource(o, "httpd", active=False, nodes=()),
    ),
    "on another node in mid-upgrade": (
        ("mid",),
        ["resource-elsewhere"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.SECOND,)),
    ),
    "on a node that is not operative": (
        ALL,
        ["resource-elsewhere"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.ELASTIC,)),
    ),
    "on two nodes": (
        ALL,
        ["resource-multiple"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.N, b.SECOND)),
    ),
    "on two nodes and unmanaged": (
        ALL,
        ["resource-multiple"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.N, b.SECOND), managed=False),
    ),
    "on two nodes while it stops": (
        ALL,
        ["resource-multiple"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.N, b.SECOND), role="Stopping"),
    ),
    "on its way by a live migration": (
        ALL,
        ["resource-moving"],
        lambda o: b.with_resource(o, "httpd", nodes=(b.N, b.SECOND), pending="Migrating"),
    ),
    "failed and running": (
        ALL,
        ["resource-failed"],
        lambda o: b.with_resource(o, "httpd", failed=True),
    ),
    "failed and stopped": (
        ALL,
        ["resource-failed"],
        lambda o: b.with_resource(o, "httpd", failed=True, role="Stopped", active=False, nodes=()),
    ),
    "blocked": (
        ALL,
        ["resource-blocked"],
        lambda o: b.with_resource(o, "httpd", failed=True, blocked=True, managed=False),
    ),
    "unmanaged": (
        ALL,
        ["resource-unmanaged"],
        lambda o: b.with_resource(o, "httpd", managed=False),
    ),
    "orphaned": (
        ALL,
        ["resource-orphaned"],
        lambda o: b.with_resource(o, "httpd", orphaned=True),
    ),
    "orphaned and left alone": (
        ALL,
        ["resource-orphaned"],
        lambda o: b.with_resource(o, "httpd", orphaned=True, managed=False),
    ),
    "disabled": (
        ALL,
        ["resource-disabled"],
        lambda o: b.with_resource(
            o, "httpd", target_role="Stopped", role="Stopped", active=False, nodes=()
        ),
    ),
    "stopping": (ALL, ["resource-moving"], lambda o: b.with_resource(o, "httpd", role="Stopping")),
    "starting": (
        ALL,
        ["resource-moving"],
        lambda o: b.with_resource(
            o, "httpd", role="Stopped", pending="Starting", active=False, nodes=()
        ),
    ),
    "failed action": (
        ALL,
        ["failed-action"],
        lambda o: b.with_failure(o, "nats-server_monitor_30000"),
    ),
    "failed action of a fence device": (
        ("before", "reactivated", "final"),
        ["failed-action"],
        lambda o: b.with_failure(o, f"fence_{b.N}_start_0"),
    ),
    "daemon stopped": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, (*b.daemon_states()[:3], DaemonState("pcsd", "inactive", "enabled"))
        ),
    ),
    "daemon disabled": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, (*b.daemon_states()[:3], DaemonState("pcsd", "active", "disabled"))
        ),
    ),
    "daemon not listed": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(o, b.SECOND, b.daemon_states()[:3]),
    ),
    "another daemon stopped": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, (*b.daemon_states(), DaemonState("sbd", "inactive", "enabled"))
        ),
    ),
    "another daemon disabled while it runs": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, (*b.daemon_states(), DaemonState("sbd", "active", "disabled"))
        ),
    ),
    "another daemon failed": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, (*b.daemon_states(), DaemonState("sbd", "failed", "disabled"))
        ),
    ),
    "pacemaker without quorum": (
        ALL,
        ["quorum-lost"],
        lambda o: b.with_status(o, with_quorum=False),
    ),
    "corosync of one node without quorum": (
        ALL,
        ["quorum-lost"],
        lambda o: b.with_quorum(o, b.THIRD, quorate=False, total_votes=1),
    ),
    "qdevice without vote": (
        ACTIVE,
        ["qdevice-not-voting"],
        lambda o: b.with_quorum(o, b.N, qdevice_votes=0),
    ),
    "no qdevice": (
        ACTIVE,
        ["qdevice-not-voting"],
        lambda o: b.with_quorum(o, b.N, has_qdevice=False, qdevice_votes=None),
    ),
    "qdevice not seen voting": (
        ACTIVE,
        ["qdevice-not-voting"],
        lambda o: replace(
            o, quorum={**o.quorum, b.SECOND: b.quorum_status(flags=("A", "NV", "NMW"))}
        ),
    ),
    "disk inconsistent": (
        ALL,
        ["drbd-disk"],
        lambda o: b.with_drbd(o, b.SECOND, devices=(DrbdDevice(0, "Inconsistent"),)),
    ),
    "disk lost": (
        ALL,
        ["drbd-disk"],
        lambda o: b.with_drbd(o, b.SECOND, devices=(DrbdDevice(0, "Diskless"),)),
    ),
    "disk of a peer outdated": (
        ALL,
        ["drbd-disk"],
        lambda o: b.with_link(o, b.N, b.SECOND, peer_device={"peer_disk_state": "Outdated"}),
    ),
    "disk of the voting-only node failed": (
        ALL,
        ["drbd-disk"],
        lambda o: b.with_drbd(o, b.VOTING, devices=(DrbdDevice(0, "Failed"),)),
    ),
    "connection lost": (
        ALL,
        ["drbd-connection"],
        lambda o: b.with_link(o, b.N, b.SECOND, connection={"connection_state": "Connecting"}),
    ),
    "no connection": (
        ALL,
        ["drbd-connection"],
        lambda o: b.with_drbd(o, b.SECOND, connections=()),
    ),
    "resync": (
        ACTIVE,
        ["drbd-resync"],
        lambda o: b.with_link(o, b.N, b.SECOND, peer_device={"replication_state": "SyncSource"}),
    ),
    "out of sync": (
        ACTIVE,
        ["drbd-resync"],
        lambda o: b.with_link(o, b.N, b.SECOND, peer_device={"out_of_sync": 4096}),
    ),
    "suspended": (ALL, ["drbd-suspended"], lambda o: b.with_drbd(o, b.N, suspended=True)),
    "two primaries": (
        ALL,
        ["drbd-primary"],
        lambda o: b.with_drbd(o, b.THIRD, role="Primary"),
    ),
    "qdevice not enabled": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o,
            b.SECOND,
            tuple(
                replace(d, enabled="disabled") if d.name == "corosync-qdevice" else d
                for d in b.daemon_states()
            ),
        ),
    ),
    "qdevice not installed": (
        ALL,
        ["daemon-not-normal"],
        lambda o: b.with_daemons(
            o, b.SECOND, tuple(d for d in b.daemon_states() if d.name != "corosync-qdevice")
        ),
    ),
    "DRBD without quorum": (
        ALL,
        ["drbd-quorum"],
        lambda o: b.with_drbd(o, b.N, devices=(DrbdDevice(0, "UpToDate", has_quorum=False),)),
    ),
    "DRBD that fails its input and output": (
        ALL,
        ["drbd-io-failures"],
        lambda o: b.with_drbd(o, b.N, fails_io=True),
    ),
    "quorum not observed": (ALL, ["not-observed"], lambda o: b.without(o, "quorum", b.THIRD)),
    "daemons not observed": (ALL, ["not-observed"], lambda o: b.without(o, "daemons", b.THIRD)),
    "DRBD not observed": (ALL, ["not-observed"], lambda o: b.without(o, "drbd", b.THIRD)),
    "fencing on too early": (
        ("mid", "reactivated"),
        ["fencing-state"],
        lambda o: b.with_options(o, stonith_enabled=True),
    ),
    "fencing not given back": (
        ("final",),
        ["fencing-state"],
        lambda o: b.with_options(o, stonith_enabled=False),
    ),
    "fencing changed since the baseline": (
        ("before",),
        ["fencing-state"],
        lambda o: b.with_options(o, stonith_enabled=False),
    ),
    "fence device stopped": (
        ("before", "reactivated", "final"),
        ["fence-device-stopped"],
        lambda o: b.with_resource(o, f"fence_{b.N}", role="Stopped", active=False, nodes=()),
    ),
    "fence device failed": (
        ("before", "reactivated", "final"),
        ["resource-failed"],
        lambda o: b.with_resource(o, f"fence_{b.N}", failed=True),
    ),
    "Elasticsearch yellow": (
        ("before", "final"),
        ["elastic-health"],
        lambda o: replace(o, elastic=ElasticHealth("neteye", "yellow", 5, 12, 1)),
    ),
    "Elasticsearch silent": (
        ("before", "final"),
        ["elastic-health"],
        lambda o: replace(o, elastic=None),
    ),
    "Elasticsearch answers late": (
        ("before", "final"),
        ["elastic-health"],
        lambda o: replace(o, elastic=ElasticHealth("neteye", "green", 5, 0, 0, timed_out=True)),
    ),
    "Elasticsearch without a node": (
        ("before", "final"),
        ["elastic-nodes-missing"],
        lambda o: replace(
            o, elastic=ElasticHealth("neteye", "green", 4, 0, 0), elastic_nodes=b.DEFAULT.all[:4]
        ),
    ),
    "Elasticsearch with too few nodes, names not known": (
        ("before", "final"),
        ["elastic-nodes-missing"],
        lambda o: replace(o, elastic=ElasticHealth("neteye", "green", 4, 0, 0), elastic_nodes=()),
    ),
    "version of one node": (
        ("mid", "reactivated", "final"),
        ["version-not-reached"],
        lambda o: replace(o, versions={**o.versions, b.ELASTIC: b.SOURCE}),
    ),
    "version not told": (
        ("mid", "reactivated", "final"),
        ["version-not-reached"],
        lambda o: b.without(o, "versions", b.VOTING),
    ),
}


@pytest.mark.parametrize(
    ("profile", "fault"),
    [(profile, name) for name, (profiles, _, _) in FAULTS.items() for profile in profiles],
)
def test_each_fault_is_told_by_its_code_and_nothing_else(profile: str, fault: str) -> None:
    judge, state = PROFILES[profile]
    _, wanted, break_it = FAULTS[fault]
    findings = judge(break_it(b.observed(**state)), b.expected())
    assert b.codes(findings) == sorted(wanted), [str(f) for f in findings]
    assert all(f.guide for f in findings)
    b.assert_told_well(findings)


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        ("mid", "failed action of a fence device"),
        ("mid", "resync"),
        ("mid", "qdevice without vote"),
        ("mid", "Elasticsearch yellow"),
        ("reactivated", "Elasticsearch yellow"),
        ("mid", "fence device failed"),
        ("before", "version of one node"),
    ],
)
def test_a_profile_leaves_out_what_is_not_its_own(profile: str, fault: str) -> None:
    judge, state = PROFILES[profile]
    assert judge(FAULTS[fault][2](b.observed(**state)), b.expected()) == ()


def test_all_faults_at_once_are_all_told() -> None:
    """Nobody wants to find five problems in five runs."""
    seen = b.observed()
    broken = [
        FAULTS[name]
        for name in (
            "other in standby", "stopped", "failed action", "daemon stopped",
            "qdevice without vote", "disk inconsistent", "connection lost",
            "fencing not given back", "Elasticsearch yellow", "version of one node",
        )
    ]  # fmt: skip
    for _, _, break_it in broken:
        seen = break_it(seen)
    wanted = {code for _, codes, _ in broken for code in codes}
    assert set(b.codes(normal.final(seen, b.expected()))) == wanted


class TestBaseline:
    """What somebody disabled on purpose, and what did not run before, is compared with it."""

    def disabled(self, **state: Any) -> Observed:
        return b.with_resource(
            b.observed(**state),
            "httpd_group",
            group_disabled=True,
            target_role="Stopped",
            role="Stopped",
            active=False,
            nodes=(),
        )

    @pytest.mark.parametrize("profile", PROFILES)
    def test_disabled_at_the_baseline_is_normal(self, profile: str) -> None:
        judge, state = PROFILES[profile]
        baseline = disabled_resources(self.disabled().status)
        assert baseline == {"httpd_group"}
        assert judge(self.disabled(**state), b.expected(disabled=baseline)) == ()

    def test_a_disabled_group_is_one_finding(self) -> None:
        (finding,) = normal.final(self.disabled(), b.expected())
        assert (finding.code, finding.subject) == ("resource-disabled", "httpd_group")
        assert b.told(finding) == [(b.N, "pcs resource enable httpd_group --wait=300")]

    def test_enabled_since_the_baseline_is_told(self) -> None:
        findings = normal.final(b.observed(), b.expected(disabled=frozenset({"httpd"})))
        assert [(f.code, f.subject) for f in findings] == [("resource-enabled", "httpd")]

    def test_a_group_enabled_since_the_baseline_is_one_finding(self) -> None:
        before = b.expected(disabled=frozenset({"httpd_group"}))
        (finding,) = normal.final(b.observed(), before)
        assert (finding.code, finding.subject) == ("resource-enabled", "httpd_group")
        assert b.told(finding) == [(b.N, "pcs resource disable httpd_group --wait=300")]

    def test_disabled_and_blocked_is_told_as_blocked(self) -> None:
        seen = b.with_resource(
            b.observed(), "httpd", target_role="Stopped", blocked=True, failed=True, managed=False
        )
        findings = normal.final(seen, b.expected(disabled=frozenset({"httpd"})))
        assert b.codes(findings) == ["resource-blocked"]

    def test_fence_devices_that_did_not_run_before_are_excused(self) -> None:
        seen = FAULTS["fence device stopped"][2](b.observed())
        excused = stopped_fence_devices(seen.status)
        assert excused == {f"fence_{b.N}"}
        assert normal.final(seen, b.expected(stopped_fence_devices=excused)) == ()

    def test_fencing_off_before_stays_off(self) -> None:
        off = b.observed(fencing=False)
        assert normal.final(off, b.expected(fencing=False)) == ()
        (finding,) = normal.final(b.observed(), b.expected(fencing=False))
        assert finding.code == "fencing-state"

    def test_an_unknown_former_value_is_a_finding_at_the_end_only(self) -> None:
        (finding,) = normal.final(b.observed(), b.expected(fencing=None))
        assert finding.code == "fencing-state"
        assert "not on record" in finding.expected
        assert normal.before_start(b.observed(), b.expected(fencing=None)) == ()

    def test_fencing_off_with_devices_there_is_told_before_the_start(self) -> None:
        findings = normal.before_start(b.observed(fencing=False), b.expected(fencing=None))
        assert b.codes(findings) == ["fencing-off"]


class TestDetails:
    def test_of_what_runs_on_two_nodes_no_failed_action_is_cleaned_up(self) -> None:
        """A cleanup lets pacemaker stop it on one of them, whichever has the newer data."""
        seen = b.with_resource(b.observed(), "httpd", nodes=(b.N, b.SECOND))
        findings = normal.final(b.with_failure(seen, "httpd_stop_0"), b.expected())
        assert b.codes(findings) == ["failed-action", "resource-multiple"]
        assert not any("cleanup" in f.remedy or f.commands for f in findings)

    def test_an_orphan_that_is_stopped_is_not_called_running(self) -> None:
        changes = {"orphaned": True, "role": "Stopped", "active": False, "nodes": ()}
        findings = normal.final(b.with_resource(b.observed(), "httpd", **changes), b.expected())
        (orphan,) = findings
        assert orphan.code == "resource-orphaned"
        assert "is Stopped" in orphan.observed
        assert "running" not in orphan.observed
        # a cleanup takes away what failed, and leaves the rest of its history
        assert b.lines(orphan) == ["pcs resource refresh httpd", b.AT_REST]
        assert "cleanup" not in orphan.remedy

    def test_an_orphan_that_runs_is_stopped_by_a_person(self) -> None:
        (orphan,) = normal.final(
            b.with_resource(b.observed(), "httpd", orphaned=True), b.expected()
        )
        assert orphan.commands == ()

    @pytest.mark.parametrize(
        ("own", "commands"),
        [
            ((), ["pcs resource manage httpd"]),
            (("httpd", "is-managed"), ["pcs resource manage httpd"]),
            (("httpd_group", "maintenance"), ["pcs resource meta httpd_group maintenance="]),
            (("", "is-managed"), []),
        ],
    )
    def test_each_switch_is_taken_away_where_it_is_set(
        self, own: tuple[str, str], commands: list[str]
    ) -> None:
        """`pcs resource manage` takes `is-managed` away and nothing else."""
        seen = b.with_resource(b.observed(), "httpd", managed=False)
        switches = (Unmanaged(*own),) if own else ()
        seen = replace(seen, cib=Cib({}, unmanaged={"httpd": switches} if own else {}))
        (unmanaged,) = normal.final(seen, b.expected())
        assert b.lines(unmanaged) == [*commands, *([b.AT_REST] if commands else [])]
        assert "`pcs resource defaults`" in unmanaged.remedy

    def test_diskless_on_the_voting_only_node_is_healthy_even_if_not_marked_as_client(self) -> None:
        seen = b.with_drbd(b.observed(), b.VOTING, devices=(DrbdDevice(0, "Diskless"),))
        seen = b.with_link(seen, b.N, b.VOTING, peer_device={"peer_is_client": False})
        assert normal.final(seen, b.expected()) == ()

    def test_a_client_seen_as_peer_is_healthy(self) -> None:
        """Also when the voting-only node itself was not asked."""
        seen = b.without(b.observed(), "drbd", b.VOTING)
        assert normal.final(seen, b.expected()) == ()

    def test_out_of_sync_towards_a_client_says_nothing(self) -> None:
        seen = b.with_link(b.observed(), b.N, b.VOTING, peer_device={"out_of_sync": 99})
        assert normal.final(seen, b.expected()) == ()

    def test_out_of_sync_of_a_volume_without_a_disk_says_nothing(self) -> None:
        """A node can be the client itself; its other volumes are judged as any."""
        peer = DrbdPeerDevice(0, "Established", "UpToDate", peer_is_client=False, out_of_sync=99)
        volumes = [replace(peer, volume=volume) for volume in (0, 1)]
        client = DrbdDevice(1, "Diskless", is_client=True)
        seen = b.with_drbd(b.observed(), b.N, devices=(DrbdDevice(0, "UpToDate"), client))
        (link,) = (c for c in seen.drbd[b.N][0].connections if c.name == b.SECOND)
        for out_of_sync, codes in ((volumes[1:], []), (volumes, ["drbd-resync"])):
            others = tuple(c for c in seen.drbd[b.N][0].connections if c is not link)
            links = (*others, replace(link, peer_devices=tuple(out_of_sync)))
            findings = normal.final(b.with_drbd(seen, b.N, connections=links), b.expected())
            assert b.codes(findings) == codes
        assert "volume 0" in findings[0].observed
        assert "volume 1" not in findings[0].observed

    @pytest.mark.parametrize("how", ["standby", "standby_onfail", "maintenance"])
    def test_a_node_set_aside_in_any_way_is_none_that_runs_what_it_should(self, how: str) -> None:
        assert b.THIRD in b.observed().status.active_nodes
        seen = b.with_node(b.observed(), b.THIRD, **{how: True})
        assert b.THIRD not in seen.status.active_nodes

    @pytest.mark.parametrize(
        ("quorum", "why"),
        [
            (b.quorum_status(flags=("A", "NV", "NMW")), "flags are"),
            (replace(b.quorum_status(), qdevice_votes=0), "it has no vote"),
            (replace(b.quorum_status(), has_qdevice=False), "corosync has none"),
        ],
    )
    def test_why_the_qdevice_does_not_vote(self, quorum: QuorumStatus, why: str) -> None:
        seen = b.observed()
        seen = replace(seen, quorum={**seen.quorum, b.SECOND: quorum})
        (finding,) = normal.final(seen, b.expected())
        assert finding.code == "qdevice-not-voting"
        assert why in finding.observed

    def test_of_two_nodes_one_without_any_connection_is_told(self) -> None:
        two = b.topology(operative=2, elastic=0, voting=0)
        assert normal.final(b.observed(two), b.expected(two)) == ()
        seen = b.with_drbd(b.observed(two), b.SECOND, connections=())
        (finding,) = normal.final(seen, b.expected(two))
        assert finding.code == "drbd-connection"
        assert f"no connection at all on {b.SECOND}" in finding.observed

    def test_a_lost_node_is_one_finding_for_each_drbd_resource(self) -> None:
        seen = b.observed()
        for node in (b.N, b.SECOND, b.VOTING):
            seen = b.with_link(
                seen,
                node,
                b.THIRD,
                connection={"connection_state": "Connecting"},
                peer_device={"peer_disk_state": "DUnknown", "replication_state": "Off"},
            )
        findings = normal.final(seen, b.expected())
        assert b.codes(findings) == ["drbd-connection"]
        assert findings[0].observed.count("Connecting") == 3

    def test_a_peer_that_tells_of_its_disk_itself_is_told_once(self) -> None:
        seen = b.with_drbd(b.observed(), b.SECOND, devices=(DrbdDevice(0, "Outdated"),))
        seen = b.with_link(seen, b.N, b.SECOND, peer_device={"peer_disk_state": "Outdated"})
        findings = normal.final(seen, b.expected())
        assert [f.subject for f in findings] == [f"{b.SECOND}:mariadb"]

    def test_a_recurring_monitor_under_way_is_no_move(self) -> None:
        seen = b.with_resource(b.observed(), "httpd", pending="Monitoring")
        assert normal.final(seen, b.expected()) == ()

    def test_everything_unmanaged_by_maintenance_mode_is_one_finding(self) -> None:
        seen = b.with_options(b.observed(), maintenance_mode=True)
        for resource in seen.status.resources:
            seen = b.with_resource(seen, resource.id, managed=False)
        assert b.codes(normal.final(seen, b.expected())) == ["cluster-maintenance"]

    def test_of_a_clone_one_running_instance_is_enough_in_mid_upgrade(self) -> None:
        seen = b.observed(**MID)
        clones = (b.resource("probe", b.N), b.resource("probe", None))
        seen = b.with_status(seen, resources=(*seen.status.resources, *clones))
        assert normal.mid_upgrade(seen, b.expected()) == ()

    def test_names_of_pacemaker_are_translated(self) -> None:
        top = b.DEFAULT
        short = {name: name.split(".")[0] for name in top.all}
        wanted = b.expected(
            active_node=short[top.active],
            operative=tuple(short[n] for n in top.operative),
            elastic_only=tuple(short[n] for n in top.elastic),
            voting_only=tuple(short[n] for n in top.voting),
            elastic_nodes=tuple(short.values()),
            names=short,
        )
        assert normal.mid_upgrade(b.observed(**MID), wanted) == ()
        assert normal.final(b.observed(), wanted) == ()
        broken = FAULTS["disk of a peer outdated"][2](b.observed())
        (finding,) = normal.final(broken, wanted)
        assert finding.subject == "neteye02:mariadb"

    def test_no_elasticsearch_is_not_judged_only_when_that_was_observed(self) -> None:
        seen = replace(b.observed(), elastic=None, elastic_nodes=())
        assert normal.final(seen, b.expected(elastic_nodes=None)) == ()
        assert b.codes(normal.final(seen, b.expected())) == ["elastic-health"]

    def test_rows_of_the_guide(self) -> None:
        fault = FAULTS["stopped"][2]
        rows = {
            name: judge(fault(b.observed(**state)), b.expected())[0].guide
            for name, (judge, state) in PROFILES.items()
        }
        normal_later = dict.fromkeys(("mid", "reactivated", "final"), ("cluster-normal",))
        assert rows == {"before": ("updated-and-healthy",), **normal_later}


@pytest.mark.parametrize(
    ("link", "way", "words"),
    [
        ({"connection": {"connection_state": "Connecting"}}, Way.AGAIN, "network back"),
        ({"connection": {"connection_state": "StandAlone"}}, Way.SUPPORT, "throw no data away"),
        ({"peer_device": {"replication_state": "SyncSource"}}, Way.AGAIN, "Wait until the resync"),
        ({"peer_device": {"out_of_sync": 4096}}, Way.SUPPORT, "theirs to decide"),
    ],
)
def test_what_drbd_does_not_mend_by_itself_is_for_support(
    link: dict[str, Any], way: Way, words: str
) -> None:
    """One way out each: what ends by itself is waited for, a split brain is left alone."""
    (finding,) = normal.final(b.with_link(b.observed(), b.N, b.SECOND, **link), b.expected())
    assert finding.way is way
    assert words in finding.remedy
