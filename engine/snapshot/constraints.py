"""Constraints for a snapshot: as pacemaker's configuration has them, names replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any
from xml.etree.ElementTree import Element

from engine.snapshot import words
from engine.snapshot.names import Names
from engine.snapshot.shapes import MASKED, kept_or_masked

_RESOURCES = frozenset({"rsc", "with-rsc", "first", "then"})
_KEPT = frozenset(
    {
        *("score", "kind", "symmetrical", "resource-discovery", "role", "rsc-role"),
        *("with-rsc-role", "first-action", "then-action", "sequential", "require-all"),
        *("action", "loss-policy", "boolean-op", "operation", "type", "value-source"),
        *("lifetime", "influence", "ordering", "duration"),
    }
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:]{5,8}Z?)?", re.ASCII)
_DATE_SPEC = frozenset(
    {
        *("hours", "minutes", "seconds", "monthdays", "weekdays", "yearsdays", "months", "weeks"),
        *("years", "weekyears", "moon"),
    }
)
_SPAN = re.compile(r"[0-9]{1,4}(?:-[0-9]{1,4})?", re.ASCII)
_LEFTOVER = re.compile(r"cli-(ban|prefer|standby)(?:-|\Z)")
_FORMS = (
    *("cli-ban-{rsc}-on-{node}", "cli-prefer-{rsc}", "cli-standby-{node}"),
    *("location-{rsc}-{node}-{score}", "location-{rsc}", "order-{first}-{then}-mandatory"),
    *("order-{first}-{then}-optional", "order-{first}-{then}-serialize"),
    "colocation-{rsc}-{with-rsc}-{score}",
)
"""Ids that `crm_resource` and `pcs` make of what is in the constraint, as seen of pacemaker 2.0 to
3.0 and pcs 0.10 to 0.12. Both put a number behind an id that is taken."""
_TAKEN = re.compile(r"(?:-[0-9]{1,3})?", re.ASCII)
_INNER = ("rule", "resource_set", "resource_ref", "expression", "date_expression", "date_spec")
"""Elements that a constraint may hold."""


def _to_the_hour(date: str, name: str) -> str:
    """To the second it would be the moment of a command that somebody's logs and mails have."""
    day, clock = date[:11], date[11:]
    if not clock:
        return date
    return f"{day}{clock[:2]}:{'59:59' if name == 'end' else '00:00'}{'Z' * clock.endswith('Z')}"


def _filled(form: str, values: Mapping[str, str]) -> str:
    """The id; '' where something is not there, or masked."""
    parts = {part[1] for part in Formatter().parse(form) if part[1]}
    if any(values.get(part, MASKED) in ("", MASKED) for part in parts):
        return ""
    return form.format_map(values)


def _node_of_rule(element: Element) -> str:
    """The node that a ban with an end names: it is in a rule."""
    names = [
        one.get("value", "")
        for one in element.iter("expression")
        if (one.get("attribute"), one.get("operation")) == ("#uname", "eq")
    ]
    return names[0] if len(names) == 1 else ""


class Constraints:
    """Reads constraints one after the other: they get their numbers in this order."""

    KINDS = ("rsc_location", "rsc_order", "rsc_colocation", "rsc_ticket")

    def __init__(self, names: Names, resource: Callable[[str], str]) -> None:
        self._names = names
        self._resource = resource
        self._count = 0

    def of(self, element: Element) -> dict[str, Any]:
        """One constraint: `kind`, and its attributes; rules and sets are lists below them."""
        self._count += 1
        found = {"kind": element.tag.removeprefix("rsc_"), **self._attributes(element)}
        if element.tag == "rsc_order" and "kind" in element.keys():  # noqa: SIM118  # no Mapping
            found["kind"] = "order"
            found["order_kind"] = kept_or_masked(element.get("kind", ""), words.WORDS)
        return {**found, "id": self._id(element, found), **self._inside(element)}

    def _id(self, element: Element, replaced: Mapping[str, Any]) -> str:
        """The id, as findings name it; one that holds nothing but kept words stays as it is."""
        original = element.get("id", "")
        found = self._in_its_form(original, element, replaced)
        if found != original:
            self._names.guard(original, "the id of a constraint")
        return found

    def _in_its_form(self, original: str, element: Element, replaced: Mapping[str, Any]) -> str:
        """One of a known form has its form with the replacements in it.

        What pcs's `move` and `ban` left is known by the beginning of its id.
        """
        node = element.get("node") or _node_of_rule(element)
        was = {**dict(element.items()), **({"node": node} if node else {})}
        now = {**replaced, **({"node": self._names.node(node)} if node else {})}
        for form in _FORMS:
            made, renamed = _filled(form, was), _filled(form, now)
            behind = original.removeprefix(made)
            if made and renamed and original.startswith(made) and _TAKEN.fullmatch(behind):
                return f"{renamed}{behind}"
        left = _LEFTOVER.match(original)
        return f"cli-{left[1]}-{self._count}" if left else f"constraint-{self._count}"

    def _inside(self, element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in element:
            if child.tag == "resource_ref":
                found.setdefault("resources", []).append(self._resource(child.get("id", "")))
            elif child.tag == "lifetime":
                found.setdefault("lifetime", []).append(self._inside(child))
            elif child.tag in _INNER:
                inner = {**self._attributes(child), **self._inside(child)}
                found.setdefault(f"{child.tag}s", []).append(inner)
        return found

    def _attributes(self, element: Element) -> dict[str, str]:
        found = {}
        for name, value in element.items():
            read = self._value(element, name, value)
            if read is not None:
                found[name] = read
        return dict(sorted(found.items()))

    def _value(self, element: Element, name: str, value: str) -> str | None:
        names = self._names
        if name in _RESOURCES:
            return self._resource(value)
        if name == "node":
            return names.node(value)
        if name == "rsc-pattern":
            return names.of("pattern", value)
        if name == "ticket":
            return names.of("ticket", value)
        if name in ("attribute", "score-attribute", "node-attribute"):
            return names.of("attribute", value, words.ATTRIBUTES)
        if name == "value":
            return self._of_expression(element.get("attribute", ""), value)
        if name in ("start", "end"):
            return _to_the_hour(value, name) if _DATE.fullmatch(value) else "*"
        if name in _DATE_SPEC:
            return value if _SPAN.fullmatch(value) else "*"
        if name in _KEPT:
            return kept_or_masked(value, words.WORDS)
        return None

    def _of_expression(self, attribute: str, value: str) -> str:
        if attribute == "#uname" or self._names.is_node(value):
            return self._names.node(value)
        if attribute in words.ATTRIBUTES:
            return kept_or_masked(value, words.WORDS)
        return self._names.of("value", value)
