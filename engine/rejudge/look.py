"""The look of a run that is judged again: it asks the record, and there is no way to a node."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from engine.ask.look import CONTROLLER, Look
from engine.ask.observed import FORWARDED, connections_to, refusal_of, statement_of
from engine.attempt import baseline
from engine.attempt.records import Attempt, Lock, Records
from engine.errors import Refused, Unanswered
from engine.judge.takeover import IDENTITY
from engine.model.answer import ANOTHER_NOW, Answer, Known, Lost, LostKind
from engine.model.event import Event
from engine.model.identity import Identity
from engine.model.login import Login, SocketWay
from engine.model.names import names_of
from engine.model.query import Asked, LocalQuery, Query, SqlQuery
from engine.parse.identity import HEAD, parse_identity
from engine.queries.identity import WHO
from engine.queries.neteye import DEFINITION
from engine.queries.pacemaker import LEFT_TO_DO, STATUS
from engine.record.outputs import excerpt
from engine.record.run import Run
from engine.rejudge.record import FIRST_LOOK, Record
from engine.report import earlier
from engine.report.answers import NotRecorded, answer_of, rows_of, text_of
from engine.run.survey import RECORDS
from engine.verify import read_json

T = TypeVar("T")


class Nowhere:
    """Takes the place of a transport: whoever sends something makes an error."""

    def __init__(self) -> None:
        self.on_refused: Callable[[Refused], None] = lambda _: None
        self.on_stranger: Callable[[Lost], None] = lambda _: None
        self.on_login: Callable[[Login], None] = lambda _: None
        self.on_socket: Callable[[SocketWay], None] = lambda _: None

    def confirm(self, node: str, known: Known) -> None:
        """Nothing is sent."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NotRecorded(f"not by way of the record: {name}")

    def close(self) -> None:
        """There is no connection."""


