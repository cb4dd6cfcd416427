"""Who belongs to the cluster and how the run is set up, as the operator wrote it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from engine.model.probe import Probes

T = TypeVar("T")


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
class Contact:
    """Whom to call: a person or an office, and the telephone number as it is dialled."""

    who: str
    number: str


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


class Counts(IntEnum):
    """What depends on a setting: with another value it is another plan, or another attempt."""

    NOWHERE = 0
    """It does not decide what is done, or is material by itself, as acceptances are."""
    FOR_FINDINGS = 1
    """It decides what is found, and no plan is another one by it."""
    FOR_PLAN = 2
    FOR_ATTEMPT = 3
    """An attempt that began with another value is continued only when that is accepted."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A setting that only a version step has: `runbook_NAME` of [all:vars]."""

    name: str
    reader: Callable[[Any], T]
    """Of `engine.parse.inventory_values`, for a value that JSON has: the journal keeps it."""
    default: T
    in_rehearsal: T
    """The default in a rehearsal."""
    counts: Counts = Counts.FOR_PLAN

    @property
    def variable(self) -> str:
        return f"runbook_{self.name}"

    def default_in(self, environment: Environment) -> T:
        """Its value when the inventory does not have it."""
        return self.in_rehearsal if environment is Environment.REHEARSAL else self.default


_NOWHERE, _FOR_ATTEMPT = ({"counts": one} for one in (Counts.NOWHERE, Counts.FOR_ATTEMPT))


@dataclass(frozen=True)
class Settings:
    """`runbook_*` of [all:vars]. None means: not given."""

    cluster: str
    environment: Environment = field(metadata=_FOR_ATTEMPT)
    change_id: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    release_notes_read: str | None = None
    fallback: str | None = None
    approvals: int = 0
    approvals_from: Path | None = field(default=None, metadata=_NOWHERE)
    """The directory on this machine with the approvals' files."""
    approvers: Path | None = field(default=None, metadata=_NOWHERE)
    """Who may approve: a file of allowed signers, as ssh-keygen has it."""
    rehearsal: Path | None = field(default=None, metadata=_NOWHERE)
    """The statement of the rehearsal that this upgrade goes by."""
    reactivate_after_update: bool = field(default=True, metadata=_FOR_ATTEMPT)
    notify_command: str | None = field(default=None, metadata=_NOWHERE)
    notify_url_file: Path | None = field(default=None, metadata=_NOWHERE)
    """The file on this machine with the address of a webhook, which is a secret."""
    notify_form: str | None = field(default=None, metadata=_NOWHERE)
    """What the webhook takes: teams, slack or mattermost."""
    notify_every: int | None = field(default=None, metadata=_NOWHERE)
    """Minutes without news after which a sign of life is told; None: none is."""
    downtime: bool = False
    """The cluster's own monitoring keeps silent about it while it is changed."""
    downtime_filter: str | None = None
    """Which hosts of the monitoring are meant, in its own words; None: those of the cluster."""
    icinga_user: str = field(default="runbook-downtime", metadata=_NOWHERE)
    """The user of Icinga's API; the password lies on N."""
    probes: Probes = field(default_factory=Probes, metadata=_NOWHERE)
    """Which services are asked once a second while the cluster is changed."""
    signing_key: Path | None = field(default=None, metadata=_NOWHERE)
    """The operator's key, private or public, that signs the evidence; None: one is looked for."""
    timestamp_url: str | None = field(default=None, metadata={"counts": Counts.FOR_FINDINGS})
    """The authority that stamps the journal's head (RFC 3161); None: none does."""
    timestamp_ca: Path | None = field(default=None, metadata=_NOWHERE)
    """Certificates (PEM) that its stamps are held to before they count."""
    command_seconds: int | None = field(default=None, metadata=_NOWHERE)
    """What a question or a change on a node may take at most; None: each has its own deadline."""
    absence_seconds: int = field(default=900, metadata=_NOWHERE)
    """For how long N may be out of reach while its command runs (a reboot takes minutes)."""
    lease_seconds: int | None = field(default=None, metadata=_NOWHERE)
    """After so long without a sign of this run the next one may take over; None: the usual."""
    accept: tuple[str, ...] = field(default=(), metadata=_NOWHERE)
    """`runbook_accept`: acceptances as on the command line, CODE[@SUBJECT]=REASON, one a line."""
    accepted_by: str | None = field(default=None, metadata=_NOWHERE)
    contacts: tuple[Contact, ...] = field(default=(), metadata=_NOWHERE)
    """Whom to call at night, in the order in which they are called; for the card."""
    of_step: Mapping[Setting[Any], Any] = field(default_factory=dict)
    """The version step's own: `settings[SETTING]` is one of them."""

    def __getitem__(self, setting: Setting[T]) -> T:
        value: T = self.of_step.get(setting, setting.default)
        return value

    def by_name(self, counts: Counts = Counts.NOWHERE) -> dict[str, Any]:
        """Those that count at least so, the version step's among the others."""
        found = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name != "of_step" and one.metadata.get("counts", Counts.FOR_PLAN) >= counts
        }
        own = {one.name: value for one, value in self.of_step.items() if one.counts >= counts}
        return {**found, **own}


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
