"""A twin -> the scenario that a cluster of it starts in, and what can't be had of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rehearsal.bases import Base
from rehearsal.like import hands_off, nodes, pacemaker
from rehearsal.like.agents import folders
from rehearsal.like.fields import SnapshotError
from rehearsal.like.pacemaker import expected
from rehearsal.like.reading import read
from rehearsal.like.scale import ALL, share
from rehearsal.like.snapshot import Snapshot
from rehearsal.like.twin import NAME, Twin
from rehearsal.like.wanting import missing
from rehearsal.logins import ROOT
from rehearsal.scenario import NodeStep, Scenario
from rehearsal.standins.settings import SettingsError
from rehearsal.step import Step
from rehearsal.topology import Topology, build

_BY_SUDO = "upgrade"


def twin_of(path: Path, rows: str | None) -> Twin:
    """What `--like` and `--rows` ask for; raises UsageError."""
    return Twin(read(path), ALL if rows is None else share(rows))


def check(step: Step, twin: Twin) -> None:
    """SnapshotError unless the step is of the same pair of versions and can make twins."""
    snapshot = twin.snapshot
    if (snapshot.source, snapshot.target) != (step.source, step.target):
        raise SnapshotError(
            f"--like: the snapshot is of an upgrade from {snapshot.source} to {snapshot.target},"
            f" and {step.package} is of one from {step.source} to {step.target};"
            " --step names another."
        )
    if step.twin is None:
        raise SnapshotError(f"--like: {step.package} makes no twins.")


def scenario(step: Step, twin: Twin, topology: Topology, login: str, seed: int) -> Scenario:
    """Where the twin starts; the same for the same seed. Raises SnapshotError."""
    check(step, twin)
    assert step.twin is not None
    snapshot = twin.snapshot
    release = _release(snapshot)
    start = dataclasses.replace(
        step.scenario(),
        name=NAME,
        description=twin.about(),
        installed=_installed(step, snapshot, release),
        release=release,
        releases={
            number: node.release
            for number, node in enumerate(snapshot.nodes, start=1)
            if node.release and node.release != release
        },
        folders=folders(snapshot.pacemaker, topology),
        before_start=nodes.first_start(snapshot),
        after_start=tuple(
            NodeStep(1, words)
            for words in hands_off.commands(snapshot.pacemaker, pacemaker.names(topology))
        ),
        twin=twin,
        missing=missing(snapshot, topology, login_is_sudo=login != ROOT),
    )
    try:
        return step.twin(start, twin, seed)
    except SnapshotError as error:
        raise _not_possible(error) from error


def prove(step: Step, twin: Twin, base: Base, user: str, seed: int) -> None:
    """Raise SnapshotError where no cluster can be made of it, before anything is started."""
    topology = build(counts=twin.snapshot.counts, services=step.services)
    made = scenario(step, twin, topology, user, seed)
    try:
        pacemaker.cib(topology, base, twin.snapshot)
        step.draw(seed, made.for_settings())
    except (SnapshotError, SettingsError) as error:
        raise _not_possible(error) from error


def _not_possible(error: Exception) -> SnapshotError:
    return SnapshotError(f"--like: no twin can be made of the snapshot: {error}.")


def login(twin: Twin) -> str:
    """As whom one logs in to the twin where nobody says it: as root, or as a user of sudo."""
    by_sudo = [node.becomes_by_sudo for node in twin.snapshot.nodes]
    return _BY_SUDO if any(by_sudo) else ROOT


def running(twin: Twin | None) -> Mapping[str, int] | None:
    """Resource -> on how many nodes it runs when the twin is ready; None where that is not told."""
    return expected(twin.snapshot) or None if twin is not None else None


def homes(twin: Twin, topology: Topology) -> Mapping[str, str]:
    """Top resource -> the node on which it starts."""
    return pacemaker.homes(topology, twin.snapshot)


def _release(snapshot: Snapshot) -> str:
    """What most nodes say; the snapshot's own source where none says anything."""
    told = Counter(node.release for node in snapshot.nodes if node.release)
    return max(told, key=lambda release: told[release]) if told else snapshot.source


def _installed(step: Step, snapshot: Snapshot, release: str) -> str:
    """The repository that the first installation is from."""
    if release == step.target:
        return step.target
    return f"{step.source}-base" if has_updates(step, snapshot) else step.source


def has_updates(step: Step, snapshot: Snapshot) -> bool:
    """Whether updates are pending on a node; where nothing tells it, they are, as at most sites.

    Versions are compared with the rehearsal's own, which are those of no site.
    """
    if snapshot.pending:
        return any(snapshot.pending.values())
    seen = {
        version: package
        for package in step.packages
        if package.updates is not None
        for version in snapshot.packages.get(package.name, ())
    }
    if not seen:
        return True
    return any(version != package.updates for version, package in seen.items())
