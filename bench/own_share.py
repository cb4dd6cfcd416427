"""What a run takes beside the vendor's commands, from its journal.

    python -m bench.own_share RUN [RUN ...]

RUN is a run's directory. Three kinds of time are not the runbook's own: a vendor's command is at
work (`neteye`, `dnf`, also those that only look), the failover proof, and `pcs` waits for
the cluster. Each is the union of its intervals: what is at work on several nodes counts once, and
what is of two kinds counts for the first of them. Prints the wall time, each kind, the rest, and
the steps with the largest rest. With two runs and more the rest of each is also told against that
of the first.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from engine.model.event import Event, moment
from engine.model.steps import phase_of
from engine.record.lines import JournalFile
from engine.report.evidence_files import JOURNAL, directory_of

VENDOR, FAILOVER, WAITS = "vendor's commands", "failover proof", "pcs waits"
KINDS = (VENDOR, FAILOVER, WAITS)
_VENDOR = re.compile(
    r"\bdnf\s+-|(?:^|[\s'\"])(?:neteye\s+[a-z]+|neteye_(?:secure_install|finalize)\w*)\b"
)
"""Anywhere in a script: those of questions make ready what dnf needs, and tidy up."""
_WAITS = re.compile(r"^(?:pcs|crm_resource)\s.*--wait")
_SHOWN = 15
"""Steps that are told."""

Span = tuple[float, float]
"""Begin and end, in seconds since the run's start."""


class Shares(NamedTuple):
    """How long a run took, and what for."""

    wall: float
    kinds: Mapping[str, float]
    """Seconds in which nothing of the kinds before it was under way either."""
    steps: Mapping[str, float]
    """Step -> seconds of the rest; \'\': between the steps."""

    @property
    def own(self) -> float:
        return self.wall - sum(self.kinds.values())


def shares_of(events: Iterable[Event]) -> Shares:
    """Of one run, of all its events in their order."""
    told = list(events)
    begun = moment(told[0])

    def seconds(event: Event) -> float:
        return (moment(event) - begun).total_seconds()

    spans: dict[str, list[Span]] = {kind: [] for kind in KINDS}
    intents: dict[str, tuple[str, float]] = {}
    started: dict[str, float] = {}
    steps: list[tuple[str, Span]] = []
    for event in told:
        now = seconds(event)
        match event["event"]:
            case "intent":
                kind = _kind_of(str(event.get("command", "")))
                intents[str(event["key"])] = kind, now
            case "result":
                kind, since = intents.pop(str(event["key"]), ("", now))
                if kind:
                    spans[kind].append((since, min(now, _ended(event, now))))
            case "observation":
                if kind := _kind_of(str(event.get("command", ""))):
                    came = now
                    if ahead := event.get("answered"):
                        came = (datetime.fromisoformat(str(ahead)) - begun).total_seconds()
                    spans[kind].append((came - float(event.get("seconds") or 0.0), came))
            case "step-started":
                started[str(event["step"])] = now
            case "step-ended":
                name = str(event["step"])
                span = started.pop(name, now), now
                steps.append((name, span))
                if phase_of(name) == "failover":
                    spans[FAILOVER].append(span)
    wall = seconds(told[-1])
    known: list[Span] = []
    kinds = {}
    for kind in KINDS:
        before = _length(known)
        known = _union([*known, *spans[kind]])
        kinds[kind] = _length(known) - before
    rest = {name: span[1] - span[0] - _length(_within(known, span)) for name, span in steps}
    rest[""] = wall - _length(known) - sum(rest.values())
    return Shares(wall, kinds, rest)


def _kind_of(command: str) -> str:
    """Of a change or a question; empty: the runbook's own."""
    if _WAITS.search(command):
        return WAITS
    return VENDOR if _VENDOR.search(command) else ""


def _ended(event: Event, now: float) -> float:
    """When the command of this result ended: a long one is seen later. `now`: of its record."""
    ended = event.get("ended")
    if not ended:
        return now
    return now - (moment(event) - datetime.fromisoformat(str(ended))).total_seconds()


def _union(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _within(spans: Iterable[Span], whole: Span) -> Iterator[Span]:
    for begin, end in spans:
        if begin < whole[1] and end > whole[0]:
            yield max(begin, whole[0]), min(end, whole[1])


def _length(spans: Iterable[Span]) -> float:
    return sum(end - begin for begin, end in spans)


def lines_of(shares: Shares, first: Shares | None = None) -> list[str]:
    """For a person. `first`: the run that it is told against."""
    told = [f"wall {shares.wall:7.1f} s"]
    told += [f"  {kind:18} {seconds:7.1f} s" for kind, seconds in shares.kinds.items()]
    ratio = f", {shares.own / first.own:.2f} of the first" if first else ""
    told.append(f"  {'own rest':18} {shares.own:7.1f} s{ratio}")
    largest = sorted(shares.steps.items(), key=lambda each: -each[1])[:_SHOWN]
    return [*told, *(f"    {seconds:6.1f} s  {name or '(no step)'}" for name, seconds in largest)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, nargs="+")
    given = parser.parse_args(arguments)
    first: Shares | None = None
    for path in given.run:
        shares = shares_of(JournalFile(directory_of(path) / JOURNAL))
        print(path, *lines_of(shares, first), sep="\n")
        first = first or shares
    return 0


if __name__ == "__main__":
    sys.exit(main())
