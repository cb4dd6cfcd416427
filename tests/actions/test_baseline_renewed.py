"""A baseline that is days old: renewed between two nights, but for fencing; later a finding."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.act.foreseen import Bookkeeping
from engine.attempt.baseline import RENEWED, as_renewed
from engine.judge.weighing import Judge
from engine.model.change import Nothing
from engine.model.cluster import Cib
from engine.record.evidence import Evidence
from engine.record.memory import LedgerEntry
from engine.record.position import Position
from runbook.cluster import renewal
from runbook.cluster.icinga.cover import LEDGER
from runbook.cluster.severities import with_those_of
from runbook.phases import test_20_baseline as baseline
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.judge import builders as b

NOW = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
BETWEEN = (Position.NOT_STARTED, Position.UPDATED)
OTHERS = [p for p in Position if p not in (*BETWEEN, Position.CLOSED)]
PROPERTIES = {"stonith-enabled": "true", "startup-fencing": "true", "batch-limit": "0"}


def recorded(days: float, **changes: Any) -> dict[str, Any]:
    status = b.cluster_status()
    return {
        "taken": (NOW - timedelta(days=days)).isoformat(),
        "fencing": True,
        "placement": {name: list(nodes) for name, nodes in status.placement.items()},
        "disabled": [],
        "clone_gaps": [],
        "stopped_fence_devices": [],
        "properties": PROPERTIES,
        "packages": {b.N: ["a-1-1.noarch"]},
        "private": [],
        **changes,
    }


class Night:
    """What the step sees of a cluster, and what it left on record."""

    def __init__(
        self,
        tmp_path: Path,
        days: float = 4,
        position: Position = Position.UPDATED,
        status: Any = None,
        properties: Any = None,
        **changes: Any,
    ) -> None:
        self.run = kit.make_run(tmp_path / "run")
        self.run.judge = Judge(with_those_of(), duties=RELEASE.duties)
        self.before = recorded(days, **changes)
        self.status = status or b.cluster_status()
        cib = Cib(properties=properties or dict(PROPERTIES))
        self.look: Any = SimpleNamespace(
            baseline=self.before,
            attempt="A1",
            memory=self.run.memory,
            position=position,
            now=lambda: NOW,
            names=SimpleNamespace(active=b.N, of_pacemaker=lambda name: name),
            ask=lambda node, query: cib,
            cluster_status=lambda: self.status,
        )
        self.evidence = Evidence(self.run, "baseline.recorded", ())

    def judged(self) -> list[str]:
        """The codes of what is found, when the step is run."""
        session: Any = SimpleNamespace(adopt_attempt=lambda: None)
        host: Any = None
        with contextlib.suppress(AssertionError):
            baseline.test_baseline(session, self.look, host, self.evidence, host)
        return [e["code"] for e in self.run.journal.events if e["event"] == "finding"]

    @property
    def fact(self) -> dict[str, Any]:
        return dict(self.run.memory.facts[RENEWED])

    @property
    def changed(self) -> list[tuple[str, str, Any, Any]]:
        told = self.fact["changes"]
        return [(one["what"], one["of"], one["before"], one["after"]) for one in told]


@pytest.mark.parametrize("position", BETWEEN)
def test_between_two_nights_it_is_renewed_and_blocks_nobody(
    tmp_path: Path, position: Position
) -> None:
    night = Night(tmp_path, position=position)
    assert night.judged() == []
    assert night.look.baseline["taken"] == NOW.isoformat()
    assert night.fact["was_taken"] == night.before["taken"]
    assert night.changed == []
    assert night.evidence.outcome == "done"
    assert "nothing of it has changed" in " ".join(night.evidence.reasons)


@pytest.mark.parametrize("position", OTHERS)
def test_while_the_upgrade_changes_the_cluster_it_is_a_finding(
    tmp_path: Path, position: Position
) -> None:
    night = Night(tmp_path, position=position)
    assert night.judged() == ["baseline-old"]
    assert RENEWED not in night.run.memory.facts


def test_with_a_temporary_change_in_place_it_is_a_finding(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.run.memory.ledger["fencing", "cluster"] = LedgerEntry("fencing", "cluster", "on", "then")
    assert night.judged() == ["baseline-old"]


def test_a_downtime_that_a_stopped_run_has_left_keeps_none_from_being_renewed(
    tmp_path: Path,
) -> None:
    night = Night(tmp_path)
    night.run.memory.ledger[LEDGER] = LedgerEntry(*LEDGER, "none", "then")
    assert night.judged() == []
    assert RENEWED in night.run.memory.facts


@pytest.mark.parametrize("days", [0, 2.9])
def test_a_young_one_is_left_as_it_is(tmp_path: Path, days: float) -> None:
    night = Night(tmp_path, days=days)
    assert night.judged() == []
    assert RENEWED not in night.run.memory.facts
    assert night.evidence.outcome == "nothing to do"


def moved(resource: Any) -> Any:
    return replace(resource, nodes=(b.THIRD,)) if resource.id == "httpd" else resource


def disabled(resource: Any) -> Any:
    if resource.id != "httpd":
        return resource
    return replace(resource, target_role="Stopped", role="Stopped", active=False, nodes=())


def with_resources(change: Callable[[Any], Any]) -> Any:
    status = b.cluster_status()
    return replace(status, resources=tuple(map(change, status.resources)))


def test_what_runs_elsewhere_is_told_from_what_to_what(tmp_path: Path) -> None:
    night = Night(tmp_path, status=with_resources(moved))
    night.judged()
    assert night.changed == [("placement", "httpd", [b.SECOND], [b.THIRD])]
    assert night.look.baseline["placement"]["httpd"] == [b.THIRD]
    said = " ".join(night.evidence.reasons)
    assert f"what runs where: httpd from {b.SECOND} to {b.THIRD}" in said


def test_what_has_changed_alike_is_told_once(tmp_path: Path) -> None:
    def all_moved(resource: Any) -> Any:
        is_there = resource.nodes == (b.SECOND,) and not resource.is_fence_device
        return replace(resource, nodes=(b.THIRD,)) if is_there else resource

    night = Night(tmp_path, status=with_resources(all_moved))
    night.judged()
    names = [of for _, of, _, _ in night.changed]
    assert len(names) > 1
    said = f"what runs where: {', '.join(names)} from {b.SECOND} to {b.THIRD}"
    assert said in " ".join(night.evidence.reasons)


def test_what_was_disabled_meanwhile_is_meant_to_be(tmp_path: Path) -> None:
    night = Night(tmp_path, status=with_resources(disabled))
    night.judged()
    assert ("disabled", "httpd", False, True) in night.changed
    assert night.look.baseline["disabled"] == ["httpd"]
    assert "disabled now, not before: httpd" in " ".join(night.evidence.reasons)


def test_what_was_enabled_meanwhile_is_not_expected_to_be_off(tmp_path: Path) -> None:
    night = Night(tmp_path, disabled=["httpd"])
    night.judged()
    assert night.changed == [("disabled", "httpd", True, False)]
    assert night.look.baseline["disabled"] == []


def test_a_property_is_renewed_and_told(tmp_path: Path) -> None:
    night = Night(tmp_path, properties={**PROPERTIES, "batch-limit": "5"})
    night.judged()
    assert night.changed == [("properties", "batch-limit", "0", "5")]


def test_fencing_is_never_renewed(tmp_path: Path) -> None:
    status = b.cluster_status()
    options = replace(status.options, stonith_enabled=False)
    assert status.fence_devices, "a device that can run elsewhere"

    def device_moved(resource: Any) -> Any:
        return replace(resource, nodes=(b.THIRD,)) if resource.is_fence_device else resource

    resources = tuple(map(device_moved, status.resources))
    night = Night(
        tmp_path,
        status=replace(status, options=options, resources=resources),
        properties={"stonith-enabled": "false", "batch-limit": "0"},
        stopped_fence_devices=["f"],
    )
    night.judged()
    assert night.changed == []
    kept = night.look.baseline
    assert kept["fencing"] is True
    assert kept["properties"] == PROPERTIES
    assert kept["stopped_fence_devices"] == ["f"]
    assert kept["placement"] == night.before["placement"]
    assert "as recorded stay fencing (on)" in " ".join(night.evidence.reasons)


def test_a_later_run_finds_it_renewed_by_the_journals(tmp_path: Path) -> None:
    night = Night(tmp_path, status=with_resources(moved))
    night.judged()
    on_n = json.loads(json.dumps(night.before))
    found = as_renewed(on_n, night.run.memory.facts)
    assert found["placement"]["httpd"] == [b.THIRD]
    assert found["packages"] == night.before["packages"]
    later = Night(tmp_path / "later")
    later.look.baseline = found
    assert later.judged() == []
    assert RENEWED not in later.run.memory.facts


def test_a_fact_without_values_is_no_baseline() -> None:
    with pytest.raises(ValueError, match="no values"):
        as_renewed({}, {RENEWED: {"values": None}})


@pytest.mark.parametrize("position", Position)
def test_a_plan_says_what_the_run_would_do(tmp_path: Path, position: Position) -> None:
    night = Night(tmp_path, position=position)
    told = baseline.baseline_to_come(night.look, night.evidence)
    codes = [e["code"] for e in night.run.journal.events if e["event"] == "finding"]
    if position in BETWEEN:
        assert isinstance(told, Bookkeeping)
        assert "is renewed" in told.what
        assert codes == []
    else:
        assert isinstance(told, Nothing)
        assert codes == ["baseline-old"]
    assert RENEWED not in night.run.memory.facts


def test_each_field_has_a_name() -> None:
    night = b.cluster_status()
    look: Any = SimpleNamespace(
        ask=lambda node, query: Cib(properties={}),
        names=SimpleNamespace(active=b.N, of_pacemaker=lambda name: name),
    )
    assert renewal.arrangement(look, night).keys() == renewal.FIELDS.keys()
