"""`python -m tests.proving.together MAKE TARGET...`: targets of the Makefile at the same time.

Each line says whose it is; at the end stand all that failed. When one fails, the others go on:
both are worth knowing. Ctrl-C ends all of them in good order, a second one at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from types import FrameType

INTERRUPTED = 130
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# how pytest begins the lines of its summary, behind the names of those who passed them on
_TELLS_A_FAILURE = ("FAILED ", "ERROR ")
_BAR = " | "

Say = Callable[[str], None]


def main(arguments: Sequence[str]) -> int:
    """0 when all targets were made, 1 when not, 130 after Ctrl-C."""
    make, *targets = arguments
    return together({target: (make, "--no-print-directory", target) for target in targets})


def together(
    commands: Mapping[str, Sequence[str]], say: Say | None = None, *, at_once: int = 99
) -> int:
    """Run the commands, each in a process group of its own, and tell how they ended."""
    crew = _Crew(dict(commands), say or _printing(), at_once)
    with _signals_interrupt():
        try:
            crew.work()
            return crew.told()
        except KeyboardInterrupt as error:
            crew.end(str(error))
            return INTERRUPTED


def _printing() -> Say:
    """Whole lines, though several threads have some."""
    lock = Lock()

    def say(text: str) -> None:
        with lock:
            try:
                print(text, flush=True)
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                os.kill(os.getpid(), signal.SIGHUP)  # nobody reads: as if the terminal was closed

    return say


@dataclass
class _Part:
    """One of the commands, its lines passed on as they come."""

    prefix: str
    process: subprocess.Popen[str]
    failures: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    is_over: bool = False

    def pass_on(self, say: Say) -> None:
        """Until it has ended and all it said is passed on."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            text = line.rstrip("\n")
            if text.rpartition(_BAR)[2].startswith(_TELLS_A_FAILURE) and text not in self.failures:
                self.failures.append(text)
            say(self.prefix + text)
        self.process.wait()
        self.seconds = time.monotonic() - self.begun

    def signal(self, number: signal.Signals) -> None:
        """To whatever it has started, too; nothing when it has ended."""
        # its thread may learn of its end at this moment
        with suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.killpg(self.process.pid, number)

    def tell(self, say: Say) -> None:
        word = "FAILED" if self.process.returncode else "ok"
        for text in (f"{word} after {self.seconds:.0f} s", *self.failures):
            say(self.prefix + text)


class _Crew:
    """The commands that wait, those that run, and those that have ended."""

    def __init__(self, waiting: dict[str, Sequence[str]], say: Say, at_once: int) -> None:
        self._waiting, self._say, self._at_once = waiting, say, at_once
        self._width = max(map(len, waiting), default=0)
        self._running: dict[str, _Part] = {}
        self._parts: list[_Part] = []
        self._ended: SimpleQueue[str] = SimpleQueue()

    def work(self) -> None:
        """Until all have ended."""
        while True:
            # an interrupt may come between an end and what is made of it
            self._running = {name: one for name, one in self._running.items() if not one.is_over}
            while self._waiting and len(self._running) < self._at_once:
                name = next(iter(self._waiting))
                self._begin(name, self._waiting.pop(name))
            if not self._running:
                return
            self._ended.get()

    def _begin(self, name: str, argv: Sequence[str]) -> None:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # the terminal's Ctrl-C comes to us, and from us to it, once
        )
        part = self._running[name] = _Part(f"{name:{self._width}}{_BAR}", process)
        self._parts.append(part)

        def pass_on() -> None:
            part.pass_on(self._say)
            part.is_over = True
            self._ended.put(name)

        Thread(target=pass_on, daemon=True).start()

    def end(self, why: str) -> None:
        """Pytest takes its clusters down before it ends; whoever can't wait for that asks again."""
        self._waiting.clear()
        self._say(f"{why} received: ending {', '.join(self._running)}")
        self._signal(signal.SIGINT)
        try:
            self.work()
        except KeyboardInterrupt:
            self._signal(signal.SIGKILL)
            self._say("killed; clusters that are left are removed by the next run")

    def _signal(self, number: signal.Signals) -> None:
        for part in self._running.values():
            part.signal(number)

    def told(self) -> int:
        for part in self._parts:
            part.tell(self._say)
        return int(any(part.process.returncode for part in self._parts))


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Also in the background, where a shell has SIGINT ignored."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
