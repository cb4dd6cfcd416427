"""What a proof is made of: kinds of cases, and the stand on which a worker runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Say = Callable[[str], None]


class Red(Exception):
    """A case that did not end as it must; `columns` is what can be said of it all the same."""

    def __init__(self, problem: str, columns: dict[str, str] | None = None) -> None:
        super().__init__(problem)
        self.columns = columns or {}


class NotAtStart(Red):
    """Red because the cluster could not be brought back to its start: it is taken down."""


class Stand(Protocol):
    """The cluster of one worker, as one kind of proof uses it."""

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Run a case; what the page says of it. Raises Red; `evidence` is kept then."""

    def down(self) -> None:
        """Take the cluster down, if there is one. The next case gets a fresh one."""


@dataclass(frozen=True)
class Case:
    """One case of a kind."""

    kind: str
    name: str
    group: str
    """What the cluster of a worker has to be for it; a worker stays with a group."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Kind:
    """A kind of proof: its cases, where they are run, and its part of the page."""

    name: str
    heading: str
    introduction: str
    columns: tuple[str, ...]
    groups: Mapping[str, str]
    """Name of each case -> its group, in the order of the page."""
    stand: Callable[[str, Say], Stand]
    """Makes the stand of a worker, which is called by a letter. It is found by its name in its
    module: workers are processes of their own."""
    is_on_page: bool = True
    """Whether the whole proof has it; else it is run when it is asked for by name."""

    @property
    def cases(self) -> tuple[Case, ...]:
        return tuple(
            Case(self.name, name, f"{self.name}: {group}") for name, group in self.groups.items()
        )
