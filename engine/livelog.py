"""The log of a long command as it comes: what of it is shown, and what is kept. Constant memory."""

from __future__ import annotations

from collections.abc import Callable

from engine.transport.lines import LineSplitter

SHOWN = 50
"""Lines shown of one look; of more, the last ones."""
WIDTH = 500
"""Characters shown of one line."""
KEPT = 4 << 20
"""Bytes kept of the beginning, and as many of the end."""


class LiveLog:
    """Takes the log piece by piece; `show` gets whole lines, each with its end.

    `whole` says where the log lies whole, for what is left out here.
    """

    def __init__(self, show: Callable[[str], None], whole: str) -> None:
        self._show = show
        self._whole = whole
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0
        self._lines: list[str] = []
        self._left_out = 0
        self._is_new = False
        self._splitter = LineSplitter(self._take)

    def feed(self, piece: bytes) -> None:
        """The next piece: complete lines of it are shown, not more than `SHOWN`."""
        self._is_new = True
        self._keep(piece)
        self._splitter.feed(piece)
        self._flush()

    def pause(self) -> None:
        """A look is over. When it brought nothing, a line without an end is shown as it is."""
        if not self._is_new:
            self.end()
        self._is_new = False

    def end(self) -> None:
        """The log is over."""
        self._splitter.finish()
        self._flush()

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

    def _take(self, line: str) -> None:
        self._lines.append(line if len(line) <= WIDTH else f"{line[:WIDTH]} [...]")
        if len(self._lines) > SHOWN:
            del self._lines[0]
            self._left_out += 1

    def _flush(self) -> None:
        if self._left_out:
            self._show(f"[... {self._left_out} lines are not shown; see {self._whole} ...]\n")
        if self._lines:
            self._show("".join(f"{line}\n" for line in self._lines))
        self._lines, self._left_out = [], 0


def shortened(output: bytes) -> bytes:
    """An output that is longer than what is kept of a log, with its beginning and end only."""
    missing = len(output) - 2 * KEPT
    if missing <= 0:
        return output
    return output[:KEPT] + _left_out(missing, "nothing else of it was kept") + output[-KEPT:]


def _left_out(size: int, why: str) -> bytes:
    return f"\n[... {size} bytes are left out here; {why} ...]\n".encode()
