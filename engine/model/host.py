"""Simple facts of one machine: versions, packages, file systems, memory, health, Elasticsearch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering


@total_ordering
@dataclass(frozen=True)
class Version:
    """A NetEye version, `4.21`. Compared as numbers: 4.9 < 4.21."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """`4.21` -> Version(4, 21); ValueError on anything else."""
        match = re.fullmatch(r"(\d+)\.(\d+)", text)
        if not match:
            raise ValueError(f"{text!r} is no NetEye version, expected two numbers such as 4.21")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return (self.major, self.minor) < (other.major, other.minor)

    def until(self, end: Version) -> tuple[Version, ...]:
        """The versions to go through from here to `end`, both excluded; same major only."""
        return tuple(Version(self.major, minor) for minor in range(self.minor + 1, end.minor))


@dataclass(frozen=True)
class Package:
    """An installed or available rpm."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str

    @property
    def evr(self) -> str:
        """`[epoch:]version-release` as rpm prints it."""
        prefix = f"{self.epoch}:" if self.epoch not in ("", "0", "(none)") else ""
        return f"{prefix}{self.version}-{self.release}"

    def __str__(self) -> str:
        return f"{self.name}-{self.evr}.{self.arch}"


@dataclass(frozen=True)
class FileSystem:
    """A line of `df`: sizes in bytes."""

    mount: str
    size: int
    available: int


@dataclass(frozen=True)
class Memory:
    """/proc/meminfo, in bytes."""

    total: int
    available: int


@dataclass(frozen=True)
class FailingScript:
    """One script of the health check that reports a problem, as the output names it."""

    path: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.said}" if self.said else self.path


@dataclass(frozen=True)
class HealthResult:
    """`neteye health`: a monitoring plugin's exit code and what it printed (domain facts 2.3)."""

    code: int
    """0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    first_line: str
    output: str
    scripts: tuple[FailingScript, ...] = ()
    """Those of its scripts that it names: on success it names none."""

    @property
    def status(self) -> str:
        return {0: "OK", 1: "WARNING", 2: "CRITICAL"}.get(self.code, "UNKNOWN")


@dataclass(frozen=True)
class ElasticHealth:
    """`_cluster/health` of Elasticsearch."""

    cluster_name: str
    status: str
    number_of_nodes: int
    unassigned_shards: int
    relocating_shards: int
    timed_out: bool = False


@dataclass(frozen=True)
class Process:
    """A running command: pid and its argument vector as one printable line."""

    pid: int
    command: str


@dataclass(frozen=True)
class Kernels:
    """The kernel that runs, and the one that the next start takes."""

    running: str
    newest: str | None
    """The boot loader's default, else the rpm that was installed last; None: no rpm of one."""
    uses_drbd: bool = False
    """The DRBD module is loaded."""
    newest_has_drbd: bool = False


@dataclass(frozen=True)
class Login:
    """One node's own ssh to another one."""

    code: int
    """Exit code of `true` there, or of ssh; 124 when it was not done in time."""
    said: str
    """ssh's last words, in one line."""

    @property
    def is_in(self) -> bool:
        return self.code == 0


@dataclass(frozen=True)
class ElasticState:
    """One look: cluster health and the names of the nodes that joined."""

    health: ElasticHealth
    nodes: tuple[str, ...]
