"""The variables an inventory may have: `ansible_*` of a host, `runbook_*` of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.inventory import Environment, Host, Role, Setting, Settings
from engine.parse import inventory_ansible
from engine.parse import inventory_values as values
from engine.parse.acceptance import parse_acceptance
from engine.parse.inventory_lines import HostLine, Value, Wrong, did_you_mean
from engine.parse.names import ALLOWED_NAME, is_safe_name

Readers = Mapping[str, tuple[str, values.Reader[Any]]]

HOST_READERS: Readers = {
    "ansible_host": ("address", values.address),
    "ansible_user": ("user", values.user),
    "ansible_port": ("port", values.number(1, 65535)),
    "ansible_ssh_private_key_file": ("key_file", values.file_path),
    "ansible_ssh_common_args": ("ssh_args", values.ssh_args),
    "ansible_become": ("become", values.yes_no),
}
"""Variable -> field of Host and reader."""

_REQUIRED = ("runbook_cluster", "runbook_environment")
_SECRET_WORDS = ("pass", "secret", "token")
ACCEPT_SEPARATOR = " ;; "


def _acceptances(value: Value) -> tuple[str, ...]:
    plain = values.text(value)
    return tuple(part.strip() for part in (plain or "").split(ACCEPT_SEPARATOR) if part.strip())


SETTING_READERS: Readers = {
    "runbook_cluster": ("cluster", values.name),
    "runbook_environment": ("environment", values.environment),
    "runbook_change_id": ("change_id", values.text),
    "runbook_window_start": ("window_start", values.moment),
    "runbook_window_end": ("window_end", values.moment),
    "runbook_release_notes_read": ("release_notes_read", values.name_and_date),
    "runbook_fallback": ("fallback", values.text),
    "runbook_approvals": ("approvals", values.number(0, 100)),
    "runbook_approvals_from": ("approvals_from", values.file_path),
    "runbook_approvers": ("approvers", values.file_path),
    "runbook_rehearsal": ("rehearsal", values.file_path),
    "runbook_reactivate_after_update": ("reactivate_after_update", values.yes_no),
    "runbook_notify_command": ("notify_command", values.command),
    "runbook_notify_url_file": ("notify_url_file", values.file_path),
    "runbook_notify_form": ("notify_form", values.one_of("teams", "slack", "mattermost")),
    "runbook_notify_every": ("notify_every", values.number(1, 1440)),
    "runbook_downtime": ("downtime", values.yes_no),
    "runbook_downtime_filter": ("downtime_filter", values.required_text),
    "runbook_icinga_user": ("icinga_user", values.user),
    "runbook_probes": ("probes", values.probes),
    "runbook_signing_key": ("signing_key", values.file_path),
    "runbook_timestamp_url": ("timestamp_url", values.web_address),
    "runbook_timestamp_ca": ("timestamp_ca", values.file_path),
    "runbook_command_seconds": ("command_seconds", values.number(30, 86400)),
    "runbook_absence_seconds": ("absence_seconds", values.number(10, 86400)),
    # no more than the usual: a runbook of before goes by that
    "runbook_lease_seconds": ("lease_seconds", values.number(10, 60)),
    "runbook_accept": ("accept", _acceptances),
    "runbook_accepted_by": ("accepted_by", values.text),
    "runbook_contacts": ("contacts", values.contacts),
}
"""Variable of [all:vars] -> field of Settings and reader; without those of a version step."""


def readers_with(step: Iterable[Setting[Any]]) -> Readers:
    """The same with the settings of the version step."""
    return {**SETTING_READERS, **{one.variable: (one.name, one.reader) for one in step}}


def check_variable(name: str, value: Value, readers: Readers, is_for_all: bool) -> str:
    """Wrong when a variable is not allowed where it stands; its value is never shown.

    Returns a warning when it is a variable of Ansible that changes nothing here; else ''.
    """
    if name in HOST_READERS or (is_for_all and name in readers):
        return ""
    if name == "runbook_notify_url":
        raise Wrong(
            f"{name}: whoever has the address of a webhook can write there, so it is a secret;"
            " write it to a file that only you can read, and name that as runbook_notify_url_file"
        )
    if name in inventory_ansible.KNOWN:
        return inventory_ansible.remark(name, value)
    if any(word in name.lower() for word in _SECRET_WORDS):
        raise Wrong(f"{name}: no passwords in an inventory; log in by key, become by sudo -n")
    if name in readers:
        raise Wrong(f"{name} is a setting of the whole run; it belongs in [all:vars]")
    allowed = [*HOST_READERS, *(readers if is_for_all else ())]
    near = did_you_mean(name, allowed)
    raise Wrong(f"unknown variable {name!r}{near or ';'} allowed here are {', '.join(allowed)}")


_TOLD = 5
"""Problems. A file with more of them is most often no inventory at all."""


class Problems:
    """Collects what is wrong, so that one run shows more than the first of it."""

    def __init__(self, path: Path, found: list[tuple[int, str]]) -> None:
        self._path = path
        self._found = list(found)

    def add(self, line: int | None, problem: str) -> None:
        """`line` is None for what concerns the file as a whole."""
        self._found.append((line or 0, problem))

    def raise_any(self) -> None:
        """UsageError with a line for each of the first problems, in the order of the file."""
        found = sorted(set(self._found))
        if found:
            lines = [f"{self.place(line)}: {problem}" for line, problem in found[:_TOLD]]
            if len(found) > _TOLD:
                lines.append(f"{self._path}: and {len(found) - _TOLD} more")
            raise UsageError("\n".join(lines))

    def place(self, line: int) -> str:
        return f"{self._path}:{line}" if line else str(self._path)


def read_host(
    host: HostLine, groups: Mapping[str, Mapping[str, Value]], problems: Problems
) -> Host:
    """A host with its variables: its own before those of its group before those of all."""
    if not is_safe_name(host.name):
        problems.add(host.line, f"host name {host.name!r}; allowed are {ALLOWED_NAME}")
    above = [groups.get(group, {}) for group in ("all", *host.groups, host.group)]
    given: dict[str, Value] = {}
    for variables in (*above, host.variables):
        try:
            given |= inventory_ansible.by_own_names(variables)
        except Wrong as wrong:
            problems.add(host.line, str(wrong))
    fields = _read(given, HOST_READERS, problems)
    fields.setdefault("address", host.name)
    return Host(name=host.name, role=Role(host.role), line=host.line, **fields)


def read_settings(
    given: Mapping[str, Value], step: Iterable[Setting[Any]], problems: Problems
) -> Settings | None:
    """The settings of [all:vars]; None (and a problem) when a needed one is missing or wrong."""
    for name in _REQUIRED:
        if name not in given:
            problems.add(None, f"{name} is missing, expected it in [all:vars]")
    fields = _read(given, readers_with(step), problems)
    _check_window(fields, given, problems)
    _check_acceptances(fields, given, problems)
    _check_notifications(fields, given, problems)
    _check_downtime(fields, given, problems)
    if "cluster" not in fields or "environment" not in fields:
        return None
    environment: Environment = fields["environment"]
    own = {one: fields.pop(one.name, one.default_in(environment)) for one in step}
    return Settings(**fields, of_step=own)


def _read(given: Mapping[str, Value], readers: Readers, problems: Problems) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, (target, reader) in readers.items():
        if name not in given:
            continue
        try:
            fields[target] = reader(given[name])
        except Wrong as wrong:
            problems.add(given[name].line, f"{given[name].said_as or name} {wrong}")
    return fields


def _check_window(
    fields: Mapping[str, Any], given: Mapping[str, Value], problems: Problems
) -> None:
    start: datetime | None = fields.get("window_start")
    end: datetime | None = fields.get("window_end")
    if start and end and end <= start:
        line = given["runbook_window_end"].line
        problem = f"is {end.isoformat()}, expected later than its start {start.isoformat()}"
        problems.add(line, f"runbook_window_end {problem}")


def _check_downtime(
    fields: Mapping[str, Any], given: Mapping[str, Value], problems: Problems
) -> None:
    if "downtime_filter" in fields and not fields.get("downtime"):
        problem = (
            "says whose downtime is meant, and none is asked for: runbook_downtime=yes is missing"
        )
        line = given["runbook_downtime_filter"].line
        problems.add(line, f"runbook_downtime_filter {problem}")


def _check_acceptances(
    fields: Mapping[str, Any], given: Mapping[str, Value], problems: Problems
) -> None:
    for acceptance in fields.get("accept", ()):
        try:
            parse_acceptance(acceptance, fields.get("accepted_by") or "")
        except UsageError as error:
            hint = "runbook_accepted_by names who accepts"
            problems.add(given["runbook_accept"].line, f"runbook_accept: {error} ({hint})")


def _check_notifications(
    fields: Mapping[str, Any], given: Mapping[str, Value], problems: Problems
) -> None:
    """Each of them goes with another one."""
    with_others = {
        "notify_url_file": (("notify_form",), "teams, slack or mattermost: what it takes"),
        "notify_form": (("notify_url_file",), "the file with the webhook's address"),
        "notify_every": (("notify_command", "notify_url_file"), "somebody who is told"),
    }
    for name, (others, what) in with_others.items():
        variables = [f"runbook_{other}" for other in others]
        # one that is there and wrong is told by itself
        has_one = any(
            variable in given and fields.get(other, True) is not None
            for variable, other in zip(variables, others, strict=True)
        )
        if name in fields and not has_one:
            line = given[f"runbook_{name}"].line
            problems.add(line, f"runbook_{name} needs {' or '.join(variables)} ({what})")
