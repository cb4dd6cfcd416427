"""What is known of a run by some prefix of its journal. Frozen values, all moments with a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.model.ending import Ending
from engine.record.position import Position

_BEYOND = frozenset(one for one in Position if one.is_after(Position.UPDATED))


@dataclass(frozen=True)
class Stage:
    """Phases that were announced together."""

    title: str
    phases: tuple[str, ...]
    minutes: float


@dataclass(frozen=True)
class Node:
    """What the journal says of one node."""

    role: str = ""
    seen: datetime | None = None
    """When it answered last, as far as that is on record."""
    lost: datetime | None = None
    """Since when it is out of reach; None: it is not known to be."""
    why: str = ""
    standby: datetime | None = None
    """Since when it was seen in standby; None: it was not."""


@dataclass(frozen=True)
class Service:
    """A service that is asked once a second."""

    way: str = ""
    """Where it answers; empty: it never did, so it is not measured."""
    gap: datetime | None = None
    """Since when it does not answer, or is not seen."""
    unseen: bool = False
    """Of the gap that lasts: the way to the service is not there."""
    why: str = ""
    gaps: int = 0
    seconds: float = 0.0
    """Of the gaps that are over."""
    ended: bool = False
    """It is asked no more."""


@dataclass(frozen=True)
class Command:
    """A change whose end is not on record."""

    key: str
    node: str
    what: str
    since: datetime
    play: str = ""
    task: str = ""
    host: str = ""
    tasks: int = 0
    told: datetime | None = None
    """When the log was told last; None: it never was, or the change has none."""
    left: str = ""
    """How it was seen when the run ended: `running`, `ended`, `gone`; empty: it was not."""


@dataclass(frozen=True)
class Step:
    """The step under way."""

    name: str
    since: datetime


@dataclass(frozen=True)
class Stopped:
    """What stopped the run, and what a person is asked to do."""

    outcome: str
    reason: str
    what_to_do: str


@dataclass(frozen=True)
class Ended:
    """The run's own last word."""

    outcome: str
    exit_code: int
    at: datetime

    @property
    def is_through(self) -> bool:
        """Nothing of it is left to do."""
        return self.exit_code == 0 and self.outcome != Ending.AS_ASKED


@dataclass(frozen=True)
class Watched:
    """A run, as far as its journal goes. Without any line: nothing is known."""

    lines: int = 0
    last: datetime | None = None
    """The time of the last line."""
    run: str = ""
    mode: str = ""
    cluster: str = ""
    source: str = ""
    target: str = ""
    operator: str = ""
    host: str = ""
    """The machine that it works on."""
    begun: datetime | None = None
    window_end: datetime | None = None
    minutes: int = 0
    """Announced for the upgrade; 0: nothing is announced for this run."""
    stages: tuple[Stage, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    """What to type next, by the run's own words for it."""
    steps: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Step -> its number in running order, and its sentence of intent."""
    position: str = ""
    active: str = ""
    until: str = ""
    """The phase behind which it is to end; empty: it goes through."""
    no_return: str = ""
    """The step, by its bare name, from which on there is no way back; empty: none is named."""
    passed: datetime | None = None
    """When the attempt began the first change of it."""
    passed_by: str = ""
    """Key of that change; empty: an earlier run began it."""
    not_known: str = ""
    """Why the run can't tell what runs on the cluster; empty: it can."""
    step: Step | None = None
    reached: int = 0
    """The number of the last step that began."""
    phase: str = ""
    phase_since: datetime | None = None
    stage: int | None = None
    """Which of `stages` it is in, from 0."""
    stage_since: datetime | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome of steps -> how many."""
    blocking: int = 0
    """Findings that block and are not accepted."""
    deviations: int = 0
    """What came in another kind than the rehearsal predicted."""
    deviation: str = ""
    """The first of it; empty: nothing did."""
    nodes: Mapping[str, Node] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    fencing_off: datetime | None = None
    command: Command | None = None
    stopped: Stopped | None = None
    ended: Ended | None = None
    sealed: bool = False

    @property
    def is_as_asked(self) -> bool:
        """It stopped behind the phase that it was to end behind: the rest is for another night."""
        return self.stopped is not None and self.stopped.outcome == Ending.AS_ASKED

    @property
    def is_no_return_behind(self) -> bool:
        """In an older journal the position alone tells it of earlier runs, without the time."""
        return self.passed is not None or self.position in _BEYOND
