"""What it costs to know whom a connection talks to: sessions and time, with and without.

    python -m bench.identity [--questions 100] [--rounds 5]

One sshd on loopback, started here. The first contact is compared with the three questions that the
first look had in its place; each later question with the same one without a look at the machine.
Both are asked in turn in one run, the medians are printed, and it ends with 1 when the look costs a
session, or a fifth of the time of a question on loopback.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from bench.rows import Row, told
from engine.queries.identity import MARKER, WHO
from engine.queries.neteye import CLUSTER_FILE
from engine.transport.firewall import Firewall
from engine.transport.ssh import SshTransport
from tests.engine.sshd import NODE, Sshd, inventory, running, stranger_transport, transport

QUESTION = ("cat", "/proc/loadavg")
BEFORE = (("true",), ("test", "-f", MARKER), ("cat", CLUSTER_FILE))
"""What the first look asked each machine before."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100, help="for each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with running(["LogLevel VERBOSE"]) as server:
        first = compared(server, options.rounds, first_before, first_now)
        each = compared(
            server,
            options.rounds,
            lambda server: asked(door_without_look(server), options.questions),
            lambda server: asked(transport(server.host()), options.questions),
        )
    return told(
        [
            *rows_of("first contact, login included", "three questions", first, 1),
            *rows_of("a question", "without the look", each, options.questions, (1.0, 1.2)),
        ]
    )


Cost = tuple[float, float]
"""Sessions and seconds."""


def compared(
    server: Sshd,
    rounds: int,
    before: Callable[[Sshd], float],
    now: Callable[[Sshd], float],
) -> tuple[list[Cost], list[Cost]]:
    """Both in turn, as often as `rounds` says."""
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for _ in range(rounds):
        for ask, kept in zip((before, now), costs, strict=True):
            had = sessions_of(server)
            seconds = ask(server)
            kept.append((sessions_of(server) - had, seconds))
    return costs


def rows_of(
    what: str,
    against: str,
    costs: tuple[Sequence[Cost], Sequence[Cost]],
    number: int,
    asked: tuple[float | None, float | None] = (None, None),
) -> list[Row]:
    """Sessions and milliseconds for each of so many questions, and what is asked of both ratios."""
    before, now = ([(had / number, 1000 * took / number) for had, took in kept] for kept in costs)
    rows = []
    for place, unit in enumerate(("sessions", "ms")):
        values, others = ([cost[place] for cost in kept] for kept in (now, before))
        rows.append(Row.of_pairs(what, values, against, others, unit, asked[place]))
    return rows


def sessions_of(server: Sshd) -> int:
    return (server.directory / "log").read_text().count("Starting session: command")


def first_before(server: Sshd) -> float:
    """A new connection and the three questions; `question` lets each of them pass."""
    listed = inventory(server.host())
    begun = time.perf_counter()
    with SshTransport(listed, Firewall(listed), BEFORE[0]) as door:
        for argv in BEFORE:
            door._identities._question = argv
            door.run(NODE, argv, deadline=30)
        return time.perf_counter() - begun


def first_now(server: Sshd) -> float:
    begun = time.perf_counter()
    with stranger_transport(server.host()) as door:
        door.run(NODE, WHO.argv, deadline=30)
        return time.perf_counter() - begun


def door_without_look(server: Sshd) -> SshTransport:
    """As it was: the one question passes, and no session looks at the machine."""
    listed = inventory(server.host())
    return SshTransport(listed, Firewall(listed), QUESTION)


def asked(opened: SshTransport, questions: int, argv: Sequence[str] = QUESTION) -> float:
    """Seconds for the questions over a connection that is there."""
    with opened as door:
        door.run(NODE, argv, deadline=30)
        begun = time.perf_counter()
        for _ in range(questions):
            door.run(NODE, argv, deadline=30)
        return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
