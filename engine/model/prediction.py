"""What an upgrade was made of, in words that name no node: a rehearsal's prediction of another.

Nodes of two clusters have other names. Here each is a place: its role, and its number among the
nodes of that role in the inventory's order, N always the first of the operative ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from engine.model.definition import short
from engine.model.groups import grouped
from engine.model.inventory import Role

CLUSTER = ""
"""The place of what belongs to no node."""
SEVERAL = "several nodes"
OPERATIVE = Role.OPERATIVE.value
_NODE = re.compile("([a-z-]+) ([0-9]{1,6})")
_LONG_NUMBER = re.compile(r"\d{6,}")
WHOLE = 1000
"""Shares of the time are told in thousandths of it."""


@dataclass(frozen=True, order=True)
class Act:
    """A kind of change: where, what, and the vendor's command that it starts, if it is one."""

    place: str
    what: str
    command: str = ""
    """Which start of it: `update-1`, `upgrade-2`; empty: a change of the runbook's own."""


@dataclass(frozen=True, order=True)
class Seen:
    """Findings of one code at one place: how many subjects had it."""

    code: str
    place: str
    count: int = 1


@dataclass(frozen=True, order=True)
class Waiting:
    """A file that waited for its migration at a planned stop, by its path, and where."""

    file: str
    place: str


@dataclass(frozen=True, order=True)
class Counted:
    """How many of somebody's values a change takes, or has taken."""

    of: str
    what: str
    state: str
    """`expected` before the change, `observed` after it (engine/model/loss.py)."""
    count: int
    total: int


@dataclass(frozen=True)
class Passage:
    """All that one step did and found at one place, in every run of the upgrade."""

    step: str
    """With its round, without its node: `migration.files[1]`. Empty: outside of any step."""
    place: str = CLUSTER
    """Of a fan-out over nodes; else the cluster."""
    acts: tuple[Act, ...] = ()
    seen: tuple[Seen, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    counted: tuple[Counted, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.step, self.place


@dataclass(frozen=True)
class Prediction:
    """An upgrade as it went: the steps that changed or found something, in their order."""

    nodes: Mapping[str, int]
    """Role -> how many nodes."""
    active: int
    """Which of the operative nodes of the inventory was N, from 1; 0: that is not on record."""
    passages: tuple[Passage, ...] = ()
    times: Mapping[str, int] = field(default_factory=dict)
    """Phase -> its share of the time of all steps, in thousandths."""
    questions: tuple[str, ...] = ()
    """Codes of the findings that ask a person for a decision."""
    apart: tuple[str, ...] = ()
    """Steps and codes whose findings no rehearsal can predict."""
    left_out: int = 0
    """So many passages and things in them are not in it, as it has its size."""

    @property
    def rounds(self) -> dict[str, int]:
        """Command of the vendor -> how many rounds of it were started."""
        started = (a.command for p in self.passages for a in p.acts if a.command)
        return dict(Counter(command.rpartition("-")[0] or command for command in started))

    def listed_at(self, place: str) -> tuple[str, int] | None:
        """Role and number that its node has in the inventory, where N has any; None: no node."""
        node = node_of(place)
        if node is None or node[0] != OPERATIVE or not self.active:
            return node
        role, number = node
        if number == 1:
            return role, self.active
        return role, number - 1 if number <= self.active else number

    @property
    def places(self) -> frozenset[str]:
        """All places that its nodes have."""
        found = (
            place_of(role, number)
            for role, count in self.nodes.items()
            for number in range(1, count + 1)
        )
        return frozenset({CLUSTER, SEVERAL, *found})


@dataclass(frozen=True)
class Predicted:
    """A prediction, and the run that made it."""

    run: str
    prediction: Prediction


def as_data(prediction: Prediction) -> dict[str, Any]:
    """As statement and journal have it: a passage without what it has nothing of."""
    data = asdict(prediction)
    data["passages"] = [
        {"step": one["step"], "place": one["place"]}
        | {name: list(one[name]) for name in ("acts", "seen", "waiting", "counted") if one[name]}
        for one in data["passages"]
    ]
    return data | {name: list(data[name]) for name in ("questions", "apart")}


def place_of(role: str, number: int) -> str:
    """`operative 1`, `elastic-only 2`."""
    return f"{role.replace('_', '-')} {number}"


def node_of(place: str) -> tuple[str, int] | None:
    """Role and number that a place has; None: it is that of no single node."""
    found = _NODE.fullmatch(place)
    return (found[1], int(found[2])) if found else None


def without_place(text: str, place: str) -> str:
    """A text that may name this place, as it is told at any place."""
    return re.sub(rf"(?<!\w){re.escape(place)}(?!\w)", "that node", text)


class Places:
    """Where the nodes of one cluster are, by any of their names."""

    def __init__(
        self,
        nodes: Mapping[str, str],
        active: str = "",
        called: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`nodes`: name -> role, in the inventory's order; `active` is N, empty: not known.

        `called`: another name of a node, as its machine says -> name.
        """
        self.nodes: dict[str, str] = {}
        """Place -> name."""
        operative = [name for name, role in nodes.items() if role == Role.OPERATIVE]
        self.active = operative.index(active) + 1 if active in operative else 0
        numbers: Counter[str] = Counter()
        for name in sorted(nodes, key=lambda name: name != active):  # stable: N, then as they are
            numbers[nodes[name]] += 1
            self.nodes[place_of(nodes[name], numbers[nodes[name]])] = name
        self.counts = dict(sorted(numbers.items()))
        """Role -> how many nodes."""
        self._by_name = {name: place for place, name in self.nodes.items()}
        own = dict(self._by_name)
        self._by_name |= {
            other: own[name] for other, name in called.items() if name in own and other not in own
        }
        meant = grouped((short(name), place) for name, place in self._by_name.items())
        self._by_head = {head: places[0] for head, places in meant.items() if len(set(places)) == 1}
        known = sorted({*self._by_name, *self._by_head}, key=len, reverse=True)
        names = "|".join(map(re.escape, known)) or r"(?!)"
        # a cluster calls a node by another domain than the inventory
        self._pattern = re.compile(rf"(?<![\w.-])({names})(?:\.[A-Za-z][\w-]*)*(?![\w-])")

    def place(self, name: str) -> str:
        """The place of a node; that of the cluster when it is none of it."""
        return self._by_name.get(name) or self._by_head.get(short(name), CLUSTER)

    def named_in(self, text: str) -> str:
        """The place that a text is about: that of the node that it names, if it is one."""
        found = {self.place(one) for one in self._pattern.findall(text)}
        return next(iter(found)) if len(found) == 1 else SEVERAL if found else CLUSTER

    def worded(self, text: str) -> str:
        """The text with a place for each name, and a mark for a date or a serial number."""
        return _LONG_NUMBER.sub("#", self._pattern.sub(lambda found: self.place(found[1]), text))

    def apart(self, step: str) -> tuple[str, str]:
        """A step's name without its node, and the place of that."""
        if step.endswith("]"):
            head, _, node = step[:-1].rpartition("[")
            if node in self._by_name:
                return head, self._by_name[node]
        return step, CLUSTER


def shares(seconds: Mapping[str, float]) -> dict[str, int]:
    """Phase -> its share of all seconds, in thousandths; phases without one are left out."""
    whole = sum(seconds.values())
    found = {phase: round(WHOLE * took / whole) for phase, took in seconds.items() if whole}
    return {phase: share for phase, share in found.items() if share}


def is_apart(step: str, code: str, apart: Iterable[str]) -> bool:
    """A finding that no rehearsal can predict, by its step or its code."""
    return code in apart or step.partition("[")[0] in apart
