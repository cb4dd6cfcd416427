"""Cases of the breaking changes: each is called like its scenario."""

from __future__ import annotations

from typing import Any

from tests.findings import case as cases
from tests.findings.case import Case, Deed, Start

SERVICES = "services"
"""The cluster runs its services: the database answers, httpd can be restarted."""


def red(
    scenario: str,
    start: Start,
    step: str,
    codes: str,
    exit_code: int,
    repair: Deed,
    **more: Any,
) -> Case:
    """A case that is called like its scenario; `more` is as of `case.red`."""
    return cases.red(scenario, start, step, codes, exit_code, repair, scenario=scenario, **more)


def green(scenario: str, start: Start, step: str, warnings: str = "") -> Case:
    """A case that is called like its scenario, and must not stop."""
    return cases.green(scenario, start, step, warnings, scenario=scenario)


def preflight(
    scenario: str,
    step: str,
    codes: str,
    repair: Deed,
    *,
    touches: str,
    needs: str = SERVICES,
    hides: str = "",
    stays: str = "",
) -> Case:
    """It stops before the first change, on a standing cluster."""
    return red(
        scenario,
        Start.PREFLIGHT,
        step,
        codes,
        10,
        repair,
        touches=touches,
        needs=needs,
        hides=hides,
        stays=stays,
    )


def last_round(scenario: str, step: str, codes: str, repair: Deed, **when_accepted: Any) -> Case:
    """It stops after the last round has ended, or in it."""
    return red(scenario, Start.LAST_ROUND, step, codes, 1, repair, when_accepted=when_accepted)


def from_start(
    scenario: str,
    step: str,
    codes: str,
    exit_code: int,
    repair: Deed,
    not_accepted: str = "",
    **when_accepted: Any,
) -> Case:
    """It needs a cluster of the scenario from its start on."""
    return red(
        scenario,
        Start.BEGINNING,
        step,
        codes,
        exit_code,
        repair,
        not_accepted=not_accepted,
        when_accepted=when_accepted,
    )
