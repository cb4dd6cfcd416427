"""What is asked once a second while the cluster is changed: services, and the ways to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

USER_AGENT = "neteye-runbook"
"""How requests of this runbook call themselves: in a log they can be told from other people's."""


class Manner(StrEnum):
    """How a service is asked, and what counts as its answer."""

    HTTP = "http"
    """GET: any status but 404 and those from 500 on."""
    HTTPS = "https"
    """The same over TLS; the certificate is not checked."""
    TLS = "tls"
    """Something that speaks TLS is there, whatever certificates it wants."""
    TCP = "tcp"
    """The connection is accepted."""
    ADDRESS = "address"
    """Somebody has the address: the connection is accepted or refused."""
    DATABASE = "database"
    """A statement is answered in a session of the database, at its socket on a node."""


@dataclass(frozen=True)
class Way:
    """One way to ask a service."""

    manner: Manner
    host: str = ""
    port: int = 0
    path: str = "/"
    name: str = ""
    """The name the server is called by, when it is not `host`."""
    through: str = ""
    """The node whose ssh connection is used; empty: asked from this machine directly."""

    def __str__(self) -> str:
        if self.manner is Manner.DATABASE:
            return f"{self.manner} on {self.through}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = self.path if self.manner in (Manner.HTTP, Manner.HTTPS) else ""
        url = f"{self.manner}://{host}:{self.port}{path}"
        return f"{url} through {self.through}" if self.through else url


@dataclass(frozen=True)
class Target:
    """A service whose gaps are measured; the first of its ways that answers is kept."""

    name: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Service:
    """A service of the product, before it is known where the cluster is.

    `host` empty: the cluster's own address; a name is one that the nodes can resolve.
    """

    name: str
    manners: tuple[tuple[Manner, int], ...]
    """Manner and port, in the order in which they are tried."""
    path: str = "/"
    host: str = ""


@dataclass(frozen=True)
class Probes:
    """`runbook_probes`: no probing at all, or changes to the services that the runbook names.

    A target named like one of the runbook's own takes its place.
    """

    wanted: bool = True
    targets: tuple[Target, ...] = ()
