"""Rules of location constraints, decided for one node: true, false, or not decidable here.

Pacemaker Explained, "Rules" and "Node Attribute Expressions"; dates are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from engine.parse.fields import attribute

_MAX_DEPTH = 20  # deeper nesting than any real rule: not decidable rather than a stack overflow


@dataclass(frozen=True)
class NodeFacts:
    """What is known of a node for its rules."""

    name: str
    attributes: Mapping[str, str]
    is_complete: bool
    """Transient attributes are among them: what is not there is not defined."""


def node_facts(nodes: Element, status: Element | None, source: str) -> tuple[NodeFacts, ...]:
    """Permanent attributes from `<nodes>`, transient ones from `<status>` if it is there."""
    facts = []
    for node in nodes.findall("node"):
        name = attribute(node, "uname", source)
        values = {"#uname": name, "#id": attribute(node, "id", source)}
        values["#kind"] = "remote" if node.get("type") == "remote" else "cluster"
        values |= _pairs(node.findall("instance_attributes/nvpair"))
        for state in () if status is None else status.findall("node_state"):
            if state.get("uname") == name:
                path = "transient_attributes/instance_attributes/nvpair"
                values |= _pairs(state.findall(path))
        facts.append(NodeFacts(name, values, is_complete=status is not None))
    return tuple(facts)


def _pairs(elements: list[Element]) -> dict[str, str]:
    return {pair.get("name", ""): pair.get("value", "") for pair in elements}


def is_match(rule: Element, node: NodeFacts, depth: int = 0) -> bool | None:
    """Whether a `<rule>` holds for the node; None when that can't be decided from its facts."""
    if depth > _MAX_DEPTH:
        return None
    parts = [
        is_match(part, node, depth + 1) if part.tag == "rule" else _expression(part, node)
        for part in rule
    ]
    decisive = rule.get("boolean-op", "and") == "or"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _expression(expression: Element, node: NodeFacts) -> bool | None:
    if expression.tag != "expression":
        return None
    value = node.attributes.get(expression.get("attribute", ""))
    if value is None and not node.is_complete:
        return None
    return _compare(expression.get("operation", ""), value, expression.get("value", ""))


def _compare(operation: str, value: str | None, wanted: str) -> bool | None:
    if operation in ("defined", "not_defined"):
        return (value is not None) == (operation == "defined")
    if operation in ("eq", "ne"):
        return (value == wanted) == (operation == "eq")
    if operation not in _ORDERED:
        return None
    if value is None:  # pacemaker sorts an undefined value before every other one
        return operation in ("lt", "lte")
    try:
        return _ORDERED[operation](float(value), float(wanted))
    except ValueError:
        return None


_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "lt": lambda value, wanted: value < wanted,
    "gt": lambda value, wanted: value > wanted,
    "lte": lambda value, wanted: value <= wanted,
    "gte": lambda value, wanted: value >= wanted,
}
