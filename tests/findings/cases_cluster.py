"""The nodes, pacemaker, quorum, fencing, DRBD and Elasticsearch."""

from __future__ import annotations

from tests.findings.case import Case

CLUSTER: tuple[Case, ...] = ()
