"""What belongs to one version step, as data that the engine is given by the step's `release.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.model.finding import Severities
from engine.model.host import Version
from engine.model.inventory import Setting
from engine.model.probe import Service


@dataclass(frozen=True)
class Stage:
    """Phases that are announced together, with their share of the time announced, in minutes."""

    title: str
    phases: tuple[str, ...]
    base: int
    per_node: int

    def takes(self, node_count: int) -> timedelta:
        return timedelta(minutes=self.base + self.per_node * node_count)


@dataclass(frozen=True)
class Pause:
    """A phase behind which a run may be told to end (`--until`), for a night or for days."""

    phase: str
    why: str
    """What makes the place safe, as part of a sentence."""
    meanwhile: str
    """What may be done until the next run, and what not: whole sentences."""
    done_at: str = ""
    """The position at which nothing of it is left to do; empty: it is due again in each run."""


@dataclass(frozen=True)
class Release:
    """One version step of the product."""

    source: Version
    target: Version
    severities: Severities
    guide: Mapping[str, str]
    """Row id -> the duty in a few words."""
    known_conflicts: frozenset[str]
    """Configuration conflicts that this step is known to leave: the planned stop."""
    repository: str
    """Id of the repository that the product's packages come from."""
    database_resource: str
    """The pacemaker resource whose node runs the database."""
    estimate_base: int
    estimate_per_node: int
    """Minutes that the guide announces."""
    stages: tuple[Stage, ...] = ()
    """All phases of the upgrade in running order; their shares add up to the estimate."""
    services: tuple[Service, ...] = ()
    """What is asked once a second while the cluster is changed."""
    pauses: tuple[Pause, ...] = ()
    """Where a run may be told to end, in running order."""
    no_return: str = ""
    """The step from which on there is no way back but the fallback."""
    support: str = ""
    """Whom to call with the support bundle, and what they want to know."""
    alarms: tuple[str, ...] = ()
    """What the cluster's own monitoring is bound to tell of it, a sentence without end each; with a
    downtime (`runbook_downtime`) it keeps silent about that."""
    alarms_outside: tuple[str, ...] = ()
    """What is told with a downtime too."""
    downtime_step: str = ""
    """The step in which a plan says what a downtime will cover."""
    bad_signs: tuple[str, ...] = ()
    """What it must not tell: somebody has to look then."""
    manual_tasks: tuple[str, ...] = ()
    """What the guide leaves to be done by hand at the end, in a few words each."""
    verified_by: str = ""
    """The fact that an upgrade must have left to be followed up (`--follow-up`)."""
    secrets: tuple[Any, ...] = ()
    """Queries whose answers make secrets known. The operative nodes are asked them before anything
    else: what was recorded before a secret is known can't be masked any more."""
    snapshot: Any = None
    """What the step adds to a snapshot, `engine.snapshot.parts.Parts`; None: there is none."""
    settings: tuple[Setting[Any], ...] = ()
    """What only this step's inventory may have."""
    duties: Mapping[str, str] = field(default_factory=dict)
    """Duty, by the word that the engine's findings have for it -> row id."""
    units: tuple[str, ...] = ()
    """Units of systemd whose journals the support bundle has, beside those of every cluster."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Files beside the runbook's folders that steer pytest -> sha256, as they were released. With
    none nobody is told when they change; the runbook's hash covers them all the same."""
    questions: frozenset[str] = frozenset()
    """Codes of findings that ask a person for a decision, such as how a file is merged."""
    not_predicted: frozenset[str] = frozenset()
    """Steps, and codes of findings, that no rehearsal can predict: they are about the change, the
    controller, or how busy a machine is."""
    phrases: tuple[str, ...] = ()
    """Subjects of findings that end like the name of a secret; what follows them is no secret."""

    def __post_init__(self) -> None:
        shares = sum(s.base for s in self.stages), sum(s.per_node for s in self.stages)
        whole = self.estimate_base, self.estimate_per_node
        if self.stages and shares != whole:
            raise ValueError(f"the stages' shares are {shares} minutes, the estimate is {whole}")

    def announced(self, node_count: int) -> timedelta:
        """For update and upgrade together; downloads and work by hand are not in it."""
        return timedelta(minutes=self.estimate_base + self.estimate_per_node * node_count)


def remaining(stages: Sequence[Stage], phase: str, node_count: int, *, last: str = "") -> timedelta:
    """What the stage of `phase` and all later ones take together; all of it for an unknown phase.

    `last`: the phase behind which it ends, if not behind all of them.

    >>> stages = (Stage("first", ("a", "b"), 10, 1), Stage("second", ("c",), 5, 2))
    >>> remaining(stages, "c", 3), remaining(stages, "b", 3)
    (datetime.timedelta(seconds=660), datetime.timedelta(seconds=1440))
    >>> remaining(stages, "a", 3, last="b"), remaining(stages, "c", 3, last="b")
    (datetime.timedelta(seconds=780), datetime.timedelta(0))
    """
    titles = [stage.phases for stage in stages]
    first = next((number for number, phases in enumerate(titles) if phase in phases), 0)
    ends = next((n for n, phases in enumerate(titles, 1) if last in phases), len(stages))
    return sum((stage.takes(node_count) for stage in stages[first:ends]), timedelta())


def up_to(stages: Sequence[Stage], phase: str, node_count: int) -> timedelta:
    """What the stage of `phase` and all before it take together; all of it for an unknown phase.

    >>> stages = (Stage("first", ("a", "b"), 10, 1), Stage("second", ("c",), 5, 2))
    >>> up_to(stages, "a", 3), up_to(stages, "c", 3)
    (datetime.timedelta(seconds=780), datetime.timedelta(seconds=1440))
    """
    return remaining(stages, "", node_count, last=phase)
