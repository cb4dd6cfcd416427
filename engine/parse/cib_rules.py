"""Rules of location constraints, decided for one node: true, false, or not decidable here.

Pacemaker Explained, "Rules" and "Node Attribute Expressions"; where that is silent, what crm_mon
of pacemaker 2.1.5 says of such a configuration (tests/data/pacemaker). Not decided are dates, what
a resource's own parameters say, and which node will be the controller.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from engine.model.cluster import NodeAttributes
from engine.model.definition import is_same_node
from engine.parse.fields import attribute

_MAX_DEPTH = 20  # deeper nesting than any real rule: not decidable rather than a stack overflow
_DC = "#is_dc"
_UNSURE = frozenset({_DC, "#role"})
"""The controller's part goes from node to node by itself; a role is the resource's."""


@dataclass(frozen=True)
class NodeFacts:
    """What is known of a node for its rules."""

    name: str
    attributes: Mapping[str, str]
    is_complete: bool
    """Transient attributes are among them: what is not there is not defined."""
    unsure: frozenset[str] = frozenset()
    """Attributes whose value depends on more than this answer, or may change by itself."""
    permanent: Mapping[str, str] = field(default_factory=dict)
    transient: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_life(self) -> NodeAttributes:
        """What is set for the node, by how long it lasts."""
        return NodeAttributes(self.name, self.name, self.permanent, self.transient)


def node_facts(
    nodes: Element, status: Element | None, source: str, cluster: Mapping[str, str]
) -> tuple[NodeFacts, ...]:
    """Permanent attributes from `<nodes>`, transient ones from `<status>` if it is there.

    `cluster` has `dc-uuid` and `cluster-name`, as far as they are known.
    """
    return tuple(_node_facts(node, status, source, cluster) for node in nodes.findall("node"))


def _node_facts(
    node: Element, status: Element | None, source: str, cluster: Mapping[str, str]
) -> NodeFacts:
    name, ident = attribute(node, "uname", source), attribute(node, "id", source)
    permanent, unsure = _attributes(node.findall("instance_attributes"))
    values = {
        "#uname": name,
        "#id": ident,
        "#kind": "remote" if node.get("type") == "remote" else "cluster",
    }
    if "dc-uuid" in cluster:
        values[_DC] = str(cluster["dc-uuid"] == ident).lower()
    if "cluster-name" in cluster:
        values["#cluster-name"] = values["#site-name"] = cluster["cluster-name"]
    if "site-name" in permanent:
        values["#site-name"] = permanent["site-name"]
    values |= permanent
    transient, more = _attributes(
        [
            one
            for state in (() if status is None else status.findall("node_state"))
            if is_same_node(state.get("uname", ""), name)
            for one in state.findall("transient_attributes/instance_attributes")
        ]
    )
    values, unsure = values | transient, unsure | more
    unsure |= _UNSURE
    return NodeFacts(name, values, status is not None, unsure, permanent, transient)


def _attributes(sets: list[Element]) -> tuple[dict[str, str], frozenset[str]]:
    """(values, names whose value is unsure: in several sets, or in one with a rule)."""
    values: dict[str, str] = {}
    unsure: set[str] = set()
    for one in sets:
        for pair in one.findall("nvpair"):
            name = pair.get("name", "")
            if name in values or one.find("rule") is not None or pair.get("id-ref"):
                unsure.add(name)
            values[name] = pair.get("value", "")
    return values, frozenset(unsure)


def is_match(rule: Element, node: NodeFacts, depth: int = 0) -> bool | None:
    """Whether a `<rule>` holds for the node; None when that can't be decided from its facts."""
    if depth > _MAX_DEPTH or rule.get("id-ref"):
        return None
    parts = [
        is_match(part, node, depth + 1) if part.tag == "rule" else _expression(part, node)
        for part in rule
    ]
    decisive = rule.get("boolean-op", "and").lower() == "or"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _expression(expression: Element, node: NodeFacts) -> bool | None:
    if expression.tag != "expression" or expression.get("value-source", "literal") != "literal":
        return None
    name = expression.get("attribute", "")
    value = node.attributes.get(name)
    if value is None and not node.is_complete:
        return None
    # to pacemaker an empty wanted value is no value, and an empty value of the node is a value
    wanted = expression.get("value") or None
    kind = expression.get("type", "").lower()
    holds = _compare(expression.get("operation", "").lower(), value, wanted, kind)
    # what holds now keeps a resource off now, whatever it may become
    return None if name in node.unsure and not holds else holds


def _compare(operation: str, value: str | None, wanted: str | None, kind: str) -> bool | None:
    if operation in ("defined", "not_defined"):
        return (value is not None) == (operation == "defined")
    if operation not in _ORDERED:
        return None
    if value is None or wanted is None:
        # nothing is smaller or greater than an attribute that is not defined
        same = value is None and wanted is None
        return {"eq": same, "ne": not same}.get(operation, False)
    usual = "string" if operation in ("eq", "ne") else "number"
    sides = _sides(kind or usual, value, wanted)
    return None if sides is None else _ORDERED[operation](*sides)


def _sides(kind: str, value: str, wanted: str) -> tuple[float, float] | tuple[str, str] | None:
    """Both values as they are compared; None for versions, and for text that begins as a number."""
    words = value.casefold(), wanted.casefold()
    if kind == "string":
        return words
    if kind not in ("number", "integer"):
        return None
    sides = (value, wanted)
    if all(map(_NUMBER.fullmatch, sides)):
        one, other = map(float, sides)
        return (float(int(one)), float(int(other))) if kind == "integer" else (one, other)
    # of `9x` pacemaker may take the 9; what is no number at all makes both be compared as words
    halves = [t for t in sides if _BEGINS_AS_NUMBER.match(t) and not _NUMBER.fullmatch(t)]
    return None if halves else words


_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,15}(\.[0-9]{0,15})?", re.ASCII)
# C's strtod reads INFINITY and nan as numbers, too
_BEGINS_AS_NUMBER = re.compile(r"\s*[+-]?(\.?[0-9]|inf|nan)", re.ASCII | re.IGNORECASE)
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "lte": operator.le,
    "gte": operator.ge,
}
