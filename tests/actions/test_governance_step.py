"""What the step of the organisation's conditions hands on: of approvals, of a rehearsal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge.text import duration
from engine.model.inventory import Environment
from engine.model.release import up_to
from engine.prove.statement import NAME
from engine.record.evidence import Evidence
from engine.record.position import Position
from engine.verify import canonical
from runbook.cluster.product import PAUSES
from runbook.phases import test_10_preflight
from runbook.to_4_26.release import RELEASE
from tests.actions.test_positions import position_look
from tests.engine import kit
from tests.findings.cases_organisation import STATEMENT


def asked_at(position: Position, run: Any) -> Evidence:
    """The step at that position; what it asks of this machine is answered by it."""
    look = position_look(position)
    look.settings, look.inventory = run.inventory.settings, run.inventory
    look.runbook = run.runbook
    look.now = lambda: datetime(2026, 11, 2, tzinfo=UTC)
    look.here = lambda query: query.ask()
    one = SimpleNamespace(machine_id="1" * 32)
    reachable = SimpleNamespace(values={kit.N: one})
    session: Any = SimpleNamespace(run=run, survey=SimpleNamespace(reachable=reachable))
    evidence = Evidence(run, "preflight.governance", ("G02", "G15", "G16"))
    try:
        test_10_preflight.test_governance(session, look, evidence)
    except AssertionError:
        assert evidence.blocking
    return evidence


@pytest.mark.parametrize("position", Position)
def test_approvals_count_at_the_start_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: Position
) -> None:
    asked: list[bool] = []

    def approved(session: Any, look: Any, evidence: Any, *, counts: bool) -> list[Any]:
        asked.append(counts)
        return []

    monkeypatch.setattr(test_10_preflight, "approved", approved)
    asked_at(position, kit.make_run(tmp_path, approvals=1))
    assert asked == [position in (Position.UNKNOWN, Position.NOT_STARTED)]
    asked.clear()
    asked_at(position, kit.make_run(tmp_path / "none"))
    assert asked == []


def test_a_rehearsal_is_held_to_these_machines_and_this_runbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    path = tmp_path / NAME
    path.write_bytes(canonical({**STATEMENT, "machines": {"t1": "1" * 32}}))
    run = kit.make_run(tmp_path, environment=Environment.PRODUCTION, rehearsal=path)
    asked_at(Position.NOT_STARTED, run)
    found = {e["code"]: e["observed"] for e in run.journal.events if e["event"] == "finding"}
    assert {"rehearsal-old", "rehearsal-environment", "rehearsal-unsigned"} <= set(found)
    assert f"on machines of this very cluster ({kit.N})" in found["rehearsal-mismatch"]
    assert f"this is {run.runbook[:12]}" in found["rehearsal-mismatch"]


@pytest.mark.parametrize(("until", "codes"), [(None, {"window-too-short"}), (PAUSES[0], set())])
def test_a_night_that_ends_early_needs_a_window_up_to_there(
    tmp_path: Path, until: Any, codes: set[str]
) -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    end = now + up_to(RELEASE.stages, "update", len(kit.inventory().hosts))
    run = kit.make_run(tmp_path, window_start=now, window_end=end)
    run.until = until
    evidence = asked_at(Position.NOT_STARTED, run)
    assert {e["code"] for e in run.journal.events if e["event"] == "finding"} == codes
    said = " ".join(evidence.reasons)
    assert ("this run ends behind the phase update, after " in said) is (until is not None)


@pytest.mark.parametrize(
    ("position", "missing", "reactivates", "offered"),
    [
        (Position.NOT_STARTED, 0, True, True),
        (Position.UNKNOWN, 0, True, True),
        (Position.UPDATE_UNDER_WAY, 0, True, True),
        (Position.UPDATED, 0, True, False),
        (Position.UPGRADE_UNDER_WAY, 0, True, False),
        (Position.NOT_STARTED, 1, True, False),
        (Position.NOT_STARTED, 0, False, False),
    ],
)
def test_two_nights_are_a_way_out_while_the_window_holds_the_first(
    tmp_path: Path, position: Position, missing: int, reactivates: bool, offered: bool
) -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    takes = up_to(RELEASE.stages, "update", len(kit.inventory().hosts))
    end = now + takes - timedelta(seconds=missing)
    run = kit.make_run(
        tmp_path, window_start=now, window_end=end, reactivate_after_update=reactivates
    )
    asked_at(position, run)
    (found,) = (e for e in run.journal.events if e["event"] == "finding")
    assert found["code"] == "window-too-short"
    said = f"this window holds `--until update`, which takes {duration(takes)}."
    assert (said in found["remedy"]) is offered
    assert ("two nights" in found["remedy"]) is offered
