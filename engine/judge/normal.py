"""The profiles of "cluster status is normal".

The guide's one list is read at different moments, so there are several profiles (design,
"Three profiles of normal"; domain facts section 3): before the start, while a command is under way,
in mid-upgrade with only N active, after the reactivation, and at the end.
Resources that somebody disabled on purpose are compared with the baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.judge.clones import clones_everywhere
from engine.judge.conditions import (
    elastic_green,
    nodes_healthy,
    quorum_policy,
    tickets_held,
    waiting_for_tickets,
)
from engine.judge.fencing import (
    fence_devices_started,
    fence_devices_unused,
    fence_history,
    fencing_is,
)
from engine.judge.nodes import cluster_itself, node_states
from engine.judge.quorum import daemons_normal, not_observed, qdevice_votes, quorum_held
from engine.judge.resources import Wanted, failed_actions, judge_resources
from engine.judge.sync import drbd_normal
from engine.judge.versions import reached
from engine.model.cluster import Cib, ClusterStatus, DaemonState, QuorumStatus
from engine.model.drbd import DrbdResource
from engine.model.finding import Finding
from engine.model.host import ElasticHealth, Version
from engine.model.names import cib_in_names, status_in_names


@dataclass(frozen=True)
class Observed:
    """One look at the whole cluster. Node names in any form that `Expected.names` knows.

    Every operative node is a key of `quorum`, `daemons` and `drbd`, or one of `silent`; one that
    is neither becomes a finding. A node without DRBD resources has an empty tuple.
    """

    status: ClusterStatus
    quorum: Mapping[str, QuorumStatus]
    daemons: Mapping[str, tuple[DaemonState, ...]]
    drbd: Mapping[str, tuple[DrbdResource, ...]]
    elastic: ElasticHealth | None = None
    elastic_nodes: tuple[str, ...] = ()
    """Members by name (`_cat/nodes`); empty: only the number is compared."""
    versions: Mapping[str, Version] = field(default_factory=dict)
    cib: Cib | None = None
    """The configuration: what crm_mon does not tell of modes, health, tickets."""
    silent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """`quorum`, `daemons`, `drbd` -> nodes that did not answer, which is told already."""

    def asked(self, what: str, nodes: Iterable[str]) -> tuple[str, ...]:
        """Those of the nodes of which the answer counts."""
        return tuple(node for node in nodes if node not in self.silent.get(what, ()))


@dataclass(frozen=True)
class Expected:
    """Who the nodes are and what was true at the baseline. Names as in the inventory."""

    active_node: str
    operative: tuple[str, ...]
    elastic_only: tuple[str, ...] = ()
    voting_only: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Other names of the nodes -> these names (`engine.judge.roles.aliases`)."""
    fencing: bool | None = None
    """Fencing before the upgrade; None: no baseline yet."""
    disabled: frozenset[str] = frozenset()
    """What was disabled at the baseline (`engine.judge.resources.disabled_resources`)."""
    stopped_fence_devices: frozenset[str] = frozenset()
    """Fence devices that did not run at the baseline (`fencing.stopped_fence_devices`)."""
    failed_fence_devices: frozenset[str] = frozenset()
    """Fence devices that had failed at the baseline (`fencing.failed_fence_devices`)."""
    clone_gaps: frozenset[tuple[str, str]] = frozenset()
    """(clone, node) without an instance at the baseline (`clones.gaps_of_clones`)."""
    has_qdevice: bool = False
    elastic_nodes: tuple[str, ...] | None = None
    """The nodes that belong to Elasticsearch; None: seen that it is not installed."""
    version: Version | None = None
    """The one version of all nodes; None: not judged here."""

    @property
    def other(self) -> tuple[str, ...]:
        """The guide's OTHER: operative nodes without N."""
        return tuple(node for node in self.operative if node != self.active_node)

    @property
    def all_nodes(self) -> tuple[str, ...]:
        return (*self.operative, *self.elastic_only, *self.voting_only)


