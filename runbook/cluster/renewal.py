"""A baseline that is days old: what of it is renewed between two nights, and what never is.

Renewed is how the cluster is arranged, which people change in normal operation: what runs where,
what is disabled, gaps of clones, properties. The preflight has judged it before, so whatever is
odd about it was accepted by name. Never renewed is what the upgrade gives back or is measured
against: fencing with its devices, standby, machines, versions, packages, and what the version step
has recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.ask.look import Look
from engine.attempt.baseline import RENEWED, as_renewed
from engine.judge.clones import gaps_of_clones
from engine.judge.resources import disabled_resources
from engine.judge.text import listed
from engine.model.cluster import ClusterStatus
from engine.model.finding import Finding, Way
from engine.model.groups import grouped
from engine.model.names import cib_in_names
from engine.queries.pacemaker import CIB
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.cluster import product
from runbook.cluster.icinga.cover import LEDGER as DOWNTIME

FIELDS = {
    "placement": "what runs where",
    "disabled": "disabled",
    "clone_gaps": "clones without an instance",
    "properties": "properties",
}
"""Fields of the baseline that are renewed -> what they are called."""
_BETWEEN = (Position.NOT_STARTED, Position.UPDATED)
"""Nothing of the upgrade has begun: how the cluster is now is how it is meant to be."""
_MOST = 8
"""Differences that are named in the step's words; the fact has all of them."""


def arrangement(look: Look, status: ClusterStatus) -> dict[str, Any]:
    """How the cluster is arranged now, as the baseline has it: JSON-able."""
    cib = look.ask(look.names.active, CIB)
    ours = cib_in_names(cib, look.names.of_pacemaker)
    return {
        "placement": {name: list(nodes) for name, nodes in status.placement.items()},
        "disabled": sorted(disabled_resources(status)),
        "clone_gaps": sorted(map(list, gaps_of_clones(status, status.active_nodes, ours))),
        "properties": dict(cib.properties),
    }


def is_old(look: Look) -> bool:
    """Whether the attempt's baseline is older than it may be."""
    return _age(look) > timedelta(hours=product.BASELINE_MAX_AGE_HOURS)


def is_due(look: Look) -> bool:
    """Whether it is old, and may be renewed: it is between two nights.

    A downtime that a stopped run has left in the monitoring changes nothing of the cluster.
    """
    is_changed = bool(look.memory.ledger.keys() - {DOWNTIME})
    return is_old(look) and look.position in _BETWEEN and not is_changed


def renew(look: Look, evidence: Evidence) -> None:
    """Put on record how the cluster is arranged now; from here on it counts for this attempt.

    The file on N stays as it was: the journals say what counts instead, since when.
    """
    assert look.baseline is not None
    before, age, status = look.baseline, _age(look), look.cluster_status()
    now = _without_fencing(before, arrangement(look, status), status)
    changes = [
        {"what": field, "of": of, "before": was, "after": is_now}
        for field in FIELDS
        for of, was, is_now in _differences(before.get(field), now[field])
    ]
    taken = look.now().isoformat()
    evidence.remember(
        RENEWED,
        was_taken=before["taken"],
        values={**now, "taken": taken},
        changes=changes,
    )
    look.baseline = as_renewed(before, look.memory.facts)
    alike = grouped((_in_words(one), one["of"]) for one in changes)
    told = [f"{first}{listed(names, _MOST)}{then}" for (first, then), names in alike.items()]
    evidence.note(
        f"the baseline of attempt {look.attempt} was {age.days} days old ({before['taken']}) and is"
        f" renewed: {'; '.join(told) or 'nothing of it has changed'}; as recorded"
        f" stay fencing ({'on' if before.get('fencing') else 'off'}) and its devices, standby,"
        " machines, versions and packages"
    )


def too_old(look: Look) -> list[Finding]:
    """While the upgrade changes the cluster, what is seen is no baseline (acceptable)."""
    if not is_old(look):
        return []
    return [
        Finding(
            code="baseline-old",
            subject=look.names.active,
            observed=f"the baseline of this attempt was taken {_age(look).days} days ago",
            expected=f"at most {product.BASELINE_MAX_AGE_HOURS} hours",
            remedy="Check by hand that fencing, disabled resources and placement are still meant"
            " to be as recorded, then accept this finding.",
            way=Way.ACCEPT,
        )
    ]


def _age(look: Look) -> timedelta:
    assert look.baseline is not None
    return look.now() - datetime.fromisoformat(look.baseline["taken"])


def _without_fencing(
    before: Mapping[str, Any], now: Mapping[str, Any], status: ClusterStatus
) -> dict[str, Any]:
    """The same with all that concerns fencing as it was recorded."""
    devices = {device.id for device in status.fence_devices}
    placed, set_now = before.get("placement", {}), before.get("properties", {})
    return {
        **now,
        "placement": _kept(placed, now["placement"], devices.__contains__),
        "properties": _kept(set_now, now["properties"], _is_of_fencing),
    }


def _kept(before: Mapping[str, Any], now: Mapping[str, Any], keeps: Any) -> dict[str, Any]:
    """What is now, but for the names that keep what was before, if anything was."""
    return {name: value for name, value in now.items() if not keeps(name)} | {
        name: value for name, value in before.items() if keeps(name)
    }


def _is_of_fencing(name: str) -> bool:
    """Of a property of the cluster: `stonith-enabled`, `startup-fencing`, `fence-reaction`."""
    return "stonith" in name or "fenc" in name


def _differences(before: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Element, before, now: of a list whether it is in it, of a mapping its value or None."""
    if isinstance(now, Mapping):
        was = before or {}
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                yield name, was.get(name), now.get(name)
        return
    old, new = ([_named(one) for one in each or ()] for each in (before, now))
    for name in sorted({*old, *new}):
        if (name in old) is not (name in new):
            yield name, name in old, name in new


def _named(one: Any) -> str:
    return one if isinstance(one, str) else " on ".join(map(str, one))


def _in_words(change: Mapping[str, Any]) -> tuple[str, str]:
    """From what to what: the words before and behind the names of those that changed alike."""
    what, was, is_now = FIELDS[change["what"]], change["before"], change["after"]
    if isinstance(is_now, bool):
        return (f"{what} now, not before: " if is_now else f"{what} before, not now: "), ""
    return f"{what}: ", f" from {_value(was)} to {_value(is_now)}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(str, value)) or "no node"
    return "not there" if value is None else str(value)
