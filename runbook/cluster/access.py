"""What later steps need of the nodes, tried on each that may be asked: sockets, logins, names."""

from __future__ import annotations

from engine.ask.host import Host
from engine.ask.look import FORWARDED, Look
from engine.errors import OUT_OF_REACH, Unanswered
from engine.judge import access, facts
from engine.model.definition import ClusterDefinition
from engine.model.finding import Verdict
from engine.model.query import Asked
from engine.queries.access import LISTENING, LOGINS, addresses_of, logins_to, served_one
from engine.queries.neteye import DEFINITION
from engine.record.evidence import Evidence
from runbook.cluster import product


def everything_is_reached(look: Look, evidence: Evidence, *, information: bool = False) -> Verdict:
    """Forwarded sockets on every operative node, N's logins to all others, names on all."""
    definition = look.ask(look.names.active, DEFINITION)
    _sockets(look, evidence, information)
    _logins(look, evidence, information)
    _names(look, evidence, definition, information)
    enabled = look.on_each(look.names.all, "whether sshd starts with the node", _starts_sshd)
    evidence.answered(enabled)
    evidence.judge(
        facts.sshd_off(enabled.values),
        observed=f"sshd starts by itself on {sum(enabled.values.values())} of"
        f" {len(look.names.all)} nodes",
        information=information,
    )
    return evidence.verdict


def _starts_sshd(host: Host) -> bool:
    return any(host.service(unit).is_enabled for unit in product.SSHD)


def _sockets(look: Look, evidence: Evidence, information: bool) -> None:
    asked = evidence.answers(look.ask_all(look.names.operative, LISTENING))
    tried: Asked[str] = Asked(FORWARDED)
    for node, listening in asked.items():
        path = served_one(listening)
        if not path:
            tried.unanswered[node] = "none is known to be served there that it could be tried with"
            continue
        try:
            tried.values[node] = look.forwards(node, path)
        except Unanswered as error:
            tried.unanswered[node] = error.why
    evidence.answered(tried)
    refused = {node: why for node, why in tried.values.items() if why}
    evidence.judge(
        access.sockets_are_forwarded(refused),
        observed=f"{len(tried.values) - len(refused)} operative nodes forward to sockets",
        information=information,
    )


def _logins(look: Look, evidence: Evidence, information: bool) -> None:
    names, tried = look.names, Asked[None](LOGINS)
    others = [node for node in names.all if node != names.active]
    # a node that nobody reaches would be waited for once more
    tried.unanswered |= {node: OUT_OF_REACH for node in others if node in look.silent}
    evidence.answered(tried)
    wanted = {node: names.internal[node] for node in others if node not in look.silent}
    logins = look.ask(names.active, logins_to(wanted.values())) if wanted else {}
    evidence.judge(
        access.logs_in_everywhere(names.active, wanted, logins),
        observed=f"{names.active} logs in to {len(wanted)} nodes",
        information=information,
    )


def _names(
    look: Look, evidence: Evidence, definition: ClusterDefinition, information: bool
) -> None:
    nodes = [node.hostname for node in definition.nodes]
    asked = look.ask_all(look.names.all, addresses_of((*nodes, *product.SERVICE_NAMES)))
    evidence.answered(asked)
    operative = {n: found for n, found in asked.values.items() if n in look.names.operative}
    evidence.judge(
        (
            *access.nodes_resolve(definition, asked.values),
            *access.services_resolve(product.SERVICE_NAMES, definition, operative),
        ),
        observed=f"names of {len(nodes)} nodes and of services looked up on {len(asked.values)}",
        information=information,
    )
