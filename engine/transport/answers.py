"""From the parts of a session to answers, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.model.answer import Answer, Lost, LostKind, question
from engine.model.inventory import Host
from engine.transport.causes import SUDO_CUT
from engine.transport.diagnosis import how_it_broke, why_not_begun
from engine.transport.session import Kept
from engine.transport.wrapper import KILL_AFTER, Demux

Sink = Callable[[bytes], object]
_TIMEOUT_CODES = (124, 137)  # coreutils timeout: ended by TERM, by KILL
_SSH_FAILED = 255
_CLOCK_SLACK = 0.05  # /proc/uptime counts hundredths


class Collector:
    """Collects the outputs of some commands on one node. With `sink`, standard output goes there.

    A session may be tried again with fresh `demuxes` as long as nothing had begun.
    """

    def __init__(
        self,
        node: str,
        argvs: Sequence[Sequence[str]],
        deadline: float,
        sink: Sink | None = None,
        gate: Sequence[str] = (),
    ) -> None:
        self.node = node
        self.argvs = argvs
        self.sent = [[*gate, *argv] for argv in argvs]
        self.deadline = deadline
        self._sink = sink

    @property
    def longest(self) -> float:
        """Seconds after which the last command has been ended on the node."""
        return len(self.argvs) * (self.deadline + KILL_AFTER)

    def demuxes(self, nonce: str, *, shared: bool = False) -> tuple[Demux, Demux]:
        """For standard output and standard error; `shared`: others' outputs follow in them."""
        self._kept = [(Kept(), Kept()) for _ in self.argvs]
        commands = len(self.argvs) if shared else 0
        self._out = Demux(nonce, self._take_out, commands=commands)
        self._err = Demux(nonce, self._take_err, commands=commands)
        return self._out, self._err

    def only(self, results: list[Answer | Lost]) -> Answer:
        """The answer of a session with one command."""
        (result,) = results
        if isinstance(result, Lost):
            raise result
        return result

    def results(self, ssh_code: int | None, host: Host, said: str = "") -> list[Answer | Lost]:
        """One entry a command. Raises `Lost` when the node never began.

        `said` is what ssh wrote about the connection meanwhile: it tells why it broke.
        """
        if not self._err.begun:
            raise self._never_began(ssh_code, host)
        results: list[Answer | Lost] = []
        for index in range(len(self.argvs)):
            if self._out.ended > index and self._err.ended > index:
                results.append(self._judge(index))
            else:
                results.append(self._cut_off(index, ssh_code, host, said))
        return results

    def _take_out(self, index: int, data: bytes) -> None:
        if index >= len(self.argvs):
            return  # of a background process, after the end of the last command
        if self._sink is not None:
            self._sink(data)
        else:
            self._kept[index][0].add(data)

    def _take_err(self, index: int, data: bytes) -> None:
        if index < len(self.argvs):
            self._kept[index][1].add(data)

    def _answer(self, index: int, code: int, seconds: float) -> Answer:
        out, err = self._kept[index]
        cut = out.truncated or err.truncated
        return Answer(code, bytes(out.data), bytes(err.data), seconds, cut)

    def _judge(self, index: int) -> Answer | Lost:
        before, after = self._err.marks[index : index + 2]
        seconds = max(0.0, after.uptime - before.uptime)
        assert after.code is not None
        answer = self._answer(index, after.code, seconds)
        if after.code in _TIMEOUT_CODES and seconds >= self.deadline - _CLOCK_SLACK:
            why = (
                f"{question(self.argvs[index])} was not done after {self.deadline:g} seconds "
                "and was ended"
            )
            return Lost(self.node, why, LostKind.DEADLINE, answer)
        return answer

    def _cut_off(self, index: int, ssh_code: int | None, host: Host, said: str) -> Lost:
        partial = self._answer(index, -1, 0.0)
        asked = question(self.argvs[index])
        if ssh_code is None:
            why = (
                f"{asked}: no answer {KILL_AFTER} seconds and more after its deadline of "
                f"{self.deadline:g} seconds; the node or the way to it does not react"
            )
            return Lost(self.node, why, LostKind.DEADLINE, partial)
        if host.become and 0 <= ssh_code < _SSH_FAILED:
            cut = SUDO_CUT.format(code=ssh_code, user=host.user)
            why = f"how {asked} ended is not known: {cut}"
            return Lost(self.node, why, LostKind.CONNECTION_LOST, partial)
        why = (
            f"the connection was lost during {asked}; how it ended is not known."
            f" {how_it_broke(said)}"
        )
        return Lost(self.node, why, LostKind.CONNECTION_LOST, partial)

    def _never_began(self, ssh_code: int | None, host: Host) -> Lost:
        printed = _text(self._err.before + b"\n" + self._out.before)
        said = _text(self._err.before) or "nothing"
        asked = question(self.argvs[0])
        if ssh_code is None:
            why = f"{asked}: no sign of it from the node within its deadline"
            return Lost(self.node, why, LostKind.DEADLINE)
        if (
            ssh_code == _SSH_FAILED or ssh_code < 0
        ):  # ended by a signal: its request may be on its way
            why = f"the connection was lost when {asked} was to start. ssh says: {said}"
            return Lost(self.node, why, LostKind.CONNECTION_LOST)
        why = why_not_begun(host.user, host.become, ssh_code, printed or "nothing")
        return Lost(self.node, why, LostKind.AUTHENTICATION)


def _text(data: bytes) -> str:
    """Each line once, as one line."""
    lines = (line.strip() for line in data.decode("utf-8", "backslashreplace").splitlines())
    return " / ".join(dict.fromkeys(line for line in lines if line))


LINE_LIMIT = 1024 * 1024
"""Bytes; a longer line is handed over in pieces, so that memory stays bounded."""


class LineSplitter:
    """Hands over each line as soon as it is complete, without its end."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._hand(line)
        while len(self._rest) >= LINE_LIMIT:
            self._hand(self._rest[:LINE_LIMIT])
            self._rest = self._rest[LINE_LIMIT:]

    def finish(self) -> None:
        """The output is over: what is left is a line without an end."""
        if self._rest:
            self._hand(self._rest)
        self._rest = b""

    def _hand(self, line: bytes) -> None:
        self._on_line(line.decode("utf-8", "backslashreplace"))
