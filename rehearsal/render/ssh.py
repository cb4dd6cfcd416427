"""ssh files: the controller's configuration and the host keys everybody checks against."""

from collections.abc import Mapping
from pathlib import Path

from rehearsal import logins
from rehearsal.topology import Node, Topology


def known_hosts(topology: Topology, host_keys: Mapping[str, str]) -> str:
    """One line a node; `host_keys`: internal node name -> public key (`ssh-ed25519 AAAA...`)."""
    return "".join(f"{_names(node)} {host_keys[node.name]}\n" for node in topology.nodes)


def _names(node: Node) -> str:
    return ",".join([node.name, node.short, node.name_ext, str(node.address)])


def client_config(topology: Topology, directory: Path, login: str = logins.ROOT) -> str:
    """The controller's ssh configuration; keys and host keys lie in `directory`."""
    lines = [
        "# ssh -F this NODE; written by `python -m rehearsal up`",
        "Host *",
        f"    User {login}",
        f"    IdentityFile {directory / 'id_ed25519'}",
        "    IdentitiesOnly yes",
        f"    UserKnownHostsFile {directory / 'known_hosts'}",
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        "    PasswordAuthentication no",
        # saves 0.08 s a connection against the post-quantum exchange
        "    KexAlgorithms curve25519-sha256",
    ]
    for node in topology.nodes:
        lines += ["", f"Host {node.name} {node.short} {node.name_ext} {node.address}"]
        lines += [f"    HostName {node.address}"]
    return "\n".join(lines) + "\n"


def node_config() -> str:
    """The nodes' own root configuration: by the cluster's key, host keys checked."""
    return (
        "Host *\n"
        "    IdentityFile /root/.ssh/id_ed25519\n"
        "    StrictHostKeyChecking yes\n"
        "    UserKnownHostsFile /etc/ssh/ssh_known_hosts\n"
    )
