"""As whom the controller logs in to the nodes: as root, or as a user who becomes root by sudo.

Of a user's login everything is as strict as the runbook has to bear: root is let in from the other
nodes alone, and sudoers has what gets in the way of programs most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rehearsal.errors import UsageError
from rehearsal.render.files import Files, text
from rehearsal.topology import Topology

ROOT = "root"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}\Z")
_KEYS = "/etc/ssh/rehearsal_authorized_keys"
_SSHD = "/etc/ssh/sshd_config.d/00-login.conf"
"""Read before the image's own: of each word sshd takes the first value."""


def checked(name: str) -> str:
    """The name; raises UsageError for one that no login has."""
    if not _NAME.match(name):
        raise UsageError(f"--login: {name!r} is no name of a user, such as {ROOT} or upgrade")
    return name


def files(login: str, topology: Topology, key: str) -> Files:
    """What a node has for a login that is not root's; `key`: the controller's public key."""
    if login == ROOT:
        return {}
    nodes = ",".join(str(node.address) for node in topology.nodes)
    sshd = (
        f"Match User root Address {nodes}\n"
        "    PermitRootLogin prohibit-password\n"
        "Match User root\n"
        "    PermitRootLogin no\n"
        f"Match User {login}\n"
        f"    AuthorizedKeysFile {_KEYS}\n"
    )
    sudoers = (
        f"Defaults:{login} use_pty, lecture=always\n"
        f'Defaults:{login} secure_path="/usr/bin:/bin"\n'
        f"{login} ALL=(root) NOPASSWD: ALL\n"
    )
    return {
        _SSHD: text(sshd),
        _KEYS: text(f"{key}\n"),
        "/etc/sudoers.d/rehearsal": text(sudoers, 0o440),
    }


def first_start(login: str) -> list[Sequence[str]]:
    """Commands that make the user, who has no password."""
    if login == ROOT:
        return []
    return [("useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", login)]


def settings(login: str) -> dict[str, str]:
    """Of the inventory."""
    become = {} if login == ROOT else {"ansible_become": "yes"}
    return {"ansible_user": login, **become}
