"""The list of cases: each can be run, and together they show every finding there is."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

import pytest

from engine.model.finding import Severity
from rehearsal.errors import RehearsalError
from rehearsal.to_4_26 import (
    STEP,
    scenarios_glpi,
    scenarios_httpd,
    scenarios_memories,
    scenarios_packages,
)
from rehearsal.topology import parse_counts
from runbook.to_4_26.severities import SEVERITIES
from tests.faults.every import FAULTS
from tests.findings.case import Case, Start, described
from tests.findings.cases_breaking import BREAKING
from tests.findings.every import ALL, CASES, NEVER_STOPS, UNSHOWN, is_acceptable, shown
from tests.findings.stand import Stand, lab
from tests.integration.clusters import TestCluster
from tests.phases import step_modules
from tests.proving.choice import Shard
from tests.proving.kind import NotAtStart

ROOT = Path(__file__).resolve().parents[2]
BY_FAULTS = {code for fault in FAULTS.values() for code in fault.shows}
SHOWN = {code for case in ALL for code in shown(case)} | BY_FAULTS
DOCUMENTED = set(
    re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs" / "findings.md").read_text(), re.MULTILINE)
)
"""Every code; a test of the engine's holds the page against the code."""


def test_every_finding_has_a_case() -> None:
    assert DOCUMENTED - SHOWN - set(UNSHOWN) == set()


def test_what_no_cluster_can_show_is_little_and_not_shown() -> None:
    assert len(UNSHOWN) <= 10
    assert not set(UNSHOWN) & SHOWN
    assert all(UNSHOWN.values())


def test_no_case_shows_what_nobody_knows() -> None:
    assert set() == SHOWN - DOCUMENTED


def test_every_acceptable_finding_is_accepted_in_a_case() -> None:
    accepted = {code for case in ALL if case.accepts for code in shown(case)}
    wanted = {code for code in DOCUMENTED if is_acceptable(code)}
    assert wanted - accepted - set(UNSHOWN) == set()


def test_cases_have_names_of_their_own() -> None:
    assert len(CASES) == len(ALL)


@pytest.mark.parametrize("case", BREAKING, ids=attrgetter("name"))
def test_a_case_of_a_breaking_change_is_called_like_its_scenario(case: Case) -> None:
    assert case.name == case.scenario


def test_every_scenario_of_the_breaking_changes_has_a_case() -> None:
    tables = (scenarios_memories, scenarios_glpi, scenarios_httpd, scenarios_packages)
    names = {scenario.name for table in tables for scenario in table.ALL}
    assert names - set(CASES) == set()


@pytest.mark.parametrize("case", ALL, ids=CASES)
def test_a_case_can_be_run(case: Case) -> None:
    parse_counts(case.nodes)
    STEP.draw(15, STEP.scenario(case.scenario).for_settings({}))
    assert not case.codes or case.repair or case.accepts
    # 11 without a finding that blocks: something is left open, and a warning tells it
    left_open = bool(case.warnings) and case.exit_code == 11
    assert (bool(case.codes or case.also) or left_open) is (case.exit_code != 0)
    assert all(SEVERITIES.of(code) is Severity.BLOCK for code in case.codes)
    assert all(SEVERITIES.of(code) is Severity.WARN for code in case.warnings)
    assert all(described(deed) for deed in (case.strike, case.repair) if deed)


@pytest.mark.parametrize("case", ALL, ids=CASES)
def test_its_step_is_one_of_the_runbook(case: Case) -> None:
    name = case.step.partition("[")[0]
    if not name:  # it ends before the first one
        return
    source = "".join(Path(str(module.__file__)).read_text() for module in step_modules())
    assert f'"{name}"' in source


@pytest.mark.parametrize(
    "case", [c for c in ALL if c.start is Start.PREFLIGHT], ids=attrgetter("name")
)
def test_a_shared_cluster_is_made_without_settings(case: Case) -> None:
    """Settings of packages and data are read when a cluster is made, not later."""
    assert not STEP.scenario(case.scenario).settings


@pytest.mark.parametrize(
    "case", [c for c in ALL if c.start is Start.LAST_ROUND], ids=attrgetter("name")
)
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


class _NoStand(Stand):
    """Its cluster does not come up."""

    def at_start_of(self, case: Case, evidence: Path) -> TestCluster:
        raise RehearsalError("nodes are missing")


def test_a_cluster_that_can_t_be_brought_to_its_start_is_told(tmp_path: Path) -> None:
    told = "can't be brought to its start: nodes are missing"
    with pytest.raises(NotAtStart, match=told), lab(ALL[0], tmp_path, _NoStand("none")):
        pass


LATE = re.compile(r"test_(?:[678]\d|9[0-4])_")
"""How the modules begin whose steps come after the point of no return."""


def _late_steps() -> set[str]:
    paths = [Path(str(module.__file__)) for module in step_modules()]
    texts = [path.read_text() for path in paths if LATE.match(path.name)]
    return {name for text in texts for name in re.findall(r'@step\(\s*"([^"]+)"', text)}


def test_from_every_late_stop_a_case_goes_on_to_the_end() -> None:
    """No dead end after the point of no return."""
    stops = {
        step.partition("[")[0]
        for case in ALL
        if case.is_upgraded and case.exit_code
        for step in (case.step, *(step for step, _ in case.also))
    }
    stops |= {fault.stops for fault in FAULTS.values() if fault.stops}
    assert "upgrade.stop" in stops
    assert _late_steps() - stops - set(NEVER_STOPS) == set()
    assert set(NEVER_STOPS) <= _late_steps() - stops
