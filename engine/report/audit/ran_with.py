"""What the runs ran with, beside the runbook's own text: Python, plugins, command lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.event import Event
from engine.model.groups import grouped

_PLUGIN = "plugin"
_FOREIGN = "foreign place to import from"
_VARIABLE = "variable"
_STARTUP = "start-up file"
_PACKAGE = "package beside the pinned set"
_COMPILED = "compiled modules"
_EDITED = "file not as released"


@dataclass(frozen=True)
class Fact:
    """One thing that was there, as recorded."""

    kind: str
    what: str
    digest: str = ""
    runs: tuple[str, ...] = ()
    """Those that had it; empty: all of them."""


@dataclass(frozen=True)
class RanWith:
    """All of them; none when the runbook of that time recorded nothing."""

    facts: tuple[Fact, ...]
    unrecorded: tuple[str, ...] = ()
    """Runs of an older runbook."""

    def in_short(self) -> str:
        """A line: Python, and how much there is of the rest."""
        pythons = [fact.what for fact in self.facts if fact.kind == "Python"]
        plugins, variables, foreign = (
            sum(fact.kind == kind for fact in self.facts) for kind in (_PLUGIN, _VARIABLE, _FOREIGN)
        )
        return (
            f"Python {' and '.join(pythons)}; packages or files with plugins of pytest: {plugins};"
            f" variables: {variables or 'none'}; foreign places to import from: {foreign or 'none'}"
        )


def ran_with_of(begun: Sequence[Event]) -> RanWith:
    """`begun` are the `run-started` of all runs."""
    told = [event for event in begun if event.get("ran_with")]
    by_fact = grouped((one, str(event["run"])) for event in told for one in _facts(event))
    facts = (
        Fact(one.kind, one.what, one.digest, () if len(runs) == len(begun) else tuple(runs))
        for one, runs in by_fact.items()
    )
    older = tuple(str(event["run"]) for event in begun if not event.get("ran_with"))
    return RanWith(tuple(sorted(facts, key=lambda one: _ORDER.index(one.kind))), older)


_ORDER = (
    *("Python", _PLUGIN, _PACKAGE, "process", "arguments of pytest", _VARIABLE, _STARTUP),
    *(_FOREIGN, _COMPILED, _EDITED),
)


def _facts(event: Event) -> Iterator[Fact]:
    said: Mapping[str, Any] = event["ran_with"]
    yield Fact("Python", f"{event['python']} ({said['implementation']})")
    for one in said["plugins"]:
        yield _plugin(one)
    yield Fact("process", str(said["process"]))
    if not said["process"].endswith(said["arguments"]):
        yield Fact("arguments of pytest", str(said["arguments"]))
    for name, value in said["variables"].items():
        yield Fact(_VARIABLE, f"{name}={value}")
    for place in said["foreign"]:
        yield Fact(_FOREIGN, str(place))
    yield from _beside(said)


def _beside(said: Mapping[str, Any]) -> Iterator[Fact]:
    """What older runbooks did not record."""
    for one in said.get("packages", ()):
        there = one["version"] or "not installed"
        yield Fact(_PACKAGE, f"{one['package']} {there}, pinned is {one['pinned']}")
    for one in said.get("startup", ()):
        yield Fact(_STARTUP, f"{one['file']}: of {one['of'] or 'nobody known'}", one["sha256"])
    compiled = said.get("compiled", {})
    if compiled.get("compared"):
        yield Fact(_COMPILED, "compared with the text beside them")
    for name in compiled.get("unlike", ()):
        yield Fact(_COMPILED, f"{name}: not of its text")
    for one in said.get("edited", ()):
        yield Fact(_EDITED, str(one["file"]), one["sha256"])


def _plugin(one: Mapping[str, Any]) -> Fact:
    if "package" in one:
        digest = f"RECORD {one['record']}" if one["record"] else "without a RECORD"
        beside = "" if one.get("pinned", one["version"]) == one["version"] else ", not as pinned"
        return Fact(_PLUGIN, f"{one['package']} {one['version']}{beside}", digest)
    where = one["file"] or "in memory only"
    return Fact(_PLUGIN, f"{', '.join(one['modules'])}: {where}", str(one["sha256"]))
