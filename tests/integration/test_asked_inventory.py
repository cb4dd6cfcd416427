"""`python -m engine inventory` on a real cluster: root gets in to E and V from its nodes only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from engine.parse.inventory_ini import read_inventory
from rehearsal.run import wait_for
from tests.integration.clusters import SETTLE, TestCluster
from tests.integration.effects import without_effect
from tests.integration.invocation import DEADLINE, Project, Ran, environment

pytestmark = pytest.mark.integration

_FILE = "/etc/ssh/sshd_config.d/00-asked-inventory.conf"
_FORBID = r"""
printf '%s\n' "$@" > "$FILE"
sshd -t
systemctl reload ssh.service
"""
_ALLOW = r"""
rm -f -- "$FILE"
systemctl reload ssh.service
"""


@dataclass(frozen=True)
class Told:
    """How the command ended."""

    code: int
    out: str
    err: str


def ask(project: Project, *words: str | Path) -> Told:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "inventory", *map(str, words)],
        cwd=project.directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def apart(cluster: TestCluster) -> tuple[str, str]:
    """E and V."""
    elastic, voting = cluster.topology.elastic[0].short, cluster.shorts[-1]
    return elastic, voting


def until(cluster: TestCluster, said: str) -> None:
    """Wait until E and V answer root's login so: sshd reads its configuration by and by."""

    def missing(node: str) -> str | None:
        words = ["ssh", "-F", str(cluster.ssh / "config"), "-o", "BatchMode=yes"]
        done = subprocess.run(
            [*words, f"root@{node}", "echo in"],
            capture_output=True,
            text=True,
            timeout=SETTLE,
            check=False,
        )
        told = done.stdout + done.stderr
        return None if said in told else f"ssh says: {told}"

    for node in apart(cluster):
        wait_for(f"{said!r} of {node}", partial(missing, node), seconds=SETTLE)


@contextmanager
def root_only_from(cluster: TestCluster, addresses: str) -> Iterator[None]:
    """On E and V sshd lets root in from these addresses alone; '' from none."""
    lines = ["Match User root", "    PermitRootLogin no", "Match all"]
    if addresses:
        allowed = [f"Match User root Address {addresses}", "    PermitRootLogin prohibit-password"]
        lines = [*allowed, *lines]
    try:
        for node in apart(cluster):
            cluster.shell(node, f"FILE={_FILE}{_FORBID}", *lines)
        until(cluster, "Permission denied")
        yield
    finally:
        for node in apart(cluster):
            cluster.shell(node, f"FILE={_FILE}{_ALLOW}")
        until(cluster, "in\n")


@dataclass(frozen=True)
class Asked:
    """What the commands told."""

    through: Told
    planned: Ran
    same: Told
    forbidden: Told
    unknown: Told
    path: Path
    differs: Told
    original: Told


@pytest.fixture(scope="module")
def asked(small: TestCluster, project: Project, inventories: Path) -> Asked:
    config, path = small.ssh / "config", inventories / "asked.ini"
    known = small.ssh / "known_hosts"
    named = f"root@{small.active}"
    own = ",".join(str(node.address) for node in small.topology.nodes)
    with root_only_from(small, own):
        with without_effect(small):
            through = ask(project, "-F", config, named)
            path.write_text(through.out)
            same = ask(project, "--check", path)
        planned = project.plan(path)
        differs = ask(project, "--check", _without_the_way(path, inventories / "direct.ini"))
    with root_only_from(small, ""):
        forbidden = ask(project, "-F", config, named)
    before = known.read_text()
    strange = inventories / "config"
    strange.write_text(config.read_text().replace(str(known), str(inventories / "known_hosts")))
    unknown = ask(project, "-F", strange, named)
    assert known.read_text() == before
    assert not (inventories / "known_hosts").exists()
    original = ask(project, "--check", small.inventory)
    return Asked(through, planned, same, forbidden, unknown, path, differs, original)


def _without_the_way(path: Path, target: Path) -> Path:
    text = path.read_text()
    way = next(word for word in text.split("'") if " -J " in word)
    target.write_text(text.replace(way, way.partition(" -J ")[0]))
    return target


def test_every_node_is_found_and_those_apart_through_n(asked: Asked, small: TestCluster) -> None:
    assert asked.through.code == 0, asked.through.err
    inventory = read_inventory(asked.path)
    topology = small.topology
    assert inventory.operative == tuple(node.name for node in topology.operative)
    assert inventory.elastic_only == tuple(node.name for node in topology.elastic)
    assert [host.name.partition(".")[0] for host in inventory.hosts] == list(small.shorts)
    jumps = {host.name.partition(".")[0]: "-J" in host.ssh_args for host in inventory.hosts}
    assert jumps == {name: name in apart(small) for name in small.shorts}
    assert inventory.settings.environment == "rehearsal"
    assert "its host key SHA256:" in asked.through.out


def test_a_plan_works_with_it(asked: Asked) -> None:
    assert asked.planned.code == 0, asked.planned.console
    assert asked.planned.blocking == set()


def test_it_is_as_the_cluster(asked: Asked) -> None:
    assert (asked.same.code, asked.original.code) == (0, 0), asked.same.out + asked.original.out
    assert asked.same.out == f"{asked.path} is as the cluster\n"


def test_a_way_that_leads_nowhere_is_told_with_the_one_that_does(
    asked: Asked, small: TestCluster
) -> None:
    assert asked.differs.code == 1, asked.differs
    lines = asked.differs.out.splitlines()
    assert len(lines) == 2, lines
    for node, line in zip(apart(small), lines, strict=True):
        assert f"{node}." in line
        assert "Login was denied by the node" in line
        assert f"through root@{small.active}" in line


def test_root_that_may_not_log_in_at_all(asked: Asked, small: TestCluster, tmp_path: Path) -> None:
    assert asked.forbidden.code == 1, asked.forbidden
    path = tmp_path / "forbidden.ini"
    path.write_text(asked.forbidden.out)
    assert len(read_inventory(path).hosts) == len(small.shorts)
    assert asked.forbidden.out.count("# NOT REACHED from here: ") == 2
    assert "ansible_user=USER" in asked.forbidden.out
    assert "2 of 4 nodes reached" in asked.forbidden.err


def test_no_host_key_is_accepted(asked: Asked) -> None:
    assert asked.unknown.code == 4
    assert asked.unknown.out == ""
    assert "The host key of the node is not known here" in asked.unknown.err
    assert "No host key is accepted here; ssh asks you about it by: ssh -F" in asked.unknown.err
