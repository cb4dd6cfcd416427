"""testinfra's host over our look: `host.file`, `host.service`, `host.package` and their like.

Each of testinfra's commands is a question like any other: on record, with a deadline, behind the
role firewall, and judged again from its recorded answer. An exit code that is no answer raises
`Unanswered`. Where testinfra 10.2.2 misleads, it is asked in another way or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host as TestinfraHost
from testinfra.modules.base import Module
from testinfra.modules.file import File as AnyFile
from testinfra.modules.mountpoint import LinuxMountPoint
from testinfra.modules.package import RpmPackage
from testinfra.modules.process import Process as AnyProcess
from testinfra.modules.service import SystemdService
from testinfra.modules.socket import LinuxSocketSS

from engine.errors import Unanswered, UsageError
from engine.model.answer import Answer
from engine.model.cluster import DaemonState
from engine.model.query import Query, of_text
from engine.parse.machine import PROPERTIES, parse_daemon_states

DEADLINE = 30.0
"""Seconds for each of testinfra's small questions."""
M = TypeVar("M", bound=Module)
T = TypeVar("T")


class Result(CommandResult):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's result, printing sizes only: content may be confidential."""

    def __repr__(self) -> str:
        sizes = f"stdout=<{len(self.stdout)} characters>, stderr=<{len(self.stderr)}>"
        return f"CommandResult(rc={self.rc}, {sizes})"

    __str__ = __repr__


class _Backend(BaseBackend):  # type: ignore[misc]
    """Hands testinfra's commands to a look, as questions to one node."""

    NAME = "neteye-runbook"

    def __init__(self, node: str, ask: Callable[[str, Query[Any]], Any]) -> None:
        super().__init__(node)
        self._ask = ask

    def ask(self, query: Query[T]) -> T:
        answer: T = self._ask(self.hostname, query)
        return answer

    def run(
        self, command: str, *args: str, expected: Sequence[int] = range(256), **_: Any
    ) -> Result:
        line = self.get_command(command, *args)

        def result(answer: Answer) -> Result:
            return Result(self, answer.code, line.encode(), answer.stdout, answer.stderr)

        argv = ("sh", "-c", line)
        query = Query(line, argv, result, deadline=DEADLINE, ok_codes=tuple(expected))
        return self.ask(query)

    def decode(self, data: bytes) -> str:
        return data.decode("utf-8", "backslashreplace")


class _Node(TestinfraHost):  # type: ignore[misc]
    """What testinfra's modules run their commands on."""

    def run_expect(self, expected: Sequence[int], command: str, *args: str, **_: Any) -> Result:
        result: Result = self.backend.run(command, *args, expected=expected)
        return result

    def check_output(self, command: str, *args: str, **_: Any) -> str:
        return str(self.run_expect([0], command, *args).stdout.rstrip("\r\n"))


class File(AnyFile):  # type: ignore[misc]
    """A file itself: a link has its own owner and mode, and exists where it leads nowhere."""

    @property
    def exists(self) -> bool:
        return bool(self.run_test("test -e %s || test -L %s", self.path, self.path).rc == 0)

    @property
    def user(self) -> str:
        return str(self._stat("U"))

    @property
    def group(self) -> str:
        return str(self._stat("G"))

    @property
    def mode(self) -> int:
        return int(self._stat("a"), 8)

    @property
    def size(self) -> int:
        return int(self._stat("s"))

    @property
    def sha256sum(self) -> str:
        # in a pipe the exit code of a file that is not there would be lost
        return str(self.check_output("sha256sum < %s", self.path).split()[0])

    def _stat(self, letter: str) -> Any:
        return self.check_output(f"stat -c %%{letter} -- %s", self.path)

    def _get_content(self, decode: bool) -> Any:
        result = self.run_expect([0], "cat -- %s", self.path)
        return result.stdout if decode else result.stdout_bytes


