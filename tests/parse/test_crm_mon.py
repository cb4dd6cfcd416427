"""crm_mon: every captured state has its facts, every required field its error."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.cluster import ClusterStatus, FailedAction
from engine.parse.crm_mon import parse_crm_mon
from engine.queries.pacemaker import STATUS
from tests.engine.scripted import said as answered

from .data import CAPTURED, captured, pacemaker, rhel8, with_, without
from .topology import SERVICES, crm_mon, node_name

N1, N2, N3 = (node_name(number) for number in (1, 2, 3))
FENCE_BANS = ("loc-f3", "loc-f2", "loc-f1")
HEALTHY = "healthy.crm_mon.xml"


@dataclass(frozen=True)
class Facts:
    """What is special about a captured state; the defaults are the healthy cluster."""

    dc: str | None = N3
    with_quorum: bool | None = True
    fencing: bool = True
    maintenance_mode: bool = False
    standby: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    unclean: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()
    not_started: dict[str, str] = field(default_factory=dict)
    """Resource id -> role."""
    failed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    unmanaged: int = 0
    failures: tuple[tuple[str, str, int], ...] = ()
    """(resource, node, exit code)."""
    fenced: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


GRAFANA = ("grafana_drbd_fs", "grafana_virt_ip", "grafana")
HTTPD = ("httpd_drbd_fs", "httpd_virt_ip", "httpd")
NATS = ("nats-server_drbd_fs", "nats-server_virt_ip", "nats-server")


def stopped(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "Stopped")


FACTS = {
    "healthy.pcs-status.xml": Facts(),
    HEALTHY: Facts(),
    "blocked-grafana.pcs-status.xml": Facts(
        dc=N2,
        fencing=False,
        not_started=stopped("grafana_virt_ip", "grafana"),
        failed=("grafana_drbd_fs",),
        blocked=("grafana_drbd_fs",),
        disabled=GRAFANA,
        unmanaged=1,
        failures=(("grafana_drbd_fs", N2, 1),),
    ),
    "disabled-grafana_group.pcs-status.xml": Facts(not_started=stopped(*GRAFANA), disabled=GRAFANA),
    "failed-monitor-nats.pcs-status.xml": Facts(dc=N2, failures=(("nats-server", N1, 7),)),
    "failed-start-glpi-everywhere.pcs-status.xml": Facts(
        dc=N2, not_started={"glpi": "Starting"}, failures=(("glpi", N2, 1), ("glpi", N1, 1))
    ),
    "failed-start-mariadb.pcs-status.xml": Facts(
        dc=N2, failures=(("mariadb", N2, 1),), fenced=(N3,)
    ),
    "leftover-cli-ban.pcs-status.xml": Facts(leftovers=(f"cli-ban-glpi_group-on-{N3}",)),
    "maintenance-mode.pcs-status.xml": Facts(dc=N2, maintenance_mode=True, unmanaged=25),
    "moving-during-standby.pcs-status.xml": Facts(
        dc=N1,
        standby=(N2, N3),
        not_started=stopped("fence_neteye01")
        | dict.fromkeys(("mariadb", "glpi", "grafana"), "Stopping"),
        fenced=(N3,),
    ),
    "no-quorum-on-03.pcs-status.xml": Facts(
        with_quorum=False,
        offline=(N1, N2),
        unclean=(N1, N2),
        not_started=stopped("cluster_ip", *HTTPD, *NATS),
    ),
    "node-maintenance-03.pcs-status.xml": Facts(dc=N2, maintenance=(N3,), unmanaged=6),
    "offline-03-fenced.pcs-status.xml": Facts(dc=N2, offline=(N3,), fenced=(N3,)),
    "offline-03-fencing-off.pcs-status.xml": Facts(
        dc=N1, fencing=False, offline=(N3,), fenced=(N3,)
    ),
    "standby-03.pcs-status.xml": Facts(dc=N2, standby=(N3,)),
    "standby-all-but-01.pcs-status.xml": Facts(
        standby=(N2, N3), not_started=stopped("fence_neteye01")
    ),
    "unclean-03.pcs-status.xml": Facts(dc=N1, offline=(N3,), unclean=(N3,), fenced=(N3,)),
    "unmanaged-mariadb.pcs-status.xml": Facts(unmanaged=1),
}
NOT_A_STATUS = {"healthy.cib-configuration.xml", "cluster-stopped-03-local.pcs-status.xml"}


def facts_of(status: ClusterStatus) -> Facts:
    return Facts(
        dc=status.dc,
        with_quorum=status.with_quorum,
        fencing=status.options.stonith_enabled,
        maintenance_mode=status.options.maintenance_mode,
        standby=status.standby_nodes,
        offline=tuple(n.name for n in status.nodes if not n.online),
        unclean=tuple(n.name for n in status.nodes if n.unclean),
        maintenance=tuple(n.name for n in status.nodes if n.maintenance),
        not_started={r.id: r.role for r in status.resources if not r.is_started},
        failed=tuple(r.id for r in status.resources if r.failed),
        blocked=tuple(r.id for r in status.resources if r.blocked),
        disabled=tuple(r.id for r in status.resources if r.is_disabled),
        unmanaged=sum(not r.managed for r in status.resources),
        failures=tuple((f.resource, f.node, f.exit_code) for f in status.failures),
        fenced=tuple(event.target for event in status.fence_events),
        leftovers=tuple(ban.id for ban in status.bans if ban.is_leftover),
    )


def test_every_captured_xml_has_its_facts() -> None:
    assert {path.name for path in CAPTURED.glob("*.xml")} == FACTS.keys() | NOT_A_STATUS


@pytest.mark.parametrize("name", FACTS)
def test_captured_state(name: str) -> None:
    status = parse_crm_mon(captured(name))
    assert facts_of(status) == FACTS[name]
    assert [node.name for node in status.nodes] == [N1, N2, N3]
    assert len(status.resources) == 25
    assert len(status.fence_devices) == 3
    assert tuple(ban.id for ban in status.bans if not ban.is_leftover) == FENCE_BANS
    assert all(ban.forbids for ban in status.bans), "crm_mon's -1000000 is -INFINITY"


def test_pcs_and_crm_mon_say_the_same() -> None:
    by_pcs, by_crm_mon = (parse_crm_mon(captured(name)) for name in list(FACTS)[:2])
    assert by_pcs == by_crm_mon


def test_resources_keep_group_place_and_order() -> None:
    status = parse_crm_mon(captured(HEALTHY))
    mariadb = status.resource("mariadb")
    assert mariadb is not None
    assert (mariadb.group, mariadb.nodes, mariadb.agent) == (
        "mariadb_group",
        (N2,),
        "systemd:mariadb",
    )
    cluster_ip = status.resource("cluster_ip")
    assert cluster_ip is not None
    assert (cluster_ip.group, cluster_ip.nodes) == (None, (N3,))
    members = [r.id for r in status.resources if r.group == "httpd_group"]
    assert members == list(HTTPD)
    assert status.placement["glpi"] == (N2,)


def test_unclean_node_still_holds_its_resources() -> None:
    status = parse_crm_mon(captured("unclean-03.pcs-status.xml"))
    assert status.placement["cluster_ip"] == (N3,)


class TestRhel8:
    """Pacemaker 2.1.2: without the attributes that came later."""

    status = parse_crm_mon(rhel8("standby.crm_mon.xml"))

    def test_nodes(self) -> None:
        assert self.status.standby_nodes == (N2,)
        assert self.status.dc == N1
        assert not self.status.mixed_version

    def test_fence_device_without_blocked(self) -> None:
        (device,) = self.status.fence_devices
        assert (device.id, device.blocked, device.nodes) == ("fence_neteye01", False, ())

    def test_what_only_some_resources_have(self) -> None:
        httpd, nagvis = self.status.resource("httpd"), self.status.resource("nagvis_drbd_fs")
        assert httpd is not None
        assert nagvis is not None
        assert (httpd.pending, httpd.target_role) == ("Monitoring", None)
        assert (nagvis.target_role, nagvis.group_disabled, nagvis.is_disabled) == (
            "Stopped",
            True,
            True,
        )

    def test_failures_have_an_operation_or_a_resource(self) -> None:
        monitor, other = self.status.failures
        assert (monitor.resource, monitor.exit_code, monitor.exit_status) == (
            "httpd",
            7,
            "not running",
        )
        assert monitor.last_rc_change == "2022-11-19 20:58:03 +01:00"
        assert (other.op_key, other.exit_reason, other.last_rc_change) == ("tornado", "none", "")

    def test_fence_history(self) -> None:
        failed, pending = self.status.fence_events
        assert (failed.status, failed.exit_reason) == ("failed", "no route to host")
        assert (pending.status, pending.action, pending.completed) == ("pending", "off", "")

    def test_a_weak_preference_is_no_ban(self) -> None:
        assert [(ban.score, ban.forbids) for ban in self.status.bans] == [
            ("-INFINITY", True),
            ("-50", False),
        ]


WRAPPED = """
<clone id="c" multi_state="false" unique="false" maintenance="true" managed="true"
    disabled="true" failed="false" failure_ignored="false" target_role="Stopped">
  <group id="g:0" number_resources="1" managed="true" disabled="false">{one}</group>
  <group id="g:1" number_resources="1" managed="true" disabled="false">{two}</group>
