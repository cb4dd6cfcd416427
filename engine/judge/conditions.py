"""What may keep services from where they belong: tickets, node health, quorum, Elasticsearch."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.judge.healing import property_set, unit_started
from engine.judge.text import listed
from engine.model.cluster import Cib, ClusterNode, ClusterStatus, Ticket
from engine.model.finding import Finding
from engine.model.host import ElasticHealth

_COLOURS = ("red", "yellow")


def tickets_held(status: ClusterStatus, cib: Cib | None) -> tuple[Finding, ...]:
    """Each ticket that a resource hangs on is granted to this cluster. Code: `ticket-missing`.

    Without the configuration every ticket that crm_mon tells counts.
    """
    return tuple(_ticket(ticket, cib) for ticket in status.tickets if _is_missed(ticket, cib))


def waiting_for_tickets(status: ClusterStatus, cib: Cib | None) -> frozenset[str]:
    """Resources, groups and clones that may not run for want of a ticket."""
    missed = (ticket for ticket in status.tickets if _is_missed(ticket, cib))
    return frozenset(name for t in missed for name in (cib.ticketed.get(t.id, ()) if cib else ()))


def _is_missed(ticket: Ticket, cib: Cib | None) -> bool:
    return (not ticket.is_granted or ticket.is_standby) and (
        cib is None or bool(cib.ticketed.get(ticket.id))
    )


def _ticket(ticket: Ticket, cib: Cib | None) -> Finding:
    names = cib.ticketed.get(ticket.id, ()) if cib else ()
    what = f", and {listed(names)} may run only with it" if names else ""
    state = "is in standby" if ticket.is_granted else "is not granted to this cluster"
    return Finding(
        "ticket-missing",
        ticket.id,
        f"ticket {ticket.id!r} {state}{what}",
        "granted, wherever a resource hangs on it",
        f"`crm_ticket --ticket {ticket.id} --details` and `pcs booth status` tell who holds it. "
        "Grant it only when no other site holds it: both would run the same services.",
    )


def nodes_healthy(
    status: ClusterStatus, cib: Cib | None, operative: Collection[str]
) -> tuple[Finding, ...]:
    """No operative node is red or yellow where a strategy acts on that. Code: `node-health`.

    crm_mon tells the health from pacemaker 2.1.5 on; before that the node's attributes do.
    """
    strategy = "none" if cib is None else cib.properties.get("node-health-strategy", "none")
    if cib is None or strategy.lower() == "none":
        return ()
    return tuple(_unhealthy(status, cib, operative, strategy))


def _unhealthy(
    status: ClusterStatus, cib: Cib, operative: Collection[str], strategy: str
) -> Iterator[Finding]:
    for name in operative:
        node = status.node(name)
        told = _health_attributes(cib, name)
        worst = [c for c in _COLOURS if c in told.values() or (node and _is(node, c))]
        if not worst:
            continue
        causes = [f"{key}={value}" for key, value in told.items() if value in _COLOURS]
        why = f" by {listed(causes)}" if causes else ""
        yield Finding(
            "node-health",
            name,
            f"the health of node {name} is {worst[0]}{why}; node-health-strategy={strategy}"
            " lets pacemaker keep resources off it",
            "green, where a node-health-strategy is set",
            f"Mend what the health agent of {name} complains of; it sets the attribute to green"
            " by itself, or its documentation says how.",
        )


def _is(node: ClusterNode, colour: str) -> bool:
    return (node.health or "").lower() == colour


def _health_attributes(cib: Cib, name: str) -> dict[str, str]:
    found = cib.of_node(name)
    both = {} if found is None else {**found.permanent, **found.transient}
    return {key: value.lower() for key, value in both.items() if key.startswith("#health")}


_POLICIES = {
    "freeze": "goes on with what runs, and takes nothing over",
    "demote": "demotes what is promoted and stops the rest",
    "suicide": "gets its own nodes fenced",
    "fence": "gets its own nodes fenced",
}


def quorum_policy(status: ClusterStatus, cib: Cib | None) -> tuple[Finding, ...]:
    """A partition without quorum stops everything, as is usual.

    crm_mon tells the policy in force, which is `stop` in place of `suicide` while fencing is off.
    Codes: `quorum-ignored`, and `no-quorum-policy` for what may be wanted so.
    """
    stop = property_set(status, "no-quorum-policy", "stop")
    policy = status.options.no_quorum_policy.lower()
    if policy == "stop" and cib is not None:
        policy = cib.properties.get("no-quorum-policy", policy).lower()
    if policy == "ignore":
        return (
            Finding(
                "quorum-ignored",
                "cluster",
                "no-quorum-policy=ignore: a part of the cluster that lost the others goes on and "
                "takes their services over",
                "no-quorum-policy=stop, pacemaker's default",
                "Two nodes may come to write the same data: set it back, or accept this with the "
                "reason why it has to be so.",
                commands=stop,
            ),
        )
    if policy not in _POLICIES:
        return ()
    return (
        Finding(
            "no-quorum-policy",
            "cluster",
            f"no-quorum-policy={policy}: a part of the cluster without quorum {_POLICIES[policy]}",
            "no-quorum-policy=stop, pacemaker's default",
            "Find out why it is set, and set it back when nobody knows.",
            commands=stop,
        ),
    )


def elastic_green(
    health: ElasticHealth | None, members: Collection[str], expected: Collection[str]
) -> tuple[Finding, ...]:
    """The search cluster is green, every expected node a member (domain facts section 3).

    `health` None: it did not answer. `members`: names from `_cat/nodes`; empty: only counted.
    Codes: `elastic-health`, `elastic-nodes-missing`.
    """
    if health is None:
        return (_health("elasticsearch", "Elasticsearch did not tell its health"),)
    findings: list[Finding] = []
    if health.status != "green" or health.timed_out:
        late = ", the answer timed out" if health.timed_out else ""
        findings.append(
            _health(
                health.cluster_name,
                f"Elasticsearch is {health.status}: {health.unassigned_shards} shards unassigned, "
                f"{health.relocating_shards} relocating{late}",
            )
        )
    missing = [node for node in expected if node not in members] if members else []
    if missing or health.number_of_nodes < len(expected):
        findings.append(_missing(health, missing, expected))
    return tuple(findings)


def _health(subject: str, seen: str) -> Finding:
    return Finding(
        "elastic-health",
        subject,
        seen,
        "green",
        "`_cat/shards` names the shards; wait while they are placed, free a full disk, or bring "
        "the missing node back, then run this again.",
    )


def _missing(health: ElasticHealth, missing: list[str], expected: Collection[str]) -> Finding:
    seen = f"Elasticsearch has {health.number_of_nodes} nodes"
    return Finding(
        "elastic-nodes-missing",
        health.cluster_name,
        f"{seen}; missing: {listed(missing)}" if missing else seen,
        f"{len(expected)} nodes: {listed(expected)}",
        "Look at the service elasticsearch on the missing nodes, start one node after the other.",
        commands=tuple(unit_started(node, "elasticsearch") for node in missing),
    )
