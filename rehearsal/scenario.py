"""What a scenario is: how a cluster differs from the default one. The tables are a step's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rehearsal.topology import Role

if TYPE_CHECKING:
    from rehearsal.like.twin import Twin

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

    `installed` is the repository suffix that first installs (`SOURCE-base`: updates pending),
    `release` what the nodes claim to be, `releases` the same of single nodes; `without` names the
    modules that are not installed; `sql` runs in the prepared database. A step's own table may
    add fields.

    The scenario of a `twin` is made of it: pacemaker's configuration is the snapshot's, `folders`
    are those of shared data beside the step's services, and `missing` is what can't be had.
    """

    name: str
    description: str
    installed: str
    release: str
    releases: Mapping[int, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    standby: tuple[int, ...] = ()
    bans: tuple[tuple[str, int], ...] = ()
    sql: tuple[str, ...] = ()
    before_start: tuple[NodeStep, ...] = ()
    after_start: tuple[NodeStep, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    twin: Twin | None = None
    missing: tuple[str, ...] = ()

    def for_settings(self, overrides: Mapping[str, object] | None = None) -> dict[str, object]:
        """What `rehearsal.standins.settings.draw` wants to know; `overrides` go before ours."""
        values = {**self.settings, **(overrides or {})}
        timing = {_TIME: values.pop(_TIME)} if _TIME in values else {}
        return {**timing, "settings": values}