</clone>
<bundle id="b" type="podman" image="i" unique="true" managed="true" failed="false">
  <replica id="0">{three}{four}</replica>
</bundle>
{five}
"""
RESOURCE = (
    '<resource id="{}" resource_agent="ocf:x:y" role="Started" active="true" orphaned="false"'
    ' blocked="false" managed="true" failed="false" failure_ignored="false"'
    ' nodes_running_on="0"/>'
)


def test_clones_bundles_and_groups_are_flattened_in_order() -> None:
    names = ("one", "two", "three", "four", "five")
    wrapped = WRAPPED.format(**{name: RESOURCE.format(name) for name in names})
    text = with_(crm_mon(2), "<resources>", f"<resources>{wrapped}")
    found = parse_crm_mon(text).resources[: len(names)]
    assert tuple(r.id for r in found) == names
    assert [r.group for r in found] == ["g:0", "g:1", None, None, None]
    assert [r.is_disabled for r in found] == [True, True, False, False, False]
    assert [r.maintenance for r in found] == [True, True, False, False, False]


@pytest.mark.parametrize("operative", [2, 5, 16])
def test_larger_clusters(operative: int) -> None:
    others = frozenset(range(2, operative + 1))
    status = parse_crm_mon(crm_mon(operative, standby=others))
    assert len(status.nodes) == operative
    assert status.standby_nodes == tuple(node_name(number) for number in sorted(others))
    assert len(status.resources) == 1 + 3 * len(SERVICES)
    assert set(status.placement.values()) == {(N1,)}


def test_stopped_cluster_says_so() -> None:
    with pytest.raises(ParseError) as caught:
        parse_crm_mon(captured("cluster-stopped-03-local.pcs-status.xml"))
    assert "Not connected (102): the cluster is stopped on this node" in str(caught.value)
    assert "Connection refused" in str(caught.value)


def test_other_status_is_an_error() -> None:
    text = with_(
        crm_mon(2), '<status code="0" message="OK"/>', '<status code="124" message="Timeout"/>'
    )
    with pytest.raises(ParseError, match=r"<status>: Timeout \(124\), expected 0"):
        parse_crm_mon(text)


def test_only_an_error_text_is_shown() -> None:
    """crm_mon 2.1.5 says so, with status 0, of a configuration that it can't read."""
    with pytest.raises(ParseError) as caught:
        parse_crm_mon(pacemaker("only-an-error.crm_mon.xml"))
    assert "it says only: Could not connect to the CIB: Update does not conform" in str(
        caught.value
    )


