"""testinfra over our transport: `host.file`, `host.package`, `host.service`, `host.mount_point`.

testinfra's own ssh backend has no deadline, takes exit code 255 for its own failure and logs every
output. Here a command goes through the door like any other: firewall, deadline, `Lost`; and its
output appears in no log and no failed assertion.
"""

from __future__ import annotations

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host
from testinfra.modules.package import RpmPackage

from engine.model.answer import Answer
from engine.transport.base import Transport

DEADLINE = 30.0
"""Seconds for each of testinfra's small questions."""


class Result(CommandResult):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's result, printing sizes only."""

    def __repr__(self) -> str:
        return (
            f"CommandResult(rc={self.exit_status}, stdout=<{len(self._stdout)} bytes>, "
            f"stderr=<{len(self._stderr)} bytes>)"
        )

    __str__ = __repr__


class TransportBackend(BaseBackend):  # type: ignore[misc]
    """Runs testinfra's commands on one node by a `Transport`."""

    NAME = "neteye-runbook"

    def __init__(self, transport: Transport, node: str, deadline: float = DEADLINE) -> None:
        super().__init__(node)
        self._transport = transport
        self._deadline = deadline

    def run(self, command: str, *args: str, timeout: float | None = None) -> CommandResult:
        """Run a command line of testinfra; `timeout` in seconds, the backend's unless given.

        Raises `Lost` and `Refused` like the transport.
        """
        line = self.get_command(command, *args)
        deadline = self._deadline if timeout is None else timeout
        answer: Answer = self._transport.run(self.hostname, ("sh", "-c", line), deadline=deadline)
        return Result(
            backend=self,
            exit_status=answer.code,
            command=line.encode("utf-8", "surrogateescape"),
            _stdout=answer.stdout,
            _stderr=answer.stderr,
        )

    def run_local(self, command: str, *args: str) -> CommandResult:
        raise NotImplementedError("this backend runs nothing on the operator's machine")

    def get_encoding(self) -> str:
        # testinfra would ask python on the node; commands run under LC_ALL=C with UTF-8 names.
        return "utf-8"

    def decode(self, data: bytes) -> str:
        return data.decode("utf-8", "backslashreplace")

    def encode(self, data: str) -> bytes:
        return data.encode("utf-8", "surrogateescape")


class Package(RpmPackage):  # type: ignore[misc]
    """A node's package: rpm's, also where dpkg is there too, which testinfra would ask first."""

    @classmethod
    def get_module_class(cls, _host: Host) -> type[Package]:
        return cls


class Node(Host):  # type: ignore[misc]
    """testinfra's host, with packages as nodes have them."""

    @property
    def package(self) -> type[Package]:
        module: type[Package] = Package.get_module(self)
        return module


def testinfra_host(transport: Transport, node: str) -> Host:
    """testinfra's host for a node of the inventory. Ask anew for each look: modules may cache."""
    backend = TransportBackend(transport, node)
    host = Node(backend)
    backend.set_host(host)
    return host


testinfra_host.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test
