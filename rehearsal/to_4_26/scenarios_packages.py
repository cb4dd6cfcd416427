"""Scenarios of what keeps packages back: excludes, repositories, transactions. Data, no code."""

from collections.abc import Mapping

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.versions import SOURCE
from rehearsal.topology import Role

_CONF = "/etc/dnf/dnf.conf"
_MONITORING = "*nats* icinga2*"
_OCS = "httpd* ocsinventory*"
_APPEND = 'printf "%s\\n" "$1" >> "$2"'

# one package is taken again from a repository whose definition then goes
_ANOTHER_ORIGIN = """
file=/etc/yum.repos.d/extras.repo
printf '[neteye-extras]\\nname=extras\\ngpgcheck=0\\n' > "$file"
printf 'baseurl=file:///srv/repo/neteye-%s\\n' "$1" >> "$file"
dnf -q -y '--disablerepo=*' --enablerepo=neteye-extras reinstall neteye-scripts
rm -rf "$file" /var/cache/dnf
"""


def _exclude(patterns: str) -> tuple[str, ...]:
    return ("sh", "-euc", _APPEND, "exclude", f"exclude={patterns}", _CONF)


def _meanwhile(patterns: str, command: str) -> Mapping[str, object]:
    """Somebody excludes packages when the command has begun, on every operative node."""
    what = {"command": command, "task": "health", "argv": list(_exclude(patterns))}
    return {"meanwhile": [{**what, "on": where} for where in ("active", "other")]}


ALL = (
    Scenario(
        "packages-excluded",
        f"dnf.conf of the operative nodes has exclude={_MONITORING}",
        installed=SOURCE,
        before_start=(NodeStep(Role.OPERATIVE, _exclude(_MONITORING)),),
    ),
    Scenario(
        "packages-excluded-in-repository",
        "the repository's file on the operative nodes has exclude=tornado",
        installed=SOURCE,
        before_start=(
            NodeStep(
                Role.OPERATIVE,
                ("sh", "-euc", _APPEND, "x", "exclude=tornado", "/etc/yum.repos.d/neteye.repo"),
            ),
        ),
    ),
    Scenario(
        "kernel-excluded",
        "dnf.conf of all nodes has exclude=kernel*, and no repository of NetEye has a kernel",
        installed=SOURCE,
        before_start=tuple(NodeStep(role, _exclude("kernel*")) for role in Role),
    ),
    Scenario(
        "repository-gone",
        "a package came from a repository that no file defines any more",
        installed=SOURCE,
        before_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _ANOTHER_ORIGIN, "origin", SOURCE)),),
    ),
    Scenario(
        "update-waiting",
        "an update prepared by dnf waits for the next start of node 1",
        installed=SOURCE,
        before_start=(NodeStep(1, ("ln", "-s", "/var/lib/dnf/system-upgrade", "/system-update")),),
    ),
    Scenario(
        "packages-excluded-meanwhile",
        f"exclude={_MONITORING} gets into dnf.conf when the upgrade has begun",
        installed=SOURCE,
        settings=_meanwhile(_MONITORING, "upgrade"),
    ),
    Scenario(
        "ocs-excluded-meanwhile",
        f"exclude={_OCS} gets into dnf.conf when the upgrade has begun",
        installed=SOURCE,
        settings=_meanwhile(_OCS, "upgrade"),
    ),
    Scenario(
        "updates-excluded-meanwhile",
        "exclude=tornado gets into dnf.conf when the update has begun",
        settings=_meanwhile("tornado", "update"),
    ),
)