def test_an_answer_without_a_cluster_is_shown() -> None:
    """So says crm_mon from pacemaker 2.1.6 on."""
    text = (
        '<pacemaker-result><crm-mon-disconnected description="cluster is not available"/>'
        '<status code="102" message="Not connected"/></pacemaker-result>'
    )
    with pytest.raises(ParseError, match="stopped on this node; cluster is not available"):
        parse_crm_mon(text)


def test_fail_counts_are_those_that_are_not_zero() -> None:
    history = (
        '<node_history><node name="n"><resource_history id="a" fail-count="3"/>'
        '<resource_history id="b" fail-count="0"/><resource_history id="c"/></node></node_history>'
    )
    found = parse_crm_mon(with_(crm_mon(2), "<status ", f"{history}<status ")).fail_counts
    assert [(f.resource, f.node, f.count) for f in found] == [("a", "n", "3")]


def test_a_complaint_beside_a_whole_answer_is_none() -> None:
    said = '<status code="0" message="OK"><errors><error>x</error></errors></status>'
    text = with_(crm_mon(2), '<status code="0" message="OK"/>', said)
    assert parse_crm_mon(text) == parse_crm_mon(crm_mon(2))


def test_what_is_on_standard_error_alone_is_shown() -> None:
    with pytest.raises(ParseError, match="exit code 1: it says: crm_mon: no such option"):
        STATUS.parse(answered(code=1, stderr="crm_mon: no such option\n"))


