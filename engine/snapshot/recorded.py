"""The answers on record that a snapshot is made of: to each question a node's first good one.

The first, as a run that changes the cluster asks again later. Nobody is asked anything here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import ParseError
from engine.model.event import Event
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.model.query import Query
from engine.report.answers import NotRecorded, answer_of, rows_of, text_of
from engine.report.evidence_files import Evidence

T = TypeVar("T")
_UNREADABLE = (NotRecorded, ParseError, ValueError, LookupError, TypeError)


class Recorded:
    """A run's answers, by node and question; and what it says of itself."""

    def __init__(self, evidence: Evidence) -> None:
        self._directory = evidence.directory
        self.begun: Event = evidence.own[0]
        """`run-started`."""
        self.missing: list[str] = []
        """Questions that were looked for and have no answer, or none that can be read."""
        self._found: dict[str, dict[tuple[str, str], Event]] = {}
        """Question -> node and command -> the first answer."""
        self._unanswered: dict[str, set[str]] = {}
        """Question -> nodes of which an answer was none, or could not be read."""
        self.sockets: dict[str, str] = {}
        """Node -> how its sockets were reached: `forwarding` or `relay`."""
        for event in evidence.journal:
            if event["event"] == "observation" and not event.get("problem"):
                of_all = self._found.setdefault(str(event["question"]), {})
                asked = str(event["node"]), str(event.get("command"))
                of_all.setdefault(asked, event)
            elif event["event"] == "observation":
                nodes = self._unanswered.setdefault(str(event["question"]), set())
                nodes.add(str(event["node"]))
            elif event["event"] == "socket-reached":
                self.sockets.setdefault(str(event["node"]), str(event["by"]))

    @property
    def inventory(self) -> Inventory:
        """Nodes, roles and ways, as the run had them."""
        reached = self.begun.get("reached", {})
        hosts = tuple(
            _host(str(name), Role(role), reached.get(name, {}))
            for name, role in self.begun["nodes"].items()
        )
        cluster = str(self.begun["cluster"])
        return Inventory(
            path=Path(self.begun["inventory"]),
            hosts=hosts,
            settings=Settings(cluster, Environment.PRODUCTION),
        )

    def every(self, query: Query[T]) -> dict[str, list[T]]:
        """Node -> what it answered, to each command that the question was asked by.

        Answers that can't be read are left out, and told.
        """
        values: dict[str, list[T]] = {}
        for (node, _), event in self._found.get(query.name, {}).items():
            try:
                answer = answer_of(event, self._directory)
                if answer.code in query.ok_codes:
                    values.setdefault(node, []).append(query.parse(answer))
            except _UNREADABLE:
                self._lack(f"{query.name}: an answer that can't be read")
        self._lack_where_missing(query.name, values)
        return values

    def of_each(self, query: Query[T]) -> dict[str, T]:
        """Node -> what it answered, the first time."""
        return {node: values[0] for node, values in self.every(query).items()}

    def first(self, query: Query[T]) -> T | None:
        """The answer of the first node that gave one; None: no node did."""
        return next(iter(self.of_each(query).values()), None)

    def texts(self, question: str) -> dict[str, str]:
        """Node -> what is on record of its answer; for one whose record is not what it printed."""
        found: dict[str, str] = {}
        for (node, _), event in self._found.get(question, {}).items():
            try:
                found[node] = text_of(event["output"], self._directory, question)
            except _UNREADABLE:
                self._lack(f"{question}: an answer that can't be read")
        self._lack_where_missing(question, found)
        return found

    def rows(self, question: str) -> list[Mapping[str, Any]] | None:
        """Rows that the database answered; None: there is no answer."""
        for event in self._found.get(question, {}).values():
            try:
                return rows_of(event, self._directory)
            except _UNREADABLE:
                self._lack(f"{question}: an answer that can't be read")
                return None
        self._lack(question)
        return None

    def _lack_where_missing(self, question: str, answered: Collection[str]) -> None:
        """A node whose answer never was one is missing, whatever the others have answered."""
        if not answered:
            self._lack(question)
        elif self._unanswered.get(question, set()) - set(answered):
            self._lack(f"{question}: not of every node")

    def _lack(self, what: str) -> None:
        if what not in self.missing:
            self.missing.append(what)

    def strings_of_the_start(self) -> Iterable[str]:
        """Texts of `run-started` that name somebody: who runs it, where from, what was written."""
        begun = self.begun
        for name in ("cluster", "operator", "by", "host", "inventory", "change_id", "fallback"):
            yield str(begun.get(name) or "")
        for way in begun.get("reached", {}).values():
            yield str(way.get("user") or "")
            yield str(way.get("key_file") or "")


def _host(name: str, role: Role, way: Mapping[str, Any]) -> Host:
    return Host(
        name,
        role,
        str(way.get("address") or name),
        user=str(way.get("user") or "root"),
        ssh_args=tuple(map(str, way.get("by", ()))),
        become=bool(way.get("become")),
    )
