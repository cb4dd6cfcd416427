"""A version step as data: what holds for every upgrade, and what is the step's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model.finding import Severities
from engine.model.host import Version
from engine.model.probe import Service
from engine.model.release import Release
from runbook.cluster import product, severities


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
        pauses=product.PAUSES,
        no_return="upgrade.run",
        support=product.DIRECTIONS,
        alarms=product.ALARMS,
        alarms_outside=product.ALARMS_OUTSIDE,
        downtime_step="preflight.downtime",
        not_predicted=product.NOT_PREDICTED,
        bad_signs=product.BAD_SIGNS,
        units=("mariadb", "httpd", "elasticsearch"),
        **own,
    )


def rows(source: Version, target: Version, own: Mapping[str, str]) -> dict[str, str]:
    """Row -> duty, in the order of the guide; those that the version step adds or words itself."""
    procedure = {
        "G01": f"Versions are never skipped: {target} is reached only from {source}",
        "G02": "Release notes and breaking changes were read, by whom and when",
        "G09": "A planned stop at configuration conflicts is recognised as one",
        "G14": "No .rpmnew or .rpmsave is left",
        "G15": "The time needed is announced and compared with the time taken",
        "G16": "Degraded service during standby is announced and measured",
        "G17": "N, OTHER, E and V come from the cluster itself and agree with the inventory",
        "G18": "The upgrade runs as documented, detached, its log followed",
        "G19": "The upgrade is never run on an Elastic-only or voting-only node",
        "G20": "After a failure its directions are followed and the command is run again",
        "G21": "E and V nodes are upgraded by the command itself; their version is verified",
        "G22": "Additional manual tasks of this version are told",
        "G23": "On N: pcs node unstandby --all --wait=300",
        "G24": "All nodes are active before going on",
        "G25": "The cluster status is normal",
        "G26": "If it is not: stop, and call service and support with what they need",
        "G27": "Fencing is enabled again if, and only if, it was enabled before",
        "G28": f"Fully updated within {source}, to the update procedure's end, and healthy",
    }
    return dict(sorted({**procedure, **own}.items()))


DUTIES = {
    "no-skips": "G01",
    "notes-read": "G02",
    "no-leftovers": "G14",
    "time-announced": "G15",
    "degraded-service": "G16",
    "roles-agree": "G17",
    "command-as-documented": "G18",
    "versions-everywhere": "G21",
    "all-active": "G24",
    "cluster-normal": "G25",
    "fencing-as-before": "G27",
    "updated-and-healthy": "G28",
}
"""Duties of every upgrade, by the engine's words for them, and their rows in this guide."""
