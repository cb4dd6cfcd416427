"""Lines out of chunks."""

from __future__ import annotations

from collections.abc import Callable

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