def before_start(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """Healthy enough to begin: nobody in standby, all services and fence devices as they should be.

    Without a baseline (`expected.fencing` None) fencing may be on or off; off with fence
    devices there is told (`fencing-off`), unless the baseline says that it was on.
    """
    seen = _named(observed, expected)
    is_on_record = expected.fencing is not None
    fencing = fencing_is(seen.status, expected.fencing, at_rest=True) if is_on_record else ()
    return _for_duty(
        "updated-and-healthy",
        [
            *_all_active(seen, expected),
            *fencing,
            *quorum_policy(seen.status, seen.cib),
            *_past_fencing(seen, expected),
            *(() if fencing else fence_devices_unused(seen.status, is_on_record=is_on_record)),
            *fence_devices_started(seen.status, expected.stopped_fence_devices),
            *_elastic(seen, expected),
        ],
    )


def under_way(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """While a command of the vendor's runs, or has stopped on its way: what is a fault even so.

    Who is in standby and whether fencing is off is not judged: the command may not have come to it,
    and the next round does it by itself.
    """
    seen = _named(observed, expected)
    anywhere = _wanted(seen, expected, expected.operative)
    return _for_duty(
        "cluster-normal",
        [
            *cluster_itself(seen.status),
            *node_states(seen.status, expected.operative, seen.status.standby_nodes, seen.cib),
            *nodes_healthy(seen.status, seen.cib, seen.status.active_nodes),
            *_services(seen, anywhere, with_fence_devices=False),
            *_quorum(seen, expected),
            *_daemons(seen, expected),
            *_drbd(seen, expected, resync_allowed=True),
        ],
    )


def mid_upgrade(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """After the command's last round: only N is active and everything runs there, fencing off."""
    seen = _named(observed, expected)
    only_here = _wanted(seen, expected, (expected.active_node,))
    return _for_duty(
        "cluster-normal",
        [
            *cluster_itself(seen.status),
            *node_states(seen.status, expected.operative, expected.other, seen.cib),
            *nodes_healthy(seen.status, seen.cib, (expected.active_node,)),
            *_services(seen, only_here, with_fence_devices=False),
            *_quorum(seen, expected),
            *_daemons(seen, expected),
            *_drbd(seen, expected, resync_allowed=True),
            *fencing_is(seen.status, False),
            *_version(seen, expected),
        ],
    )


def reactivated(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """After `unstandby`: all operative nodes active, fencing off.

    Its devices are left out where fencing stays off. Where it is to be given back, nothing may
    speak against it: a fencing that failed or is under way, a device that stopped or failed since
    the baseline.
    """
    seen = _named(observed, expected)
    return _for_duty(
        "cluster-normal",
        [
            *_all_active(seen, expected, with_fence_devices=False),
            *fencing_is(seen.status, False),
            *(_fit_to_fence(seen, expected) if expected.fencing else ()),
            *_version(seen, expected),
        ],
    )


def final(observed: Observed, expected: Expected) -> tuple[Finding, ...]:
    """At the end: the same with fencing as at the baseline and everything green."""
    seen = _named(observed, expected)
    return _for_duty(
        "cluster-normal",
        [
            *_all_active(seen, expected),
            *fencing_is(seen.status, expected.fencing, at_rest=True),
            *_past_fencing(seen, expected),
            *fence_devices_started(seen.status, expected.stopped_fence_devices),
            *_elastic(seen, expected),
            *_version(seen, expected),
        ],
    )


def _named(observed: Observed, expected: Expected) -> Observed:
    """The same observation with every node called by its inventory name."""

    def named(name: str) -> str:
        return expected.names.get(name, name)

    return replace(
        observed,
        status=status_in_names(observed.status, named),
        quorum={named(node): seen for node, seen in observed.quorum.items()},
        daemons={named(node): seen for node, seen in observed.daemons.items()},
        drbd={named(node): seen for node, seen in observed.drbd.items()},
        elastic_nodes=tuple(named(node) for node in observed.elastic_nodes),
        versions={named(node): seen for node, seen in observed.versions.items()},
        cib=observed.cib and cib_in_names(observed.cib, named),
        silent={what: frozenset(map(named, nodes)) for what, nodes in observed.silent.items()},
    )


def _all_active(
    seen: Observed, expected: Expected, *, with_fence_devices: bool = True
) -> list[Finding]:
    """What holds whenever no node is in standby."""
    anywhere = _wanted(seen, expected, expected.operative)
    active = seen.status.active_nodes
    return [
        *cluster_itself(seen.status),
        *node_states(seen.status, expected.operative, (), seen.cib),
        *nodes_healthy(seen.status, seen.cib, expected.operative),
        *clones_everywhere(seen.status, active, seen.cib, expected.clone_gaps),
        *_services(seen, anywhere, with_fence_devices=with_fence_devices),
        *_quorum(seen, expected),
        *(
            qdevice_votes(seen.quorum, expected.operative, expected.voting_only)
            if expected.has_qdevice
            else ()
        ),
        *_daemons(seen, expected),
        *_drbd(seen, expected, resync_allowed=False),
    ]


def _wanted(seen: Observed, expected: Expected, nodes: Iterable[str]) -> Wanted:
    return Wanted(
        frozenset(nodes),
        expected.disabled,
        unmanaged=seen.cib.unmanaged if seen.cib else {},
        waiting=waiting_for_tickets(seen.status, seen.cib),
    )


def _quorum(seen: Observed, expected: Expected) -> tuple[Finding, ...]:
    return quorum_held(seen.status, seen.quorum, seen.asked("quorum", expected.operative))


def _daemons(seen: Observed, expected: Expected) -> tuple[Finding, ...]:
    operative, with_qdevice = seen.asked("daemons", expected.operative), expected.has_qdevice
    return daemons_normal(seen.daemons, operative, with_qdevice=with_qdevice)


def _past_fencing(seen: Observed, expected: Expected) -> tuple[Finding, ...]:
    """Where fencing is off and stays off, its past failures don't count."""
    is_used = seen.status.options.stonith_enabled or expected.fencing
    return fence_history(seen.status) if is_used else ()


def _fit_to_fence(seen: Observed, expected: Expected) -> list[Finding]:
    """Fencing is off and is to come on."""
    status, failed = seen.status, expected.failed_fence_devices
    others = [r.id for r in status.services]
    excused = expected.stopped_fence_devices | failed
    return [
        *fence_history(status),
        *fence_devices_started(status, excused, will_be_on=True),
        *failed_actions(status, left_out=(*others, *failed)),
    ]


def _services(seen: Observed, wanted: Wanted, *, with_fence_devices: bool) -> list[Finding]:
    status = seen.status
    left_out = () if with_fence_devices else tuple(r.id for r in status.fence_devices)
    return [
        *judge_resources(status, status.services, wanted),
        *failed_actions(status, left_out),
        *tickets_held(status, seen.cib),
    ]


def _drbd(seen: Observed, expected: Expected, *, resync_allowed: bool) -> list[Finding]:
    return [
        *not_observed("DRBD state", seen.asked("drbd", expected.operative), seen.drbd),
        *drbd_normal(
            seen.drbd,
            expected.voting_only,
            resync_allowed=resync_allowed,
            names=expected.names,
        ),
    ]


def _elastic(seen: Observed, expected: Expected) -> tuple[Finding, ...]:
    if expected.elastic_nodes is None:
        return ()
    return elastic_green(seen.elastic, seen.elastic_nodes, expected.elastic_nodes)


def _version(seen: Observed, expected: Expected) -> tuple[Finding, ...]:
    if expected.version is None:
        return ()
    return reached(seen.versions, expected.version, expected.all_nodes)


def _for_duty(duty: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that name no duty of the guide get the duty of the profile."""
    return tuple(f if f.guide else replace(f, guide=(duty,)) for f in findings)
