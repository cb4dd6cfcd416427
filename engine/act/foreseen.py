"""What steps and actions say of themselves for a plan, where no look at the cluster can tell it.

Most need to say nothing: a plan drives their generator to the first change. What is declared here
are several changes of one action, and bookkeeping of steps that have no action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.ask.look import Look
from engine.model.change import Change, Nothing
from engine.record.evidence import Evidence

F = TypeVar("F", bound=Callable[..., object])

_ATTRIBUTE = "_runbook_planned"


@dataclass(frozen=True)
class Foreseen:
    """All changes of an action that can be known beforehand, in order.

    A value that only a command's answer gives stands in capitals in the argument list.
    """

    changes: tuple[Change, ...]
    further: str = ""
    """Changes that follow and can't be written down yet, in a few words."""


@dataclass(frozen=True)
class Bookkeeping:
    """A step writes the run's own records and does not change the cluster."""

    what: str
    node: str


@dataclass(frozen=True)
class Foresight:
    """What an action declares for plans (the arguments of `@action`)."""

    planned: Callable[[Look], Foreseen | Nothing] | None = None
    """Asked in place of the generator; it may ask the cluster as it is now."""
    despite: tuple[str, ...] = ()
    """Steps or phases whose changes do not touch what `planned` decides on. When others come
    before the action, `planned` is not asked."""
    expected: str = ""
    """What it does when it has to, shown where whether it has to is not known yet."""


Told = Bookkeeping | Nothing | None


def planned_by(tell: Callable[[Look, Evidence], Told]) -> Callable[[F], F]:
    """Say what a plan shows of a step without an action, whose body a plan does not run.

    `tell` may judge what can be judged beforehand, and raise StoppedForPerson as the body would.
    It returns None when nothing can be told: the plan then shows a look that the run will make.
    """

    def declare(function: F) -> F:
        setattr(function, _ATTRIBUTE, tell)
        return function

    return declare


def teller_of(function: object) -> Callable[[Look, Evidence], Told] | None:
    """What `planned_by` left on a step's function; None when it left nothing."""
    found: Callable[[Look, Evidence], Told] | None = getattr(function, _ATTRIBUTE, None)
    return found
