"""The nodes, pacemaker, quorum, fencing, DRBD and Elasticsearch."""

from __future__ import annotations

from tests.findings import repairs_cluster as repairs
from tests.findings import strikes_cluster as strikes
from tests.findings.case import ALL_ROLES, Case, Deed, Start, green, red
from tests.findings.repairs import remedy_followed

NORMAL = "preflight.normal"
_HEALTH = "preflight.health:health-critical"
"""`neteye health` says CRITICAL to the same."""
# the fence device of N may run on OTHER alone; that OTHER tells no quorum follows from its daemons
_AWAY = "node-offline daemon-not-normal fence-device-stopped"
_MOVED = "its services stay where they moved to"


def _normal(
    name: str,
    codes: str,
    strike: Deed,
    repair: Deed = remedy_followed,
    *,
    also: str = "",
    warnings: str = "",
    nodes: str = "operative=2",
    stays: str = "",
) -> Case:
    """A cluster that is not normal before the start."""
    return red(
        name,
        Start.PREFLIGHT,
        NORMAL,
        codes,
        10,
        repair,
        strike=strike,
        also=also,
        warnings=warnings,
        nodes=nodes,
        stays=stays,
    )


_NODES = (
    green(
        "policies-unusual",
        Start.PREFLIGHT,
        NORMAL,
        "fencing-off no-quorum-policy",
        strike=strikes.policies_unusual,
        repair=remedy_followed,
    ),
    _normal(
        "properties-left",
        "cluster-stop-all cluster-maintenance quorum-ignored",
        strikes.properties_left,
    ),
    _normal(
        "nodes-set-aside",
        # in standby OTHER runs no fence device, and that of N may run there alone
        "node-standby node-maintenance fence-device-stopped",
        strikes.nodes_set_aside,
        stays=_MOVED,
    ),
    _normal(
        "other-away",
        _AWAY,
        strikes.cluster_stopped_on_other,
        also=_HEALTH,
        stays=_MOVED,
    ),
    _normal(
        "other-lost",
        "node-unclean fencing-failed fence-device-stopped daemon-not-normal",
        strikes.other_lost,
        also=_HEALTH,
        stays=_MOVED,
    ),
    _normal(
        "other-going-down",
        "node-pending resource-moving daemon-not-normal fence-device-stopped",
        strikes.other_going_down,
        repairs.waited_for_other,
        also=_HEALTH,
        stays=_MOVED,
    ),
    _normal(
        "attributes-set",
        "node-health pacemaker-mixed ticket-missing",
        strikes.attributes_set,
        repairs.attributes_right,
        also=_HEALTH,
    ),
    _normal(
        "no-controller",
        "no-dc",
        strikes.no_controller,
        repairs.controller_elected,
        also=_HEALTH,
        stays=_MOVED,
    ),
    _normal("fencing-hangs", "fencing-pending", strikes.fencing_hangs, repairs.fencing_answered),
    _normal("fencer-silent", "not-observed", strikes.fencer_silent, repairs.fencer_answers),
)
_RESOURCES = (
    _normal(
        "services-touched",
        "resource-disabled resource-unmanaged failed-action",
        strikes.services_touched,
        also=_HEALTH,
    ),
    _normal(
        "site-resources-down",
        "resource-failed resource-unmanaged resource-blocked resource-stopped"
        " clone-instance-missing failed-action",
        strikes.site_resources_down,
        repairs.causes_mended,
        also=_HEALTH,
    ),
    _normal(
        "site-resources-astray",
        "resource-multiple resource-orphaned resource-moving",
        strikes.site_resources_astray,
        repairs.astray_settled,
        also=_HEALTH,
    ),
    red(
        "constraints-left",
        Start.PREFLIGHT,
        "preflight.constraints",
        "constraint-leftover constraint-keeps-off-active-node",
        10,
        remedy_followed,
        strike=strikes.constraints_left,
        touches="constraints",
    ),
)
_DATA = (
    _normal(
        "drbd-degraded",
        "drbd-disk drbd-connection drbd-resync drbd-suspended drbd-quorum drbd-io-failures"
        " drbd-primary",
        strikes.drbd_degraded,
        repairs.support_brings_drbd_back,
        also=_HEALTH,
    ),
    _normal(
        "vote-and-member-lost",
        "qdevice-not-voting elastic-health elastic-nodes-missing",
        strikes.vote_and_member_lost,
        also=_HEALTH,
        nodes=ALL_ROLES,
    ),
    _normal(
        "quorum-lost",
        f"{_AWAY} quorum-lost qdevice-not-voting",
        strikes.quorum_lost,
        also=_HEALTH,
        warnings="no-quorum-policy",
        nodes=ALL_ROLES,
        stays=_MOVED,
    ),
)
CLUSTER = (*_NODES, *_RESOURCES, *_DATA)
