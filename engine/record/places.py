"""Where the lines of each step lie in a journal's file."""

from __future__ import annotations

from array import array


class Places:
    """Takes the lines of one journal in their order. Lines of a step that follow each other are
    one place."""

    def __init__(self) -> None:
        self._places: dict[str, array[int]] = {}
        """Step -> begin and end of its lines in the file, in bytes, in pairs."""

    def note(self, step: str, begin: int, end: int) -> None:
        """A line of that step; '': of none."""
        places = self._places.setdefault(step, array("Q"))
        if places and places[-1] == begin:
            places[-1] = end
        else:
            places.extend((begin, end))

    def of(self, step: str) -> list[tuple[int, int]]:
        """Begin and end of each place with lines of that step, in bytes."""
        places = self._places.get(step, ())
        return list(zip(places[::2], places[1::2], strict=True))