class RecordedLook(Look):
    """Every answer is the one that the run got to the same question, in the same step."""

    def __init__(self, run: Run, record: Record) -> None:
        super().__init__(run, Nowhere(), names_of(run.inventory, None))
        self._source = record

    def timer(self) -> float:
        return self._source.timer()

    def wait(self, seconds: float) -> None:
        """No need to wait: the run did."""

    def here(self, query: LocalQuery[T]) -> T:
        event = self._source.take(CONTROLLER, query.name)
        try:
            return query.parse(text_of(event["output"], self._source.directory, query.name))
        except (ValueError, LookupError, TypeError) as error:
            raise NotRecorded(f"written in a way that can't be read back: {query.name}") from error

    def ask(self, node: str, query: Query[T]) -> T:
        if query.name == RECORDS.name:
            return self._records(node, query)  # type: ignore[return-value]
        if query.name == LEFT_TO_DO.name and not self._source.has(node, query.name):
            raise Unanswered(node, query.name, "an older runbook waited in place of asking")
        return super().ask(node, query)

    def sql(self, query: SqlQuery[T]) -> T:
        node = self._source.database_of(query.name, STATUS.name) or self.sql_node()
        event = self._source.take(node, query.name, self._as_recorded(statement_of(query)))
        if "problem" in event:
            raise Unanswered(node, query.name, event["problem"])
        return query.parse(rows_of(event, self._source.directory))

    def forwards(self, node: str, path: str) -> str:
        event = self._source.take(node, FORWARDED, connections_to(path))
        if "problem" in event:
            raise Unanswered(node, FORWARDED, event["problem"])
        return refusal_of(text_of(event["output"], self._source.directory, FORWARDED))

    def sql_pages(self, page: Callable[[T | None], SqlQuery[list[T]]]) -> Iterator[T]:
        raise NotRecorded(f"rows that are not recorded: {page(None).name}")

    def _raw_answer(self, node: str, query: Query[Any]) -> Answer:
        event = self._source.take(node, query.name, self._as_recorded(shlex.join(query.argv)))
        if "lost" in event:
            raise Lost(node, event["problem"], LostKind(event["lost"]))
        # an older runbook told in words alone what kept the answer away
        code, problem = event["code"], event.get("problem", "")
        if code in query.ok_codes or problem.startswith(f"exit code {code} is no answer"):
            return answer_of(event, self._source.directory)
        if problem:
            is_another = problem.startswith(ANOTHER_NOW)
            kind = LostKind.IDENTITY if is_another else LostKind.CONNECTION_LOST
            raise Lost(node, problem, kind)
        return answer_of(event, self._source.directory)

    def _as_recorded(self, command: str) -> tuple[str, ...]:
        """How a command may stand in a journal; older ones cut it, or folded its lines."""
        text = self._run.redactor.clean_output(command)
        return excerpt(text), text[:400], " ".join(text.split())

    @property
    def compares_machines(self) -> bool:
        """A run of an older runbook asked no machine who it is."""
        return any(e.get("question") == WHO.name for e in self._source.of(FIRST_LOOK))

    def who(self, nodes: Iterable[str]) -> Asked[Identity]:
        """What they said then; for an older journal its answers to the questions of that time."""
        if self.compares_machines:
            return super().who(nodes)
        asked: Asked[Identity] = Asked(WHO.name)
        for node in nodes:
            first = self._source.take(node, "a first answer")
            if "problem" in first:
                asked.unanswered[node] = first["problem"]
            else:
                asked.values[node] = self._who_before(node)
        return asked

    def _who_before(self, node: str) -> Identity:
        told = self._source.take(node, DEFINITION.name)
        text = text_of(told["output"], self._source.directory, DEFINITION.name)
        marker = self._source.take(node, "rehearsal marker")
        return replace(
            parse_identity("\n".join((HEAD, *(f"cluster {line}" for line in text.split("\n"))))),
            is_rehearsal=marker["code"] == 0,
        )

    def learn(self, nodes: Iterable[str]) -> None:
        """They were masked when they were recorded."""

    def _record(self, *_: Any, **__: Any) -> None:
        """It is on record."""

    def _records(self, node: str, query: Query[Any]) -> Records:
        """They lie beside the journal; the answer itself is an archive, masked like all answers.

        No step judges who held the lock when they were read.
        """
        free = Lock(is_held=False, age=0, holder={})
        return Records(self._attempt() if self._answer(node, query).code == 0 else None, free)

    def _attempt(self) -> Attempt | None:
        told = [e for e in self._source.evidence.earlier if e["event"] == "attempt-opened"]
        if not told:
            return None  # of another upgrade, or an earlier one: not this run's
        journals = earlier.texts(self._source.directory)
        return Attempt(told[-1]["attempt"], RecordedBaseline(self._source), journals)


class RecordedBaseline(Mapping[str, Any]):
    """Like the mapping that lies on N. NotRecorded for a field that is not in the evidence."""

    def __init__(self, record: Record) -> None:
        events = [*record.evidence.earlier, *record.own]
        kept = next((e for e in record.own if e["event"] == baseline.EVENT), None)
        self._content = _opened(events) if kept is None else _kept(kept, record)
        self._is_whole = kept is not None
        self._withheld = frozenset(kept["withheld"]) if kept else frozenset()

    def __getitem__(self, name: str) -> Any:
        if name in self._content:
            return self._content[name]
        if not self._is_whole:
            raise NotRecorded("the baseline, which is not in the evidence of an older runbook")
        if name in self._withheld:
            raise NotRecorded(f"{name!r} of the baseline, which stays on N")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


def _kept(event: Event, record: Record) -> dict[str, Any]:
    content: dict[str, Any] = read_json(
        text_of(event["output"], record.directory, "the baseline of the attempt")
    )
    return content


def _opened(events: list[Event]) -> dict[str, Any]:
    """What the run that opened the attempt says of itself is in its baseline, too."""
    runs = {e["run"]: e for e in events if e["event"] == "run-started"}
    told = [e["attempt"] for e in events if e["event"] == "attempt-opened"]
    opener = runs.get(told[-1] if told else "", {})
    return {name: opener[name] for name in IDENTITY if name in opener}
