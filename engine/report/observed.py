"""How the cluster was last seen, and whether that is how the run left it. Pure.

Only what was observed counts: release files, the facts `state-before` and `state-after`, the events
of standby and fencing. What a run meant to reach is no source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.errors import ParseError
from engine.model.event import Event, moment
from engine.model.facts import AFTER, BEFORE
from engine.parse.machine import parse_neteye_release
from engine.queries.neteye import VERSION
from engine.record.intervals import FENCING, STANDBY

_RUNNING = ("Started", "Promoted", "Unpromoted", "Master", "Slave")
ON, OFF = "on", "off"


@dataclass(frozen=True)
class Observed:
    """The cluster as it was last seen. What nobody saw is empty, or None."""

    versions: Mapping[str, str]
    """Node -> what its release file said."""
    fencing: str = ""
    """`on`, `off`; empty: not known."""
    fencing_before: str = ""
    """Of the baseline."""
    nodes: Mapping[str, str] | None = None
    """Pacemaker's nodes, in words: `online`, `online, standby`, ..."""
    not_running: tuple[str, ...] = ()
    """Resources that do not run, or have failed, and did run before."""
    resources: int = 0
    """How many there are; 0: they were not seen."""
    is_sound: bool = False
    """There is quorum, no failed action, and every node is online and nothing else."""
    at: datetime | None = None
    """When it was last looked; None: nobody did."""
    is_current: bool = False
    """The run looked after its last change: it left the cluster so."""

    @property
    def in_standby(self) -> tuple[str, ...]:
        return tuple(name for name, words in (self.nodes or {}).items() if STANDBY in words)

    @property
    def away(self) -> tuple[str, ...]:
        """Nodes that pacemaker did not see online."""
        return tuple(n for n, words in (self.nodes or {}).items() if not words.startswith("online"))


def observed_of(events: Sequence[Event], run: str) -> Observed:
    """As the events of the attempt tell it up to their end, for the run of that id.

    A run that looked after its last change saw what it left; else what was seen last is told.
    """
    own = [event for event in events if event["run"] == run]
    before = next((e for e in events if _is_fact(e, BEFORE)), None)
    seen = _folded(events, before)
    left = _last_look(own)
    if left is not None:
        since = own[own.index(left) + 1 :]
        return replace(_folded([left, *since], before), at=moment(left), is_current=True)
    looked = [e for e in own if _is_fact(e, AFTER) or _is_fact(e, BEFORE) or _version(e)]
    changed = any(event["event"] == "intent" for event in own)
    return replace(seen, is_current=bool(looked) and not changed)


def _last_look(own: Sequence[Event]) -> Event | None:
    """The run's own last state, when it began no change after that."""
    for event in reversed(own):
        if event["event"] == "intent":
            return None
        if _is_fact(event, AFTER):
            return event
    return None


def _folded(events: Iterable[Event], before: Event | None) -> Observed:
    seen = Observed({})
    versions: dict[str, str] = {}
    for event in events:
        if _is_fact(event, BEFORE) or _is_fact(event, AFTER):
            state = _state(event, before)
            versions |= state.versions
            # without the cluster's status nobody knows any more
            seen = replace(state, at=moment(event))
        elif version := _version(event):
            versions[str(event["node"])] = version
            seen = replace(seen, at=moment(event))
        elif event["event"] == FENCING:
            seen = replace(seen, fencing=str(event["state"]))
        elif event["event"] == STANDBY:
            words = "online, standby" if event["state"] == "entered" else "online"
            seen = replace(seen, nodes={**(seen.nodes or {}), str(event["node"]): words})
    was = _state(before, None).fencing if before else ""
    return replace(seen, versions=versions, fencing_before=was)


def _state(fact: Event, before: Event | None) -> Observed:
    """Of one of the two facts."""
    cluster: Mapping[str, str] = fact.get("cluster") or {}
    nodes: Mapping[str, str] | None = fact.get("nodes")
    resources: Mapping[str, str] = fact.get("resources") or {}
    former: Mapping[str, str] = (before or {}).get("resources") or {}
    fencing = {ON: ON, OFF: OFF}
    sound = cluster.get("quorum") == "yes" and cluster.get("failed actions") == "none"
    return Observed(
        versions=dict(fact.get("versions") or {}),
        fencing=fencing.get(cluster.get("fencing", ""), ""),
        fencing_before=fencing.get(((before or {}).get("cluster") or {}).get("fencing", ""), ""),
        nodes=nodes,
        not_running=tuple(
            name
            for name, words in resources.items()
            if not _runs(words) and (_runs(former.get(name, "Started")) or "failed" in words)
        ),
        resources=len(resources),
        is_sound=sound and bool(nodes) and all(w == "online" for w in (nodes or {}).values()),
    )


def _runs(words: str) -> bool:
    """Of a resource or the instances of a clone: at least one runs, and none has failed."""
    roles = [part.split(" on ")[0].split(",")[0].strip() for part in words.split(";")]
    return "failed" not in words and any(role in _RUNNING for role in roles)


def _version(event: Event) -> str:
    """What a release file said; '' of anything else."""
    if event["event"] != "observation" or event.get("question") != VERSION.name:
        return ""
    output: Mapping[str, Any] = event.get("output") or {}
    try:
        return "" if event.get("problem") else str(parse_neteye_release(str(output.get("text"))))
    except ParseError:
        return ""


def _is_fact(event: Event, name: str) -> bool:
    return bool(event["event"] == "fact" and event["name"] == name)
