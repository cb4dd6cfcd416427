"""Who beside the run has the head of its journal, and of which moments nobody has. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.judge.text import many
from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.journal import LOCK_TAKEN
from engine.record.no_return import passing_of
from engine.verify import BEGUN, ENDED, NO_RETURN, WITNESSED

_MOMENTS = {BEGUN: "its begin", NO_RETURN: "the point of no return", ENDED: "its end"}


@dataclass(frozen=True)
class Head:
    """A head of a run's journal that was given to others."""

    run: int
    """The number of the run in its attempt."""
    moment: str
    """In words."""
    line: int
    sha256: str
    nodes: tuple[str, ...]
    """Those whose system journal has it."""
    missing: tuple[str, ...]
    """Nodes that did not take it, and why."""

    stamp: str = ""
    """Time and authority of its time stamp."""
    unstamped: str = ""
    """Why it has none, where one was asked for."""

    @property
    def has_witness(self) -> bool:
        return bool(self.nodes or self.stamp)


@dataclass(frozen=True)
class Witnesses:
    """All of them, and what has none."""

    heads: tuple[Head, ...]
    lacking: tuple[str, ...]
    """Moments of which nobody was told, a sentence each."""
    is_asked: bool
    """A run of these had the cluster: one that only looks tells nobody."""

    def sentence(self) -> str:
        """What there is, in short."""
        if not self.is_asked:
            return "a run that does not have the cluster tells nobody"
        nodes = {node for head in self.heads for node in head.nodes}
        told = [head for head in self.heads if head.has_witness]
        if not told:
            return ""
        moments = ", ".join(dict.fromkeys(head.moment for head in told))
        said = f"the journal's head at {moments}: in {many(len(nodes), 'system journal')}"
        stamped = sum(bool(head.stamp) for head in told)
        return said + (f", {many(stamped, 'time stamp')}" if stamped else "")


def witnesses_of(events: Sequence[Event]) -> Witnesses:
    """`events` of all runs of the attempt."""
    runs = list(dict.fromkeys(str(event["run"]) for event in events))
    numbers = {run: number for number, run in enumerate(runs, 1)}
    heads = tuple(
        Head(
            numbers[str(event["run"])],
            _MOMENTS.get(str(event["moment"]), str(event["moment"])),
            int(event["line"]),
            str(event["head"]),
            tuple(map(str, event["nodes"])),
            tuple(f"{node}: {why}" for node, why in event["missing"].items()),
            _stamp(event.get("stamp") or {}),
            str((event.get("stamp") or {}).get("problem", "")),
        )
        for event in events
        if event["event"] == WITNESSED
    )
    held = [numbers[str(event["run"])] for event in events if event["event"] == LOCK_TAKEN]
    if held and not heads:
        return Witnesses((), ("nobody was told the head of the journal (older runbook)",), True)
    passed = passing_of(events)
    passing = numbers[str(passed["run"])] if passed is not None else 0
    return Witnesses(heads, tuple(_lacking(heads, held, passing)), bool(held))


def _lacking(heads: Sequence[Head], held: Sequence[int], passing: int) -> Iterator[str]:
    """`held`: the runs that had the cluster; `passing`: the one that passed the point, or 0."""
    seen = {(head.run, head.moment) for head in heads if head.has_witness}
    wanted = [(run, _MOMENTS[moment]) for run in dict.fromkeys(held) for moment in (BEGUN, ENDED)]
    wanted += [(passing, _MOMENTS[NO_RETURN])] if passing else []
    without = grouped(
        (moment, str(run)) for run, moment in sorted(wanted) if (run, moment) not in seen
    )
    for moment, each in without.items():
        yield f"of {moment} nobody was told (run {', '.join(each)})"
    for head in heads:
        if head.unstamped:
            yield f"no time stamp of {head.moment} (run {head.run}): {head.unstamped}"


def _stamp(stamp: Mapping[str, Any]) -> str:
    """When, and by whom, as the run read it."""
    if "time" not in stamp:
        return ""
    by = f" by {stamp['by']}" if stamp["by"] else ""
    return f"{stamp['time']}{by}" + ("" if stamp["is_checked"] else ", not checked by the run")
