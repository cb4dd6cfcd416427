"""How long 160 questions to 16 hosts take: testinfra's ssh backend as it comes, and this transport.

    python -m bench.transport [--hosts 16] [--questions 10] [--statements 10000] [--rounds 1]

All hosts are one sshd on loopback, started here, so that the way is the same for everybody. Ends
with 1 when ours, hosts in parallel with one round trip each, is not the faster. Then so many
statements to a database, many rows, and sessions for one statement each: by a socket that ssh
forwards, and by the relay that sudo starts. Each is measured as often as the rounds say, in turn
with what it is measured against.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import testinfra

from bench.rows import Row, told
from engine.model.answer import Answer
from engine.model.groups import grouped
from engine.transport.base import in_parallel
from engine.transport.database import connect
from engine.transport.ssh import SshTransport
from tests.engine.mysqld import serving
from tests.engine.sshd import ANYTHING, NODE, USER, Sshd, running, transport

QUESTION = ("cat", "/proc/loadavg")
SMALL, ROWS = "SELECT small", "SELECT rows"
SESSIONS = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--questions", type=int, default=10, help="for each host")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--statements", type=int, default=10_000, help="to the database")
    options = parser.parse_args()
    asked: list[tuple[str, float]] = []
    sent: list[tuple[str, tuple[float, float]]] = []
    for number in range(1, options.rounds + 1):
        asked += questions(options.hosts, options.questions)
        sent += statements(options.statements)
        print(f"round {number} of {options.rounds}", flush=True)
    return told([*rows_of_questions(grouped(asked)), *rows_of_statements(grouped(sent))])


def rows_of_questions(seconds: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    """Each of our ways against testinfra's; the last one has to be faster."""
    (usual, others), *ways = seconds.items()
    for number, (text, took) in enumerate(ways, 1):
        asked = 1.0 if number == len(ways) else None
        yield Row.of_pairs(f"questions: {text}", took, usual, others, "s", asked)


def rows_of_statements(seconds: Mapping[str, Sequence[tuple[float, float]]]) -> Iterator[Row]:
    """The relay against the forwarded socket."""
    for text, both in seconds.items():
        forwarded, relayed = zip(*both, strict=True)
        yield Row.of_pairs(f"{text}, relayed", relayed, "forwarded", forwarded, "s")


def questions(hosts: int, each: int) -> Iterator[tuple[str, float]]:
    """A way to ask, and the seconds that it takes; testinfra's is the first."""
    with running(["LogLevel ERROR"]) as server:
        listed = [server.host(f"node{number}") for number in range(hosts)]
        names = [host.name for host in listed]
        yield (
            "testinfra's ssh backend, one after the other",
            timed(lambda: ask_testinfra(server, hosts, each)),
        )
        for text, ask in WAYS.items():
            with transport(*listed) as door:
                yield text, timed(lambda ask=ask, door=door: ask(door, names, each))  # type: ignore[misc]


def statements(number: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """What is asked of a database; the seconds by a forwarded socket, and by the relay."""
    answers = {SMALL: ["1"], ROWS: ["x" * 250] * 40_000}
    with tempfile.TemporaryDirectory() as directory, running(sudoers=[ANYTHING]) as server:
        socket = Path(directory) / "s"
        with (
            serving(socket, {"root": ""}, answers),
            transport(server.host()) as forwarding,
            transport(server.sudoer()) as relaying,
        ):
            for text, times, statement, sessions in (
                (f"{number} small statements", number, SMALL, 1),
                ("50 MB of rows", 5, ROWS, 1),
                (f"{SESSIONS} sessions for one statement each", 1, SMALL, SESSIONS),
            ):

                def ask(door: SshTransport, times: int = times, of: str = statement) -> None:
                    with connect(door, NODE, socket_path=str(socket), database=None) as connection:
                        with connection.cursor() as cursor:
                            for _ in range(times):
                                cursor.execute(of)

                ask(forwarding, 1, SMALL)  # the login is not what is measured
                ask(relaying, 1, SMALL)
                usual = timed(lambda ask=ask, n=sessions: [ask(forwarding) for _ in range(n)])  # type: ignore[misc]
                took = timed(lambda ask=ask, n=sessions: [ask(relaying) for _ in range(n)])  # type: ignore[misc]
                yield text, (usual, took)


def timed(ask: Callable[[], object]) -> float:
    """Seconds, connections opened included."""
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def ask_testinfra(server: Sshd, hosts: int, questions: int) -> None:
    for _ in range(hosts):
        host = testinfra.get_host(
            f"ssh://{USER}@127.0.0.1:{server.port}",
            ssh_config=str(server.directory / "ssh_config"),
            ssh_identity_file=str(server.directory / "user_key"),
        )
        for _ in range(questions):
            assert host.run(" ".join(QUESTION)).rc == 0


def one_by_one(door: SshTransport, names: list[str], questions: int) -> None:
    for name in names:
        ask_in_turn(door, name, questions)


def parallel(door: SshTransport, names: list[str], questions: int) -> None:
    checked(in_parallel(names, lambda name: ask_in_turn(door, name, questions)))


def batched(door: SshTransport, names: list[str], questions: int) -> None:
    def ask(name: str) -> None:
        for answer in door.ask_batch(name, [QUESTION] * questions, deadline=30):
            assert isinstance(answer, Answer)
            assert answer.ok

    checked(in_parallel(names, ask))


def ask_in_turn(door: SshTransport, name: str, questions: int) -> None:
    for _ in range(questions):
        assert door.run(name, QUESTION, deadline=30).ok


def checked(results: Mapping[str, object]) -> None:
    for result in results.values():
        if isinstance(result, Exception):
            raise result


WAYS = {
    "one after the other": one_by_one,
    "hosts in parallel": parallel,
    "hosts in parallel, one round trip each": batched,
}


if __name__ == "__main__":
    sys.exit(main())