def test_another_exit_code_comes_with_its_reason() -> None:
    status = '<status code="4" message="Insufficient privileges"><errors><error>root only</error>'
    text = f"<pacemaker-result>{status}</errors></status></pacemaker-result>"
    with pytest.raises(ParseError, match=r"Insufficient privileges \(4\), expected 0; root only"):
        STATUS.parse(answered(text, code=4))


def test_a_whole_answer_with_another_exit_code_is_none() -> None:
    with pytest.raises(ParseError, match="exit code 1: together with an answer"):
        STATUS.parse(answered(crm_mon(2), code=1))


def test_no_resources_are_left_out_by_pacemaker_3() -> None:
    text = crm_mon(2)
    begin, end = text.index("<resources>"), text.index("</resources>") + len("</resources>")
    count = '<resources_configured number="0" disabled="0" blocked="0"/>'
    bare = (text[:begin] + text[end:]).replace("<cluster_options", f"{count}<cluster_options", 1)
    assert parse_crm_mon(bare).resources == ()
    with pytest.raises(ParseError, match="has no element <resources>"):
        parse_crm_mon(text[:begin] + text[end:])


@pytest.mark.parametrize(
    ("key", "resource", "operation"),
    [
        ("vm_migrate_to_0", "vm", "migrate_to"),
        ("vm_migrate_from_0", "vm", "migrate_from"),
        ("nats-server_monitor_30000", "nats-server", "monitor"),
        ("my_start_fs_start_0", "my_start_fs", "start"),
        ("drbd_post_notify_promote_0", "drbd", "post_notify_promote"),
        ("drbd:0_monitor_10000", "drbd:0", "monitor"),
        ("tornado", "tornado", ""),
    ],
)
def test_operation_and_resource_of_a_failure(key: str, resource: str, operation: str) -> None:
    failure = FailedAction(key, "n", "error", 1, "complete")
    assert (failure.resource, failure.operation) == (resource, operation)


def test_a_failed_migration_is_one_of_its_resource() -> None:
    text = with_(
        crm_mon(2), "<status ", pacemaker("migrate-failure.crm_mon-fragment.xml") + "<status "
    )
    (failure,) = parse_crm_mon(text).failures
    assert (failure.resource, failure.operation) == ("vm", "migrate_to")


def test_fence_history_that_was_not_told() -> None:
    text = with_(crm_mon(2), "<status ", '<fence_history status="102"/><status ')
    assert not parse_crm_mon(text).has_fence_history
    assert parse_crm_mon(crm_mon(2)).has_fence_history


def test_who_asked_for_a_fencing() -> None:
    events = parse_crm_mon(pacemaker("fencing-failed-or-pending.crm_mon.xml")).fence_events
    assert [(e.status, e.origin) for e in events] == [("failed", "ne-a"), ("pending", "ne-b")]


