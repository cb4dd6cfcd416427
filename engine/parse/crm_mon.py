"""`crm_mon --output-as=xml` (and `pcs status xml`, which is the same) -> ClusterStatus.

Required is what the schema of pacemaker 2.1.2 requires (ClusterLabs/pacemaker, xml/api:
crm_mon-2.12.rng, nodes-2.8.rng, resources-2.4.rng, failure-2.8.rng): RHEL 8 has that
version, later ones only add to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from engine.errors import ParseError
from engine.model.cluster import (
    ClusterNode,
    ClusterOptions,
    ClusterStatus,
    FailCount,
    FailedAction,
    FenceEvent,
    LocationConstraint,
    Resource,
    Ticket,
)
from engine.parse.fields import attribute, child, flag, integer, score_text, xml_root

SOURCE = "crm_mon --output-as=xml"

_NOT_CONNECTED = "102"  # CRM_EX_DISCONNECT


def parse_crm_mon(text: str) -> ClusterStatus:
    """One look at the cluster.

    A node whose cluster is stopped answers too, with status 102 and nothing else: that is
    a ParseError which says so, as is every other status that is not 0.
    """
    root = xml_root(text, SOURCE)
    if root.tag != "pacemaker-result":
        raise ParseError(SOURCE, "document", f"is <{root.tag}>, expected <pacemaker-result>")
    _check_status(root)
    summary = child(root, "summary", SOURCE)
    dc, with_quorum, mixed = _current_dc(summary)
    return ClusterStatus(
        dc=dc,
        with_quorum=with_quorum,
        options=_options(child(summary, "cluster_options", SOURCE)),
        nodes=tuple(_node(node) for node in child(root, "nodes", SOURCE).findall("node")),
        resources=tuple(_resources(_resources_of(root, summary))),
        failures=tuple(_failure(entry) for entry in root.findall("failures/failure")),
        fail_counts=tuple(_fail_counts(root)),
        fence_events=tuple(_fence_event(e) for e in root.findall("fence_history/fence_event")),
        bans=tuple(_ban(entry) for entry in root.findall("bans/ban")),
        mixed_version=mixed,
        tickets=tuple(_ticket(entry) for entry in root.findall("tickets/ticket")),
        has_fence_history=all(e.get("status", "0") == "0" for e in root.iterfind("fence_history")),
    )


def _check_status(root: Element) -> None:
    status = child(root, "status", SOURCE)
    code, message = attribute(status, "code", SOURCE), status.get("message", "")
    texts = [(error.text or "").strip() for error in status.iterfind("errors/error")]
    # from 2.1.6 on an answer without a cluster says why in an element of its own
    texts += [e.get("description", "") for e in root.iterfind("crm-mon-disconnected")]
    said = "; ".join(text for text in texts if text)
    if code == "0" and (not said or root.find("summary") is not None):
        return
    problem = f"{message} ({code}), expected 0; {said}"
    if code == _NOT_CONNECTED:
        problem = f"{message} ({code}): the cluster is stopped on this node; {said}"
    elif code == "0":
        # seen of 2.1.5: a configuration that can't be read, told with status 0 and nothing else
        problem = f"it says only: {said}"
    raise ParseError(SOURCE, "<status>", problem)


def _resources_of(root: Element, summary: Element) -> Element:
    """Pacemaker 3.0 leaves the element out where no resource is configured."""
    count = summary.find("resources_configured")
    if count is not None and count.get("number") == "0" and root.find("resources") is None:
        return Element("resources")
    return child(root, "resources", SOURCE)


def _current_dc(summary: Element) -> tuple[str | None, bool | None, bool]:
    """(name, with quorum, mixed versions); there is no DC while the cluster elects one."""
    dc = child(summary, "current_dc", SOURCE)
    if not flag(dc, "present", SOURCE):
        return None, None, False
    return (
        attribute(dc, "name", SOURCE),
        flag(dc, "with_quorum", SOURCE),
        flag(dc, "mixed_version", SOURCE, default=False),
    )


def _options(options: Element) -> ClusterOptions:
    return ClusterOptions(
        stonith_enabled=flag(options, "stonith-enabled", SOURCE),
        maintenance_mode=flag(options, "maintenance-mode", SOURCE),
        stop_all_resources=flag(options, "stop-all-resources", SOURCE),
        no_quorum_policy=attribute(options, "no-quorum-policy", SOURCE),
        symmetric_cluster=flag(options, "symmetric-cluster", SOURCE),
    )


_RESOURCE_FLAGS = ("active", "orphaned", "managed", "failed")
_FLAGS = ("online", "standby", "standby_onfail", "maintenance", "pending", "unclean", "shutdown")


def _node(node: Element) -> ClusterNode:
    return ClusterNode(
        name=attribute(node, "name", SOURCE),
        id=attribute(node, "id", SOURCE),
        health=node.get("health"),
        uname=attribute(node, "name", SOURCE),
        **{name: flag(node, name, SOURCE) for name in _FLAGS},
    )


@dataclass(frozen=True)
class _Container:
    """What a resource inherits from the groups, clones and bundles around it."""

    group: str | None = None
    disabled: bool = False
    maintenance: bool = False
    clone: str | None = None

    def inside(self, element: Element) -> _Container:
        return _Container(
            group=attribute(element, "id", SOURCE) if element.tag == "group" else self.group,
            disabled=self.disabled or _is_disabled(element),
            maintenance=self.maintenance or _is_left_alone(element),
            clone=attribute(element, "id", SOURCE) if element.tag == "clone" else self.clone,
        )


def _is_left_alone(container: Element) -> bool:
    if container.tag == "replica":
        return False
    return flag(container, "maintenance", SOURCE, default=False)


def _is_disabled(container: Element) -> bool:
    # bundles have no such attribute, their replicas' resources carry target_role
    if container.tag in ("bundle", "replica"):
        return False
    return flag(container, "disabled", SOURCE)


def _resources(resources: Element) -> Iterator[Resource]:
    """Every resource instance in the order of the document, whatever it is wrapped in."""
    pending: list[tuple[Element, _Container]] = [(resources, _Container())]
    while pending:
        element, container = pending.pop()
        if element.tag == "resource":
            yield _resource(element, container)
            continue
        inner = container if element.tag == "resources" else container.inside(element)
        kinds = ("resource", "group", "clone", "bundle", "replica")
        pending.extend((e, inner) for e in reversed(element) if e.tag in kinds)


def _resource(resource: Element, container: _Container) -> Resource:
    return Resource(
        id=attribute(resource, "id", SOURCE),
        agent=attribute(resource, "resource_agent", SOURCE),
        role=attribute(resource, "role", SOURCE),
        blocked=flag(resource, "blocked", SOURCE, default=False),
        nodes=tuple(attribute(node, "name", SOURCE) for node in resource.findall("node")),
        target_role=resource.get("target_role"),
        pending=resource.get("pending"),
        group=container.group,
        group_disabled=container.disabled,
        maintenance=container.maintenance or flag(resource, "maintenance", SOURCE, default=False),
        clone=container.clone,
        locked_to=resource.get("locked_to"),
        **{name: flag(resource, name, SOURCE) for name in _RESOURCE_FLAGS},
    )


def _failure(failure: Element) -> FailedAction:
    key = failure.get("op_key") or attribute(failure, "id", SOURCE)
    return FailedAction(
        op_key=key,
        node=attribute(failure, "node", SOURCE),
        exit_status=attribute(failure, "exitstatus", SOURCE),
        exit_code=integer(attribute(failure, "exitcode", SOURCE), SOURCE, f"<failure {key}>"),
        status=attribute(failure, "status", SOURCE),
        exit_reason=failure.get("exitreason", ""),
        last_rc_change=failure.get("last-rc-change", ""),
    )


def _fail_counts(root: Element) -> Iterator[FailCount]:
    for node in root.iterfind("node_history/node"):
        for history in node.findall("resource_history"):
            count = history.get("fail-count", "0")
            if count != "0":
                resource = attribute(history, "id", SOURCE)
                yield FailCount(resource, attribute(node, "name", SOURCE), count)


def _fence_event(event: Element) -> FenceEvent:
    return FenceEvent(
        target=attribute(event, "target", SOURCE),
        action=attribute(event, "action", SOURCE),
        status=attribute(event, "status", SOURCE),
        completed=event.get("completed", ""),
        exit_reason=event.get("exit-reason", ""),
        origin=event.get("origin", ""),
    )


def _ticket(ticket: Element) -> Ticket:
    return Ticket(
        id=attribute(ticket, "id", SOURCE),
        is_granted=attribute(ticket, "status", SOURCE) == "granted",
        is_standby=flag(ticket, "standby", SOURCE, default=False),
    )


def _ban(ban: Element) -> LocationConstraint:
    constraint = attribute(ban, "id", SOURCE)
    weight = attribute(ban, "weight", SOURCE)
    return LocationConstraint(
        id=constraint,
        resource=attribute(ban, "resource", SOURCE),
        node=attribute(ban, "node", SOURCE),
        score=score_text(weight, SOURCE, f"<ban {constraint}>/@weight"),
        # pacemaker before 2.1 has the older name alone
        is_of_promotion=ban.get("promoted-only", ban.get("master_only")) == "true",
    )
