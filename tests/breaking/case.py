"""A case: a scenario, what the run must find at which step, and how a person repairs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.breaking.lab import Lab

Repair = Callable[["Lab"], None]
"""What the finding's remedy tells a person to do."""


class Start(StrEnum):
    """What the run of a case begins with."""

    PREFLIGHT = "preflight"
    """A cluster at its start that cases share: the scenario's steps are applied to it, nothing
    is upgraded, and the repair is followed by a plan."""
    LAST_ROUND = "last round"
    """A saved state: planned stop and migration are done, the last round is not begun. The
    scenario's steps and settings are applied to it."""
    BEGINNING = "beginning"
    """A cluster of the scenario, made by `up`."""


@dataclass(frozen=True)
class Case:
    """One way of going wrong. `{active}` and `{other}` in a step stand for nodes' names,
    `{each}` for that of each operative node."""

    scenario: str
    start: Start
    step: str
    """The step that turns red; of a case that must not stop, the one that warns or looks."""
    codes: tuple[str, ...]
    """The findings of that step that block: these, and none at any other step."""
    exit_code: int
    repair: Repair | None = None
    warnings: tuple[str, ...] = ()
    """Findings of that step that only warn."""
    nodes: str = "operative=2"
    has_ocs: bool = True
    """Whether the OCS server has to answer in the end."""
    after: str = ""
    """What the repair is, for the table."""

    @property
    def name(self) -> str:
        return self.scenario


def red(
    scenario: str,
    start: Start,
    step: str,
    codes: str,
    exit_code: int,
    repair: Repair,
    *,
    nodes: str = "operative=2",
    has_ocs: bool = True,
) -> Case:
    """A case that stops; `codes` separated by blanks. The repair's docstring is the table's."""
    assert repair.__doc__, f"{repair.__name__} does not say what it does"
    after = repair.__doc__.strip().rstrip(".")
    words = tuple(codes.split())
    return Case(
        scenario,
        start,
        step,
        words,
        exit_code,
        repair,
        nodes=nodes,
        has_ocs=has_ocs,
        after=after,
    )


def green(scenario: str, start: Start, step: str, warnings: str = "") -> Case:
    """A case that must not stop: it warns at most."""
    return Case(scenario, start, step, (), 0, warnings=tuple(warnings.split()))
