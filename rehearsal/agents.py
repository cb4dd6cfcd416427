"""Machines whose agents report to a cluster: one container beside its nodes, made when asked for.

The cluster knows nothing of it. It is found by the cluster's label, so whatever removes or restarts
the cluster removes it, and the next report starts it with machines that have never reported.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import image, network, podman
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.image import Say
from rehearsal.known import existing
from rehearsal.state import Asked, State, locked
from rehearsal.step import Agents

_ADDRESS = 200
"""The host part of the container's address; services begin at 101."""
_SECONDS = 300.0
"""An agent of a machine takes 2 to 10 on an idle one."""


@dataclass(frozen=True)
class Reported:
    """What one agent said of itself; what became of it only the server knows."""

    machine: str
    code: int
    output: str


def container_name(cluster: str) -> str:
    """Name of the container; no node is called so."""
    return f"rehearsal-{cluster}-agents"


def state(cluster: str) -> str:
    """`running`, or what else podman says of the container; empty where there is none."""
    found = podman.containers(cluster).get(container_name(cluster))
    return "" if found is None else found.state


def report(
    cluster: str,
    machines: Sequence[str] = (),
    *,
    due: bool = False,
    files: Mapping[str, str] | None = None,
    say: Say = print,
) -> list[Reported]:
    """Let the agents of these machines report, one after the other; of all where none is named.

    `due`: send an inventory only where the server says that one is due. `files` of the machines'
    directories are written first, name -> text, and stay so. Raises UsageError for a machine that
    is none, RehearsalError where the step has no agents.
    """
    place, asked = existing(cluster)
    agents = asked.step.agents
    if agents is None:
        raise RehearsalError(f"The step {asked.package} has no machines with agents.")
    unknown = [name for name in machines if name not in agents.machines]
    if unknown:
        raise UsageError(f"no machine {unknown[0]!r}; there are: {', '.join(agents.machines)}")
    if state(cluster) != "running":
        with locked(cluster):
            _start(place, asked, agents, say)
    reported = []
    for name in machines or agents.machines:
        _write(place.agents / name, files or {})
        address = str(asked.topology.service_address(agents.service))
        words = ["/agents/report", name, address, *(["due"] if due else [])]
        done = podman.execute(container_name(cluster), words, check=False, timeout=_SECONDS)
        reported.append(Reported(name, done.returncode, done.stdout + done.stderr))
    return reported


def _start(place: State, asked: Asked, agents: Agents, say: Say) -> None:
    """Start the container, with machines that have never reported."""
    networks = network.of_cluster(place.name)
    if not networks:
        raise RehearsalError(f"Cluster {place.name!r} is off; `python -m rehearsal up` starts it.")
    reference = image.ensure_agents(asked.step, agents, say)
    shutil.rmtree(place.agents, ignore_errors=True)
    for name, files in agents.machines.items():
        _write(place.agents / name, files)
    address = asked.topology.network[_ADDRESS]
    podman.start_beside(
        container_name(place.name),
        cluster=place.name,
        image=reference,
        network=f"{networks[0].name}:ip={address}",
        volumes=(f"{place.agents}:/machines", f"{asked.step.folder / 'agents'}:/agents:ro"),
    )
    say(f"{len(agents.machines)} machines with agents at {address}")


def _write(directory: Path, files: Mapping[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
