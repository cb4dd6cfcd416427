"""The state directory of a cluster, outside the source tree.

/var/lib/neteye-rehearsal/NAME/
    cluster.json     what was asked for: step, base, login, seed, scenario, counts, network, image
    twin.json        of a twin: its snapshot and scale
    inventory.ini    for `pytest runbook --inventory`
    ssh/             key, host keys and configuration of the controller
    template/        data of services and package repositories as they are at the start
    shared/ repo/    the same, in use by the nodes
    nodes/SHORT/     boot.json and files/ of each node
    agents/          what the agents of machines beside the cluster keep
    power/           locks and requests of the nodes' power switches
    saved/LABEL/     a saved state: data, repositories, what the cluster had reached
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from rehearsal import bases, logins
from rehearsal import step as steps
from rehearsal.errors import RehearsalError
from rehearsal.like import making as twins
from rehearsal.like.fields import SnapshotError
from rehearsal.like.twin import Twin
from rehearsal.run import run
from rehearsal.scenario import Scenario
from rehearsal.topology import Role, Topology, build

ROOT = Path("/var/lib/neteye-rehearsal")
_LOCKS = Path("/run/lock")


@dataclass(frozen=True)
class Asked:
    """What a cluster was made from; two equal values make the same cluster."""

    name: str
    scenario: str
    seed: int
    counts: Mapping[Role, int]
    network: IPv4Network
    overrides: Mapping[str, Any] = field(default_factory=dict)  # settings given by hand
    package: str = steps.DEFAULT  # of the version step
    base_name: str = bases.DEFAULT.name
    login: str = logins.ROOT
    twin: Twin | None = None

    @property
    def step(self) -> steps.Step:
        """Raises UsageError when the step's package is not there any more."""
        return steps.load(self.package)

    @property
    def base(self) -> bases.Base:
        """Raises UsageError when there is no such base any more."""
        return bases.find(self.base_name)

    @property
    def topology(self) -> Topology:
        return build(self.name, self.counts, self.network, self.step.services)

    def start(self) -> Scenario:
        """Where it starts: the scenario of that name, or what the twin's snapshot tells."""
        if self.twin is None:
            return self.step.scenario(self.scenario)
        return twins.scenario(self.step, self.twin, self.topology, self.login, self.seed)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "scenario": self.scenario,
            "seed": self.seed,
            "counts": {str(role): number for role, number in self.counts.items()},
            "network": str(self.network),
            "overrides": dict(self.overrides),
            "step": self.package,
            "base": self.base_name,
            "login": self.login,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], twin: Twin | None = None) -> Asked:
        counts = {Role(role): int(number) for role, number in content["counts"].items()}
        network = IPv4Network(content["network"])
        return cls(
            content["name"],
            content["scenario"],
            int(content["seed"]),
            counts,
            network,
            content.get("overrides", {}),
            content.get("step", steps.DEFAULT),
            content.get("base", bases.DEFAULT.name),
            content.get("login", logins.ROOT),
            twin,
        )


@dataclass(frozen=True)
class State:
    """Paths of one cluster, and the record of what it was made from."""

    name: str

    @property
    def directory(self) -> Path:
        return ROOT / self.name

    @property
    def ssh(self) -> Path:
        return self.directory / "ssh"

    @property
    def template(self) -> Path:
        return self.directory / "template"

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.ini"

    @property
    def power(self) -> Path:
        return self.directory / "power"

    @property
    def shared(self) -> Path:
        return self.directory / "shared"

    @property
    def agents(self) -> Path:
        return self.directory / "agents"

    @property
    def repositories(self) -> Path:
        return self.directory / "repo"

    @property
    def saved(self) -> Path:
        return self.directory / "saved"

    def node(self, short: str) -> Path:
        return self.directory / "nodes" / short

    @property
    def _record(self) -> Path:
        return self.directory / "cluster.json"

    @property
    def _twin(self) -> Path:
        return self.directory / "twin.json"

    def read(self) -> tuple[Asked, str] | None:
        """What was asked for and the image used; None when nothing complete was prepared."""
        try:
            content = json.loads(self._record.read_text(encoding="utf-8"))
            twin = _twin_in(self._twin) if content.get("is_twin", False) else None
            return Asked.from_json(content, twin), str(content["image"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, SnapshotError):
            return None  # half-written by a run that was killed: as good as not there

    def write(self, asked: Asked, image: str) -> None:
        """Record that the directory is complete for `asked`."""
        content = {**asked.as_json(), "image": image, "is_twin": asked.twin is not None}
        if asked.twin is not None:
            self._twin.write_text(json.dumps(asked.twin.as_json()), encoding="utf-8")
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self._record)

    def start_anew(self) -> None:
        """Empty the directory. The record goes first: half-made must not look complete."""
        self._record.unlink(missing_ok=True)
        self.remove()
        self.directory.mkdir(parents=True, mode=0o700)
        self.ssh.mkdir(mode=0o700)
        self.template.mkdir()

    def restore(self, kept: Path | None = None) -> None:
        """Put data and repositories back to the start, or to what lies in `kept`; all power on."""
        for live in (self.shared, self.repositories, self.power):
            shutil.rmtree(live, ignore_errors=True)
        self.power.mkdir()
        for live in (self.shared, self.repositories):
            # sparse: the database's files are mostly holes
            source = (kept or self.template) / live.name
            run(["cp", "-a", "--sparse=always", source, live], timeout=120)

    def remove(self) -> None:
        """Remove the directory with everything in it."""
        if self.directory.exists():
            shutil.rmtree(self.directory)
        with suppress(OSError):  # other clusters are there, or it never was
            ROOT.rmdir()


def _twin_in(path: Path) -> Twin:
    return Twin.from_json(json.loads(path.read_text(encoding="utf-8")))


def names() -> list[str]:
    """Every cluster that has a state directory."""
    if not ROOT.is_dir():
        return []
    return sorted(path.name for path in ROOT.iterdir() if path.is_dir())


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the cluster's lock: one `up`, `reset` or `down` of a cluster at a time.

    Raises RehearsalError when another process holds it.
    """
    path = _LOCKS / f"neteye-rehearsal-{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = _is_the_file(path, lock.fileno())
        except BlockingIOError:
            ours = False
        if not ours:
            raise RehearsalError(
                f"Another `python -m rehearsal` is working on cluster {name!r} ({path} is locked);"
                " wait until it is done."
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # leave nothing behind


@contextmanager
def machine_lock() -> Iterator[None]:
    """Wait for and hold the lock of what clusters share on this machine: images and networks."""
    path = _LOCKS / "neteye-rehearsal.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_the_file(path: Path, descriptor: int) -> bool:
    """False when the file was unlinked, by the holder before us, after we had opened it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
