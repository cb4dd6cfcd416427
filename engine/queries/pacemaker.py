"""Questions about corosync, pacemaker and pcs."""

from __future__ import annotations

from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.cluster import Cib, ClusterStatus, DaemonState, QuorumStatus
from engine.model.query import Query, of_text
from engine.parse.cib import parse_cib
from engine.parse.crm_mon import SOURCE, parse_crm_mon
from engine.parse.crm_simulate import HEADING, parse_left_to_do
from engine.parse.machine import PROPERTIES, parse_daemon_states
from engine.parse.quorum import parse_quorumtool


def _status(answer: Answer) -> ClusterStatus:
    """The status; where crm_mon printed nothing, its complaint is what there is to tell."""
    if answer.code and not answer.text.strip():
        said = " ".join(answer.errors.split()) or "nothing"
        raise ParseError(SOURCE, f"exit code {answer.code}", f"it says: {said[-300:]}")
    status = parse_crm_mon(answer.text)
    if answer.code:
        problem = "together with an answer that tells of no fault"
        raise ParseError(SOURCE, f"exit code {answer.code}", problem)
    return status


# crm_mon hangs for ever when pacemaker's daemons do: the deadline is what ends it
STATUS: Query[ClusterStatus] = Query(
    name="cluster status",
    argv=("crm_mon", "--one-shot", "--inactive", "--output-as=xml"),
    parse=_status,
    # pacemaker's own exit codes come with an answer that says why: the parser shows it
    ok_codes=tuple(range(126)),
    deadline=20.0,
)

CIB: Query[Cib] = Query(
    name="cluster configuration",
    # the whole of it: rules of constraints may refer to attributes of the status section
    argv=("cibadmin", "--query"),
    parse=of_text(parse_cib),
    deadline=20.0,
)

# By the configuration and status of this moment, so also what a change will start that has not
# begun yet. `crm_resource --wait` takes two seconds for it at least (pacemaker 2.1.5)
LEFT_TO_DO: Query[tuple[str, ...]] = Query(
    name="what pacemaker has left to do",
    argv=("crm_simulate", "--live-check", "--run"),
    parse=of_text(parse_left_to_do),
    deadline=20.0,
    # the rest of it is the cluster's status, which is asked by itself
    recorded=lambda left: "\n".join((HEADING, *left)),
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
# sbd and corosync-qdevice are not installed everywhere
DAEMONS: Query[tuple[DaemonState, ...]] = Query(
    name="daemon status",
    argv=(
        *("systemctl", "show", f"--property={','.join(PROPERTIES)}", "--"),
        *(
            f"{name}.service"
            for name in ("corosync", "pacemaker", "pcsd", "sbd", "corosync-qdevice")
        ),
    ),
    parse=of_text(parse_daemon_states),
    deadline=30.0,
)
