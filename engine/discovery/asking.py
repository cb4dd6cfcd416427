"""Asks the nodes of a cluster who they are, from one of them to the others. Nothing is changed.

It sends what a plan sends at its start: who a machine is, before anything else; then, of one that
is the node that is meant, as whom it answers, pacemaker's members and the addresses of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from engine.ask.recognition import known_of
from engine.discovery.found import Reached
from engine.discovery.ways import Addresses
from engine.errors import ParseError, RunbookError, Unanswered
from engine.model.answer import Lost
from engine.model.cluster import ClusterStatus
from engine.model.definition import ClusterDefinition
from engine.model.host import Login as LoginFromNode
from engine.model.identity import Identity
from engine.model.inventory import Environment, Host, Inventory, Settings
from engine.model.login import Login
from engine.model.query import Query
from engine.queries.access import addresses_of, logins_to
from engine.queries.identity import WHO
from engine.queries.membership import MEMBERSHIP
from engine.queries.pacemaker import STATUS
from engine.transport.base import Transport

T = TypeVar("T")
Door = Callable[[Inventory], Transport]


class AnotherMachine(RunbookError):
    """Something answered, and it is not the node that is meant; the text says why."""

    def __init__(self, why: str, seen: Identity) -> None:
        super().__init__(why)
        self.seen = seen


@contextmanager
def _door_to(host: Host, open_door: Door) -> Iterator[Transport]:
    # no setting of it is read: a door needs the hosts alone
    settings = Settings("none", Environment.PRODUCTION)
    door = open_door(Inventory(Path("none"), (host,), settings))
    try:
        yield door
    finally:
        door.close()


def _ask(door: Transport, node: str, query: Query[T]) -> T:
    """Unanswered when no answer came, or one that is no answer; Lost as the transport has it."""
    answer = door.run(node, query.argv, deadline=query.deadline)
    if answer.code not in query.ok_codes:
        said = " ".join(answer.errors.split())[-300:]
        raise Unanswered(node, query.name, f"exit code {answer.code}; it says: {said or 'nothing'}")
    try:
        return query.parse(answer)
    except (ParseError, ValueError) as error:
        raise Unanswered(node, query.name, f"the answer can't be read: {error}") from error


def reach(
    host: Host, open_door: Door, why_not: Callable[[Identity], str] = lambda _: ""
) -> Reached:
    """Log in once, and ask who is there. Lost or Unanswered when nobody says it.

    `why_not` says why a machine is not the one that is meant, '' when it is. AnotherMachine then,
    and nothing else was sent to it.
    """
    logins: list[Login] = []
    with _door_to(host, open_door) as door:
        door.on_login = logins.append
        seen = _ask(door, host.name, WHO)
        if why := why_not(seen):
            raise AnotherMachine(why, seen)
        door.confirm(host.name, known_of(seen))
        membership = _ask(door, host.name, MEMBERSHIP)
    return Reached(host, seen, membership, logins[-1] if logins else None)


def addresses_at(
    reached: Reached, definition: ClusterDefinition, open_door: Door
) -> tuple[Addresses, str]:
    """The addresses of all nodes' names as this node finds them, or why it does not tell them."""
    names = dict.fromkeys(name for node in definition.nodes for name in node.full_names)
    told = _consult(reached, addresses_of(names), open_door)
    return told[0] or {}, told[1]


def members_at(reached: Reached, open_door: Door) -> tuple[ClusterStatus | None, str]:
    """Pacemaker's status as this node shows it, or why it does not."""
    return _consult(reached, STATUS, open_door)


def _consult(reached: Reached, query: Query[T], open_door: Door) -> tuple[T | None, str]:
    with _again(reached, open_door) as door:
        try:
            return _ask(door, reached.host.name, query), ""
        except (Lost, Unanswered) as error:
            return None, str(error)


@contextmanager
def _again(reached: Reached, open_door: Door) -> Iterator[Transport]:
    """The door to a machine that was reached before; to another one nothing is sent."""
    with _door_to(reached.host, open_door) as door:
        door.confirm(reached.host.name, known_of(reached.seen))
        yield door


def logins_from(
    reached: Reached, nodes: Iterable[str], open_door: Door
) -> dict[str, LoginFromNode]:
    """Whether root of that node logs in to these; empty when it can't be asked.

    It is a help for the reader, and decides nothing.
    """
    return _consult(reached, logins_to(nodes), open_door)[0] or {}
