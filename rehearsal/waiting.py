"""Looks at a started cluster and says what is still missing until it is ready."""

import json
import socket
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Mapping

from rehearsal import podman
from rehearsal.errors import RehearsalError
from rehearsal.run import wait_for
from rehearsal.topology import Node, Role, Topology

_SECONDS, _SECONDS_A_NODE = 300.0, 60.0
"""Five nodes take 15 on an idle machine, 70 on a very busy one; nineteen 55 to more than 300."""
_SSH_PORT = 22
_AT_WORK = ("Started", "Promoted", "Unpromoted", "Master", "Slave")
_PORT_OF_NOBODY = 1
_CONNECT_SECONDS = 1.0


def container_name(topology: Topology, node: Node) -> str:
    """Name of a node's container."""
    return f"rehearsal-{topology.name}-{node.short}"


def patience(topology: Topology) -> float:
    """Seconds that a cluster may take: each node probes every resource when it joins."""
    return max(_SECONDS, _SECONDS_A_NODE * len(topology.nodes))


def until_ready(
    topology: Topology, seconds: float | None = None, running: Mapping[str, int] | None = None
) -> None:
    """Wait until ssh answers on every node and pacemaker has started every resource.

    Fence devices are left out: they start last and nothing depends on them at that time. Where it
    is told on how many nodes resources are `running`, these are waited for, and no others.
    Raises RehearsalError that names what was missing, with the log of a node that ended.
    """
    what = f"cluster {topology.name!r} ready"
    most = seconds or patience(topology)
    wait_for(what, lambda: _missing_or_ended(topology, running), seconds=most)


def forget_fencing(topology: Topology) -> None:
    """Clear the history of fencing on all nodes of a cluster that has just become ready.

    Where one node of two starts ten seconds after the other, that one wants it fenced, in vain.
    Pacemaker shows it until somebody clears it, as if something had happened to the cluster.
    """
    first = container_name(topology, topology.operative[0])
    podman.execute(first, ["stonith_admin", "--cleanup", "--history", "*"], timeout=60)


def _missing_or_ended(topology: Topology, running: Mapping[str, int] | None) -> str | None:
    """Like `missing`; raises when a container has ended, as waiting longer would be of no use."""
    lacking = missing(topology, running)
    if lacking is not None:
        refuse_ended(topology)
    return lacking


def refuse_ended(topology: Topology) -> None:
    """RehearsalError with its last lines when a node's container has ended."""
    if all(is_listening(topology, node) for node in topology.nodes):
        return
    present = podman.containers(topology.name)
    for node in topology.nodes:
        container = present.get(container_name(topology, node))
        if container is not None and container.state in ("exited", "stopped"):
            log = podman.podman("logs", "--tail", "30", container.name, check=False)
            raise RehearsalError(
                f"Node {node.name} ended at its start; its last lines:\n{log.stdout}{log.stderr}"
            )


def missing(topology: Topology, running: Mapping[str, int] | None = None) -> str | None:
    """What is not there yet, in a few words; None when the cluster is ready."""
    if running is None:
        return _missing(topology, judge)
    return _missing(topology, lambda crm_mon, names: judge_running(crm_mon, names, running))


def missing_but_resources(topology: Topology) -> str | None:
    """The same without a word on resources: in a saved state they need not all be Started."""
    return _missing(topology, judge_nodes)


def _missing(topology: Topology, judged: Callable[[str, list[str]], str | None]) -> str | None:
    for node in topology.nodes:
        if not is_listening(topology, node):
            return f"ssh on {node.name}"
    first = container_name(topology, topology.operative[0])
    answer = podman.execute(first, ["crm_mon", "--output-as=xml"], check=False, timeout=30)
    if answer.returncode != 0:
        return f"pacemaker on {topology.operative[0].name}"
    lacking = judged(answer.stdout, [node.name for node in topology.operative])
    if lacking is None:
        lacking = next((f"a way to {n.name}" for n in topology.nodes if not is_reached(n)), None)
    return lacking


def is_listening(topology: Topology, node: Node) -> bool:
    """Whether sshd of the node takes connections, as its kernel tells: again and again for free."""
    return podman.listens(container_name(topology, node), _SSH_PORT)


