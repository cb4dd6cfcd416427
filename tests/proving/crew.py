"""All workers of one invocation: gives them cases until every one has ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tests.proving.kind import Case, Kind, Say
from tests.proving.queue import Queue
from tests.proving.worker import Ended, Order, Said, work

LETTERS = "abcdefgh"
"""A worker's name; so many can work at once."""

Begin = Callable[[Case], Path]
"""Called when a case is given away; the directory for its evidence."""
Put = Callable[[Case, Ended], None]
"""Called with each case that has ended."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass
class Member:
    """A worker as the one sees it who gives it work."""

    letter: str
    process: SpawnProcess
    link: Connection
    case: Case | None = None
    """What it is at."""
    group: str = ""
    """What its cluster stands for."""

    @classmethod
    def start(cls, kinds: Mapping[str, Kind], letter: str) -> Member:
        here, there = _SPAWN.Pipe()
        process = _SPAWN.Process(target=work, args=(there, kinds, letter))
        process.start()
        there.close()  # its end has to be closed here, or its death is not seen
        return cls(letter, process, here)

    def give(self, case: Case | None, begin: Begin) -> None:
        """A case; None when there is no more: its cluster goes, while others work."""
        self.case = case
        self.group = case.group if case else ""
        with contextlib.suppress(BrokenPipeError):  # it has died, and that is heard next
            self.link.send(Order(case.kind, case.name, begin(case)) if case else None)


@dataclass
class Crew:
    """Runs cases side by side, one worker a cluster."""

    kinds: Mapping[str, Kind]
    workers: int
    begin: Begin
    put: Put
    say: Say

    def run(self, cases: Sequence[Case]) -> None:
        """Run all. Whatever it raises, KeyboardInterrupt too: no worker and no cluster is left."""
        queue, members = Queue(cases), list[Member]()
        try:
            for letter in LETTERS[: min(self.workers, len(cases))]:
                members.append(Member.start(self.kinds, letter))
                self._next(members[-1], members, queue)
            while busy := [member for member in members if member.case is not None]:
                ready = wait([member.link for member in busy])
                for member in [member for member in busy if member.link in ready]:
                    self._hear(member, members, queue)
            for member in members:
                self._join(member)
        except BaseException:
            self._end(members)
            raise

    def _next(self, member: Member, members: list[Member], queue: Queue) -> None:
        elsewhere = [other.group for other in members if other is not member and other.case]
        member.give(queue.take(member.group, elsewhere), self.begin)

    def _hear(self, member: Member, members: list[Member], queue: Queue) -> None:
        case = member.case
        assert case is not None
        try:
            word = member.link.recv()
        except (EOFError, ConnectionResetError):
            member.process.join()
            word = Ended(0.0, {}, f"its worker died with exit code {member.process.exitcode}")
            members[members.index(member)] = member = Member.start(self.kinds, member.letter)
        if isinstance(word, Said):
            self.say(f"{member.letter}: {word.text}")
            return
        self.put(case, word)
        self._next(member, members, queue)

    def _join(self, member: Member) -> None:
        """Wait until a worker has ended; its cluster is gone then, or it is said."""
        member.process.join()
        if member.process.exitcode:
            self.say(
                f"{member.letter}: ended with exit code {member.process.exitcode}; the next start"
                " removes its cluster if it is left"
            )

    def _end(self, members: Sequence[Member]) -> None:
        """End what goes on and wait until the clusters are gone; once more, and nobody waits."""
        living = [member for member in members if member.process.is_alive()]
        for member in living:
            member.process.terminate()
        doing = "; ".join(str(member.case) for member in living if member.case)
        self.say(f"ending {doing or 'the workers'}, taking their clusters down")
        try:
            for member in living:
                self._join(member)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for member in living:
                member.process.kill()
            self.say("broken off: the next start removes the clusters that are left")
