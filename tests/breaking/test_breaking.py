"""The list of cases: each can be run, and together they show every finding there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.model.finding import Severity
from rehearsal.to_4_26 import (
    STEP,
    scenarios_glpi,
    scenarios_httpd,
    scenarios_memories,
    scenarios_packages,
)
from rehearsal.topology import parse_counts
from runbook.to_4_26.severities import SEVERITIES
from tests.breaking.__main__ import INTRODUCTION
from tests.breaking.case import Case, Start
from tests.breaking.cases import ALL, CASES
from tests.phases import step_modules
from tests.proving.choice import Shard

OURS = re.compile(r"(?:capacity|memories|backup|glpi|ocs|packages)-")
"""How the codes of the breaking changes begin."""
SHOWN = {code for case in ALL for code in (*case.codes, *case.warnings)}
EVERYWHERE = {"capacity-dirty", "ocs-access-changed"}
"""Warned of in every run on the rehearsal's data, asserted by the default rehearsal's tests."""
ELSEWHERE = {
    *("failover-not-started", "failover-ocs-failed", "failover-not-back"),
    *("agents-list-missing", "agents-open"),
}
"""Findings of the failover proof and of the follow-up, which have clusters of their own."""


def _codes() -> set[str]:
    return {code for code in SEVERITIES.table if OURS.match(code)}


def test_every_finding_has_a_case() -> None:
    assert _codes() - SHOWN == EVERYWHERE


def test_the_codes_are_those_that_the_code_of_the_module_can_find() -> None:
    """A new code in `runbook/to_4_26` gets into the list, however it begins."""
    root = Path(__file__).resolve().parents[2]
    files = (root / "runbook" / "to_4_26").rglob("*.py")
    found = {c for f in files for c in re.findall(r'code="([a-z-]+)"', f.read_text())}
    assert "ocs-template-missing" in found
    assert found - _codes() == ELSEWHERE


def test_a_case_is_called_like_its_scenario() -> None:
    assert len(CASES) == len(ALL)
    assert set(CASES) <= {scenario.name for scenario in STEP.scenarios}


def test_every_scenario_of_the_breaking_changes_has_a_case() -> None:
    tables = (scenarios_memories, scenarios_glpi, scenarios_httpd, scenarios_packages)
    names = {scenario.name for table in tables for scenario in table.ALL}
    assert names - set(CASES) == set()


@pytest.mark.parametrize("case", ALL, ids=CASES)
def test_a_case_can_be_run(case: Case) -> None:
    parse_counts(case.nodes)
    STEP.draw(15, STEP.scenario(case.scenario).for_settings({}))
    assert bool(case.codes) is bool(case.repair)
    assert bool(case.codes) is (case.exit_code != 0)
    assert all(SEVERITIES.of(code) is Severity.BLOCK for code in case.codes)
    assert all(SEVERITIES.of(code) is Severity.WARN for code in case.warnings)


@pytest.mark.parametrize("case", ALL, ids=CASES)
def test_its_step_is_one_of_the_runbook(case: Case) -> None:
    name = case.step.partition("[")[0]
    source = "".join(Path(str(module.__file__)).read_text() for module in step_modules())
    assert f'"{name}"' in source


@pytest.mark.parametrize("case", [c for c in ALL if c.start is Start.PREFLIGHT], ids=str)
def test_a_shared_cluster_is_made_without_settings(case: Case) -> None:
    """Settings of packages and data are read when a cluster is made, not later."""
    assert not STEP.scenario(case.scenario).settings


@pytest.mark.parametrize("case", [c for c in ALL if c.start is Start.LAST_ROUND], ids=str)
def test_the_last_round_is_late_enough_for_the_settings(case: Case) -> None:
    """From there on only secure install and what goes on meanwhile read them."""
    late = {"capacity_conversion", "glpi_reset", "glpi_plugin", "meanwhile"}
    settings = STEP.scenario(case.scenario).settings
    assert set(settings) <= late
    entries = settings.get("meanwhile", [])
    assert isinstance(entries, list)
    assert all(entry["task"] in ("secure_install", "finalise") for entry in entries)


def test_shards_have_every_case_once() -> None:
    names = list(CASES)
    picked = [name for number in range(1, 5) for name in Shard(number, 4).pick(names)]
    assert sorted(picked) == sorted(names)


def test_the_page_names_what_has_no_case() -> None:
    assert all(f"`{code}`" in INTRODUCTION for code in EVERYWHERE)
