"""Elasticsearch: green, with all its nodes (domain facts section 3)."""

from __future__ import annotations

from collections.abc import Collection

from engine.judge.text import listed
from engine.model.finding import Finding
from engine.model.host import ElasticHealth


def elastic_green(
    health: ElasticHealth | None, members: Collection[str], expected: Collection[str]
) -> tuple[Finding, ...]:
    """The search cluster is green and every expected node is a member.

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
    )
