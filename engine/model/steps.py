"""How a test function becomes a step: its name, what it waits for, which guide rows it serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

_ATTRIBUTE = "_runbook_step"


class Scope(StrEnum):
    """What a run is about: steps of another scope are not part of it."""

    UPGRADE = "upgrade"
    RESTORE = "restore"
    """Only gives back the temporary changes in the ledger (`--restore`)."""
    FOLLOW_UP = "follow-up"
    """Only looks, days after an upgrade, at what it left open (`--follow-up`)."""


_SCOPES = {
    "upgrade": frozenset({Scope.UPGRADE}),
    "restore": frozenset({Scope.RESTORE}),
    "both": frozenset({Scope.UPGRADE, Scope.RESTORE}),
    "follow-up": frozenset({Scope.FOLLOW_UP}),
    "every": frozenset(Scope),
}


@dataclass(frozen=True)
class StepMark:
    """What `@step` says of a test function."""

    name: str
    after: tuple[str, ...] = ()
    """Names of steps that must have succeeded. A bare name of a fan-out waits for all its items,
    `phase.*` for every earlier step of the phase. `{round}`, `{node}` stand for this item's own,
    `{previous}` for the round before (the dependency falls away in the first round). With `?` at
    its end there need be none: a version step has such a phase or not."""
    guide: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    """Fan-out: `round`, `node`, or both."""
    nodes: str = "operative"
    """For a fan-out over nodes: operative, elastic_only, voting_only, or all."""
    asks: bool = False
    """Only asks and judges, and can do so beforehand: `--plan` runs it too."""
    scopes: frozenset[Scope] = _SCOPES["upgrade"]
    """The runs that it is part of."""
    ends_night: bool = False
    """A run that ends behind an earlier phase (`--until`) makes it too, when all else is done."""

    @property
    def is_of_every_run(self) -> bool:
        """It looks, whatever the run is about and wherever it ends."""
        return self.scopes == _SCOPES["every"]


@dataclass(frozen=True)
class StepItem:
    """One step of this inventory: a mark with its round and node filled in."""

    mark: StepMark
    round: int | None = None
    node: str | None = None

    @property
    def name(self) -> str:
        """`phase.subject[round][node]`: unique in a run."""
        return self.mark.name + _suffix(self.round) + _suffix(self.node)

    @property
    def phase(self) -> str:
        return phase_of(self.mark.name)

    def waits_for(self) -> list[str]:
        """The names it depends on, its own round and node filled in."""
        names = []
        for name in self.mark.after:
            if "{previous}" in name:
                if self.round is None or self.round <= 1:
                    continue
                name = name.replace("{previous}", str(self.round - 1))
            names.append(name.replace("{round}", str(self.round)).replace("{node}", str(self.node)))
        return names


def phase_of(step: str) -> str:
    """The phase of a step, by its name."""
    return step.partition(".")[0]


def base_of(step: str) -> str:
    """A step's name without round and node: the same for all items of a fan-out."""
    return step.partition("[")[0]


def upstream(names: Iterable[str], waits_for: Mapping[str, Iterable[str]]) -> set[str]:
    """All steps that one of these names waits for, directly or not, and they themselves."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += waits_for.get(name, ())
    return found


def waiting_for(roots: Iterable[str]) -> str:
    """Why a step is not reached: the steps that keep it, and those between, from being done."""
    return f"waits for {', '.join(roots)}"


def _suffix(value: object) -> str:
    return "" if value is None else f"[{value}]"


def step(
    name: str,
    *,
    after: Iterable[str] = (),
    guide: Iterable[str] = (),
    each: str = "",
    nodes: str = "operative",
    asks: bool = False,
    scope: str = "upgrade",
    ends_night: bool = False,
) -> Callable[[F], F]:
    """Declare a test function a step of the runbook.

    The first line of its docstring is its sentence of intent for console and report. `scope` is
    `upgrade`, `restore`, `both` of them, `follow-up`, or `every`; dependencies are resolved among
    the steps of one run. `ends_night`: also the last of a run that ends behind an earlier phase;
    it then waits for all that such a run does.
    """
    if scope not in _SCOPES:
        raise ValueError(f"step {name!r}: scope {scope!r}; expected one of {', '.join(_SCOPES)}")
    mark = StepMark(
        name=name,
        after=tuple(after),
        guide=tuple(guide),
        each=tuple(filter(None, each.split(","))),
        nodes=nodes,
        asks=asks,
        scopes=_SCOPES[scope],
        ends_night=ends_night,
    )

    def declare(function: F) -> F:
        setattr(function, _ATTRIBUTE, mark)
        return function

    return declare


def mark_of(function: object) -> StepMark | None:
    """The mark of a test function, None when it is no step."""
    mark = getattr(function, _ATTRIBUTE, None)
    return mark if isinstance(mark, StepMark) else None
