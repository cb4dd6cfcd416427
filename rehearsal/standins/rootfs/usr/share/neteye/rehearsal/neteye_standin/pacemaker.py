"""What the stand-ins ask pacemaker and let pcs change."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from neteye_standin.context import Node
from neteye_standin.remote import Answer, run

WAIT = 300  # seconds, as the guide waits
_NOT_SET = 105  # crm_attribute: no such option


class PacemakerError(Exception):
    """Pacemaker did not answer, or pcs failed; the text says what it said."""


def status_xml() -> str:
    """`crm_mon` as XML. Raises PacemakerError."""
    answer = run(["crm_mon", "--one-shot", "--inactive", "--output-as=xml"], deadline=30)
    if answer.rc != 0:
        raise PacemakerError(f"crm_mon: {answer.tail}")
    return answer.out


def standby_names(xml: str) -> set[str]:
    """Names of the nodes in standby."""
    nodes = ET.fromstring(xml).iterfind("./nodes/node")
    return {node.get("name", "") for node in nodes if node.get("standby") == "true"}


def is_settling(xml: str) -> bool:
    """Whether a resource is on its way, so that a look now is too early."""
    return any(
        r.get("pending") or r.get("role") in ("Starting", "Stopping")
        for r in ET.fromstring(xml).iter("resource")
    )


def problems(xml: str) -> list[str]:
    """What a health check objects to. Standby nodes and switched-off fencing are no problem, they
    are what update and upgrade leave behind; fence devices can't all run then, so are left out."""
    root = ET.fromstring(xml)
    found: list[str] = []
    if root.find("./summary/current_dc[@with_quorum='true']") is None:
        found.append("partition without quorum")
    for node in root.iterfind("./nodes/node"):
        if node.get("online") != "true" or node.get("unclean") == "true":
            found.append(f"node {node.get('name')} is offline or unclean")
    for failure in root.iterfind("./failures/failure"):
        found.append(f"failed action {failure.get('op_key') or failure.get('task')}")
    spare = _spare(root)
    for resource in root.iterfind("./resources//resource"):
        if resource in spare:
            continue
        if not resource.get("resource_agent", "").startswith("stonith:"):
            found += _resource_problem(resource)
    return found


def _spare(root: ET.Element) -> list[ET.Element]:
    """Stopped instances of clones that run elsewhere: no node is free for these, as in standby."""
    clones = [list(clone.iter("resource")) for clone in root.iterfind("./resources//clone")]
    return [
        one
        for instances in clones
        for one in instances
        if one.get("role") == "Stopped"
        and any(o.get("id") == one.get("id") and o.get("role") != "Stopped" for o in instances)
    ]


def _resource_problem(resource: ET.Element) -> list[str]:
    name = resource.get("id")
    if resource.get("failed") == "true" or resource.get("blocked") == "true":
        return [f"resource {name} failed"]
    if resource.get("target_role") != "Stopped" and resource.get("role") == "Stopped":
        return [f"resource {name} is stopped"]
    return []


def standby(nodes: Sequence[Node]) -> bool:
    """Put these nodes in standby and wait; whether that changed anything. Raises PacemakerError."""
    already = standby_names(status_xml())
    missing = [node.name for node in nodes if node.name not in already]
    if not missing:
        return False
    argv = ["pcs", "node", "standby", *missing, f"--wait={WAIT}"]
    _must(run(argv, deadline=WAIT + 60), "pcs node standby")
    return True


def fencing_off() -> bool:
    """Switch fencing off; whether it was on. Raises PacemakerError."""
    query = ["crm_attribute", "--type", "crm_config", "--name", "stonith-enabled", "--query"]
    answer = run([*query, "--quiet"], deadline=30)
    if answer.rc not in (0, _NOT_SET):
        raise PacemakerError(f"crm_attribute: {answer.tail}")
    if answer.rc == 0 and answer.out.strip() == "false":
        return False
    _must(run(["pcs", "property", "set", "stonith-enabled=false"]), "pcs property set")
    return True


def restart(resource: str) -> None:
    """Restart a resource where it runs. Raises PacemakerError."""
    _must(run(["pcs", "resource", "restart", resource], deadline=180), f"restart of {resource}")


def has_resource(resource: str) -> bool:
    """Whether the cluster has a resource of that id. Raises PacemakerError."""
    return any(r.get("id") == resource for r in ET.fromstring(status_xml()).iter("resource"))


def _must(answer: Answer, what: str) -> None:
    if answer.rc != 0:
        raise PacemakerError(f"{what}: {answer.tail}")
