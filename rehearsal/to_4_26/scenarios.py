"""The states a rehearsal cluster can start in: data, no code.

A scenario is what differs from `guide`, the first and the default, in which every path of the
upgrade guide is walked. Everything is put in place before the first start, except `after_start`,
which is run on a node when the cluster stands. The breaking changes' ways of going wrong are in
tables of their own: `scenarios_memories`, `scenarios_glpi`, `scenarios_httpd`. What keeps packages
back is in `scenarios_packages`.
"""

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26 import (
    scenarios_glpi,
    scenarios_httpd,
    scenarios_memories,
    scenarios_packages,
)
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.services import ASSET
from rehearsal.to_4_26.versions import SOURCE, TARGET

# steps of boot.json run before systemd: nothing has a file below these directories open yet
_LIMIT = """
mkdir -p /mnt/limited
mount -t tmpfs -o "size=$2,mode=755" tmpfs /mnt/limited
cp -a --one-file-system "$1/." /mnt/limited/
mount --move /mnt/limited "$1"
"""


def _limited(directory: str, size: str) -> NodeStep:
    """A directory of node 1 becomes a file system of limited size; it does not outlive the node."""
    return NodeStep(1, ("sh", "-euc", _LIMIT, "limited", directory, size))


def _wrong_version(version: str) -> Scenario:
    return Scenario(
        f"wrong-version-{version}",
        f"every node says it is NetEye {version}",
        release=version,
    )


SCENARIOS = (
    Scenario("guide", "4.25 with pending updates; has what each duty of the guide is about"),
    Scenario("no-updates", "4.25 fully updated", installed=SOURCE),
    Scenario(
        "no-asset", "the asset module (OCS Inventory, GLPI) is not installed", without=(ASSET,)
    ),
    Scenario(
        "fencing-off",
        "fence devices are there, fencing is off",
        properties={"stonith-enabled": "false"},
    ),
    _wrong_version("4.21"),
    _wrong_version("4.24"),
    _wrong_version("4.27"),
    Scenario(
        "at-4.26",
        "already at 4.26, upgraded by somebody without a record of the runbook",
        installed=TARGET,
        release=TARGET,
        migrated=True,
    ),
    Scenario("mixed-versions", "node 2 says 4.26, the others 4.25", releases={2: TARGET}),
    Scenario(
        "foreign-rpmnew",
        "node 2 has an .rpmnew that nobody migrated",
        before_start=(
            NodeStep(2, ("install", "-m", "644", "/etc/hosts", "/etc/logrotate.d/foreign.rpmnew")),
        ),
    ),
    Scenario(
        "leftover-ban",
        "a forgotten `pcs resource ban` keeps httpd away from node 1",
        bans=(("httpd_group", 1),),
    ),
    Scenario("standby-node", "node 2 is in standby before anything starts", standby=(2,)),
    Scenario(
        "passwords-differ",
        "node 2 has another OCS database password in its files",
        other_password_on=(2,),
    ),
    Scenario(
        "program-missing",
        "node 2 has no `cmp`, which a later step starts there",
        before_start=(NodeStep(2, ("sh", "-euc", 'mv "$(command -v cmp)" /root/')),),
    ),
    Scenario(
        "cluster-file-missing",
        "node 3 has no /etc/neteye-cluster",
        before_start=(NodeStep(3, ("rm", "/etc/neteye-cluster")),),
    ),
    Scenario(
        "small-disks",
        "4.25 fully updated; /var and /neteye of node 1 are file systems of limited size",
        installed=SOURCE,
        before_start=(_limited("/var", "4g"), _limited("/neteye", "256m")),
    ),
    Scenario(
        "disabled-resource",
        "somebody disabled icinga2-master on purpose",
        after_start=(NodeStep(1, ("pcs", "resource", "disable", "icinga2-master", "--wait=60")),),
    ),
    *scenarios_memories.ALL,
    *scenarios_glpi.ALL,
    *scenarios_httpd.ALL,
    *scenarios_packages.ALL,
)
