"""`cibadmin --query` -> Cib: the configuration that crm_mon does not show.

The whole CIB and its `configuration` section are both read. Only the whole one has the
transient node attributes, without which some location rules can't be decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from engine.errors import ParseError
from engine.model.cluster import INFINITY, TRUE, Cib, LocationConstraint, Unmanaged
from engine.model.definition import is_same_node
from engine.parse.cib_rules import NodeFacts, is_match, node_facts
from engine.parse.fields import attribute, child, score_text, xml_root

SOURCE = "cibadmin --query"

_FIRST_SET = "cib-bootstrap-options"  # pacemaker gives this set precedence over all others


def parse_cib(text: str) -> Cib:
    """Cluster properties, location constraints, and what nodes and resources are set to.

    A location constraint that has a rule instead of a node becomes one entry for each node
    the rule matches. A rule that can't be decided here (dates, attributes that are not in
    the answer) counts as matching, so that nobody overlooks it, and its entry is not
    `is_certain`. For a `rsc-pattern` the resource of the entry is the pattern.
    """
    root = xml_root(text, SOURCE)
    configuration = root if root.tag == "configuration" else root.find("configuration")
    if configuration is None:
        raise ParseError(SOURCE, f"<{root.tag}>", "has no element <configuration>")
    constraints = child(configuration, "constraints", SOURCE)
    properties = _properties(child(configuration, "crm_config", SOURCE))
    cluster = {name: properties[name] for name in ("cluster-name",) if name in properties}
    if controller := root.get("dc-uuid"):
        cluster["dc-uuid"] = controller
    nodes = child(configuration, "nodes", SOURCE)
    facts = node_facts(nodes, root.find("status"), SOURCE, cluster)
    located = constraints.findall("rsc_location")
    return Cib(
        properties=properties,
        location=tuple(found for element in located for found in _location(element, facts)),
        location_ids=tuple(attribute(element, "id", SOURCE) for element in located),
        attributes=tuple(fact.by_life for fact in facts),
        rules={
            rule.get("id", ""): attribute(element, "id", SOURCE)
            for element in located
            for rule in element.findall("rule")
        },
        fenced_on_failure=tuple(fenced_on_failure(configuration, SOURCE)),
        unmanaged=unmanaged(configuration, SOURCE),
        ticketed=ticketed(constraints, SOURCE),
    )


def _properties(crm_config: Element) -> dict[str, str]:
    pairs = crm_config.iter("nvpair")
    by_id = {pair.get("id"): pair for pair in pairs if pair.get("id")}
    properties: dict[str, str] = {}
    for property_set in _in_precedence(crm_config.iterfind("cluster_property_set")):
        for found in property_set.findall("nvpair"):
            pair = by_id.get(found.get("id-ref"), found)
            name = found.get("name") or attribute(pair, "name", SOURCE)
            properties.setdefault(name, pair.get("value", ""))
    return properties


def _in_precedence(sets: Iterable[Element]) -> list[Element]:
    """As pacemaker takes them: the first of them that has a name wins.

    The higher score comes first, and of equals the last one (seen with pacemaker 2.1.5 and 3.0.0).
    """

    def rank(numbered: tuple[int, Element]) -> tuple[bool, int, int]:
        number, one = numbered
        name = one.get("id", "")
        score = score_text(one.get("score", "0"), SOURCE, f"<{one.tag} {name}>")
        return name != _FIRST_SET, -_score_number(score), -number

    return [one for _, one in sorted(enumerate(sets), key=rank)]


def _score_number(score: str) -> int:
    return {"INFINITY": INFINITY, "-INFINITY": -INFINITY}.get(score) or int(score)


def _location(element: Element, facts: tuple[NodeFacts, ...]) -> Iterator[LocationConstraint]:
    constraint = attribute(element, "id", SOURCE)
    is_exclusive = element.get("resource-discovery", "").lower() == "exclusive"
    for node, score, is_certain in _targets(element, facts):
        for resource in _constrained(element):
            yield LocationConstraint(
                constraint, resource, node, score, is_certain, is_exclusive=is_exclusive
            )


def _constrained(element: Element) -> tuple[str, ...]:
    """The resources of a constraint: one, a pattern, or those of its resource sets."""
    single = element.get("rsc") or element.get("rsc-pattern")
    if single:
        return (single,)
    references = element.findall("resource_set/resource_ref")
    if not references:
        attribute(element, "rsc", SOURCE)
    return tuple(attribute(reference, "id", SOURCE) for reference in references)


def _targets(element: Element, facts: tuple[NodeFacts, ...]) -> Iterator[tuple[str, str, bool]]:
    """(node, score, certain) for each node that the constraint is about."""
    where = f"<rsc_location {element.get('id')}>"
    rules = element.findall("rule")
    if not rules:
        node = attribute(element, "node", SOURCE)
        known = (fact.name for fact in facts if is_same_node(fact.name, node))
        score = score_text(attribute(element, "score", SOURCE), SOURCE, where)
        yield next(known, node), score, True
    for rule in rules:
        for node_fact in facts:
            match = is_match(rule, node_fact)
            if match is not False:
                score, is_known = _rule_score(rule, node_fact, where)
                yield node_fact.name, score, match is True and is_known


def _rule_score(rule: Element, node: NodeFacts, where: str) -> tuple[str, bool]:
    """(score, whether it is known). It is -INFINITY when the node lacks the attribute."""
    by_attribute = rule.get("score-attribute")
    if rule.get("id-ref"):
        return "-INFINITY", False
    if not by_attribute:
        return score_text(attribute(rule, "score", SOURCE), SOURCE, where), True
    value = node.attributes.get(by_attribute)
    if value is None:
        return "-INFINITY", node.is_complete
    try:
        return score_text(value, SOURCE, where), by_attribute not in node.unsure
    except ParseError:  # whatever pacemaker makes of it
        return "-INFINITY", False


# pacemaker reads its enumerations and its switches without regard to case
_CONTAINERS = ("group", "clone", "master", "bundle")


def fenced_on_failure(configuration: Element, source: str) -> Iterator[str]:
    """Ids of the primitives with such an operation of their own, or of all by the defaults."""
    defaults = configuration.iterfind("op_defaults//nvpair[@name='on-fail']")
    is_default = any(_is_word(pair.get("value"), "fence") for pair in defaults)
    for primitive in configuration.iterfind("resources//primitive"):
        operations = primitive.findall("operations/op")
        # a stop that fails fences the node anyway, when fencing is on
        fencing = [
            op
            for op in operations
            if _is_word(op.get("on-fail"), "fence") and not _is_word(op.get("name"), "stop")
        ]
        if fencing or is_default:
            yield attribute(primitive, "id", source)


def unmanaged(configuration: Element, source: str) -> dict[str, tuple[Unmanaged, ...]]:
    """Primitives that pacemaker leaves alone by their own configuration, and what does it.

    `is-managed=false` or `maintenance=true`, of the resource, its template, what it is wrapped in,
    or the defaults for all.
    """
    found: dict[str, tuple[Unmanaged, ...]] = {}
    templates = {t.get("id"): t for t in configuration.iterfind("resources/template")}
    default = _switches(configuration.iterfind("rsc_defaults/meta_attributes"), "")
    resources = configuration.find("resources")
    pending = [] if resources is None else [(resources, default)]
    while pending:
        element, inherited = pending.pop()
        template = templates.get(element.get("template"))
        own = _switches(() if template is None else template.iterfind("meta_attributes"), "")
        here = _switches(element.iterfind("meta_attributes"), element.get("id", ""))
        switches = inherited | own | here
        if element.tag == "primitive":
            bad = [one for one, is_on in switches.values() if is_on is (one.switch == _MAINTENANCE)]
            if bad:
                found[attribute(element, "id", source)] = tuple(bad)
            continue
        inner = [e for e in reversed(element) if e.tag in (*_CONTAINERS, "primitive")]
        pending.extend((e, switches) for e in inner)
    return found


def ticketed(constraints: Element, source: str) -> dict[str, tuple[str, ...]]:
    """Ticket -> what hangs on it."""
    found: dict[str, list[str]] = {}
    for constraint in constraints.findall("rsc_ticket"):
        references = constraint.findall("resource_set/resource_ref")
        single = constraint.get("rsc")
        names = [single] if single else [attribute(one, "id", source) for one in references]
        found.setdefault(attribute(constraint, "ticket", source), []).extend(names)
    return {ticket: tuple(dict.fromkeys(names)) for ticket, names in found.items()}


def _is_word(value: str | None, word: str) -> bool:
    return value is not None and value.lower() == word


_MANAGED, _MAINTENANCE = "is-managed", "maintenance"


def _switches(sets: Iterable[Element], owner: str) -> dict[str, tuple[Unmanaged, bool]]:
    """The two switches, as far as they are set, and whether they are on."""
    values: dict[str, tuple[Unmanaged, bool]] = {}
    for one in _in_precedence(sets):
        for pair in one.findall("nvpair"):
            name = pair.get("name", "")
            if name in (_MANAGED, _MAINTENANCE):
                is_on = pair.get("value", "").lower() in TRUE
                values.setdefault(name, (Unmanaged(owner, name), is_on))
    return values
