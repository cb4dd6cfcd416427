"""The inventory that `up` writes: what `pytest runbook` and ansible-inventory read."""

from collections.abc import Mapping
from pathlib import Path

from rehearsal import logins
from rehearsal.topology import Role, Topology


def inventory(
    topology: Topology, ssh_config: Path, added: Mapping[str, str], login: str = logins.ROOT
) -> str:
    """Valid Ansible INI with the three groups and every runbook setting of a rehearsal, those that
    the step `added` last."""
    lines = [
        f"# Rehearsal cluster {topology.name!r}, as `python -m rehearsal up` makes it.",
    ]
    for role in Role:
        lines += ["", f"[{role}]"]
        lines += [
            f"{node.name} ansible_host={node.address}"
            for node in topology.nodes
            if node.role is role
        ]
    lines += ["", "[all:vars]"]
    settings = {**logins.settings(login), **_settings(topology, ssh_config), **added}
    lines += [f"{name}={value}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def _settings(topology: Topology, ssh_config: Path) -> dict[str, str]:
    return {
        "ansible_ssh_common_args": f"-F {ssh_config}",
        "runbook_cluster": topology.fqdn,
        "runbook_environment": "rehearsal",
        "runbook_change_id": "REHEARSAL",
        "runbook_window_start": "2020-01-01T00:00:00+00:00",
        "runbook_window_end": "2099-12-31T23:59:59+00:00",
        "runbook_release_notes_read": "rehearsal, 2026-01-01",
        "runbook_fallback": "down and up again: the rehearsal cluster is made anew",
        "runbook_reactivate_after_update": "yes",
    }
