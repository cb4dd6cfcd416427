"""What is done to nodes: each strike is real, and is taken back when its block ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal import podman, power
from rehearsal.run import wait_for
from tests.faults.lab import Lab

SHIMS = "/usr/local/sbin"
"""First in the search path of ssh commands and login shells alike."""


@contextmanager
def cut(lab: Lab, node: str) -> Iterator[None]:
    """No packet between the controller and a node; dropped in silence, others reach it."""
    controller = str(lab.cluster.topology.gateway)
    rules = (("INPUT", "-s"), ("OUTPUT", "-d"))
    for chain, side in rules:
        lab.cluster.run(node, ("iptables", "-I", chain, side, controller, "-j", "DROP"))
    try:
        yield
    finally:
        for chain, side in rules:
            lab.cluster.run(node, ("iptables", "-D", chain, side, controller, "-j", "DROP"))


@contextmanager
def sshd_stopped(lab: Lab, node: str) -> Iterator[None]:
    """sshd is gone with all of its sessions; connections are refused."""
    lab.cluster.shell(node, "systemctl stop ssh; systemctl kill --signal=KILL ssh || true")
    try:
        yield
    finally:
        lab.cluster.run(node, ("systemctl", "start", "ssh"))
        start_waiting_for_ssh(lab, node)


def start_waiting_for_ssh(lab: Lab, node: str) -> None:
    lab.wait_for("sshd listens", node, 'test -n "$(ss -Hltn "sport = :22")"')


def power_cut(lab: Lab, node: str) -> None:
    """All of its processes end at once."""
    power.kill(lab.cluster.name, node)


def power_on(lab: Lab, node: str) -> None:
    """It boots as a node does; its files are as they were."""
    power.start(lab.cluster.name, node)
    container = lab.cluster.container(node)

    def missing() -> str | None:
        answer = podman.execute(container, ["ss", "-Hltn", "sport = :22"], check=False)
        return None if answer.returncode == 0 and answer.stdout.strip() else "sshd"

    wait_for(f"sshd of {node}", missing, seconds=120, every=0.5)


@contextmanager
def shim(lab: Lab, node: str, command: str, script: str) -> Iterator[None]:
    """Another program goes before a command; `$REAL` is what was there, arguments are passed on."""
    path = f"{SHIMS}/{command}"
    found = lab.cluster.run(node, ("which", command)).strip()
    # the rehearsal's own shims, which count calls, stay in use behind this one
    aside = f"{path}.behind-a-fault"
    real = aside if found == path else found
    text = f"#!/bin/bash\n# put here by a fault of the rehearsal\nREAL={real}\n{script}\n"
    if found == path:
        lab.cluster.run(node, ("mv", path, aside))
    lab.cluster.write(node, f"{path}.new", text)
    lab.cluster.shell(node, f"chmod 755 {path}.new; mv {path}.new {path}")
    try:
        yield
    finally:
        lab.cluster.run(node, ("mv", aside, path) if found == path else ("rm", "-f", path))


@contextmanager
def standin_faults(lab: Lab, node: str, content: str) -> Iterator[None]:
    """`/etc/neteye-rehearsal/faults.json`, read by the stand-ins at every call."""
    path = "/etc/neteye-rehearsal/faults.json"
    lab.cluster.write(node, path, content)
    try:
        yield
    finally:
        lab.cluster.run(node, ("rm", "-f", path))