def is_reached(node: Node) -> bool:
    """Whether there is a way from here to its kernel and back: it refuses what nobody listens to.

    sshd is not asked. Since OpenSSH 9.8 it turns away for a while who connects without logging in.
    """
    where = (str(node.address), _PORT_OF_NOBODY)
    try:
        with socket.create_connection(where, timeout=_CONNECT_SECONDS):
            return True
    except ConnectionRefusedError:
        return True
    except OSError:
        return False


def judge(crm_mon: str, names: list[str]) -> str | None:
    """What `crm_mon --output-as=xml` lacks for a ready cluster of those nodes; None if nothing.

    A resource that somebody disabled is as it should be.
    """
    if (lacking := judge_nodes(crm_mon, names)) is not None:
        return lacking
    for resource in ET.fromstring(crm_mon).iter("resource"):
        agent = resource.get("resource_agent", "")
        started = resource.get("role") in _AT_WORK and resource.get("failed") == "false"
        disabled = resource.get("target_role") == resource.get("role") == "Stopped"
        if not agent.startswith("stonith:") and not started and not disabled:
            return f"resource {resource.get('id')} Started, it is {resource.get('role')}"
    return None


def judge_running(crm_mon: str, names: list[str], running: Mapping[str, int]) -> str | None:
    """What it lacks for those resources on so many nodes each; None if nothing."""
    if (lacking := judge_nodes(crm_mon, names)) is not None:
        return lacking
    seen: Counter[str] = Counter()
    for resource in ET.fromstring(crm_mon).iter("resource"):
        if resource.get("role") in _AT_WORK and resource.get("failed") == "false":
            # of a clone whose instances differ each has a number behind its name
            seen[str(resource.get("id")).partition(":")[0]] += 1
    for name, number in running.items():
        if seen[name] < number:
            return f"resource {name} on {number} nodes, it is on {seen[name]}"
    return None


def judge_nodes(crm_mon: str, names: list[str]) -> str | None:
    """What it lacks for quorum with all of those nodes; None if nothing."""
    try:
        root = ET.fromstring(crm_mon)
    except ET.ParseError as broken:
        return f"an answer of crm_mon that can be read ({broken})"
    controller = root.find("summary/current_dc")
    if controller is None or controller.get("with_quorum") != "true":
        return "quorum"
    online = {n.get("name") for n in root.iterfind("nodes/node") if _is_settled(n.attrib)}
    for name in names:
        if name not in online:
            return f"node {name} online"
    return None


def _is_settled(attributes: Mapping[str, str]) -> bool:
    wanted = {"online": "true", "unclean": "false", "pending": "false"}
    return all(attributes.get(name) == value for name, value in wanted.items())


def overview(topology: Topology) -> list[dict[str, str]]:
    """One row a node: name, role, address, container state, release."""
    present = podman.containers(topology.name)
    rows = []
    for node in topology.nodes:
        container = present.get(container_name(topology, node))
        state = "absent" if container is None else container.state
        release = "-"
        if container is not None and container.is_running:
            answer = podman.execute(container.name, ["cat", "/etc/neteye-release"], check=False)
            release = answer.stdout.strip() or "none"
        rows.append(
            {
                "node": node.name,
                "role": node.role.value,
                "address": str(node.address),
                "state": state,
                "release": release,
            }
        )
    return rows


def operative_containers(topology: Topology) -> list[str]:
    """Containers of the operative nodes."""
    return [container_name(topology, n) for n in topology.nodes if n.role is Role.OPERATIVE]


def pcs_status(topology: Topology) -> str:
    """`pcs status` of the first operative node that answers, or why there is none."""
    for name in operative_containers(topology):
        answer = podman.execute(name, ["pcs", "status"], check=False, timeout=30)
        if answer.returncode == 0:
            return answer.stdout
    return "no operative node answers `pcs status`\n"


def to_json(rows: list[dict[str, str]]) -> str:
    """Rows of `overview` for programs."""
    return json.dumps(rows, indent=2)


def diagnosis(topology: Topology) -> str:
    """What the operative nodes say of themselves, for the person who asks why."""
    questions = (
        ["systemctl", "--no-pager", "list-jobs"],
        ["systemctl", "--no-pager", "--failed"],
        ["corosync-quorumtool", "-s"],
        ["crm_mon", "-1"],
        ["journalctl", "--no-pager", "-n", "80"],
    )
    parts = []
    for name in operative_containers(topology):
        for words in questions:
            answer = podman.execute(name, words, check=False, timeout=30)
            parts.append(f"== {name}: {' '.join(words)}\n{answer.stdout}{answer.stderr}")
    return "\n".join(parts)
