"""What heals a cluster that is not normal, as commands: each fault alone, with its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.judge import normal
from engine.judge.normal import Observed
from engine.judge.restore import unsafe_to_fence, unsettled
from engine.model.cluster import DaemonState
from tests.judge import builders as b


def node(name: str = b.SECOND, **changes: object) -> Callable[[Observed], Observed]:
    return lambda seen: b.with_node(seen, name, **changes)


def resource(name: str = "httpd", **changes: object) -> Callable[[Observed], Observed]:
    return lambda seen: b.with_resource(seen, name, **changes)


def option(**changes: object) -> Callable[[Observed], Observed]:
    return lambda seen: b.with_options(seen, **changes)


def daemon(active: str, enabled: str) -> Callable[[Observed], Observed]:
    rest = tuple(state for state in b.daemon_states() if state.name != "pcsd")
    states = (*rest, DaemonState("pcsd", active, enabled))
    return lambda seen: b.with_daemons(seen, b.SECOND, states)


STOPPED = {"role": "Stopped", "active": False, "nodes": ()}
FENCE = f"fence_{b.SECOND}"
N, SECOND, REST = b.N, b.SECOND, b.AT_REST


@pytest.mark.parametrize(
    ("change", "code", "commands"),
    [
        (node(online=False), "node-offline", [(SECOND, "pcs cluster start --wait=300")]),
        (
            node(online=False, unclean=True),
            "node-unclean",
            [(SECOND, "pcs cluster start --wait=300")],
        ),
        (node(unclean=True), "node-unclean", []),
        (node(pending=True), "node-pending", []),
        (node(standby=True), "node-standby", [(SECOND, f"pcs node unstandby {SECOND} --wait=300")]),
        (
            option(maintenance_mode=True),
            "cluster-maintenance",
            [(N, "pcs property set maintenance-mode=false"), (N, REST)],
        ),
        (
            option(stop_all_resources=True),
            "cluster-stop-all",
            [(N, "pcs property set stop-all-resources=false"), (N, REST)],
        ),
        (
            option(no_quorum_policy="ignore"),
            "quorum-ignored",
            [(N, "pcs property set no-quorum-policy=stop"), (N, REST)],
        ),
        (
            option(no_quorum_policy="freeze"),
            "no-quorum-policy",
            [(N, "pcs property set no-quorum-policy=stop"), (N, REST)],
        ),
        (
            option(stonith_enabled=False),
            "fencing-state",
            [(N, "pcs property set stonith-enabled=true"), (N, REST)],
        ),
        (
            resource(blocked=True),
            "resource-blocked",
            [(N, "pcs resource cleanup httpd"), (N, REST)],
        ),
        (resource(failed=True), "resource-failed", [(N, "pcs resource cleanup httpd"), (N, REST)]),
        (resource(**STOPPED), "resource-stopped", [(N, "pcs resource cleanup httpd"), (N, REST)]),
        (resource(pending="Starting"), "resource-moving", [(N, REST)]),
        (
            resource(target_role="Stopped", **STOPPED),
            "resource-disabled",
            [(N, "pcs resource enable httpd --wait=300")],
        ),
        (
            resource(FENCE, **STOPPED),
            "fence-device-stopped",
            [(N, f"pcs stonith cleanup {FENCE}"), (N, REST)],
        ),
        (
            resource(FENCE, target_role="Stopped", **STOPPED),
            "fence-device-stopped",
            [(N, f"pcs stonith enable {FENCE} --wait=300")],
        ),
        (
            resource(FENCE, failed=True),
            "resource-failed",
            [(N, f"pcs stonith cleanup {FENCE}"), (N, REST)],
        ),
        (
            daemon("inactive", "disabled"),
            "daemon-not-normal",
            [(SECOND, "systemctl enable --now pcsd")],
        ),
        (
            daemon("inactive", "masked"),
            "daemon-not-normal",
            [(SECOND, "systemctl unmask pcsd"), (SECOND, "systemctl enable --now pcsd")],
        ),
    ],
)
def test_what_heals_it(
    change: Callable[[Observed], Observed], code: str, commands: list[tuple[str, str]]
) -> None:
    before = normal.before_start(change(b.observed(version=b.SOURCE)), b.expected())
    found = [finding for finding in before if finding.code == code]
    assert [b.told(finding) for finding in found] == [commands]


def test_an_id_with_a_blank_is_one_word() -> None:
    (finding, *_) = normal.final(b.with_failure(b.observed(), "my probe_start_0"), b.expected())
    assert b.lines(finding) == ["pcs resource cleanup 'my probe'", REST]


def test_where_the_first_node_is_away_another_one_does_it() -> None:
    seen = b.with_options(b.with_node(b.observed(), N, online=False), maintenance_mode=True)
    (finding,) = (f for f in normal.final(seen, b.expected()) if f.code == "cluster-maintenance")
    assert {command.node for command in finding.commands} == {SECOND}


def test_a_vote_that_is_missing_needs_both_ends() -> None:
    seen = b.with_quorum(b.observed(), SECOND, has_qdevice=False)
    (finding,) = (f for f in normal.final(seen, b.expected()) if f.code == "qdevice-not-voting")
    assert b.told(finding) == [
        (b.VOTING, "systemctl start corosync-qnetd"),
        (SECOND, "systemctl start corosync-qdevice"),
    ]


def test_in_mid_upgrade_who_came_back_goes_into_standby_again() -> None:
    seen = b.with_node(b.observed(only_active=True, fencing=False), SECOND, standby=False)
    (finding,) = (f for f in normal.mid_upgrade(seen, b.expected()) if "standby" in f.code)
    assert b.told(finding) == [(SECOND, f"pcs node standby {SECOND} --wait=300")]
    seen = b.observed(only_active=True, fencing=True)
    (finding,) = normal.mid_upgrade(seen, b.expected())
    assert b.lines(finding) == ["pcs property set stonith-enabled=false", REST]


def test_drbd_is_attached_and_adjusted_where_that_is_the_way() -> None:
    (device,) = b.observed().drbd[SECOND][0].devices[:1]
    name = b.observed().drbd[SECOND][0].name
    for state, lines in (("Diskless", [f"drbdadm attach {name}"]), ("Inconsistent", [])):
        seen = b.with_drbd(b.observed(), SECOND, devices=(replace(device, disk_state=state),))
        (finding, *_) = (f for f in normal.final(seen, b.expected()) if f.code == "drbd-disk")
        assert b.lines(finding) == lines
    seen = b.with_drbd(b.observed(), SECOND, connections=())
    (finding,) = (f for f in normal.final(seen, b.expected()) if f.code == "drbd-connection")
    assert b.told(finding) == [(SECOND, f"drbdadm adjust {name}")]


def test_before_a_restore_who_is_away_is_started() -> None:
    status = b.with_node(b.observed(), SECOND, online=False).status
    (finding,) = unsafe_to_fence(status, (N, SECOND))
    assert b.told(finding) == [(SECOND, "pcs cluster start --wait=300")]
    (finding,) = unsettled(b.with_resource(b.observed(), "httpd", blocked=True).status, (N,))
    assert b.lines(finding) == ["pcs resource cleanup httpd", REST]
    (finding,) = unsettled(b.with_resource(b.observed(), "httpd", role="Stopping").status, (N,))
    assert b.lines(finding) == [REST]


def test_what_is_kept_stopped_is_let_run_before_a_maintenance_ends() -> None:
    """The other way round pacemaker would stop every service in between."""
    both = option(maintenance_mode=True, stop_all_resources=True)(b.observed())
    findings = normal.before_start(both, b.expected())
    codes = [f.code for f in findings]
    assert codes.index("cluster-stop-all") < codes.index("cluster-maintenance")
