"""How long "normal" is waited for: not for what does not pass by itself."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import OUT_OF_REACH
from engine.model.finding import Finding
from engine.record.evidence import unanswered
from runbook.cluster import product, profiles
from runbook.to_4_26 import release
from tests.engine.kit import FakeTime

RELEASE = SimpleNamespace(severities=release.RELEASE.severities)


def waited(
    monkeypatch: pytest.MonkeyPatch, *findings: Finding, lasting: frozenset[str] = frozenset()
) -> float:
    """Seconds of waiting when every look finds these."""
    time = FakeTime()
    seen = profiles.Seen(None, None, findings)
    always: Callable[..., profiles.Seen] = lambda *_, **__: seen  # noqa: E731
    monkeypatch.setattr(profiles, "look_at_everything", always)
    look: Any = SimpleNamespace(release=RELEASE, timer=time.clock, wait=time.wait)
    found, _ = profiles.settled(look, lambda *_: (), version=None, deadline=30.0, lasting=lasting)
    assert found == list(findings)
    return sum(time.waits)


def finding(code: str) -> Finding:
    return Finding(code, "n1", "seen", "expected", "remedy")


def test_a_node_out_of_reach_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, unanswered("n1", "quorum", OUT_OF_REACH)) == 0
    assert waited(monkeypatch, unanswered("n1", "quorum", "was not done in time")) == 30


def test_what_only_a_person_mends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    standby, moving = finding("node-standby"), finding("resource-moving")
    assert waited(monkeypatch, moving, lasting=product.LASTING) == 30
    assert waited(monkeypatch, standby, moving, lasting=product.LASTING) == 0
    assert waited(monkeypatch, standby) == 30, "after a change of ours it passes"


def test_what_lasts_is_a_finding_that_blocks() -> None:
    assert {release.RELEASE.severities.of(code) for code in product.LASTING} == {"block"}
    known = set(release.RELEASE.severities.table) | release.RELEASE.severities.never_acceptable
    assert known >= product.LASTING
