"""Nodes on this machine: the scripts of queries and changes really run, below a directory each.

A second implementation of what actions see of a cluster. Only the ends of the world are stubs:
small programs in `bin/` stand for mysql, pcs, systemctl, curl and ssh.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from engine.act.driving import Action, without_doubts
from engine.ask.host import Host
from engine.errors import Unanswered
from engine.model.answer import Answer
from engine.model.change import Change, Nothing
from engine.model.cluster import ClusterNode, ClusterOptions, ClusterStatus, Resource
from engine.model.finding import Finding, Severity
from engine.model.names import Names
from engine.model.query import Asked, Query, SqlQuery
from engine.record.evidence import StoppedForPerson
from engine.record.memory import Memory
from engine.record.redact import Redactor
from engine.secrets import Secret
from runbook.to_4_26.severities import SEVERITIES

T = TypeVar("T")

N, OTHER = "neteye01", "neteye02"
DATA = Path(__file__).parents[1] / "data" / "ocs"
_ROOTS = ("/etc/", "/neteye/", "/var/lib", "/var/cache", "/root/")
_LOGIN_SHELL = ["bash", "-lc", '"$@"', "bash"]


class Nodes:
    """Directories that stand for nodes, and the programs they share."""

    def __init__(self, base: Path, *names: str) -> None:
        self.base = base
        self.names = names
        self.bin = base / "bin"
        self.bin.mkdir()
        for name in names:
            for directory in ("etc/httpd/conf.d", "var/lib", "neteye/shared/httpd/conf/sysconfig"):
                (base / name / directory).mkdir(parents=True)

    def path(self, node: str, path: str) -> Path:
        return self.base / node / path.lstrip("/")

    def put(self, node: str, path: str, text: str, mode: int = 0o640) -> Path:
        file = self.path(node, path)
        file.write_bytes(text.encode())
        file.chmod(mode)
        return file

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/bash\nset -eu\nBASE={self.base}\n{script}\n")
        file.chmod(0o755)

    def run(self, node: str, argv: Iterable[str], stdin: bytes | Secret | None = None) -> Answer:
        root = str(self.base / node)
        mapped = [root + arg if arg.startswith(_ROOTS) else arg for arg in argv]
        if len(mapped) == 3 and mapped[:2] == ["sh", "-c"]:  # a command of testinfra's host
            mapped[2] = re.sub(rf"(?<= )(?={'|'.join(_ROOTS)})", root, mapped[2])
        if mapped[:4] == _LOGIN_SHELL:
            # this machine's profile would take the stubs out of the path
            mapped = mapped[4:]
        given = stdin.reveal().encode() if isinstance(stdin, Secret) else (stdin or b"")
        done = subprocess.run(
            mapped,
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", "LC_ALL": "C", "NODE": node},
        )
        real = root.encode()
        return Answer(
            done.returncode, done.stdout.replace(real, b""), done.stderr.replace(real, b""), 0.0
        )


class FakeLook:
    """The read-only door to those nodes; SQL is answered from `rows` by the question's name."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.names = Names(
            active=nodes.names[0],
            operative=nodes.names,
            elastic_only=(),
            voting_only=(),
            internal={name: f"{name}.neteyelocal" for name in nodes.names},
        )
        self.memory = Memory()
        self.attempt: str | None = "A1"
        self.baseline: Mapping[str, Any] | None = None
        self.rows: dict[str, list[Mapping[str, Any]] | Unanswered] = {}
        self.asked: list[str] = []
        self.database_node = nodes.names[0]
        self.resources: list[Resource] = []
        self.standby: set[str] = set()
        self.clock = datetime(2024, 3, 9, 22, 0, tzinfo=UTC)
        self.closed: list[tuple[str, str]] = []
        self.free_here = 1 << 40
        self.redactor = Redactor()
        self.users = "http://203.0.113.10:80/ocsinventory: answers"
        """What is measured where users come."""

    def users_see(self, service: str) -> str:
        return self.users if service == "OCS endpoint" else ""

    def now(self) -> datetime:
        return self.clock

    def holds_secret(self, text: str) -> bool:
        return self.redactor.clean_output(text) != text

    def room_here(self) -> int:
        return self.free_here

    def ask_ahead(self, questions: Iterable[tuple[str, Query[Any]]]) -> None:
        """Each is asked in its turn."""

    def anew(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def ask(self, node: str, query: Query[T]) -> T:
        self.asked.append(query.name)
        answer = self.nodes.run(node, query.argv, query.stdin)
        if answer.code not in query.ok_codes:
            raise Unanswered(node, query.name, f"exit code {answer.code}: {answer.errors}")
        try:
            return query.parse(answer)
        except ValueError as error:
            raise Unanswered(node, query.name, str(error)) from error

    def host(self, node: str) -> Host:
        return Host(node, self.ask)

    def on_each(self, nodes: Iterable[str], what: str, question: Callable[[Host], T]) -> Asked[T]:
        return Asked(what, {node: question(self.host(node)) for node in nodes})

    def ask_all(self, nodes: Iterable[str], query: Query[T]) -> Asked[T]:
        asked: Asked[T] = Asked(query.name)
        for node in nodes:
            try:
                asked.values[node] = self.ask(node, query)
            except Unanswered as error:
                asked.unanswered[node] = error.why
        return asked

    def sql(self, query: SqlQuery[T]) -> T:
        self.asked.append(query.name)
        rows = self.rows[query.name]
        if isinstance(rows, Unanswered):
            raise rows
        return query.parse(rows)

    def sql_pages(self, page: Callable[[T | None], SqlQuery[list[T]]]) -> Iterator[T]:
        query = page(None)
        while found := self.sql(query):
            yield from found
            query = page(found[-1])

    def sql_node(self) -> str:
        return self.database_node

    def cluster_status(self) -> ClusterStatus:
        options = ClusterOptions(False, False, False, "stop")
        nodes = tuple(
            ClusterNode(name, str(number), True, name in self.standby, False, False, False)
            for number, name in enumerate(self.names.operative, 1)
        )
        return ClusterStatus(None, True, options, nodes, tuple(self.resources))

    def close_ledger(self, kind: str, subject: str, why: str) -> None:
        self.closed.append((kind, subject))


class ChangeFailed(Exception):
    """A change ended with an exit code that is not among its good ones."""


class Driven:
    """What an action did: the changes it made, and what it said at its end."""

    def __init__(self, changes: list[Change], said: object) -> None:
        self.changes = changes
        self.said = said

    @property
    def nothing(self) -> str:
        assert isinstance(self.said, Nothing), f"it made {[c.what for c in self.changes]}"
        assert not self.changes
        return self.said.reason


def drive(
    nodes: Nodes,
    action: Any,
    *arguments: Any,
    stop_after: int | None = None,
    accepted: Container[str] = (),
) -> Driven:
    """Run an action as the engine does; `stop_after` ends it after so many changes, like a kill.

    What an action can't go on with must not be called acceptable, whichever test comes to it.
    """
    try:
        return _driven(nodes, action.generator(*arguments), stop_after, accepted)
    except StoppedForPerson as stopped:
        if not isinstance(stopped, NotAccepted):
            codes = {finding.code for finding in stopped.findings}
            assert codes <= SEVERITIES.never_acceptable, (
                f"{codes} stop the action although accepted"
            )
        raise


class NotAccepted(StoppedForPerson):
    """A doubt of the action's that nobody has accepted."""


def _driven(
    nodes: Nodes, action: Action, stop_after: int | None, accepted: Container[str]
) -> Driven:
    def judge(findings: Sequence[Finding]) -> None:
        assert not {finding.code for finding in findings} & SEVERITIES.never_acceptable
        blocking = [f for f in findings if SEVERITIES.of(f.code) is Severity.BLOCK]
        if left := [finding for finding in blocking if finding.code not in accepted]:
            raise NotAccepted(left)

    generator = without_doubts(action, judge)
    changes: list[Change] = []
    try:
        change = next(generator)
        while True:
            answer = nodes.run(change.node, change.argv, change.stdin)
            if answer.code not in change.ok_codes:
                raise ChangeFailed(f"{change.what}: {answer.code}: {answer.errors}")
            changes.append(change)
            if len(changes) == stop_after:
                return Driven(changes, None)
            change = generator.send(answer)
    except StopIteration as end:
        return Driven(changes, end.value)
