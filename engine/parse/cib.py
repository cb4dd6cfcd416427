"""`cibadmin --query` -> Cib: the configuration that crm_mon does not show.

The whole CIB and its `configuration` section are both read. Only the whole one has the
transient node attributes, without which some location rules can't be decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from engine.errors import ParseError
from engine.model.cluster import Cib, LocationConstraint
from engine.parse.cib_rules import NodeFacts, is_match, node_facts
from engine.parse.fields import attribute, child, xml_root
from engine.parse.score import INFINITY, score_text

SOURCE = "cibadmin --query"

_FIRST_SET = "cib-bootstrap-options"  # pacemaker gives this set precedence over all others


def parse_cib(text: str) -> Cib:
    """Cluster properties and location constraints.

    A location constraint that has a rule instead of a node becomes one entry for each node
    the rule matches. A rule that can't be decided here (dates, attributes that are not in
    the answer) counts as matching, so that nobody overlooks it. For a `rsc-pattern` the
    resource of the entry is the pattern.
    """
    root = xml_root(text, SOURCE)
    configuration = root if root.tag == "configuration" else root.find("configuration")
    if configuration is None:
        raise ParseError(SOURCE, f"<{root.tag}>", "has no element <configuration>")
    constraints = child(configuration, "constraints", SOURCE)
    facts = node_facts(child(configuration, "nodes", SOURCE), root.find("status"), SOURCE)
    location = tuple(
        constraint
        for element in constraints.findall("rsc_location")
        for constraint in _location(element, facts)
    )
    return Cib(
        properties=_properties(child(configuration, "crm_config", SOURCE)),
        location=location,
        location_ids=tuple(
            attribute(element, "id", SOURCE) for element in constraints.findall("rsc_location")
        ),
        fenced_on_failure=tuple(_fenced_on_failure(configuration)),
    )


def _fenced_on_failure(configuration: Element) -> Iterator[str]:
    """Ids of the primitives with such an operation of their own, or of all by the defaults."""
    defaults = configuration.iterfind("op_defaults//nvpair[@name='on-fail']")
    is_default = any(pair.get("value") == "fence" for pair in defaults)
    for primitive in configuration.iterfind("resources//primitive"):
        operations = primitive.findall("operations/op")
        # a stop that fails fences the node anyway, when fencing is on
        fencing = [op for op in operations if op.get("on-fail") == "fence" and not _is_stop(op)]
        if fencing or is_default:
            yield attribute(primitive, "id", SOURCE)


def _is_stop(operation: Element) -> bool:
    return operation.get("name") == "stop"


def _properties(crm_config: Element) -> dict[str, str]:
    pairs = crm_config.iter("nvpair")
    by_id = {pair.get("id"): pair for pair in pairs if pair.get("id")}
    properties: dict[str, str] = {}
    for property_set in sorted(crm_config.findall("cluster_property_set"), key=_precedence):
        for found in property_set.findall("nvpair"):
            pair = by_id.get(found.get("id-ref"), found)
            name = found.get("name") or attribute(pair, "name", SOURCE)
            properties.setdefault(name, pair.get("value", ""))
    return properties


def _precedence(property_set: Element) -> tuple[bool, int]:
    """Sorts the sets as pacemaker does: the first one that sets a property wins."""
    name = property_set.get("id", "")
    score = score_text(property_set.get("score", "0"), SOURCE, f"<cluster_property_set {name}>")
    return name != _FIRST_SET, -_score_number(score)


def _score_number(score: str) -> int:
    return {"INFINITY": INFINITY, "-INFINITY": -INFINITY}.get(score) or int(score)


def _location(element: Element, facts: tuple[NodeFacts, ...]) -> Iterator[LocationConstraint]:
    constraint = attribute(element, "id", SOURCE)
    for node, score in _targets(element, facts):
        for resource in _constrained(element):
            yield LocationConstraint(id=constraint, resource=resource, node=node, score=score)


def _constrained(element: Element) -> tuple[str, ...]:
    """The resources of a constraint: one, a pattern, or those of its resource sets."""
    single = element.get("rsc") or element.get("rsc-pattern")
    if single:
        return (single,)
    references = element.findall("resource_set/resource_ref")
    if not references:
        attribute(element, "rsc", SOURCE)
    return tuple(attribute(reference, "id", SOURCE) for reference in references)


def _targets(element: Element, facts: tuple[NodeFacts, ...]) -> Iterator[tuple[str, str]]:
    """(node, score) for each node that the constraint is about."""
    where = f"<rsc_location {element.get('id')}>"
    rules = element.findall("rule")
    if not rules:
        node = attribute(element, "node", SOURCE)
        yield node, score_text(attribute(element, "score", SOURCE), SOURCE, where)
    for rule in rules:
        for node_fact in facts:
            if is_match(rule, node_fact) is not False:
                yield node_fact.name, _rule_score(rule, node_fact, where)


def _rule_score(rule: Element, node: NodeFacts, where: str) -> str:
    by_attribute = rule.get("score-attribute")
    if by_attribute:
        value = node.attributes.get(by_attribute)
        return f"({by_attribute})" if value is None else score_text(value, SOURCE, where)
    return score_text(attribute(rule, "score", SOURCE), SOURCE, where)
