"""`index.txt` of a snapshot: in plain words what is inside, for the operator who reads it first.

Only fixed sentences and numbers stand here, so it can name nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.judge.text import many

NAME = "index.txt"

READ = (
    "Read snapshot.json before it leaves the house: it is one text file. No name, address, serial"
    " number or password is meant to be in it."
)
NOT_INSIDE = (
    "names of hosts, people, domains and the cluster: node-1, service-01, host-1 stand for them,"
    " the same word for the same name",
    "addresses: networks that are nobody's (192.0.2.0/24 and the like) stand for them;"
    " 198.19.0.0 for a network that has all nodes in it",
    "of a password no more than its length and the classes of its characters",
    "values of parameters of resources and fence devices: * stands for each",
    "comments, descriptions, serial numbers, names of machines and their inventories",
    "packages that are not the vendor's, but for their number",
)


def render_index(
    document: Mapping[str, Any], of_step: Iterable[str], missing: Iterable[str], mode: str
) -> bytes:
    """The index of a snapshot. `of_step`: what the version step's section has, in sentences.

    `missing` are questions without an answer, by names that this runbook gives them.
    """
    lines = [
        "Snapshot of a cluster, for a twin of it",
        "",
        f"upgrade: {document['source']} to {document['target']}",
        f"made of a run of {document['made']} (UTC), mode {mode}",
        f"runbook: {document['runbook']}",
        "",
        READ,
        *_section("What is in it: the cluster", _of_cluster(document["cluster"])),
        *_section("What is in it: the version step", of_step),
        *_section("What is not in it", NOT_INSIDE),
        *_section("What could not be had", missing),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", title, *(f"- {line}" for line in [*lines] or ["nothing"])]


def _of_cluster(cluster: Mapping[str, Any]) -> Iterable[str]:
    nodes, pacemaker = cluster["nodes"], cluster["pacemaker"]
    roles = [node["role"] for node in nodes]
    yield f"{many(len(nodes), 'node')}: " + ", ".join(
        f"{roles.count(role)} {role.replace('_', '-')}" for role in dict.fromkeys(roles)
    )
    yield (
        "of each node: its release, whether it is in standby, memory, processors, sizes of"
        f" {many(sum(len(n['file_systems']) for n in nodes), 'file system')}, whether root logs in,"
        " how its sockets are reached"
    )
    yield (
        f"{many(sum(len(n['leftovers']) for n in nodes), 'configuration file')} left beside"
        " (.rpmnew, .rpmsave, .rpmorig), by path where the path is the vendor's"
    )
    yield (
        "of each node: switches and numbers of dnf.conf,"
        f" {sum(len((n['dnf'] or {}).get('repositories', ())) for n in nodes)} repositories in all,"
        " and which packages are excluded or locked"
    )
    yield (
        f"{many(len(cluster['packages']['named']), 'package')} of the vendor's with versions;"
        f" {sum(cluster['packages']['others'].values())} others by number"
    )
    yield (
        f"pacemaker: {len(pacemaker['properties'])} properties,"
        f" {many(_count(pacemaker['resources']), 'resource')},"
        f" {many(len(pacemaker['constraints']), 'constraint')},"
        f" {many(len(pacemaker['fencing_topology']), 'level')} of fencing, attributes of"
        f" {many(len(pacemaker['node_attributes']), 'node')}, what runs where, what is disabled,"
        " unmanaged or has failed"
    )
    yield f"{many(len(cluster['drbd']), 'resource')} of DRBD: nodes, primary, diskless"
    yield "quorum: votes of the nodes, whether there is a quorum device"
    services = cluster["names"]["services"].values()
    kept = sum(1 for one in services if one == "vendor")
    yield (
        f"names of {many(kept, 'service')} that are the vendor's own, as they are;"
        f" {len(services) - kept} of your own are replaced"
    )


def _count(resources: Iterable[Mapping[str, Any]]) -> int:
    return sum(1 + _count(one.get("members", ())) for one in resources)
