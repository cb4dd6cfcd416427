"""Questions about corosync, pacemaker and pcs."""

from __future__ import annotations

from engine.model.cluster import Cib, ClusterStatus, DaemonState, QuorumStatus
from engine.parse.cib import parse_cib
from engine.parse.crm_mon import parse_crm_mon
from engine.parse.quorum import parse_quorumtool
from engine.parse.systemd import PROPERTIES, parse_daemon_states
from engine.queries import Query, of_text

# crm_mon hangs for ever when pacemaker's daemons do: the deadline is what ends it
STATUS: Query[ClusterStatus] = Query(
    name="cluster status",
    argv=("crm_mon", "--one-shot", "--inactive", "--output-as=xml"),
    parse=of_text(parse_crm_mon),
    # 102 says, in valid XML, that the cluster is stopped on this node: the parser says so
    ok_codes=(0, 102),
    deadline=20.0,
)

CIB: Query[Cib] = Query(
    name="cluster configuration",
    # the whole of it: rules of constraints may refer to attributes of the status section
    argv=("cibadmin", "--query"),
    parse=of_text(parse_cib),
    deadline=20.0,
)

QUORUM: Query[QuorumStatus] = Query(
    name="quorum",
    argv=("corosync-quorumtool", "-s"),
    parse=of_text(parse_quorumtool),
    # 2 says: not quorate, with the same output
    ok_codes=(0, 2),
    deadline=20.0,
)

# what the Daemon Status of `pcs status` tells, which takes seconds; each node knows its own only.
# sbd is not installed everywhere
DAEMONS: Query[tuple[DaemonState, ...]] = Query(
    name="daemon status",
    argv=(
        *("systemctl", "show", f"--property={','.join(PROPERTIES)}", "--"),
        *(f"{name}.service" for name in ("corosync", "pacemaker", "pcsd", "sbd")),
    ),
    parse=of_text(parse_daemon_states),
    deadline=30.0,
)
