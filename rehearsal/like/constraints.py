"""Constraints of a snapshot -> elements of the CIB: attributes, resource sets and rules, by a list.

A constraint is an object: its `kind`, an `id`, attributes as the CIB has them (`order_kind` is an
order's own `kind`), and lists of what is inside: `resource_sets`, `rules`, in these `expressions`,
`date_expressions` and further `rules`. A value that is masked is left out, or is 0 for a score.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from rehearsal.like.fields import MASKED, Fields, SnapshotError, ident

_TAGS = {
    "location": "rsc_location",
    "order": "rsc_order",
    "colocation": "rsc_colocation",
    "ticket": "rsc_ticket",
}
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "rsc_location": ("rsc", "rsc-pattern", "node", "score", "role", "resource-discovery"),
    "rsc_order": (
        *("first", "then", "first-action", "then-action", "score", "symmetrical"),
        *("require-all", "order_kind"),
    ),
    "rsc_colocation": (
        *("rsc", "with-rsc", "score", "rsc-role", "with-rsc-role", "node-attribute"),
        "influence",
    ),
    "rsc_ticket": ("rsc", "rsc-role", "ticket", "loss-policy"),
    "lifetime": (),
    "resource_set": ("sequential", "require-all", "ordering", "action", "role", "score", "kind"),
    "rule": ("score", "score-attribute", "boolean-op", "role"),
    "expression": ("attribute", "operation", "value", "type", "value-source"),
    "date_expression": ("operation", "start", "end"),
    "date_spec": (
        *("hours", "minutes", "seconds", "monthdays", "weekdays", "yearsdays", "months", "weeks"),
        *("years", "weekyears", "moon"),
    ),
}
_RENAMED = {"order_kind": "kind"}
_INSIDE: Mapping[str, tuple[str, ...]] = {
    "rsc_location": ("resource_set", "lifetime", "rule"),
    "rsc_order": ("resource_set",),
    "rsc_colocation": ("resource_set",),
    "rsc_ticket": ("resource_set",),
    "lifetime": ("rule",),
    "rule": ("expression", "date_expression", "rule"),
    "date_expression": ("date_spec",),
}
_NAMING = ("rsc", "first", "then", "with-rsc")
"""Attributes that name a resource."""
_WITHOUT_ID = ("lifetime",)
_NODE = re.compile(r"(?<=-)node-[0-9]+(?=-|\Z)", re.ASCII)
"""A node of the snapshot in an id."""
_DEEPEST = 8


def elements(
    constraints: Iterable[Mapping[str, Any]],
    resources: Collection[str],
    nodes: Mapping[str, str],
) -> list[ET.Element]:
    """An element each; raises SnapshotError. `nodes`: the snapshot's names -> the twin's."""
    maker = _Maker(frozenset(resources), nodes)
    found = []
    for position, content in enumerate(constraints):
        one = Fields(dict(content), f"cluster.pacemaker.constraints[{position}]")
        tag = _TAGS[one.word("kind", tuple(_TAGS))]
        name = maker.ident(one) if one.has("id") else f"constraint-{position + 1}"
        found.append(maker.element(one, tag, name, 0))
    idents = Counter(str(element.get("id")) for element in found)
    doubled = next((one for one in idents if idents[one] > 1 or one in resources), None)
    if doubled is not None:
        raise SnapshotError(f"the id {doubled!r} of a constraint is there twice")
    return found


class _Maker:
    def __init__(self, resources: frozenset[str], nodes: Mapping[str, str]) -> None:
        self._resources = resources
        self._nodes = nodes

    def ident(self, one: Fields) -> str:
        """The id as `crm_resource` and `pcs` would have made it there: with the twin's node."""
        return _NODE.sub(lambda found: self._nodes.get(found[0], found[0]), one.ident("id"))

    def element(self, one: Fields, tag: str, name: str, depth: int) -> ET.Element:
        """The element with all that is inside; its id is `name`, that of inner ones goes on."""
        if depth > _DEEPEST:
            raise SnapshotError(f"{one.where} lies too deep")
        made = ET.Element(tag, {} if tag in _WITHOUT_ID else {"id": name})
        for attribute in _ATTRIBUTES[tag]:
            value = self._value(one, attribute)
            if value is not None:
                made.set(_RENAMED.get(attribute, attribute), value)
        if tag == "resource_set":
            for reference in one.items("resources"):
                known = self._resource(reference, one.at("resources"))
                ET.SubElement(made, "resource_ref", {"id": known})
        for inner in _INSIDE.get(tag, ()):
            key = inner if inner == "lifetime" else f"{inner}s"
            for number, content in enumerate(one.items(key), start=1):
                field = Fields(content, f"{one.at(key)}[{number - 1}]")
                made.append(self.element(field, inner, f"{name}-{inner}-{number}", depth + 1))
        one.done()
        return made

    def _value(self, one: Fields, attribute: str) -> str | None:
        if not one.has(attribute):
            return None
        value = one.text(attribute)
        if attribute in _NAMING:
            return self._resource(value, one.at(attribute))
        if value == MASKED:
            return "0" if attribute == "score" else None
        return self._nodes.get(value, value)

    def _resource(self, name: object, where: str) -> str:
        found = ident(name, where)
        if found not in self._resources:
            raise SnapshotError(f"{where} names {found!r}, which is no resource of it")
        return found
