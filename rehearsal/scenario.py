"""What a scenario is: how a cluster differs from the default one. The tables are data beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
