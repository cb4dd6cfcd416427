"""What a plan says of the night: how long each stage takes, and what would block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.ending import Mode
from engine.model.event import Event
from engine.model.inventory import Inventory
from engine.model.release import Release
from engine.model.steps import Scope
from engine.record.position import Position
from engine.report.evidence_files import read_unaltered, told_as_odd
from engine.run.plan_ending import plan_of


@dataclass(frozen=True)
class Expected:
    """One stage of the night."""

    title: str
    begins: datetime
    ends: datetime
    has_no_return: bool
    """The point of no return is at its beginning."""

    @property
    def takes(self) -> timedelta:
        return self.ends - self.begins


@dataclass(frozen=True)
class Planned:
    """What the card takes of a plan."""

    run: str
    created: datetime
    position: Position
    changes: int
    """Steps that would change the cluster."""
    blocked_by: tuple[str, ...]
    """Codes of the findings that block; empty: it is good."""
    stages: tuple[tuple[str, timedelta, bool], ...]
    """Title, how long, and whether the point of no return is at its beginning."""
    reasons: Mapping[str, str]
    """Step -> what the plan says of it."""
    found: Mapping[str, tuple[str, ...]]
    """Step -> what was observed of each of its findings."""

    @property
    def takes(self) -> timedelta:
        """All stages together."""
        return sum((takes for _, takes, _ in self.stages), timedelta())

    def found_by(self, step: str) -> tuple[str, ...]:
        return self.found.get(step, ())

    def night(self, begins: datetime) -> Iterator[Expected]:
        """The stages one after the other; one without anything left to do is left out."""
        moment = begins
        for title, takes, has_no_return in self.stages:
            if takes:
                yield Expected(title, moment, moment + takes, has_no_return)
            moment += takes


def read_planned(path: Path, inventory: Inventory, release: Release) -> Planned:
    """The plan in a run's directory. UsageError when it is none, or not one of this upgrade."""
    evidence = read_unaltered(path)
    with told_as_odd(evidence.directory):
        begun = evidence.own[0]
        _refuse_another(begun, path, inventory, release)
        plan = plan_of(evidence.own)
        if plan is None:
            raise UsageError(
                f"{path}: this run told no plan, as it ended before it had one; plan again"
                " (--plan), and name that run"
            )
        return _planned(plan)


def _refuse_another(begun: Event, path: Path, inventory: Inventory, release: Release) -> None:
    mode, scope = begun["mode"], begun.get("scope", Scope.UPGRADE)
    if mode != Mode.PLAN or scope != Scope.UPGRADE:
        what = f"a plan of --{scope}" if mode == Mode.PLAN else f"a run of the mode {mode}"
        raise UsageError(f"{path}: {what}, expected a plan of the upgrade: name a run with --plan")
    cluster = inventory.settings.cluster
    if begun["cluster"] != cluster:
        raise UsageError(
            f"{path}: a plan of cluster {begun['cluster']}, but {inventory.path} is that of"
            f" {cluster}; name a plan of this cluster"
        )
    pair = (str(release.source), str(release.target))
    if (begun["source"], begun["target"]) != pair:
        raise UsageError(
            f"{path}: a plan of the upgrade {begun['source']} -> {begun['target']}, but this is the"
            f" runbook of {pair[0]} -> {pair[1]}; plan again"
        )
    if begun["nodes"] != {host.name: host.role.value for host in inventory.hosts}:
        raise UsageError(
            f"{path}: a plan of other nodes or roles than those in {inventory.path}; plan again"
        )


def _planned(plan: Mapping[str, Any]) -> Planned:
    times = plan["timeline"] or {"stages": ()}
    blocking = [one["code"] for one in plan["findings"] if _blocks(one)]
    return Planned(
        run=str(plan["run"]),
        created=_moment(plan["created"]),
        position=Position(plan["position"]),
        changes=sum(bool(step["commands"]) for step in plan["steps"]),
        blocked_by=tuple(dict.fromkeys(blocking)),
        stages=tuple(_stages(times["stages"])),
        reasons={str(step["name"]): str(step["reason"]) for step in plan["steps"]},
        found={str(step["name"]): tuple(_seen_by(step, plan)) for step in plan["steps"]},
    )


def _seen_by(step: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    mine = [(one["code"], one["subject"]) for one in step["findings"]]
    for one in plan["findings"]:
        if (one["code"], one["subject"]) in mine:
            yield str(one["observed"])


def _blocks(finding: Mapping[str, Any]) -> bool:
    return bool(finding["severity"] == "block" and not finding["accepted"])


def _stages(stages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, timedelta, bool]]:
    for one in stages:
        takes = _moment(one["ends"]) - _moment(one["begins"])
        yield str(one["title"]), takes, bool(one["point_of_no_return"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
