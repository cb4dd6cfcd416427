"""Inventories for tests: a good one, and a renderer for any value."""

from __future__ import annotations

from engine.model.inventory import Host, Inventory, Role, Settings
from runbook.to_4_26.settings import FAILOVER_PROOF, GLPI_CONFIG, LOSS_PERCENT

GOOD = """\
# prod.ini
[operative]
neteye01.lan ansible_host=192.0.2.1
neteye02.lan ansible_host=192.0.2.2
neteye03.lan ansible_host=192.0.2.3

[elastic_only]
neteye04.lan ansible_host=192.0.2.4

[voting_only]
neteye05.lan ansible_host=192.0.2.5

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = production
"""


def with_settings(*lines: str) -> str:
    """GOOD with more lines in [all:vars]; the first of them is line 16."""
    return GOOD + "".join(f"{line}\n" for line in lines)


def with_hosts(*lines: str, group: str = "operative") -> str:
    """Only these hosts in one group, with the needed settings; the first host is line 2."""
    settings = GOOD[GOOD.index("[all:vars]") :]
    return "".join(f"{line}\n" for line in (f"[{group}]", *lines)) + settings


def render(inventory: Inventory) -> str:
    """An inventory as an operator would write it; texts that Ansible would retype are quoted."""
    lines = []
    for role in Role:
        hosts = [host for host in inventory.hosts if host.role is role]
        lines += [f"[{role.value}]", *map(_host, hosts)] if hosts else []
    return "\n".join([*lines, "[all:vars]", *_settings(inventory.settings)]) + "\n"


def _host(host: Host) -> str:
    words = [host.name, f"ansible_host={host.address}", f"ansible_user={_twice(host.user)}"]
    words += [f"ansible_port={host.port}", f"ansible_become={'yes' if host.become else 'no'}"]
    if host.key_file:
        words.append(f"ansible_ssh_private_key_file={_twice(str(host.key_file))}")
    if host.ssh_args:
        words.append(f"ansible_ssh_common_args={_twice(' '.join(host.ssh_args))}")
    return " ".join(words)


def _twice(text: str) -> str:
    """Quoted for shlex around a Python literal: the way to pass any text on a host line."""
    return '"' + repr(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _settings(settings: Settings) -> list[str]:
    texts = {
        "runbook_cluster": settings.cluster,
        "runbook_environment": settings.environment.value,
        "runbook_change_id": settings.change_id,
        "runbook_release_notes_read": settings.release_notes_read,
        "runbook_fallback": settings.fallback,
        "runbook_accepted_by": settings.accepted_by,
        "runbook_downtime_filter": settings.downtime_filter,
        "runbook_icinga_user": settings.icinga_user,
        GLPI_CONFIG.variable: settings[GLPI_CONFIG],
        "runbook_accept": " ;; ".join(settings.accept) or None,
        "runbook_window_start": settings.window_start and settings.window_start.isoformat(),
        "runbook_window_end": settings.window_end and settings.window_end.isoformat(),
    }
    flags = {
        "runbook_reactivate_after_update": settings.reactivate_after_update,
        "runbook_downtime": settings.downtime,
        FAILOVER_PROOF.variable: settings[FAILOVER_PROOF],
    }
    return [
        *(f"{name} = {text!r}" for name, text in texts.items() if text is not None),
        *(f"{name} = {'yes' if flag else 'no'}" for name, flag in flags.items()),
        f"runbook_approvals = {settings.approvals}",
        f"{LOSS_PERCENT.variable} = {settings[LOSS_PERCENT]}",
    ]
