"""The read-only door for actions and steps: asks, records what was seen, changes nothing."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from engine.ask.host import Host
from engine.ask.observed import (
    FORWARDED,
    IS_REACHED,
    connections_to,
    output_of,
    output_of_rows,
    statement_of,
    value_of,
)
from engine.ask.of_run import OfRun
from engine.ask.recognition import known_of
from engine.ask.source import Source
from engine.ask.sql import Rows
from engine.errors import ANOTHER_MACHINE, OUT_OF_REACH, ParseError, Unanswered
from engine.judge.text import many
from engine.model.answer import OUTPUT_LIMIT, Answer, DatedAnswer, Lost, LostKind
from engine.model.cluster import ClusterStatus, Resource
from engine.model.event import stamp
from engine.model.identity import Identity
from engine.model.names import Names
from engine.model.query import Asked, LocalQuery, Query, SqlQuery
from engine.queries.identity import WHO
from engine.queries.pacemaker import STATUS
from engine.record.gaps import seen_now
from engine.record.outputs import NO_ANSWER
from engine.record.position import Position
from engine.record.run import Run
from engine.transport.base import Transport, in_parallel

T = TypeVar("T")

CONTROLLER = "controller"
"""In the place of a node: this machine."""
_A_MOMENT = 5.0
"""Seconds for which the database counts as being where a status of the cluster has shown it."""


class _Seen(NamedTuple):
    node: str
    asked: float
    """By `time.monotonic()`."""
    moment: tuple[str, int, int]


class Look(OfRun):
    """Asks the cluster. Every answer goes into the evidence, except secret ones."""

    def __init__(self, run: Run, transport: Transport, names: Names) -> None:
        super().__init__(run)
        self._transport = transport
        self.names = names
        self.position = Position.NOT_STARTED
        self.baseline: Mapping[str, Any] | None = None
        self.silent: dict[str, str] = {}
        """Nodes without a first answer, and why: they are not waited for again and again."""
        self.on_status: Callable[[ClusterStatus, datetime], None] | None = None
        """Told each status of the cluster, whichever node gave it, and when it was asked."""
        self.source = Source(transport)
        """Who is asked."""
        self._waits = 0
        self._seen: _Seen | None = None
        """Where the database ran by the last status of the cluster."""

    @property
    def compares_machines(self) -> bool:
        """Whether it is known who each machine says it is."""
        return True

    def timer(self) -> float:
        """A clock in seconds that only goes forward, for the deadlines of polling."""
        return self.source.timer()

    def wait(self, seconds: float) -> None:
        """Wait between two looks at something that is polled."""
        self._waits += 1
        self.source.wait(seconds)

    def room_here(self) -> int:
        """Bytes that this run's directory can still take, on the controller."""
        directory = self._run.directory

        def free() -> int:
            try:
                return shutil.disk_usage(directory).free
            except OSError as error:
                raise Unanswered(CONTROLLER, f"room in {directory}", str(error)) from error

        return self.here(
            LocalQuery(
                name="room for the fetched backup",
                where=f"free space of {directory}",
                ask=free,
                write=lambda room: f"{room} bytes",
                parse=lambda text: int(text.split()[0]),
            )
        )

    def here(self, query: LocalQuery[T]) -> T:
        """What the controller itself has; recorded like any other answer."""
        value = query.ask()
        output = self._run.outputs.describe(f"controller-{query.name}", query.write(value))
        self._observed(CONTROLLER, query.name, command=query.where, output=output)
        return value

    def ask(self, node: str, query: Query[T]) -> T:
        """The node's answer. Unanswered when none came, or one that is no answer."""
        asked = self._run.now()
        answer = self._answer(node, query)
        if isinstance(answer, DatedAnswer):
            asked = datetime.fromtimestamp(answer.received, UTC)
        try:
            value = value_of(query, answer)
        except ParseError as error:
            self._record(node, query, answer, problem=str(error))
            raise Unanswered(node, query.name, str(error)) from error
        except ValueError as error:
            self._record(node, query, answer, problem=str(error))
            raise Unanswered(node, query.name, f"the answer can't be read: {error}") from error
        told = query.recorded(value) if query.recorded is not None else None
        if self.on_status is not None and isinstance(value, ClusterStatus):
            # first of all: an answer on record has been told, even if the run dies here
            self.on_status(self.names.localised(value), asked)
        self._record(node, query, answer, told=told)
        return value

    def ask_all(self, nodes: Iterable[str], query: Query[T]) -> Asked[T]:
        """The same question to several nodes at once, one thread and connection each."""
        nodes = tuple(nodes)
        is_here = all(self.source.has(node, query) for node in nodes)
        return self._all(
            nodes, query.name, lambda node: self.ask(node, query), limit=1 if is_here else 32
        )

    def host(self, node: str) -> Host:
        """testinfra's host for a node, for simple facts; each of its commands is asked by `ask`."""
        return Host(node, self.ask)

    def on_each(self, nodes: Iterable[str], what: str, question: Callable[[Host], T]) -> Asked[T]:
        """`question` to the host of several nodes at once; `what` names it where one is silent."""
        return self._all(nodes, what, lambda node: question(self.host(node)))

    def _all(
        self, nodes: Iterable[str], question: str, ask: Callable[[str], T], *, limit: int = 32
    ) -> Asked[T]:
        asked: Asked[T] = Asked(question)
        for node, value in in_parallel(nodes, ask, limit).items():
            if isinstance(value, Unanswered):
                asked.unanswered[node] = value.why
            elif isinstance(value, BaseException):
                raise value
            else:
                asked.values[node] = value
        return asked

    def who(self, nodes: Iterable[str]) -> Asked[Identity]:
        """The first question of all: who each machine is."""
        return self.ask_all(nodes, WHO)

    def confirm(self, machines: Mapping[str, Identity]) -> None:
        """Say that these machines are the right ones: from now on other questions reach them."""
        for node, seen in machines.items():
            self._transport.confirm(node, known_of(seen))

    def anew(self) -> contextlib.AbstractContextManager[None]:
        """What is asked in this block is not taken from what was asked before it."""
        self._waits += 1
        return self.source.anew()

    def ask_ahead(self, questions: Iterable[tuple[str, Query[Any]]]) -> None:
        """Begin to ask these at once: who asks one of them next takes that answer."""
        self.source.ask_ahead([one for one in questions if one[0] not in self.silent])

    def learn(self, nodes: Iterable[str]) -> None:
        """Ask for the release's secrets: from here on they are masked.

        A step that needs an answer asks again, and judges a missing one.
        """
        nodes = tuple(nodes)
        for query in self.release.secrets:
            self.ask_all(nodes, query)

    def batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        """Several questions in one round trip, past the evidence: who asks keeps the answers.

        As `Transport.ask_batch`; `deadline` is for each, in seconds.
        """
        return self._transport.ask_batch(node, argvs, deadline=deadline)

    def cluster_status(self) -> ClusterStatus:
        """The cluster as N sees it now, with the inventory's names."""
        begun = time.monotonic()
        status = self.names.localised(self.ask(self.names.active, STATUS))
        resource = self._database(status)
        if resource is not None and resource.is_started and len(resource.nodes) == 1:
            self._seen = _Seen(resource.nodes[0], begun, self._moment())
        else:
            self._seen = None
        return status

    def users_see(self, service: str) -> str:
        """How a service looks now at the address that its users use, by what this run measures.

        Empty when it is not measured, or has not answered yet.
        """
        return seen_now(self._run.journal.events, service)

    def close_ledger(self, kind: str, subject: str, why: str, *, left: bool = False) -> None:
        """A temporary change is found to be undone already: bookkeeping, no change.

        `left`: nobody has undone it, it ends by itself; `why` says when.
        """
        told = {"kind": kind, "subject": subject, "why": why, **({"left": True} if left else {})}
        self._run.record("ledger-closed", step=self._run.step, **told)

    def sql_node(self) -> str:
        """The node that runs the database; Unanswered when no node does."""
        resource = self._database(self.cluster_status())
        if resource is None or not resource.is_started or len(resource.nodes) != 1:
            seen = f"{resource.role} on {list(resource.nodes)}" if resource else "not there"
            why = f"resource {self.release.database_resource!r} is {seen}"
            raise Unanswered(self.names.active, "which node runs the database", why)
        return resource.nodes[0]

    def _moment(self) -> tuple[str, int, int]:
        """Another one when something may have been changed, or was waited for, since."""
        return self._run.step, self._run.changes_made, self._waits

    def _database_node(self) -> str:
        """As `sql_node`, by the status of the cluster that this step has seen a moment ago."""
        seen = self._seen
        if seen and seen.moment == self._moment() and time.monotonic() - seen.asked < _A_MOMENT:
            return seen.node
        return self.sql_node()

    def _database(self, status: ClusterStatus) -> Resource | None:
        return status.resource(self.release.database_resource)

    def reach_database(self, status: ClusterStatus) -> None:
        """Somebody will soon ask the database that runs by this status."""
        resource = self._database(status)
        if resource is not None and resource.is_started and len(resource.nodes) == 1:
            self.source.reach_database(resource.nodes[0])

    def _is_there(self, node: str, question: str) -> None:
        if node in self.silent:
            raise Unanswered(node, question, OUT_OF_REACH)

    def sql(self, query: SqlQuery[T]) -> T:
        """The database's answer, in a read-only session through the node that runs it."""
        node = self._database_node()
        try:
            self._is_there(node, query.name)
            found = self.source.rows(node, query)
        except Unanswered as error:
            self._seen = None
            self._record_rows(node, query, error)
            raise
        self._record_rows(node, query, found)
        try:
            return query.parse(found.rows)
        except (ParseError, ValueError) as error:
            raise Unanswered(node, query.name, f"the answer can't be read: {error}") from error

    def sql_pages(self, page: Callable[[T | None], SqlQuery[list[T]]]) -> Iterator[T]:
        """A long answer, page by page in one session: any number of rows in constant memory.

        `page` makes the question for what comes after a row, None for the first; it is asked
        until a page is empty. Recorded once, without the rows, which the caller keeps.
        """
        begun, node, first = time.monotonic(), self._database_node(), page(None)
        self._is_there(node, first.name)
        pages = rows = 0
        for found in self.source.pages(node, page):
            yield from found
            pages, rows = pages + 1, rows + len(found)
        self._observed(
            node,
            first.name,
            **self._run.outputs.command(f"sql-{first.name}", statement_of(first)),
            rows=rows,
            seconds=round(time.monotonic() - begun, 3),
            output={"text": f"({many(rows, 'row')} in {many(pages, 'page')}, not recorded here)"},
        )

    def forwards(self, node: str, path: str) -> str:
        """Why no way leads to the node's sockets, '' when one does; Unanswered for ssh.

        Tried with `path`, which is served there; nothing is said to its server.
        """
        refused = problem = ""
        received = None
        try:
            received = self.source.connect(node, path)
        except Lost as lost:
            refused, problem = (lost.why, "") if lost.is_refusal else ("", lost.why)
            received = lost.received
        except Unanswered as error:
            problem, received = error.why, error.received
        self._observed(
            node,
            FORWARDED,
            received,
            command=connections_to(path)[0],
            output={"text": NO_ANSWER if problem else refused or IS_REACHED},
            **({"problem": problem} if problem else {}),
        )
        if problem:
            raise Unanswered(node, FORWARDED, problem)
        return refused

    def forwards_all(self, paths: Mapping[str, str]) -> Asked[str]:
        """`forwards` for several nodes at once, each with its path."""
        return self._all(paths, FORWARDED, lambda node: self.forwards(node, paths[node]))

    def _observed(
        self, node: str, question: str, received: float | None = None, /, **told: Any
    ) -> None:
        """`received`: when the answer came, if that was before it is taken."""
        if received is not None:
            told["answered"] = stamp(datetime.fromtimestamp(received, UTC))
        step = self._run.step
        self._run.record("observation", step=step, node=node, question=question, **told)

    def _answer(self, node: str, query: Query[Any]) -> Answer:
        self._is_there(node, query.name)
        try:
            answer = self._raw_answer(node, query)
        except Lost as lost:
            self._record(node, query, lost.partial, problem=lost.why, lost=lost)
            why = ANOTHER_MACHINE if lost.kind is LostKind.IDENTITY else lost.why
            raise Unanswered(node, query.name, why) from lost
        if answer.truncated:
            problem = f"its answer is longer than {OUTPUT_LIMIT >> 20} MiB and was cut off"
            self._record(node, query, None, problem=problem)
            raise Unanswered(node, query.name, problem)
        if answer.code not in query.ok_codes:
            is_kept_back = query.secret or query.recorded is not None
            said = "" if is_kept_back else answer.errors.strip() or answer.text.strip()
            # masked before it is cut: half a secret is not found
            detail = self._run.redactor.clean_output(said)[-300:]
            problem = f"exit code {answer.code} is no answer to this question. {detail}".strip()
            self._record(node, query, answer, problem=problem)
            raise Unanswered(node, query.name, problem, said=detail)
        return answer

    def _raw_answer(self, node: str, query: Query[Any]) -> Answer:
        return self.source.answer(node, query)

    def _record_rows(self, node: str, query: SqlQuery[Any], found: Rows | Unanswered) -> None:
        told: dict[str, Any] = {"output": {"text": NO_ANSWER}}
        if isinstance(found, Unanswered):
            told["problem"] = found.why
        else:
            told = {"rows": len(found.rows), "seconds": round(found.seconds, 3)}
            told["output"] = output_of_rows(self._run.outputs, query, found)
        command = self._run.outputs.command(f"sql-{query.name}", statement_of(query))
        self._observed(node, query.name, found.received, **command, **told)

    def _record(
        self,
        node: str,
        query: Query[Any],
        answer: Answer | None,
        problem: str = "",
        told: str | None = None,
        lost: Lost | None = None,
    ) -> None:
        received = answer.received if isinstance(answer, DatedAnswer) else None
        self._observed(
            node,
            query.name,
            lost.received if lost else received,
            **self._run.outputs.command(f"{node}-{query.name}", shlex.join(query.argv)),
            code=answer.code if answer else None,
            seconds=round(answer.seconds, 3) if answer else None,
            output=output_of(self._run.outputs, node, query, answer, told),
            **({"problem": problem} if problem else {}),
            **({"lost": lost.kind.value} if lost else {}),
        )
