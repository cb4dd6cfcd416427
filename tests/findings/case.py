"""A case: what goes wrong, what the run must find at which step, and how it is healed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.findings.lab import Lab

Deed = Callable[["Lab"], None]
"""What somebody does to the lab: spoils something, or mends it. Its docstring is the table's."""
CLEAN = "no-updates"
"""Fully updated: the scenario of a case that brings its own trouble."""
SMALL = "operative=2"
ALL_ROLES = "operative=2,elastic=1,voting=1"


class Start(StrEnum):
    """What the run of a case begins with. All but the first and last are saved states: a run was
    killed right before a change (`REACHED`), and goes on."""

    PREFLIGHT = "preflight"
    """A standing cluster at its start that cases share. The runs are plans: nothing is upgraded,
    and after the repair the cluster is compared with its start."""
    FIRST_ROUND = "first round"
    """The backup is made, `neteye upgrade` was never started: it puts the nodes in standby."""
    PLANNED_STOP = "planned stop"
    """The first round has ended with the planned stop, nothing is migrated."""
    LAST_ROUND = "last round"
    """Planned stop and migration are done, the last round is not begun."""
    REACTIVATION = "reactivation"
    """The upgrade is verified on N, the other nodes are in standby, fencing is off."""
    BEGINNING = "beginning"
    """A cluster of the scenario, made by `up`."""


REACHED: Mapping[Start, str] = {
    Start.FIRST_ROUND: "upgrade.run[1]#1",
    Start.PLANNED_STOP: "migration.files[1][{active}]#1",
    Start.LAST_ROUND: "upgrade.run[2]#1",
    Start.REACTIVATION: "reactivation.unstandby#1",
}
"""Start -> how the intent is called before which the run was killed."""


@dataclass(frozen=True)
class Case:
    """One way of going wrong. `{active}` and `{other}` in a step stand for nodes' names,
    `{each}` for that of each operative node."""

    name: str
    start: Start
    step: str
    """The step that turns red; of a case that must not stop, the one that warns or looks."""
    codes: tuple[str, ...]
    """The findings of that step that block: these, and none at any other step but `also`."""
    exit_code: int
    repair: Deed | None = None
    scenario: str = CLEAN
    strike: Deed | None = None
    """What goes wrong after the scenario; its docstring says it."""
    also: tuple[tuple[str, str], ...] = ()
    """Step and code of what has to turn red with it."""
    warnings: tuple[str, ...] = ()
    """Findings of that step that only warn."""
    nodes: str = SMALL
    has_ocs: bool = True
    """Whether the OCS server has to answer in the end."""
    settings: Mapping[str, str | None] = field(default_factory=dict)
    """Settings of the inventory in place of the cluster's, None: none; the repair edits them."""
    arguments: tuple[str, ...] = ()
    """Arguments of the run that finds, and of the one in which that is accepted."""
    again: tuple[str, ...] = ()
    """Arguments of the run after the repair."""
    is_upgraded: bool = True
    """Whether the cluster is upgraded in the end, where it is no plan."""
    accepts: bool = False
    """The findings are accepted, and the run goes on. A plan goes on to nothing: there the repair
    comes after it."""
    column: str = "int"
    """Data type of memories.CAPACITY in the end."""
    leads_to: tuple[str, ...] = ()
    """What the run that accepts finds further on, of the same cause, and has accepted as well."""
    when_accepted: Mapping[str, Any] = field(default_factory=dict)
    """Fields that the case has otherwise when its findings are accepted."""
    not_accepted: str = ""
    """Why this case can't be the one in which its codes are accepted."""
    ends: int = 0
    """Exit code of the last run."""
    stays: str = ""
    """Why the repair can't bring the standing cluster back to its start; the next case gets a
    fresh one."""
    touches: tuple[str, ...] = ()
    """The things that are not as they should be, and those that the repair changes: cases that
    share none stand together in a storm. When nothing is said, all that its step looks at."""
    needs: tuple[str, ...] = ()
    """The things that have to be right when it strikes, is found and is repaired: a case that
    touches one of them, or does not say what it touches, does not stand with it."""
    hides: tuple[str, ...] = ()
    """The things of which the run learns nothing while this is wrong; `*` is everything else."""

    @property
    def accepting(self) -> Case:
        """The case in which its findings are accepted: a plan more, or another run to the end."""
        if self.start is Start.PREFLIGHT:
            return replace(self, accepts=True)
        goes_on = self.is_upgraded and "--restore" not in self.arguments
        name = f"{self.name}.accepted"
        return replace(
            self,
            name=name,
            accepts=True,
            repair=None,
            is_upgraded=goes_on,
            **self.when_accepted,
        )

    @property
    def after(self) -> str:
        """What is done after the first run, for the table."""
        repair = described(self.repair) if self.repair else ""
        return "; ".join(filter(None, ("accepted" if self.accepts else "", repair)))


