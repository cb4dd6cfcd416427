"""A version step as data: what holds for every upgrade, and what is the step's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model.finding import Severities
from engine.model.host import Version
from engine.model.probe import Service
from engine.model.release import Release
from runbook.cluster import product, severities
from runbook.cluster.guide import DUTIES, rows


def version_step(
    source: Version,
    target: Version,
    *,
    guide: Mapping[str, str],
    weights: Severities | None = None,
    services: tuple[Service, ...] = (),
    known_conflicts: frozenset[str] = frozenset(),
    repository: str = "neteye",
    **own: Any,
) -> Release:
    """The release that a version step hands in by `pytest_runbook_release`.

    `guide` are the rows that it adds or words itself, `services` what is asked once a second
    besides, `own` further fields of Release.
    """
    return Release(
        source=source,
        target=target,
        guide=rows(source, target, guide),
        duties=DUTIES,
        severities=weights or severities.with_those_of(),
        services=(*product.SERVICES, *services),
        known_conflicts=known_conflicts,
        repository=repository,
        database_resource="mariadb",
        estimate_base=product.ESTIMATE_BASE,
        estimate_per_node=product.ESTIMATE_PER_NODE,
        stages=product.STAGES,
        no_return="upgrade.run",
        support=product.DIRECTIONS,
        units=("mariadb", "httpd", "elasticsearch"),
        **own,
    )
