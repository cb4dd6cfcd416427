"""What of a journal its readers go by, in memory: all but the answers that only lists show. Pure.

Most lines of a long journal are answered questions. Two readers list them, the auditor's page and
the rows of report.html, and judging a run again answers with them: these read the journal's file
once more (`engine.record.lines`). Whatever else is made of a journal is the same by `Told.events`.
"""

from __future__ import annotations

import copy
from bisect import bisect
from collections.abc import Iterable, Mapping

from engine.model.event import Event
from engine.model.facts import STATEMENT
from engine.queries.neteye import VERSION
from engine.record.intervals import is_look
from engine.record.outputs import SECRET
from engine.record.reach import Sign, Word, signs_of

_GONE_BY = (VERSION.name, STATEMENT)
"""Questions whose answers others than the lists go by; of STATUS they go by its time."""
_LONG = ("command", "text", "unlike")
"""Fields of an answer, and of its output, that only lists show."""
_BOUNDS = ("step-started", "step-ended")


def is_plain(event: Event) -> bool:
    """A question that was answered."""
    return event["event"] == "observation" and not event.get("problem") and not event.get("lost")


class Told:
    """Takes the events of one journal in their order; their numbers (`seq`) have to rise.

    Kept are all but plain answers; of these the ones that tell the version, a rehearsal or that a
    text is withheld, that cite a file, the first of each step, the two last looks at the cluster
    before anything else, both sides of a clock that was set back, and the last event.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._looks: list[Event] = []
        self._before: Event | None = None
        self._steps: set[str] = set()

    def add(self, event: Event) -> None:
        before, self._before = self._before, event
        if before is not None and event["time"][:19] < before["time"][:19]:
            self._keep(before)
            self._keep(event)
        elif not is_plain(event):
            for look in self._looks:
                self._keep(look)
            self._looks.clear()
            if event["event"] in _BOUNDS:
                self._steps.clear()
            self._keep(event)
        elif event.get("question") in _GONE_BY:
            self._keep(event)
        elif self._is_first_of_its_step(event) or _cites(event):
            self._keep(_short(event))
        elif is_look(event):
            self._looks = [*self._looks[-1:], _short(event)]

    def ended(self) -> Told:
        """One that has these events and takes no more; this one goes on."""
        one = copy.copy(self)
        one.events = list(self.events)
        one.end()
        return one

    def so_far(self) -> list[Event]:
        """What is kept of the events until now, the last one among them."""
        return self.ended().events

    def end(self) -> None:
        """There are no more."""
        for event in (*self._looks, *filter(None, [self._before])):
            self._keep(event)

    def reached(self, plain: Iterable[Event]) -> None:
        """Keep also the answers by which a node was seen to be reached again.

        `plain`: the plain answers of the journal. It is asked for them only where the way to a
        node was lost.
        """
        lost: dict[str, list[_Place]] = {}
        for event, sign in signs_of(self.events):
            if sign.word is not Word.REACHED:
                lost.setdefault(sign.node, []).append(_place(event, sign))
        if not lost:
            return
        places = {node: sorted(each) for node, each in lost.items()}
        first: dict[tuple[str, int], tuple[_Place, Event]] = {}
        for event, sign in signs_of(event for event in plain if event.get("node") in lost):
            place = _place(event, sign)
            after = sign.node, bisect(places[sign.node], place)
            if after[1] and (after not in first or place < first[after][0]):
                first[after] = place, _short(event)
        for _, event in first.values():
            self._keep(event)

    def _keep(self, event: Event) -> None:
        number = event["seq"]
        if self.events and self.events[-1]["seq"] >= number:
            at = bisect(self.events, number, key=lambda one: int(one["seq"]))
            if at and self.events[at - 1]["seq"] == number:
                self.events[at - 1] = max(self.events[at - 1], event, key=len)
            else:
                self.events.insert(at, event)
        else:
            self.events.append(event)

    def _is_first_of_its_step(self, event: Event) -> bool:
        step = str(event.get("step") or "")
        is_first = step not in self._steps
        self._steps.add(step)
        return is_first


_Place = tuple[float, int]
"""When, and the number of the event: the order in which signs count."""


def _place(event: Event, sign: Sign) -> _Place:
    return sign.when.timestamp(), int(event["seq"])


def _cites(event: Event) -> bool:
    """Its answer lies in a file, is withheld, or was not kept."""
    output = event.get("output") or {}
    if not isinstance(output, Mapping):
        return True  # whoever goes by it tells that it is odd
    return bool(
        event.get("whole")
        or output.get("file")
        or output.get("not_kept")
        or output.get("text") == SECRET
    )


def _short(event: Event) -> Event:
    """Without the texts that only lists show."""
    told = {name: value for name, value in event.items() if name not in _LONG}
    output = event.get("output")
    if isinstance(output, Mapping):
        told["output"] = {
            name: value for name, value in output.items() if name not in _LONG or value == SECRET
        }
    return told