def test_clones_tickets_and_health() -> None:
    clones = parse_crm_mon(pacemaker("clones.crm_mon.xml"))
    assert [r.clone for r in clones.resources if r.id == "probe"] == ["probe-clone"] * 3
    tickets = parse_crm_mon(pacemaker("tickets.crm_mon.xml")).tickets
    assert [(t.id, t.is_granted, t.is_standby) for t in tickets] == [
        ("roma", True, True),
        ("unused", False, False),
        ("milano", False, False),
    ]
    health = parse_crm_mon(pacemaker("health.crm_mon.xml"))
    assert [n.health for n in health.nodes] == ["green", "red", "yellow"]


def test_without_a_controller_nobody_tells_of_quorum() -> None:
    text = with_(
        crm_mon(2),
        '<current_dc present="true" version="2.1.2" name="neteye01.neteyelocal" id="1"'
        ' with_quorum="true"/>',
        '<current_dc present="false"/>',
    )
    status = parse_crm_mon(text)
    assert (status.dc, status.with_quorum) == (None, None)


REQUIRED = [
    (' stonith-enabled="true"', "<cluster_options>: has no attribute stonith-enabled"),
    (' maintenance-mode="false"', "<cluster_options>: has no attribute maintenance-mode"),
    (' no-quorum-policy="stop"', "<cluster_options>: has no attribute no-quorum-policy"),
    (' with_quorum="true"', "<current_dc neteye01.neteyelocal>: has no attribute with_quorum"),
    (' online="true"', "<node neteye01.neteyelocal>: has no attribute online"),
    (' standby="false"', "<node neteye01.neteyelocal>: has no attribute standby"),
    (' unclean="false"', "<node neteye01.neteyelocal>: has no attribute unclean"),
    (' active="true"', "<resource cluster_ip>: has no attribute active"),
    (' failed="false"', "<resource cluster_ip>: has no attribute failed"),
    (' role="Started"', "<resource cluster_ip>: has no attribute role"),
    (' disabled="false"', "<group mariadb_group>: has no attribute disabled"),
    ('<status code="0" message="OK"/>', "<pacemaker-result>: has no element <status>"),
]


@pytest.mark.parametrize(("part", "message"), REQUIRED)
def test_missing_is_an_error_that_names_element_and_field(part: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_crm_mon(without(crm_mon(2), part))
    assert str(caught.value) == f"crm_mon --output-as=xml: {message}"


@pytest.mark.parametrize(
    ("part", "other", "message"),
    [
        (
            'online="true"',
            'online="perhaps"',
            "<node neteye01.neteyelocal>/@online: is 'perhaps', expected true or false",
        ),
        ("pacemaker-result", "crm_mon", "document: is no XML"),
        (crm_mon(2), "\n", "document: is empty, expected XML"),
        ("<nodes>", "<nodes><!DOCTYPE x>", "has a document type, expected plain XML"),
    ],
)
def test_wrong_is_an_error(part: str, other: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_crm_mon(with_(crm_mon(2), part, other))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "crm_mon: not found", "<html></html>", "<a", "\0", "\ud800<a/>"]
)
def test_other_text_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match="document"):
        parse_crm_mon(text)


def test_cut_answer_is_an_error() -> None:
    whole = captured(HEALTHY).rstrip()
    for end in range(0, len(whole), 997):
        with pytest.raises(ParseError):
            parse_crm_mon(whole[:end])


@given(
    st.text() | st.text(alphabet='<>/="&; abrsuomyn').map(lambda text: f"<summary>{text}</summary>")
)
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_crm_mon(text)


def test_deep_nesting_is_no_stack_overflow() -> None:
    deep = 5000
    groups = '<group id="g" disabled="false">' * deep + "</group>" * deep
    text = with_(crm_mon(2), "<resources>", f"<resources>{groups}")
    assert parse_crm_mon(text) == parse_crm_mon(crm_mon(2))
