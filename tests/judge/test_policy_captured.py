"""The profiles on real outputs of pacemaker, read by the parsers.

What crm_mon does not show (corosync, daemons, DRBD, Elasticsearch) is healthy here, so that a
finding comes from the captured file alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.judge import normal
from engine.judge.constraints import leftover_constraints
from engine.judge.quorum import qdevice_votes, quorum_held
from engine.judge.resources import Wanted, failed_actions, judge_resources
from engine.model.cluster import ClusterStatus, QuorumStatus
from engine.model.finding import Finding
from engine.parse.cib import parse_cib
from engine.parse.crm_mon import parse_crm_mon
from engine.parse.quorum import parse_quorumtool
from tests.judge import builders as b

CAPTURED = Path(__file__).parents[1] / "data" / "captured"
GRAFANA = frozenset({"grafana_group"})
FENCE_DEVICES = [f"fence_neteye0{i}" for i in (1, 2, 3)]


def status(name: str) -> ClusterStatus:
    return parse_crm_mon((CAPTURED / name).read_text(encoding="utf-8"))


def seen(name: str) -> normal.Observed:
    return replace(b.observed(version=b.SOURCE), status=status(name))


BEFORE = b.expected(fencing=None, version=None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("healthy.crm_mon.xml", set()),
        ("healthy.pcs-status.xml", set()),
        (
            "blocked-grafana.pcs-status.xml",
            {
                ("resource-blocked", "grafana_drbd_fs"),
                ("resource-disabled", "grafana_group"),
                ("failed-action", "grafana_drbd_fs"),
                ("fencing-off", "cluster"),
            },
        ),
        ("disabled-grafana_group.pcs-status.xml", {("resource-disabled", "grafana_group")}),
        ("failed-monitor-nats.pcs-status.xml", {("failed-action", "nats-server")}),
        (
            "failed-start-glpi-everywhere.pcs-status.xml",
            {("failed-action", "glpi"), ("resource-moving", "glpi")},
        ),
        ("failed-start-mariadb.pcs-status.xml", {("failed-action", "mariadb")}),
        ("maintenance-mode.pcs-status.xml", {("cluster-maintenance", "cluster")}),
        ("node-maintenance-03.pcs-status.xml", {("node-maintenance", b.THIRD)}),
        ("offline-03-fenced.pcs-status.xml", {("node-offline", b.THIRD)}),
        (
            "offline-03-fencing-off.pcs-status.xml",
            {("node-offline", b.THIRD), ("fencing-off", "cluster")},
        ),
        ("standby-03.pcs-status.xml", {("node-standby", b.THIRD)}),
        (
            "standby-all-but-01.pcs-status.xml",
            {
                ("node-standby", b.SECOND),
                ("node-standby", b.THIRD),
                ("fence-device-stopped", "fence_neteye01"),
            },
        ),
        ("unclean-03.pcs-status.xml", {("node-unclean", b.THIRD)}),
        ("unmanaged-mariadb.pcs-status.xml", {("resource-unmanaged", "mariadb")}),
    ],
)
def test_before_the_start(name: str, told: set[tuple[str, str]]) -> None:
    findings = normal.before_start(seen(name), BEFORE)
    assert {(f.code, f.subject) for f in findings} == told
    b.assert_told_well(findings)


def test_disabled_on_purpose_at_the_baseline_is_normal() -> None:
    expected = replace(BEFORE, disabled=GRAFANA)
    assert normal.before_start(seen("disabled-grafana_group.pcs-status.xml"), expected) == ()


def test_only_n_active_is_normal_in_mid_upgrade_but_for_the_fencing() -> None:
    """Captured with fencing on: the one thing that is not as the upgrade leaves it."""
    look = seen("standby-all-but-01.pcs-status.xml")
    assert b.codes(normal.mid_upgrade(look, BEFORE)) == ["fencing-state"]
    assert normal.mid_upgrade(b.with_options(look, stonith_enabled=False), BEFORE) == ()


def test_while_resources_move_nothing_is_normal_yet() -> None:
    findings = normal.mid_upgrade(seen("moving-during-standby.pcs-status.xml"), BEFORE)
    assert {"resource-moving", "resource-elsewhere"} <= set(b.codes(findings))


def test_all_active_and_fencing_off_is_the_reactivated_profile() -> None:
    look = b.with_options(seen("healthy.crm_mon.xml"), stonith_enabled=False)
    assert normal.reactivated(look, BEFORE) == ()
    assert b.codes(normal.final(look, replace(BEFORE, fencing=True))) == ["fencing-state"]


def test_a_node_that_lost_the_others() -> None:
    findings = normal.before_start(seen("no-quorum-on-03.pcs-status.xml"), BEFORE)
    told = {(f.code, f.subject) for f in findings}
    assert {
        ("quorum-lost", "cluster"),
        ("node-unclean", b.N),
        ("node-unclean", b.SECOND),
        ("resource-stopped", "cluster_ip"),
    } <= told


def test_votes_of_corosync() -> None:
    def votes(state: str) -> dict[str, QuorumStatus]:
        text = (CAPTURED / f"{state}.corosync-quorumtool.txt").read_text(encoding="utf-8")
        return {b.THIRD: parse_quorumtool(text)}

    healthy, lost = votes("healthy"), votes("no-quorum-on-03")
    look = status("healthy.crm_mon.xml")
    assert quorum_held(look, healthy, [b.THIRD]) == qdevice_votes(healthy, [b.THIRD]) == ()
    (finding,) = quorum_held(look, lost, [b.THIRD])
    assert "1 of 4 votes, 3 are needed" in finding.observed
    assert b.codes(qdevice_votes(lost, [b.THIRD])) == ["qdevice-not-voting"]


def test_constraints_of_a_real_configuration() -> None:
    cib = parse_cib((CAPTURED / "healthy.cib-configuration.xml").read_text(encoding="utf-8"))
    bans = status("healthy.crm_mon.xml").bans
    assert leftover_constraints(cib, bans, b.N, fence_devices=FENCE_DEVICES) == ()
    assert b.codes(leftover_constraints(cib, bans, b.N)) == ["constraint-keeps-off-active-node"]


def test_rules_that_ban_n() -> None:
    """Pacemaker bans N four times, in four ways that are easily misread."""
    data = CAPTURED.parent / "pacemaker"
    cib = parse_cib((data / "rules-that-ban-n.cib.xml").read_text(encoding="utf-8"))
    bans = parse_crm_mon((data / "rules-that-ban-n.crm_mon.xml").read_text(encoding="utf-8")).bans
    found = leftover_constraints(cib, bans, "ne-a")
    assert sorted(f.subject for f in found) == ["a", "b", "c", "d"]
    removed = {b.lines(finding)[0] for finding in found}
    assert removed == {f"pcs constraint remove l{i}" for i in (1, 2, 3, 4)}


class TestTwoNodesPacemaker:
    """Small real answers of another cluster: what is told of its one resource, nginx."""

    def told(self, name: str, **changes: Any) -> list[Finding]:
        text = (CAPTURED.parent / "pacemaker" / name).read_text(encoding="utf-8")
        status = parse_crm_mon(text)
        wanted = Wanted(frozenset({"ne-a", "ne-b"}), **changes)
        return [*judge_resources(status, status.services, wanted), *failed_actions(status)]

    @pytest.mark.parametrize("disabled", [frozenset(), frozenset({"nginx"})])
    @pytest.mark.parametrize("case", ["blocked", "disabled"])
    def test_on_two_nodes_is_told_whatever_else_is_true(
        self, case: str, disabled: frozenset[str]
    ) -> None:
        (finding,) = self.told(f"{case}-and-on-two-nodes.crm_mon.xml", disabled=disabled)
        assert finding.code == "resource-multiple"
        assert f"ne-a, ne-b ({case})" in finding.observed
        assert "stop" in finding.remedy
        assert "cleanup" not in finding.remedy

    def test_disabled_in_lower_case_is_disabled(self) -> None:
        """As pacemaker itself counts it."""
        (finding,) = self.told("target-role-lower-case.crm_mon.xml")
        assert (finding.code, finding.subject) == ("resource-disabled", "nginx")
        assert self.told("target-role-lower-case.crm_mon.xml", disabled=frozenset({"nginx"})) == []
