"""Ansible's own variables that are not the runbook's: other names, and what they change here.

An inventory that Ansible uses should serve here as well. What would make Ansible reach a node in
another way than the runbook does is an error that says so; what changes nothing here is ignored,
with a warning. Names and meaning: ansible/ansible, options of its `ssh`, `sudo` and `sh` plugins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.parse.inventory_lines import Value, Wrong

OTHER_NAMES: Mapping[str, str] = {
    "ansible_ssh_host": "ansible_host",
    "ansible_ssh_user": "ansible_user",
    "ansible_ssh_port": "ansible_port",
    "ansible_private_key_file": "ansible_ssh_private_key_file",
    "ansible_ssh_extra_args": "ansible_ssh_common_args",
    "ansible_ssh_args": "ansible_ssh_common_args",
}
"""Variables that say the same for ssh -> the name that the runbook reads."""

_NO_PYTHON = "the runbook needs no Python on the nodes"
_NO_COPY = "the runbook copies no files by scp or sftp"
_OWN_SSH = "the runbook's connections have their own"
_OWN_SHELL = "the runbook takes the nodes' own shell and writes no temporary files by it"
_IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("ansible_python_interpreter", "ansible_interpreter_python"), _NO_PYTHON),
    **dict.fromkeys(("ansible_ssh_pipelining", "ansible_pipelining"), _NO_PYTHON),
    **dict.fromkeys(("ansible_scp_extra_args", "ansible_sftp_extra_args"), _NO_COPY),
    **dict.fromkeys(("ansible_scp_if_ssh", "ansible_ssh_transfer_method"), _NO_COPY),
    **dict.fromkeys(("ansible_timeout", "ansible_ssh_timeout", "ansible_ssh_retries"), _OWN_SSH),
    **dict.fromkeys(("ansible_ssh_use_tty", "ansible_control_path"), _OWN_SSH),
    **dict.fromkeys(("ansible_remote_tmp", "ansible_shell_executable"), _OWN_SHELL),
    **dict.fromkeys(
        ("ansible_host_key_checking", "ansible_ssh_host_key_checking"),
        "the runbook always checks host keys",
    ),
    "ansible_become_flags": "the runbook's own are `sudo -n`",
}

_MEANT: Mapping[str, tuple[tuple[str, ...], str]] = {
    "ansible_connection": (
        ("ssh", "smart", "ansible.builtin.ssh", "paramiko", "paramiko_ssh"),
        "the runbook reaches its nodes by ssh only",
    ),
    "ansible_become_method": (
        ("sudo", "ansible.builtin.sudo"),
        "the runbook becomes root by `sudo -n` only",
    ),
    "ansible_become_user": (("root",), "the runbook becomes root only"),
    "ansible_become_exe": (("sudo", "/usr/bin/sudo"), "the runbook calls `sudo` only"),
    "ansible_ssh_executable": (("ssh", "/usr/bin/ssh"), "the runbook calls `ssh` only"),
    "ansible_shell_type": (("sh",), "the runbook's commands are for a POSIX shell"),
}
"""Variable -> the values that change nothing here, and why another one would."""

KNOWN = frozenset({*OTHER_NAMES, *_IGNORED, *_MEANT})


def remark(name: str, value: Value) -> str:
    """What is to be warned of; empty when the variable is read. Wrong when it can't be ignored."""
    if name in _MEANT:
        allowed, why = _MEANT[name]
        if str(value.typed).strip().lower() not in allowed:
            raise Wrong(f"{name} would change how a node is reached; {why}, expected {allowed[0]}")
        return f"{name} changes nothing here: {why}"
    return f"{name} is ignored: {_IGNORED[name]}" if name in _IGNORED else ""


def by_own_names(variables: Mapping[str, Value]) -> dict[str, Value]:
    """The variables under the names that the runbook reads. Wrong when two names contradict."""
    found: dict[str, Value] = {}
    for name, value in variables.items():
        own = OTHER_NAMES.get(name, name)
        if own in found and found[own].typed != value.typed:
            raise Wrong(
                f"{name} says something else than {own} in line {found[own].line}, and to the"
                " runbook they are one; leave one of them"
            )
        found[own] = value if own == name else replace(value, said_as=name)
    return found
