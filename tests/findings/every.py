"""The table of all cases, and the codes that no cluster can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.model.finding import Severity
from runbook.to_4_26.severities import SEVERITIES
from tests.findings.case import Case, Start
from tests.findings.cases_breaking import BREAKING
from tests.findings.cases_cluster import CLUSTER
from tests.findings.cases_connection import CONNECTION
from tests.findings.cases_downtime import DOWNTIME
from tests.findings.cases_identity import IDENTITY
from tests.findings.cases_midway import MIDWAY
from tests.findings.cases_nodes import NODES
from tests.findings.cases_organisation import ORGANISATION
from tests.findings.cases_reactivation import REACTIVATION
from tests.findings.cases_records import RECORDS
from tests.findings.cases_upgrade import UPGRADE

UNSHOWN: Mapping[str, str] = {
    "firewall-open": "a fault of the runbook's own, which a test of the transport makes",
}
"""Code -> why no cluster can show it. At most ten."""
NEVER_STOPS: Mapping[str, str] = {
    "verification.scratch": "it drops what the comparison made, and finds nothing",
    "verification.done": "it closes the verification, which other steps judge",
    "verification.inventories": "its finding only warns",
    "verification.agents": "it leaves rows of the guide open, and the run goes on",
    "upgrade.downtime": "its findings only warn",
    "reactivation.downtime": "its findings only warn",
    "closing.downtime": "its finding only warns",
    "closing.time": "it tells, and judges nothing",
    "closing.manual_tasks": "it tells, and judges nothing",
    "closing.reboot": "its finding only warns",
    "closing.attempt": "it closes what other steps have judged",
}
"""Step after the point of no return -> why no run stops there by a finding."""


def with_accepted(cases: Iterable[Case]) -> Iterator[Case]:
    """All of them; each acceptable code that blocks is accepted in the first case that can."""
    done: set[str] = set()
    for case in cases:
        codes = {*case.codes, *(code for _, code in case.also)}
        if case.not_accepted or not all(is_acceptable(code) for code in codes) or codes <= done:
            yield case
            continue
        done |= codes
        yield from {c.name: c for c in (case, case.accepting)}.values()


def is_acceptable(code: str) -> bool:
    """Somebody may look and accept it."""
    return SEVERITIES.of(code) is Severity.BLOCK and code not in SEVERITIES.never_acceptable


def shown(case: Case) -> set[str]:
    """The codes that a case shows."""
    return {*case.codes, *(code for _, code in case.also), *case.warnings}


_ALL = with_accepted(
    (
        *CONNECTION,
        *IDENTITY,
        *NODES,
        *ORGANISATION,
        *DOWNTIME,
        *RECORDS,
        *CLUSTER,
        *MIDWAY,
        *UPGRADE,
        *REACTIVATION,
        *BREAKING,
    )
)
# those that share a standing cluster one after the other
ALL = tuple(sorted(_ALL, key=lambda case: (case.start is not Start.PREFLIGHT, case.nodes)))
CASES: dict[str, Case] = {case.name: case for case in ALL}
