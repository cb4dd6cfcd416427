"""Which machines answered under the names of the nodes, and whether they stayed the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.model.event import Event
from engine.model.groups import grouped

MACHINES = "machines"
"""The event of the first look: who answered under each name."""


@dataclass(frozen=True)
class Machine:
    """What answered under the name of a node, over all runs; texts, empty: nothing was told."""

    node: str
    hostnames: tuple[str, ...] = ()
    """As it calls itself."""
    ids: tuple[str, ...] = ()
    """Of `/etc/machine-id`."""
    keys: tuple[str, ...] = ()
    """Its host keys, kind and fingerprint: those that it showed, it may have more."""
    differs: str = ""
    """What speaks for several machines under this name."""


def machines_of(events: Sequence[Event]) -> list[Machine]:
    """Of each node of the inventory; none where no run recorded them (an older runbook)."""
    seen = [event for event in events if event["event"] == MACHINES]
    if not seen:
        return []
    numbers = {run: at for at, run in enumerate(dict.fromkeys(str(e["run"]) for e in events), 1)}
    told = [
        (str(node), one, numbers[str(event["run"])])
        for event in seen
        for node, one in event["machines"].items()
    ]
    keys = [
        (
            str(e["node"]),
            str(e.get("host_key_type", "")),
            str(e["host_key"]),
            numbers[str(e["run"])],
        )
        for e in events
        if e["event"] == "login" and e["host_key"]
    ]
    nodes = [n for e in events if e["event"] == "run-started" for n in e.get("nodes", {})]
    found = []
    for node in dict.fromkeys([*nodes, *(name for name, *_ in told)]):
        ids = grouped((str(one["machine_id"]), run) for name, one, run in told if name == node)
        mine = grouped(((kind, key), run) for name, kind, key, run in keys if name == node)
        found.append(
            Machine(
                node,
                tuple(dict.fromkeys(str(one["hostname"]) for name, one, _ in told if name == node)),
                tuple(filter(None, ids)),
                tuple(f"{kind} {key}".strip() for kind, key in mine),
                "; ".join(_differing(ids, mine)),
            )
        )
    return found


def _differing(ids: dict[str, list[int]], keys: dict[tuple[str, str], list[int]]) -> Iterator[str]:
    """A server has a host key of each kind, and the client decides which one it shows."""
    if len(ids) > 1:
        yield f"machine ids {_by_run(ids)}"
    kinds = grouped((kind, key) for kind, key in keys if kind)
    for kind, each in kinds.items():
        if len(each) > 1:
            yield f"{kind} keys {_by_run({key: keys[kind, key] for key in each})}"


def _by_run(seen: dict[str, list[int]]) -> str:
    return ", ".join(
        f"{what or 'none'} (run {', '.join(map(str, dict.fromkeys(runs)))})"
        for what, runs in seen.items()
    )
