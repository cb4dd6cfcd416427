"""`preflight.runbook`: what is foreign counts in production, and is told elsewhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge.ran_with import foreign
from engine.judge.weighing import Judge
from engine.model.finding import Acceptance, Severity
from engine.model.inventory import Environment
from engine.record.evidence import Evidence
from runbook.phases import test_12_preflight_firewall as preflight
from runbook.to_4_26.severities import SEVERITIES
from tests.engine import kit
from tests.judge.test_policy_ran_with import EACH, OWN, TABLES

FOREIGN = {"foreign": ["/srv/more"], "compiled": {"compared": True, "unlike": ["engine/x.py"]}}


def judged(
    tmp_path: Path, environment: Environment, ran_with: dict[str, Any]
) -> tuple[Evidence, str]:
    """What the step came to, and the text of its events."""
    settings = SimpleNamespace(environment=environment)
    look: Any = SimpleNamespace(settings=settings, ran_with=ran_with, runbook="a" * 64)
    evidence = Evidence(kit.make_run(tmp_path), "preflight.runbook", ())
    if environment is Environment.PRODUCTION and ran_with:
        with pytest.raises(AssertionError):
            preflight.test_runbook(look, evidence)
    else:
        preflight.test_runbook(look, evidence)
    return evidence


def test_in_production_it_blocks(tmp_path: Path) -> None:
    evidence = judged(tmp_path, Environment.PRODUCTION, FOREIGN)
    assert [(one.code, one.subject) for one in evidence.blocking] == [
        ("foreign-code", "/srv/more"),
        ("foreign-code", "__pycache__"),
    ]


@pytest.mark.parametrize(("code", "name"), EACH)
def test_each_is_acceptable_by_its_name_and_by_no_other(code: str, name: str) -> None:
    (found,) = foreign({**OWN, **TABLES[code][name][0]})
    for subject, is_accepted in ((None, True), (found.subject, True), ("another", False)):
        judge = Judge(SEVERITIES, (Acceptance(code, subject, "it is known", "A. Rossi"),))
        judge.check_acceptances()
        (weighed,) = judge.weigh([found])
        assert weighed.severity is Severity.BLOCK
        assert (weighed.accepted is not None, weighed.blocks) == (is_accepted, not is_accepted)


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.REHEARSAL])
def test_elsewhere_it_is_told_what_production_would_say(
    tmp_path: Path, environment: Environment
) -> None:
    evidence = judged(tmp_path, environment, FOREIGN)
    assert not evidence.blocking
    (seen,) = evidence.reasons
    assert seen.endswith("; in production: foreign-code@/srv/more, foreign-code@__pycache__")


def test_nothing_foreign_is_well(tmp_path: Path) -> None:
    evidence = judged(tmp_path, Environment.PRODUCTION, {})
    assert not evidence.blocking
    assert evidence.reasons == ["runbook aaaaaaaaaaaa: what it runs with is its own"]
