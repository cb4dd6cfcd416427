"""A version step as the rehearsal needs it: one package with a folder, which names the versions.

`rehearsal.to_4_26` is one; its `__init__` says what such a package has. Everything else here asks
the step, and names no version and no optional module.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearsal.errors import UsageError
from rehearsal.packages.catalog import Package, ReleaseSet, repositories
from rehearsal.packages.contents import NOTHING, Contents
from rehearsal.scenario import Scenario
from rehearsal.services import CORE, Service
from rehearsal.standins.settings import Vocabulary, draw

if TYPE_CHECKING:
    from rehearsal.like.twin import Twin

DEFAULT = "rehearsal.to_4_26"
Settings = Mapping[str, Any]
NodeCommand = Mapping[str, Any]
"""A command of a node's first start as `boot.py` reads it: `argv`, optional `env` and `stdin`."""


@dataclass(frozen=True)
class Sql:
    """What is run in the database at rest; `lenient` is text, last, which no error ends."""

    statements: Sequence[str] = ()
    lenient: str = ""


@dataclass(frozen=True)
class Agents:
    """Machines whose agents report to a service of the cluster, in one container beside it.

    The step's folder `agents/` is there as `/agents`; in it is the program `report`, which makes
    one machine's agent report: `/agents/report MACHINE ADDRESS [due]`.
    """

    service: str
    """The clustered service that they report to."""
    suite: str
    packages: tuple[str, ...]
    """Debian's, of that suite."""
    machines: Mapping[str, Mapping[str, str]]
    """Name -> files of its directory `/machines/NAME`, name -> text."""


def _no_contents(_: Package, __: ReleaseSet, ___: Settings) -> Contents:
    return NOTHING


def _no_data(_: Path, __: Scenario, ___: Settings) -> Sql:
    return Sql()


def _no_commands(_: Scenario, __: int, ___: Settings) -> list[NodeCommand]:
    return []


@dataclass(frozen=True)
class Step:
    """From one release to the next: values, and hooks that may be left out.

    `package` is the importable package that it is in. The first of `scenarios` is the default one.
    """

    package: str
    source: str
    target: str
    packages: tuple[Package, ...]
    scenarios: tuple[Scenario, ...]
    services: tuple[Service, ...] = CORE
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    agents: Agents | None = None
    inventory: Mapping[str, str] = field(default_factory=dict)
    """The runbook's settings that only this step has."""
    contents: Callable[[Package, ReleaseSet, Settings], Contents] = _no_contents
    """What a package carries; runs in a container of the image."""
    data: Callable[[Path, Scenario, Settings], Sql] = _no_data
    """Fills directories of services below that one; runs in a container of the image."""
    first_start: Callable[[Scenario, int, Settings], Sequence[NodeCommand]] = _no_commands
    """Commands of the first start of the operative node of that number."""
    twin: Callable[[Scenario, Twin, int], Scenario] | None = None
    """Completes the scenario of a twin by the snapshot's `step`, and by a seed; a step that has
    none makes no twins. Raises `rehearsal.like.fields.SnapshotError`."""

    @property
    def folder(self) -> Path:
        """Where the package lies."""
        return Path(str(sys.modules[self.package].__file__)).resolve().parent

    @property
    def repositories(self) -> Mapping[str, tuple[ReleaseSet, ...]]:
        return repositories(self.source, self.target)

    def scenario(self, name: str | None = None) -> Scenario:
        """The scenario of that name, or the default one; raises UsageError that lists all."""
        names = [scenario.name for scenario in self.scenarios]
        if name is None:
            return self.scenarios[0]
        if name not in names:
            raise UsageError(f"no scenario {name!r}; there are: {', '.join(names)}")
        return self.scenarios[names.index(name)]

    def draw(self, seed: int, scenario: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All settings of a cluster (see `rehearsal.standins.settings.draw`), with the releases."""
        drawn = draw(seed, scenario, self.vocabulary)
        return {**drawn, "source": self.source, "target": self.target}


def load(package: str = DEFAULT) -> Step:
    """The step in that package; raises UsageError when it is not there or has none."""
    if not all(word.isidentifier() for word in package.split(".")):
        raise UsageError(f"--step {package!r}: not the name of a package, such as {DEFAULT}")
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{package}.".startswith(f"{error.name}."):
            raise
        raise UsageError(f"--step {package}: there is no such package ({error})") from error
    step = getattr(module, "STEP", None)
    if not isinstance(step, Step):
        raise UsageError(f"--step {package}: it has no STEP, a rehearsal.step.Step")
    return step
