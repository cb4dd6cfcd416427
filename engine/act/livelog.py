"""The log of a long command as it goes on: what of it is shown and kept, and what it is at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.parse.play_log import Place, PlayLog
from engine.record.redact import Redactor

SHOWN = 50
"""Lines shown of one look; of more, the last ones."""
WIDTH = 500
"""Characters shown of one line."""
LOOKED_AT = 16 << 10
"""Bytes looked at of one line: enough that no secret is cut before it is masked."""
KEPT = 4 << 20
"""Bytes kept of the beginning, and as many of the end."""


class LiveLog:
    """Takes the log piece by piece; `show` gets whole lines, each with its end.

    `whole` says where the log lies whole, for what is left out here. A line that stops midway is
    shown so far, and its rest when it goes on; it is masked as a whole each time.
    """

    def __init__(self, show: Callable[[str], None], whole: str, redactor: Redactor) -> None:
        self._show = show
        self._whole = whole
        self._redactor = redactor
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0
        self._line = bytearray()
        """The line under way, as far as it is looked at."""
        self._told = ""
        """What of it was shown already."""
        self._ended: deque[tuple[bytes, str]] = deque(maxlen=SHOWN)
        """Lines not shown yet, each with what was shown of it."""
        self._left_out = 0
        self._is_new = False
        self._play = PlayLog()

    def feed(self, piece: bytes) -> None:
        """The next piece: complete lines of it are shown, not more than `SHOWN`."""
        self._is_new = True
        self._keep(piece)
        *ends, rest = piece.split(b"\n")
        for end in ends:
            self._go_on(end)
            self._end_line()
        self._go_on(rest)
        self._flush()

    def pause(self) -> None:
        """A look is over. When it brought nothing, a line without an end is shown as it is."""
        if not self._is_new and self._line:
            so_far = self._masked(bytes(self._line), is_whole=False)
            if so_far != self._told:
                self._show(f"{so_far.removeprefix(self._told)}\n")
            self._told = so_far
        self._is_new = False

    def end(self) -> None:
        """The log is over."""
        if self._line:
            self._end_line()
        self._flush()

    def failing(self) -> str:
        """Where the log tells of a failure, masked: task, hosts, message; empty: nowhere."""
        # masked before it is cut: half a secret is not found
        return self._redactor.clean_output(self._play.failing())[:WIDTH]

    def asked(self) -> list[str]:
        """What the log asks a person to do afterwards, masked."""
        return [self._redactor.clean_output(said)[:WIDTH] for said in self._play.asked()]

    def at(self) -> Place:
        """What it is at, masked."""
        place = self._play.at()
        play, task, host = map(self._redactor.clean_output, (place.play, place.task, place.host))
        return Place(play[:WIDTH], task[:WIDTH], host[:WIDTH], place.tasks)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def kept(self) -> bytes:
        """The log, or its beginning and end with a line between them that says what is missing."""
        missing = self._size - len(self._head) - len(self._tail)
        note = _left_out(missing, f"the log is whole in {self._whole}") if missing > 0 else b""
        return bytes(self._head) + note + bytes(self._tail)

    @property
    def is_cut(self) -> bool:
        return self._size > len(self._head) + len(self._tail)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        room = KEPT - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        del self._tail[:-KEPT]

    def _go_on(self, part: bytes) -> None:
        self._line += part[: LOOKED_AT - len(self._line)]

    def _end_line(self) -> None:
        self._play.feed(self._line.decode("utf-8", "backslashreplace"))
        self._left_out += len(self._ended) == SHOWN
        self._ended.append((bytes(self._line), self._told))
        self._line.clear()
        self._told = ""

    def _flush(self) -> None:
        if self._left_out:
            self._show(f"[... {self._left_out} lines are not shown; see {self._whole} ...]\n")
        # of a flood only what is shown is masked
        shown = [_rest(self._masked(line, is_whole=True), told) for line, told in self._ended]
        if any(shown):
            self._show("".join(f"{rest}\n" for rests in shown for rest in rests))
        self._ended.clear()
        self._left_out = 0

    def _masked(self, line: bytes, *, is_whole: bool) -> str:
        """As much of the line as is shown."""
        text = self._redactor.clean_output(line.decode("utf-8", "backslashreplace"))
        is_cut = len(line) >= LOOKED_AT
        if is_cut or not is_whole:
            text = self._redactor.without_open_end(text)
        return f"{text[:WIDTH]} [...]" if is_cut or len(text) > WIDTH else text


def _rest(line: str, told: str) -> list[str]:
    """What of it was not told yet, if anything; all of it when it reads otherwise by now."""
    return [] if told and line == told else [line.removeprefix(told)]


def shortened(output: bytes) -> bytes:
    """An output that is longer than what is kept of a log, with its beginning and end only."""
    missing = len(output) - 2 * KEPT
    if missing <= 0:
        return output
    return output[:KEPT] + _left_out(missing, "nothing else of it was kept") + output[-KEPT:]


def _left_out(size: int, why: str) -> bytes:
    return f"\n[... {size} bytes are left out here; {why} ...]\n".encode()