class Service(SystemdService):  # type: ignore[misc]
    """A unit of systemd by its whole name; a masked or missing one neither runs nor is enabled."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        if not self._has_systemd_suffix():
            raise UsageError(f"host.service({name!r}): the whole name of a unit: {name}.service")

    @property
    def exists(self) -> bool:
        return self._state is not None

    @property
    def is_running(self) -> bool:
        state = self._state
        return state is not None and state.active in ("active", "reloading")

    @property
    def is_enabled(self) -> bool:
        """It starts with the node by itself; a unit enabled only until the next start does not."""
        state = self._state
        return state is not None and state.enabled in ("enabled", "alias", "generated")

    @property
    def is_masked(self) -> bool:
        state = self._state
        return state is not None and state.enabled.startswith("masked")

    @property
    def _state(self) -> DaemonState | None:
        argv = ("systemctl", "show", f"--property={','.join(PROPERTIES)}", "--", self.name)
        states = self._host.backend.ask(Query(self.name, argv, of_text(parse_daemon_states)))
        return states[0] if states else None


class Package(RpmPackage):  # type: ignore[misc]
    """A package of rpm, also where dpkg is there too, which testinfra would ask first."""

    @property
    def is_installed(self) -> bool:
        result = self.run_test("rpm -q -- %s", self.name)
        if result.rc and "error:" in result.stderr:  # one that can't be read has no package either
            why = f"rpm says of the package that it is not there, and: {result.stderr.strip()}"
            raise Unanswered(self._host.backend.hostname, f"rpm -q -- {self.name}", why)
        return bool(result.rc == 0)

    @property
    def version(self) -> str:
        return self._one("VERSION")

    @property
    def release(self) -> str:
        return self._one("RELEASE")

    def _one(self, tag: str) -> str:
        # of a package that is there more than once testinfra makes one word
        command = f"rpm -q --queryformat '%%{{{tag}}}\\n' -- %s"
        found = dict.fromkeys(self.check_output(command, self.name).split())
        if len(found) != 1:
            why = f"it is installed more than once: {', '.join(found)}"
            raise Unanswered(self._host.backend.hostname, f"{tag} of {self.name}", why)
        return str(*found)


class MountPoint(LinuxMountPoint):  # type: ignore[misc]
    """What is mounted at a path now, asked anew each time; of several the one on top."""

    @property
    def _attrs(self) -> dict[str, Any]:
        mine = [one for one in self._iter_mountpoints() if one["path"] == self.path]
        return mine[-1] if mine else {}

    @property
    def options(self) -> list[str]:
        """None where nothing is mounted."""
        return list(self._attrs.get("options", ()))


class Process(AnyProcess):  # type: ignore[misc]
    """Processes by `pid`, `ppid`, `user` and `comm`. Their arguments may hold passwords."""

    KEYS = ("pid", "ppid", "user", "comm")

    def _get_processes(self, **filters: object) -> Iterator[dict[str, Any]]:
        if unknown := set(filters) - set(self.KEYS):
            raise UsageError(f"host.process: {', '.join(sorted(unknown))} is not asked for")
        # a command's name may have spaces: it comes last, so that no other column moves
        for line in self.check_output("ps -A -o pid=,ppid=,user:64=,comm=").splitlines():
            pid, ppid, user, *comm = line.split(None, 3)
            yield {"pid": int(pid), "ppid": int(ppid), "user": user, "comm": "".join(comm)}

    def _get_process_attribute_by_pid(self, pid: int, name: str) -> dict[str, Any]:
        raise AttributeError(f"of a process only {', '.join(self.KEYS)} are asked for: no {name}")


class Socket(LinuxSocketSS):  # type: ignore[misc]
    """A port, whatever address it listens on, or a socket of a path. An address is refused."""

    _command = "ss"

    def __init__(self, spec: str | None) -> None:
        super().__init__(spec)
        if self.host is not None and self.protocol != "unix":
            raise UsageError(
                f"host.socket({spec!r}): which addresses a listening socket serves can't be told"
                f" from its own: ask for the port, {self.protocol}://{self.port}"
            )

    @classmethod
    def run(cls, command: str, *args: str) -> Any:
        return cls._host.run_expect([0], command, *args)  # without ss nothing is known to listen

    @property
    def is_listening(self) -> bool:
        wanted = self.host if self.protocol == "unix" else self.port
        return any(found[-1] == wanted for found in self._iter_sockets(True))


class Host:
    """testinfra's host for one node. What it is asked goes by `ask`, as a question to the node."""

    def __init__(self, node: str, ask: Callable[[str, Query[Any]], Any]) -> None:
        self.node = node
        backend = _Backend(node, ask)
        self._host = _Node(backend)
        backend.set_host(self._host)

    def __repr__(self) -> str:
        return f"<host {self.node}>"

    def file(self, path: str) -> File:
        return self._of(File)(path)

    def service(self, unit: str) -> Service:
        return self._of(Service)(unit)

    def package(self, name: str) -> Package:
        return self._of(Package)(name)

    def mount_point(self, path: str) -> MountPoint:
        return self._of(MountPoint)(path)

    def socket(self, spec: str) -> Socket:
        return self._of(Socket)(spec)

    @property
    def process(self) -> Process:
        return self._of(Process)()

    def _of(self, module: type[M]) -> type[M]:
        # testinfra finds out by many questions which kind of system it is: a node is a RHEL
        return type(module.__name__, (module,), {"_host": self._host})
