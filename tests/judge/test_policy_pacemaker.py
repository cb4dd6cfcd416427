"""What pacemaker 2.1.5 itself says of small configurations, and what is told of it.

The configurations are made by hand, one for each subject; states and answers are pacemaker's own
(tests/data/README.md).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.judge import normal
from engine.judge.clones import clones_everywhere, gaps_of_clones
from engine.judge.conditions import nodes_healthy, quorum_policy, tickets_held, waiting_for_tickets
from engine.judge.constraints import leftover_constraints
from engine.judge.fencing import failed_fence_devices, fence_history
from engine.judge.nodes import node_states
from engine.judge.resources import Wanted, judge_resources
from engine.judge.restore import still_in_standby
from engine.model.cluster import (
    Cib,
    ClusterStatus,
    FailCount,
    FenceEvent,
    LocationConstraint,
    Unmanaged,
)
from engine.model.finding import Finding
from engine.model.names import status_in_names
from engine.parse.cib import parse_cib
from engine.parse.crm_mon import parse_crm_mon
from runbook.cluster.states import state_of
from tests.judge import builders as b

DATA = Path(__file__).parents[1] / "data" / "pacemaker"
A, B, C = NODES = ("ne-a", "ne-b", "ne-c")
DELETE = "crm_attribute --node {} --name {} --lifetime reboot --delete"


def status_of(case: str) -> ClusterStatus:
    return parse_crm_mon((DATA / f"{case}.crm_mon.xml").read_text(encoding="utf-8"))


def seen(case: str) -> tuple[ClusterStatus, Cib]:
    return status_of(case), parse_cib((DATA / f"{case}.cib.xml").read_text(encoding="utf-8"))


class TestModes:
    """Standby and maintenance: for good on ne-a, until the next start on the others."""

    def told(self, cib: bool = True) -> dict[str, Finding]:
        status, configuration = seen("modes")
        found = node_states(status, NODES, (), configuration if cib else None)
        b.assert_told_well(found)
        return {finding.subject: finding for finding in found}

    def test_each_is_told_with_the_command_that_helps(self) -> None:
        told = self.told()
        assert [told[n].code for n in NODES] == ["node-standby", "node-standby", "node-maintenance"]
        assert b.told(told[A]) == [(A, "pcs node unstandby ne-a --wait=300")]
        assert b.told(told[B]) == [(B, DELETE.format(B, "standby")), (B, b.AT_REST)]
        assert "until its next start" in told[B].observed
        assert b.told(told[C]) == [(C, DELETE.format(C, "maintenance")), (C, b.AT_REST)]

    def test_without_the_configuration_the_usual_way_is_told(self) -> None:
        for finding in self.told(cib=False).values():
            ((node, line),) = b.told(finding)
            assert node == finding.subject
            assert line.startswith("pcs node un")

    def test_both_at_once_need_both_commands(self) -> None:
        status, cib = seen("modes")
        both = replace(cib.attributes[1], permanent={"standby": "on"})
        found = node_states(status, (B,), (), replace(cib, attributes=(both,)))
        usual = "pcs node unstandby ne-b --wait=300"
        assert b.told(found[0]) == [(B, DELETE.format(B, "standby")), (B, usual)]

    def test_what_restore_left_is_told_so_too(self) -> None:
        status, cib = seen("modes")
        (finding,) = still_in_standby(status, (B,), cib)
        assert b.told(finding)[0] == (B, DELETE.format(B, "standby"))

    def test_the_command_has_the_spelling_of_pacemaker(self) -> None:
        status, cib = seen("modes")
        ours = replace(cib, attributes=tuple(replace(a, uname="NE-B") for a in cib.attributes))
        (found,) = node_states(status, (B,), (), ours)
        assert b.told(found)[0] == (B, DELETE.format("NE-B", "standby"))

    def test_standby_by_a_failure_ends_with_the_failure(self) -> None:
        looked = b.with_failure(b.observed(), "httpd_stop_0")
        status = b.with_node(looked, b.N, standby_onfail=True).status
        (finding,) = node_states(status, (b.N,), ())
        assert b.lines(finding) == ["pcs resource cleanup httpd", b.AT_REST]


class TestTickets:
    def test_a_missing_ticket_is_told_with_what_hangs_on_it(self) -> None:
        found = tickets_held(*seen("tickets"))
        b.assert_told_well(found)
        assert [(f.code, f.subject) for f in found] == [
            ("ticket-missing", "roma"),
            ("ticket-missing", "milano"),
        ]
        assert "in standby, and g may" in found[0].observed
        assert "not granted to this cluster, and a may" in found[1].observed

    def test_what_waits_for_it_is_not_told_as_stopped_as_well(self) -> None:
        status, cib = seen("tickets")
        waiting = waiting_for_tickets(status, cib)
        assert waiting == {"a", "g"}
        wanted = Wanted(frozenset(NODES), waiting=waiting)
        assert judge_resources(status, status.services, wanted) == ()
        plain = judge_resources(status, status.services, Wanted(frozenset(NODES)))
        assert [f.subject for f in plain] == ["a", "c", "d"]

    def test_what_a_ticket_freezes_is_not_told_as_a_failed_stop(self) -> None:
        """loss-policy=freeze: pacemaker marks it blocked and unmanaged, and not failed."""
        frozen = {"blocked": True, "managed": False}
        change = b.with_resource(b.observed(), "httpd", **frozen)
        wanted = Wanted(frozenset({b.N}), waiting=frozenset({"httpd_group", "httpd"}))
        httpd = [r for r in change.status.services if r.id == "httpd"]
        assert judge_resources(change.status, httpd, wanted) == ()
        failed = b.with_resource(change, "httpd", failed=True)
        httpd = [r for r in failed.status.services if r.id == "httpd"]
        assert b.codes(judge_resources(failed.status, httpd, wanted)) == ["resource-blocked"]

    def test_without_the_configuration_each_ticket_counts(self) -> None:
        found = tickets_held(status_of("tickets"), None)
        assert {f.subject for f in found} == {"roma", "milano", "unused"}


class TestHealth:
    def test_red_and_yellow_are_told_with_their_cause(self) -> None:
        status, cib = seen("health")
        found = nodes_healthy(status, cib, NODES)
        b.assert_told_well(found)
        assert [(f.code, f.subject) for f in found] == [("node-health", B), ("node-health", C)]
        assert "is red by #health-cpu=red; node-health-strategy=Only-Green" in found[0].observed
        assert "is yellow by #health-temperature=yellow" in found[1].observed

    def test_pacemaker_before_2_1_5_does_not_tell_it_and_its_attributes_do(self) -> None:
        status, cib = seen("health")
        older = replace(status, nodes=tuple(replace(n, health=None) for n in status.nodes))
        assert nodes_healthy(older, cib, NODES) == nodes_healthy(status, cib, NODES)

    @pytest.mark.parametrize("strategy", ["none", "NONE", None])
    def test_without_a_strategy_nothing_hangs_on_it(self, strategy: str | None) -> None:
        status, cib = seen("health")
        properties = {"node-health-strategy": strategy} if strategy else {}
        assert nodes_healthy(status, replace(cib, properties=properties), NODES) == ()


class TestClones:
    def test_a_missing_instance_is_told_by_its_node(self) -> None:
        """few-clone has but one instance, here-clone is kept off ne-c."""
        found = clones_everywhere(status_of("clones"), NODES)
        b.assert_told_well(found)
        assert [(f.code, f.subject) for f in found] == [("clone-instance-missing", "probe-clone")]
        assert "on ne-c" in found[0].observed

    def test_what_was_missing_at_the_baseline_is_known(self) -> None:
        status, cib = seen("clones")
        known = gaps_of_clones(status, NODES, cib)
        assert known == (("probe-clone", C),)
        assert clones_everywhere(status, NODES, cib, known) == ()

    def test_leave_is_given_to_the_clone(self) -> None:
        """In an opt-in cluster no constraint names the resource in it."""
        status, cib = seen("clones")
        units = {r.unit for r in status.services}
        assert units == {"probe-clone", "few-clone", "here-clone"}
        leave = tuple(LocationConstraint(u, u, A, "0") for u in units)
        opt_in = replace(cib, properties={"symmetric-cluster": "false"}, location=leave)
        assert leftover_constraints(opt_in, status.bans, A, resources=units) == ()

    def test_its_instances_share_an_id_and_not_a_place(self) -> None:
        status = status_of("clones")
        assert status.placement["probe"] == (A, B)
        assert state_of({}, status)["resources"]["probe"] == (
            "Started on ne-a; Started on ne-b; Stopped"
        )

    def test_an_opt_in_cluster_wants_only_where_there_is_leave(self) -> None:
        status, cib = seen("clones")
        status = replace(status, options=replace(status.options, symmetric_cluster=False))
        assert clones_everywhere(status, NODES, cib) == ()

    def test_the_profiles_judge_it_where_all_are_active(self) -> None:
        clones = (b.resource("probe", b.N, clone="c"), b.resource("probe", None, clone="c"))
        seen = b.with_status(b.observed(), resources=(*b.observed().status.resources, *clones))
        assert b.codes(normal.final(seen, b.expected())) == ["clone-instance-missing"]
        mid = b.observed(only_active=True, fencing=False)
        mid = b.with_status(mid, resources=(*mid.status.resources, *clones))
        assert normal.mid_upgrade(mid, b.expected()) == ()


class TestUnmanaged:
    OWN: ClassVar = {
        "by-template": (Unmanaged("", "is-managed"),),
        "own": (Unmanaged("own", "is-managed"),),
        "of-group": (Unmanaged("left", "maintenance"),),
    }

    def test_who_is_unmanaged_by_the_own_configuration(self) -> None:
        assert seen("unmanaged")[1].unmanaged == self.OWN

    def test_it_is_told_in_the_midst_of_maintenance(self) -> None:
        """When the maintenance is over, they still are."""
        status, cib = seen("unmanaged")
        wanted = Wanted(frozenset(NODES), unmanaged=cib.unmanaged)
        found = [
            f for f in judge_resources(status, status.services, wanted) if "unmanaged" in f.code
        ]
        assert {f.subject: b.lines(f)[:1] for f in found} == {
            "by-template": [],
            "own": ["pcs resource manage own"],
            "of-group": ["pcs resource meta left maintenance="],
        }

    def test_on_a_node_in_maintenance_too(self) -> None:
        looked = b.with_node(b.observed(), b.N, maintenance=True)
        looked = b.with_resource(looked, "cluster_ip", managed=False)
        own = replace(
            looked, cib=Cib({}, unmanaged={"cluster_ip": (Unmanaged("cluster_ip", "is-managed"),)})
        )
        assert "resource-unmanaged" not in b.codes(normal.final(looked, b.expected()))
        assert "resource-unmanaged" in b.codes(normal.final(own, b.expected()))


class TestQuorumPolicy:
    def told(self, policy: str, configured: str = "") -> list[str]:
        status = b.with_options(b.observed(), no_quorum_policy=policy).status
        properties = {"no-quorum-policy": configured} if configured else {}
        found = quorum_policy(status, Cib(properties))
        b.assert_told_well(found)
        return b.codes(found)

    @pytest.mark.parametrize(
        ("policy", "codes"),
        [
            ("stop", []),
            ("ignore", ["quorum-ignored"]),
            ("freeze", ["no-quorum-policy"]),
            ("demote", ["no-quorum-policy"]),
            ("suicide", ["no-quorum-policy"]),
        ],
    )
    def test_other_than_stop(self, policy: str, codes: list[str]) -> None:
        assert self.told(policy) == codes

    def test_what_is_not_in_force_while_fencing_is_off(self) -> None:
        """crm_mon says stop in the place of suicide then."""
        assert self.told("stop", "Suicide") == ["no-quorum-policy"]

    def test_it_is_judged_at_the_start(self) -> None:
        looked = b.with_options(b.observed(version=b.SOURCE), no_quorum_policy="ignore")
        assert b.codes(normal.before_start(looked, b.expected())) == ["quorum-ignored"]
        assert (
            normal.final(b.with_options(b.observed(), no_quorum_policy="ignore"), b.expected())
            == ()
        )


class TestFenceHistory:
    def test_failed_and_pending_are_told(self) -> None:
        found = fence_history(status_of("fencing-failed-or-pending"))
        b.assert_told_well(found)
        assert [(f.code, f.subject) for f in found] == [
            ("fencing-failed", B),
            ("fencing-pending", A),
        ]
        assert "no answer" in found[0].observed
        assert "asked for by ne-b" in found[1].observed

    def test_a_cleanup_alone_does_not_end_one_that_is_pending(self) -> None:
        """The fencer passes pending operations over: they fail when their origin starts anew."""
        pending = fence_history(status_of("fencing-failed-or-pending"))[1]
        restarted = pending.remedy.index("`pcs cluster stop ne-b` and `pcs cluster start ne-b`")
        assert restarted < pending.remedy.index("`pcs stonith history cleanup")

    def test_the_commands_name_the_nodes_as_pacemaker_writes_them(self) -> None:
        """A cleanup for another spelling takes nothing off the record, and ends with 0."""
        seen = status_of("fencing-failed-or-pending")
        names = {A: "first.example", B: "second.example"}
        failed, pending = fence_history(status_in_names(seen, lambda name: names.get(name, name)))
        assert (failed.subject, pending.subject) == ("second.example", "first.example")
        assert b.lines(failed) == [f"pcs stonith history cleanup {B}"]
        assert f"`pcs stonith history cleanup {A}`" in pending.remedy
        assert f"`pcs cluster stop {B}`" in pending.remedy

    @pytest.mark.parametrize("profile", [normal.before_start, normal.reactivated, normal.final])
    def test_it_is_told_before_fencing_is_given_back(self, profile: Any) -> None:
        looked = b.observed(
            fencing=profile is not normal.reactivated,
            version=b.SOURCE if profile is normal.before_start else b.TARGET,
        )
        events = status_of("fencing-failed-or-pending").fence_events
        found = profile(b.with_status(looked, fence_events=events), b.expected())
        assert b.codes(found) == ["fencing-failed", "fencing-pending"]

    @pytest.mark.parametrize("profile", [normal.before_start, normal.reactivated, normal.final])
    def test_where_fencing_stays_off_its_history_is_history(self, profile: Any) -> None:
        version = b.SOURCE if profile is normal.before_start else b.TARGET
        looked = b.with_status(
            b.observed(fencing=False, version=version),
            fence_events=(FenceEvent(b.N, "reboot", "failed"),),
        )
        found = b.codes(profile(looked, b.expected(fencing=False)))
        assert [code for code in found if code != "fencing-off"] == []

    def test_a_later_success_takes_a_failure_away_and_an_earlier_one_does_not(self) -> None:
        """The newest comes first."""
        failed, done = (FenceEvent(b.N, "reboot", word) for word in ("failed", "success"))
        plain = b.cluster_status()
        assert fence_history(replace(plain, fence_events=(done, failed))) == ()
        assert b.codes(fence_history(replace(plain, fence_events=(failed, done)))) == [
            "fencing-failed"
        ]

    def test_a_real_fencing_that_failed(self) -> None:
        """`stonith_admin --reboot` while the agent could not be started."""
        (finding,) = fence_history(status_of("fencing-failed"))
        assert (finding.code, finding.subject) == ("fencing-failed", "neteye02.neteyelocal")
        assert "failed at 2026-11-28 08:51:57Z" in finding.observed
        assert b.lines(finding) == ["pcs stonith history cleanup neteye02.neteyelocal"]

    def test_a_real_device_that_failed_blocks_before_fencing_is_given_back(self) -> None:
        status = status_of("fence-device-failed")
        status = replace(status, options=replace(status.options, stonith_enabled=False))
        assert failed_fence_devices(status) == {"fence_neteye01"}
        looked = replace(b.observed(fencing=False), status=status)
        found = normal.reactivated(looked, b.expected(b.topology(2, 0, 0), elastic_nodes=None))
        told = {(f.code, f.subject) for f in found}
        assert {("failed-action", "fence_neteye01"), ("resource-failed", "fence_neteye01")} <= told

    def test_the_times_decide_where_there_are_any(self) -> None:
        failed = FenceEvent(b.N, "reboot", "failed", "2026-11-28 04:00:00Z")
        done = FenceEvent(b.N, "reboot", "success", "2026-11-28 05:00:00Z")
        plain = b.cluster_status()
        assert fence_history(replace(plain, fence_events=(failed, done))) == ()
        before = replace(done, completed="2026-11-28 03:00:00Z")
        assert fence_history(replace(plain, fence_events=(before, failed))) != ()
        other = replace(done, action="off")
        assert fence_history(replace(plain, fence_events=(other, failed))) != ()

    def test_a_fencer_that_did_not_answer_is_no_empty_history(self) -> None:
        found = fence_history(replace(b.cluster_status(), has_fence_history=False))
        assert b.codes(found) == ["not-observed"]
        b.assert_told_well(found)

    def test_a_device_that_had_failed_at_the_baseline_is_excused(self) -> None:
        looked = b.with_failure(b.observed(fencing=False), f"fence_{b.N}_start_0")
        looked = b.with_resource(looked, f"fence_{b.SECOND}", failed=True)
        failed = failed_fence_devices(looked.status)
        assert failed == {f"fence_{b.N}", f"fence_{b.SECOND}"}
        assert normal.reactivated(looked, b.expected(failed_fence_devices=failed)) == ()
        assert b.codes(normal.reactivated(looked, b.expected())) == [
            "failed-action",
            "resource-failed",
        ]


class TestSmallerThings:
    def test_a_fail_count_that_nobody_explains_is_told(self) -> None:
        """From its threshold on it keeps the resource off the node."""
        looked = b.with_status(b.observed(), fail_counts=(FailCount("httpd", b.N, "INFINITY"),))
        (finding,) = normal.final(looked, b.expected())
        assert (finding.code, finding.subject) == ("failed-action", "httpd")
        assert f"fail-count INFINITY on {b.N}" in finding.observed
        explained = b.with_failure(looked, "httpd_start_0")
        assert len(normal.final(explained, b.expected())) == 1

    def test_what_waits_for_a_node_that_was_shut_down_says_so(self) -> None:
        gone = {"role": "Stopped", "active": False, "nodes": (), "locked_to": b.SECOND}
        (finding,) = normal.final(b.with_resource(b.observed(), "httpd", **gone), b.expected())
        assert f"waits for {b.SECOND}" in finding.observed

    def test_a_ban_from_promotion_keeps_no_instance_off_and_is_told_as_what_it_is(self) -> None:
        status = status_of("clones")
        promotion = tuple(replace(ban, is_of_promotion=True) for ban in status.bans)
        status = replace(status, bans=promotion)
        assert ("here-clone", C) in gaps_of_clones(status, NODES)
        (finding,) = leftover_constraints(Cib({}), promotion, C)
        assert "to be promoted on" in finding.observed
