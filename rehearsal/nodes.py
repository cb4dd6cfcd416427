"""What makes a node of the common image the node it is: files, packages, units, edits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import logins
from rehearsal.bases import Base
from rehearsal.keys import Secrets, SshKey
from rehearsal.like import pacemaker
from rehearsal.packages.catalog import packages_for
from rehearsal.render import cib, corosync, icinga, identity, pcsd, ssh
from rehearsal.render.files import File, Files, text
from rehearsal.scenario import NodeStep, Scenario
from rehearsal.step import NodeCommand, Step
from rehearsal.topology import Node, Role, Topology

_COMMON_UNITS = ("ssh.service", "chronyd.service")
_UNITS: Mapping[Role, tuple[str, ...]] = {
    Role.OPERATIVE: (
        "rehearsal-power.service",
        "corosync.service",
        "pacemaker.service",
        "pcsd.service",
        "neteye-drbd.service",
        "elasticsearch.service",
    ),
    Role.ELASTIC: ("elasticsearch.service",),
    Role.VOTING: ("corosync-qnetd.service", "neteye-drbd.service", "elasticsearch.service"),
}


@dataclass(frozen=True)
class Plan:
    """Everything that the nodes of one cluster are made from."""

    step: Step
    base: Base
    topology: Topology
    scenario: Scenario
    settings: Mapping[str, Any]
    secrets: Secrets
    controller_key: SshKey
    cluster_key: SshKey
    host_keys: Mapping[str, SshKey]
    made: Path  # keys and certificates that `rehearsal.inside.prepare` left
    login: str = logins.ROOT


def files(plan: Plan, node: Node) -> Files:
    """All files of a node that are not in the image."""
    return {
        **_identity_files(plan, node),
        **_ssh_files(plan, node),
        **(_cluster_files(plan) if node.role is Role.OPERATIVE else {}),
        **(_qnetd_files(plan) if node.role is Role.VOTING else {}),
    }


def _identity_files(plan: Plan, node: Node) -> Files:
    topology, scenario = plan.topology, plan.scenario
    release = scenario.releases.get(node.number, scenario.release)
    password_files = {
        f"/root/.pwd_{name}": text(f"{password}\n", 0o600)
        for name, password in plan.settings["passwords"].items()
        if node.role is Role.OPERATIVE
    }
    return {
        "/etc/hostname": text(node.name + "\n"),
        "/etc/machine-id": text(
            identity.machine_id(plan.host_keys[node.name].public) + "\n", 0o444
        ),
        "/etc/hosts": text(identity.hosts(topology, node)),
        "/etc/resolv.conf": text("# every name a node needs is in /etc/hosts\n"),
        "/etc/neteye-cluster": text(identity.cluster_file(topology)),
        "/etc/neteye-release": text(identity.release_file(release)),
        "/etc/profile.d/neteye-DNF.sh": text(identity.release_profile(release)),
        "/etc/neteye-rehearsal/marker.json": text(
            identity.marker(topology, node, scenario, plan.base)
        ),
        "/etc/neteye-rehearsal/settings.json": text(json.dumps(plan.settings), 0o600),
        **password_files,
    }


def _ssh_files(plan: Plan, node: Node) -> Files:
    own = plan.host_keys[node.name]
    public = {name: key.public for name, key in plan.host_keys.items()}
    public_keys = [plan.cluster_key.public]
    if plan.login == logins.ROOT:
        public_keys.insert(0, plan.controller_key.public)
    return {
        "/etc/ssh/ssh_host_ed25519_key": text(own.private, 0o600),
        "/etc/ssh/ssh_host_ed25519_key.pub": text(own.public + "\n"),
        "/etc/ssh/ssh_known_hosts": text(ssh.known_hosts(plan.topology, public)),
        "/root/.ssh/authorized_keys": text("".join(f"{key}\n" for key in public_keys), 0o600),
        "/root/.ssh/id_ed25519": text(plan.cluster_key.private, 0o600),
        "/root/.ssh/id_ed25519.pub": text(plan.cluster_key.public + "\n"),
        "/root/.ssh/config": text(ssh.node_config(), 0o600),
        **logins.files(plan.login, plan.topology, plan.controller_key.public),
    }


def first_cib(topology: Topology, base: Base, scenario: Scenario) -> str:
    """The text of the first cib.xml: the scenario's, or that of a twin."""
    if scenario.twin is not None:
        return pacemaker.cib(topology, base, scenario.twin.snapshot)
    names = {node.number: node.name for node in topology.operative}
    options = cib.CibOptions(
        properties=scenario.properties,
        standby=tuple(names[number] for number in scenario.standby if number in names),
        bans=tuple((what, names[n]) for what, n in scenario.bans if n in names),
        without=scenario.without,
    )
    return cib.cib(topology, base, options)


