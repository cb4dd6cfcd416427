"""The states a rehearsal cluster can start in: data, no code.

A scenario is what differs from `guide`, the default, in which every path of the upgrade guide is
walked. Everything is put in place before the first start, except `after_start`, which is run on
a node when the cluster stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rehearsal.errors import UsageError
from rehearsal.topology import Role

SOURCE = "4.25"
TARGET = "4.26"
_TIME = "seconds_per_node"


@dataclass(frozen=True)
class NodeStep:
    """A command on some nodes: `where` is a node number, or a role for all of its nodes.

    `before_start` runs as root at the node's first start, after the packages are installed and
    before systemd; `after_start` when the cluster stands.
    """

    where: int | Role
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """One starting state. Node numbers are those of the default topology; others are left out.

    `installed` is the repository suffix that first installs (`4.25-base`: updates pending).
    `releases` sets what single nodes claim to be; `sql` runs in the prepared database;
    `credentials` writes httpd's password file as after the migration.
    """

    name: str
    description: str
    installed: str = f"{SOURCE}-base"
    release: str = SOURCE
    releases: Mapping[int, str] = field(default_factory=dict)
    asset: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)
    standby: tuple[int, ...] = ()
    bans: tuple[tuple[str, int], ...] = ()
    sql: tuple[str, ...] = ()
    migrated: bool = False
    other_password_on: tuple[int, ...] = ()
    before_start: tuple[NodeStep, ...] = ()
    after_start: tuple[NodeStep, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def for_settings(self, overrides: Mapping[str, object] | None = None) -> dict[str, object]:
        """What `rehearsal.standins.settings.draw` wants to know; `overrides` go before ours."""
        values = {**self.settings, **(overrides or {})}
        timing = {_TIME: values.pop(_TIME)} if _TIME in values else {}
        return {**timing, "settings": values}


def _custom_server(active: int) -> str:
    return (
        "INSERT INTO glpi.glpi_plugin_ocsinventoryng_ocsservers"
        " (name, ocs_db_user, ocs_db_passwd, ocs_db_host, ocs_db_name, is_active, conn_type)"
        " VALUES ('branch office', 'ocs_branch', 'Fqq/wKo1FuCW5dI=', 'ocs.branch.example.test',"
        f" 'ocsweb', {active}, 0)"
    )


# GLPI's directory is mounted on the node that runs it; on the others there is nothing to change
_MOVE_GLPI = """
cd /neteye/shared/glpi 2> /dev/null || exit 0
[ -d conf ] || exit 0
mkdir -p html/inc
mv conf settings
sed -i "s/'glpi';$/'assets';/; /dbuser/s/'assets'/'glpi'/" settings/config_db.php
printf "<?php\ndefine('GLPI_CONFIG_DIR', '/neteye/shared/glpi/settings');\n" \
  > html/inc/downstream.php
"""


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


_ALL = (
    Scenario("guide", "4.25 with pending updates; walks every path of the upgrade guide"),
    Scenario("no-updates", "4.25 fully updated", installed=SOURCE),
    Scenario("no-asset", "the asset module (OCS Inventory, GLPI) is not installed", asset=False),
    Scenario(
        "custom-ocs-active",
        "an active OCS server of the GLPI plugin uses a database user of its own",
        sql=(_custom_server(1),),
    ),
    Scenario(
        "custom-ocs-inactive",
        "the same, but that OCS server is not active",
        sql=(_custom_server(0),),
    ),
    Scenario(
        "glpi-elsewhere",
        "GLPI's database and configuration directory have other names than usual",
        sql=(
            "CREATE DATABASE assets",
            *(
                f"RENAME TABLE glpi.{table} TO assets.{table}"
                for table in ("glpi_plugins", "glpi_plugin_ocsinventoryng_ocsservers")
            ),
            "GRANT ALL PRIVILEGES ON assets.* TO 'glpi'@'%'",
        ),
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _MOVE_GLPI)),),
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
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
DEFAULT = "guide"


def find(name: str) -> Scenario:
    """The scenario of that name; raises UsageError that lists all."""
    if name not in SCENARIOS:
        raise UsageError(f"no scenario {name!r}; there are: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
