"""Who belongs to the cluster and how the run is set up, as the operator wrote it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from engine.model.probe import Probes


class Role(StrEnum):
    """The role of a node; the values are the inventory's group names."""

    OPERATIVE = "operative"
    ELASTIC_ONLY = "elastic_only"
    VOTING_ONLY = "voting_only"


class Environment(StrEnum):
    """What kind of cluster this is; `rehearsal` only with the marker file on every node."""

    REHEARSAL = "rehearsal"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Host:
    """One node and how it is reached."""

    name: str
    role: Role
    address: str
    user: str = "root"
    port: int = 22
    key_file: Path | None = None
    ssh_args: tuple[str, ...] = ()
    """Already checked: only -J, -F and -o ProxyJump."""
    become: bool = False
    """Commands run through `sudo -n`."""
    line: int = field(default=0, compare=False)
    """Where the inventory has it; 0: not known."""


@dataclass(frozen=True)
class Settings:
    """`runbook_*` of [all:vars]. None means: not given."""

    cluster: str
    environment: Environment
    change_id: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    release_notes_read: str | None = None
    fallback: str | None = None
    approvals: int = 0
    approvals_from: Path | None = None
    """The directory on this machine with the approvals' files."""
    approvers: Path | None = None
    """Who may approve: a file of allowed signers, as ssh-keygen has it."""
    rehearsal: Path | None = None
    """The statement of the rehearsal that this upgrade goes by."""
    reactivate_after_update: bool = True
    failover_proof: bool = False
    notify_command: str | None = None
    probes: Probes = field(default_factory=Probes)
    """Which services are asked once a second while the cluster is changed."""
    signing_key: Path | None = None
    """The operator's key, private or public, that signs the evidence; None: one is looked for."""
    glpi_config: str | None = None
    """For the asset module's steps: the directory with GLPI's config_db.php."""
    accept: tuple[str, ...] = ()
    """`runbook_accept`: acceptances as on the command line, CODE[@SUBJECT]=REASON, one a line."""
    accepted_by: str | None = None


@dataclass(frozen=True)
class Inventory:
    """A checked inventory: names and addresses unique, roles possible."""

    path: Path
    hosts: tuple[Host, ...]
    settings: Settings
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What it says that is ignored here, with file and line."""
    _by_name: dict[str, Host] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {host.name: host for host in self.hosts})

    @property
    def names(self) -> tuple[str, ...]:
        """All host names, in the order of the file: operative, Elastic-only, voting-only."""
        return tuple(host.name for host in self.hosts)

    def of(self, *roles: Role) -> tuple[str, ...]:
        """Names of the hosts with one of these roles, in the order of the file."""
        return tuple(host.name for host in self.hosts if host.role in roles)

    @property
    def operative(self) -> tuple[str, ...]:
        return self.of(Role.OPERATIVE)

    @property
    def elastic_only(self) -> tuple[str, ...]:
        return self.of(Role.ELASTIC_ONLY)

    @property
    def voting_only(self) -> tuple[str, ...]:
        return self.of(Role.VOTING_ONLY)

    def host(self, name: str) -> Host:
        """The host of this name; KeyError when it is not in the inventory."""
        return self._by_name[name]
