"""What a twin can't have, in plain words: told before it starts, and in the evidence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rehearsal.like import agents
from rehearsal.like.fields import MASKED
from rehearsal.like.nodes import DNF_SETTINGS, LIMITED, OWN_REPOSITORY, limited
from rehearsal.like.pacemaker import level_of, names
from rehearsal.like.snapshot import Snapshot
from rehearsal.topology import Topology

_LISTED = 12
_UNNAMED = re.compile(r"package-[0-9]+", re.ASCII)
"""What the snapshot has in the place of a package that is not the vendor's."""


def missing(snapshot: Snapshot, topology: Topology, *, login_is_sudo: bool) -> tuple[str, ...]:
    """A line each, without a full stop."""
    return (
        *_of_pacemaker(snapshot, topology),
        *_of_drbd(snapshot),
        *_of_machines(snapshot, login_is_sudo=login_is_sudo),
        *_of_packages(snapshot),
    )


def missing_lines(found: Collection[str]) -> list[str]:
    """The same as lines, under a line that says what they are."""
    head = ["What the twin can't have of the cluster in the snapshot:"] if found else []
    return [*head, *(f"- {one}" for one in found)]


def _of_pacemaker(snapshot: Snapshot, topology: Topology) -> Iterator[str]:
    pacemaker = snapshot.pacemaker
    found = agents.agents(pacemaker, topology, names(topology))
    dummies = [one for one in pacemaker.primitives() if not found[one.ident].is_real]
    if dummies:
        yield (
            f"{counted(len(dummies), 'resource')} by dummies, with the same times, order and"
            f" constraints: {listed([one.ident for one in dummies])}"
        )
    bundles = [o.ident for top in pacemaker.resources for o in top.all() if o.kind == "bundle"]
    if bundles:
        yield f"containers of bundles, by clones of a service: {listed(bundles)}"
    devices = {one.agent for one in pacemaker.primitives() if agents.is_fence_device(one)}
    others = sorted(devices - {agents.FENCE})
    if others:
        yield f"fence devices, by the rehearsal's power switch: {listed(others)}"
    levels = [one for one in pacemaker.fencing_topology if not level_of(one, {})]
    if levels:
        yield f"levels of fencing by a pattern of names: {len(levels)}"
    if any(one.get("rsc-pattern") for one in pacemaker.constraints):
        yield "what location constraints by a pattern of names are about"
    if any(MASKED in one.values() for one in pacemaker.constraints):
        yield "values of constraints that the snapshot has masked"
    for what, number in sorted(pacemaker.left_out.items()):
        yield f"of pacemaker's configuration {what.replace('_', ' ')}: {number}"
    if pacemaker.failures:
        yield f"failed actions that pacemaker showed, or counted: {pacemaker.failures}"
    if snapshot.has_qdevice and topology.voting is None:
        yield "the qdevice: no voting-only node is in the snapshot"


def _of_drbd(snapshot: Snapshot) -> Iterator[str]:
    if not snapshot.drbd:
        return
    yield "DRBD's protocol and disks"
    mounted = {one.ident for one in snapshot.pacemaker.primitives() if agents.folder(one)}
    alone = [one.name for one in snapshot.drbd if f"{one.name}_drbd_fs" not in mounted]
    if alone:
        yield f"resources of DRBD that no file system of pacemaker is called after: {listed(alone)}"


def _of_machines(snapshot: Snapshot, *, login_is_sudo: bool) -> Iterator[str]:
    nodes = snapshot.nodes
    small = [node.name for node in nodes if limited(node)]
    room = f", but for little room at {' and '.join(LIMITED)} of {listed(small)}" if small else ""
    yield f"memory, processors and disks of the machines{room}"
    if small:
        yield f"what lies at {' and '.join(LIMITED)} of {listed(small)} after these nodes are off"
    active = [node.name for node in nodes if node.is_active]
    if active and active != ["node-1"]:
        yield f"that NetEye's commands run on {listed(active)}: in the twin they run on node-1"
    jumped = [node.name for node in nodes if node.is_behind_jump_host]
    if jumped:
        yield f"the jump host before {listed(jumped)}"
    other = [node.name for node in nodes if node.becomes_by_sudo is not login_is_sudo]
    if other:
        yield f"another login on {listed(other)} than on the other nodes"
    if any(node.leftovers for node in nodes):
        yield "the content of files that packages have left behind"


def _of_packages(snapshot: Snapshot) -> Iterator[str]:
    others = max(snapshot.others.values(), default=0)
    if others:
        yield f"up to {others} other packages on a node, and the versions of the vendor's"
    nodes = snapshot.nodes
    left = {name for node in nodes for name in node.dnf if name not in DNF_SETTINGS}
    if left:
        yield f"settings of dnf: {listed(sorted(left))}"
    repositories = {one.name for node in nodes for one in node.repositories}
    without = sorted(repositories - {OWN_REPOSITORY})
    if without:
        yield f"packages of the repositories {listed(without)}, which are empty"
    rules = [text for node in nodes for text in node.dnf.values()]
    rules += [f"{one.exclude} {one.include}" for node in nodes for one in node.repositories]
    unnamed = {word for text in rules for word in text.split() if _UNNAMED.fullmatch(word)}
    if unnamed:
        yield (
            f"packages that {counted(len(unnamed), 'pattern')} in rules of dnf are about, as the"
            " snapshot does not name them"
        )
    locks = sum(node.locks for node in nodes)
    if locks:
        yield f"locks of packages at a version: {locks}"


def listed(items: Collection[str]) -> str:
    """The first of them, and how many more.

    >>> listed(["a", "b"])
    'a, b'
    """
    shown = ", ".join(list(items)[:_LISTED])
    more = len(items) - _LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, what: str) -> str:
    """`1 resource`, `2 resources`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
