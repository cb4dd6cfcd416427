"""`preflight.records`: what the records tell does not hang on what N answers afterwards."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import Unanswered
from engine.model.finding import Finding
from engine.record.evidence import Evidence
from runbook.phases import test_10_preflight as preflight
from tests.engine import kit

CHANGED = Finding("runbook-changed", "4d8b550c4c01", "another one", "the same", "Accept it.")


def test_a_finding_of_the_records_is_told_though_n_is_silent_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: str) -> None:
        raise Unanswered(kit.N, "stat", "no route to host")

    monkeypatch.setattr(preflight, "changes_since", lambda look: [CHANGED])
    attempt = SimpleNamespace(id=kit.ATTEMPT, journals=())
    session: Any = SimpleNamespace(survey=SimpleNamespace(problems=(), attempt=attempt))
    host: Any = SimpleNamespace(node=kit.N, file=silent)
    look: Any = None
    evidence = Evidence(kit.make_run(tmp_path), "preflight.records", ())
    with pytest.raises(Unanswered):
        preflight.test_records(session, look, host, evidence)
    assert [finding.code for finding in evidence.blocking] == ["runbook-changed"]
