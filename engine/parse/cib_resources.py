"""What the configuration says of resources: who is left alone, who is fenced, who needs a ticket.

Pacemaker reads its enumerations and its switches without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from engine.model.cluster import TRUE
from engine.parse.fields import attribute

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


def unmanaged(configuration: Element, source: str) -> Iterator[str]:
    """Ids of the primitives that pacemaker leaves alone by their own configuration.

    `is-managed=false` or `maintenance=true`, of the resource, its template, what it is wrapped in,
    or the defaults for all.
    """
    templates = {t.get("id"): t for t in configuration.iterfind("resources/template")}
    default = _switches(configuration.iterfind("rsc_defaults/meta_attributes"))
    resources = configuration.find("resources")
    pending = [] if resources is None else [(resources, default)]
    while pending:
        element, inherited = pending.pop()
        template = templates.get(element.get("template"))
        own = _switches(() if template is None else template.iterfind("meta_attributes"))
        switches = inherited | own | _switches(element.iterfind("meta_attributes"))
        if element.tag == "primitive":
            if not switches.get("is-managed", True) or switches.get("maintenance", False):
                yield attribute(element, "id", source)
            continue
        inner = [e for e in reversed(element) if e.tag in (*_CONTAINERS, "primitive")]
        pending.extend((e, switches) for e in inner)


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


def _switches(sets: Iterator[Element] | tuple[()]) -> dict[str, bool]:
    """The two switches, as far as they are set; the first set that has one counts."""
    values: dict[str, bool] = {}
    for one in sets:
        for pair in one.findall("nvpair"):
            name = pair.get("name", "")
            if name in ("is-managed", "maintenance"):
                values.setdefault(name, pair.get("value", "").lower() in TRUE)
    return values