def described(deed: Deed) -> str:
    """The first sentence of its docstring."""
    assert deed.__doc__, f"{deed.__name__} does not say what it does"
    return " ".join(deed.__doc__.split()).rstrip(".")


def red(
    name: str,
    start: Start,
    step: str,
    codes: str,
    exit_code: int,
    repair: Deed,
    *,
    scenario: str = CLEAN,
    strike: Deed | None = None,
    also: str = "",
    warnings: str = "",
    nodes: str = SMALL,
    has_ocs: bool = True,
    settings: Mapping[str, str | None] | None = None,
    arguments: tuple[str, ...] = (),
    again: tuple[str, ...] = (),
    is_upgraded: bool = True,
    when_accepted: Mapping[str, Any] | None = None,
    not_accepted: str = "",
    ends: int = 0,
    stays: str = "",
    touches: str = "",
    needs: str = "",
    hides: str = "",
) -> Case:
    """A case that stops. Codes and things have blanks between them; `also` is of `STEP:CODE`."""
    return Case(
        name,
        start,
        step,
        tuple(codes.split()),
        exit_code,
        repair,
        scenario=scenario,
        strike=strike,
        also=tuple(_pair(word) for word in also.split()),
        warnings=tuple(warnings.split()),
        nodes=nodes,
        has_ocs=has_ocs,
        settings=settings or {},
        arguments=arguments,
        again=again,
        is_upgraded=is_upgraded,
        when_accepted=when_accepted or {},
        not_accepted=not_accepted,
        ends=ends,
        stays=stays,
        touches=tuple(touches.split()),
        needs=tuple(needs.split()),
        hides=tuple(hides.split()),
    )


def preflight(name: str, step: str, codes: str, strike: Deed, repair: Deed, **more: Any) -> Case:
    """A case that stops before the first change, on a standing cluster; `more` is as of `red`."""
    return red(name, Start.PREFLIGHT, step, codes, 10, repair, strike=strike, **more)


def _pair(word: str) -> tuple[str, str]:
    step, _, code = word.rpartition(":")
    return step, code


def green(
    name: str,
    start: Start,
    step: str,
    warnings: str = "",
    *,
    scenario: str = CLEAN,
    strike: Deed | None = None,
    repair: Deed | None = None,
    nodes: str = SMALL,
    settings: Mapping[str, str | None] | None = None,
    arguments: tuple[str, ...] = (),
    stays: str = "",
    touches: str = "",
    is_upgraded: bool = True,
) -> Case:
    """A case that must not stop: it warns at most. The repair brings a shared cluster back."""
    return Case(
        name,
        start,
        step,
        (),
        0,
        repair,
        scenario=scenario,
        strike=strike,
        warnings=tuple(warnings.split()),
        nodes=nodes,
        settings=settings or {},
        arguments=arguments,
        stays=stays,
        touches=tuple(touches.split()),
        is_upgraded=is_upgraded,
    )