def _cluster_files(plan: Plan) -> Files:
    haclient = {"owner": "hacluster", "group": "haclient"}
    found: dict[str, File] = {
        "/etc/corosync/corosync.conf": text(corosync.corosync_conf(plan.topology)),
        "/etc/corosync/authkey": File(plan.secrets.corosync, 0o400),
        "/etc/pacemaker/authkey": File(plan.secrets.pacemaker, 0o640, **haclient),
        "/var/lib/pacemaker/cib/cib.xml": text(
            first_cib(plan.topology, plan.base, plan.scenario), 0o600, **haclient
        ),
        "/var/lib/pcsd/pcsd.crt": File((plan.made / "pcsd.crt").read_bytes(), 0o600),
        "/var/lib/pcsd/pcsd.key": File((plan.made / "pcsd.key").read_bytes(), 0o600),
        icinga.AUTHORITY: File((plan.made / "icinga-ca.crt").read_bytes()),
        **pcsd.pcsd_files(plan.topology, plan.secrets.pcsd_token),
    }
    if plan.topology.voting is not None:
        found |= _directory(plan.made / "qdevice", "/etc/corosync/qdevice/net/nssdb", "root")
    return found


def _qnetd_files(plan: Plan) -> Files:
    return _directory(plan.made / "qnetd", "/etc/corosync/qnetd/nssdb", "coroqnetd")


def _directory(source: Path, target: str, owner: str) -> dict[str, File]:
    return {
        f"{target}/{path.name}": File(path.read_bytes(), 0o600, owner, owner)
        for path in sorted(source.iterdir())
        if path.is_file()
    }


def units(topology: Topology, node: Node) -> list[str]:
    """Units that are enabled on a node: only those of its role, so `is-enabled` says the truth."""
    qdevice = node.role is Role.OPERATIVE and topology.voting is not None
    return [*_COMMON_UNITS, *_UNITS[node.role], *(["corosync-qdevice.service"] if qdevice else [])]


def steps(plan: Plan, node: Node) -> list[NodeCommand]:
    """Commands of the node's first start, before systemd: packages, edits, the scenario's."""
    scenario = plan.scenario
    install = ["dnf", "-q", "-y", "--enablerepo=neteye", "install"]
    names = packages_for(plan.step.packages, node.role.value, scenario.without)
    users: list[NodeCommand] = [{"argv": [*words]} for words in logins.first_start(plan.login)]
    found: list[NodeCommand] = [
        *users,
        {"argv": [*install, *names], "env": {"DNF0": scenario.installed}},
        {"argv": ["rm", "-rf", "/var/cache/dnf"]},
    ]
    if node.role is Role.OPERATIVE:
        found += plan.step.first_start(scenario, node.number, plan.settings)
    found += [{"argv": list(step.argv)} for step in scenario.before_start if applies(step, node)]
    return found


def applies(step: NodeStep, node: Node) -> bool:
    """Whether a scenario's step is for this node."""
    return step.where in (node.role, node.number)


def write(plan: Plan, node: Node, directory: Path) -> None:
    """Write a node's `boot.json` and `files/`, as `boot.py` in the image reads them."""
    directory.mkdir(parents=True)
    directory.chmod(0o700)  # the node itself sees it, with keys of other services in it
    content = files(plan, node)
    for path, file in content.items():
        target = directory / "files" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    boot = {
        "node": node.name,
        "init": plan.base.init,
        "units": units(plan.topology, node),
        "steps": steps(plan, node),
        "files": [
            {"path": path, "mode": f"{file.mode:o}", "owner": file.owner, "group": file.group}
            for path, file in content.items()
        ],
    }
    target = directory / "boot.json"
    target.touch(mode=0o600)
    target.write_text(json.dumps(boot, indent=1), encoding="utf-8")
