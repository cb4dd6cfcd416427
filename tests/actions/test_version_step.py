"""What a version step adds to steps of the procedure by its hooks, and how these do without one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.attempt.baseline import PRIVATE
from engine.judge import normal
from engine.record.evidence import Evidence
from engine.secrets import Secret
from runbook.phases import test_20_baseline as baseline
from runbook.phases import test_80_reactivation as reactivation
from tests.engine import kit

TAKEN = {"versions": {}, "fencing": True, "placement": {}, "packages": {}, PRIVATE: []}
"""What the procedure records, as far as the step's sentence tells of it."""


def opened_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *further: dict[str, Any]
) -> dict[str, Any]:
    """The baseline of an attempt that begins, when steps record these besides."""
    opened: list[dict[str, Any]] = []
    keys: list[Secret] = []
    monkeypatch.setattr(baseline, "_take", lambda look, machines: dict(TAKEN))
    monkeypatch.setattr(baseline, "state_of", lambda versions, status: {})

    def besides(*, look: Any, key: Secret) -> list[dict[str, Any]]:
        keys.append(key)
        return list(further)

    look = SimpleNamespace(
        baseline=None,
        attempt=None,
        memory=SimpleNamespace(closed=False),
        cluster_status=lambda: None,
    )

    def open_attempt(taken: dict[str, Any], key: Secret) -> None:
        opened.append(taken)
        assert keys == [key], "digests are made with the attempt's own key"
        look.attempt, look.baseline = "a", taken

    session: Any = SimpleNamespace(
        survey=SimpleNamespace(reachable=SimpleNamespace(values={})), open_attempt=open_attempt
    )
    hooks: Any = SimpleNamespace(pytest_runbook_baseline=besides)
    evidence = Evidence(kit.make_run(tmp_path / "run"), "baseline.recorded", ())
    host: Any = SimpleNamespace(node=kit.N, file=lambda path: SimpleNamespace(mode=0o700))
    baseline.test_baseline(session, look, host, evidence, hooks)  # type: ignore[arg-type]
    return opened[0]


def test_the_baseline_has_what_steps_record_besides_and_keeps_what_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = opened_with(
        tmp_path,
        monkeypatch,
        {"agents": 3},
        {"ocs": {"a": "digest"}, PRIVATE: ["ocs"]},
        {PRIVATE: []},
    )
    assert taken == {**TAKEN, "agents": 3, "ocs": {"a": "digest"}, PRIVATE: ["ocs"]}


def test_without_such_a_hook_the_baseline_is_the_procedures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened_with(tmp_path, monkeypatch) == TAKEN


def under_way(observed: Any, expected: Any) -> tuple[()]:
    """Normal while a change of the step's own is under way."""
    return ()


@pytest.mark.parametrize(
    ("fencing", "own", "profile"),
    [
        (False, None, normal.reactivated),
        (True, None, normal.final),
        (False, under_way, under_way),
        (True, under_way, under_way),
    ],
)
def test_what_is_normal_after_the_reactivation(
    monkeypatch: pytest.MonkeyPatch, fencing: bool, own: Any, profile: Any
) -> None:
    judged: list[Any] = []

    def settled(look: Any, profile: Any, *, version: Any) -> tuple[list[Any], None]:
        judged.append(profile)
        return [], None

    monkeypatch.setattr(reactivation, "settled", settled)
    monkeypatch.setattr(reactivation, "describe", lambda seen: "")
    monkeypatch.setattr(reactivation.checks, "normal_or_support", lambda *_: True)
    options = SimpleNamespace(stonith_enabled=fencing)
    look: Any = SimpleNamespace(
        cluster_status=lambda: SimpleNamespace(options=options),
        release=SimpleNamespace(target=None),
    )
    hooks: Any = SimpleNamespace(pytest_runbook_reactivated=lambda *, look: own)
    reactivation.test_normal(look, None, hooks)  # type: ignore[arg-type]
    assert judged == [profile]
