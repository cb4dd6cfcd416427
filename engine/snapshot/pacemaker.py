"""Pacemaker's configuration for a snapshot: what decides where services run, without a name.

Read from the answer of `cibadmin --query` element by element. Attributes are taken that pacemaker's
schema has, with values that it names, short numbers and times; everything else is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from engine.errors import ParseError
from engine.parse.fields import xml_root
from engine.snapshot import words
from engine.snapshot.constraints import Constraints
from engine.snapshot.names import Names
from engine.snapshot.shapes import MASKED, is_harmless, kept_or_masked, version_in

SOURCE = "cibadmin --query"
_MEMBERS = ("primitive", "group", "clone", "master", "bundle")
_VERSIONS = frozenset({"dc-version"})


class Configuration:
    """One answer, read for one snapshot."""

    def __init__(self, text: str, names: Names) -> None:
        """Raises ParseError for what is no configuration."""
        root = xml_root(text, SOURCE)
        found = root if root.tag == "configuration" else root.find("configuration")
        if found is None:
            raise ParseError(SOURCE, f"<{root.tag}>", "has no element <configuration>")
        self._configuration = found
        self._names = names
        self._ids = {one.get("id"): one for one in found.iter() if one.get("id")}
        self._templates = {one.get("id"): one for one in found.iter("template")}
        self._primitives = {str(one.get("id")): one for one in found.iter("primitive")}
        self._units = {one.get("id"): one for tag in _MEMBERS for one in found.iter(tag)}

    def as_data(self) -> dict[str, Any]:
        """The section, but for what runs where."""
        nodes = self._configuration.findall("nodes/node")
        for node in nodes:  # the order of the inventory has given most of them their numbers
            self._names.node(node.get("uname", ""))
        constraints = Constraints(self._names, self.resource)
        return {
            "properties": dict(self._properties()),
            "resource_defaults": self._meta(self._configuration.findall("rsc_defaults/*")),
            "operation_defaults": self._operation_defaults(),
            "resources": [self._resource(one) for one in self._children("resources")],
            "constraints": [constraints.of(one) for one in self._children("constraints")],
            "fencing_topology": [
                self._level(one) for one in self._configuration.iterfind("fencing-topology/*")
            ],
            "node_attributes": self._of_nodes(nodes, "instance_attributes", self._attribute),
            "node_utilization": self._of_nodes(nodes, "utilization", self._utilization),
            "left_out": self._left_out(),
        }

    def _children(self, tag: str) -> list[Element]:
        parent = self._configuration.find(tag)
        known = (*_MEMBERS, *Constraints.KINDS)
        return [] if parent is None else [one for one in parent if one.tag in known]

    def resource(self, name: str) -> str:
        """A resource, group or clone, as the snapshot calls it."""
        found = self._primitives.get(name)
        if found is not None and self._agent_of(found)[0] == "stonith":
            return self._names.of("fence", name)
        return self._names.service(name)

    def _resource(self, element: Element) -> dict[str, Any]:
        meta = self._meta(element.findall("meta_attributes"))
        own: dict[str, Any] = {"id": self.resource(element.get("id", "")), "meta": meta}
        if element.tag != "primitive":
            members = [self._resource(one) for one in element if one.tag in _MEMBERS]
            return {**own, "kind": _kind(element, meta), "members": members}
        template = self._templates.get(element.get("template"))
        sources = [element] if template is None else [element, template]
        of_template = self._meta(template.findall("meta_attributes")) if len(sources) > 1 else {}  # type: ignore[union-attr]
        fences = self._fences(sources) if self._agent_of(element)[0] == "stonith" else []
        return {
            **own,
            "meta": {**of_template, **meta},
            "kind": "primitive",
            "agent": self._agent(element),
            "parameters": self._parameters(sources),
            "operations": [
                self._operation(op) for one in sources for op in one.iterfind("operations/op")
            ],
            **({"fences": fences} if fences else {}),
        }

    def _agent_of(self, element: Element) -> tuple[str, str, str]:
        template = self._templates.get(element.get("template"))
        source = element if template is None else template
        return source.get("class", ""), source.get("provider", ""), source.get("type", "")

    def _agent(self, element: Element) -> str:
        kind, provider, name = self._agent_of(element)
        kind = self._names.of("class", kind, words.CLASSES)
        if kind in ("systemd", "service", "lsb", "upstart"):
            return f"{kind}:{self._names.service(name)}"
        name = self._names.of("agent", name, words.RESOURCE_AGENTS)
        provider = self._names.of("provider", provider, words.PROVIDERS)
        return ":".join(filter(None, (kind, provider, name)))

    def _parameters(self, sources: Iterable[Element]) -> dict[str, str]:
        """Names only: addresses, devices, logins and passwords are their values."""
        pairs = (p for one in sources for p in self._pairs(one.findall("instance_attributes")))
        named = {name for name, _ in pairs}
        known = sorted(named & words.PARAMETERS)
        others = [f"parameter-{n}" for n, _ in enumerate(sorted(named - words.PARAMETERS), 1)]
        return dict.fromkeys((*known, *others), MASKED)

    def _fences(self, sources: Iterable[Element]) -> list[str]:
        """The nodes that a fence device stops, where it says so; names of no node are left out."""
        pairs = [p for one in sources for p in self._pairs(one.findall("instance_attributes"))]
        told = [value for name, value in pairs if name in ("pcmk_host_list", "pcmk_host_map")]
        words = [re.split("[:=]", word)[0] for text in told for word in re.split(r"[\s,;]+", text)]
        nodes = [self._names.node(word) for word in words if self._names.is_node(word)]
        return list(dict.fromkeys(nodes))

    def _operation(self, element: Element) -> dict[str, str]:
        found = {}
        for name in sorted(words.OPERATION & set(element.keys())):
            value = element.get(name, "")
            known = words.OPERATIONS if name == "name" else words.WORDS
            found[name] = kept_or_masked(value, known)
        for name, value in self._pairs(element.findall("meta_attributes")):
            if name in words.OPERATION:
                found.setdefault(name, kept_or_masked(value, words.WORDS))
        return found

    def _operation_defaults(self) -> dict[str, str]:
        pairs = self._pairs(self._configuration.findall("op_defaults/*"))
        return {
            name: kept_or_masked(value, words.WORDS)
            for name, value in pairs
            if name in words.OPERATION
        }

    def _properties(self) -> Iterator[tuple[str, str]]:
        for name, value in self._pairs(self._configuration.findall("crm_config/*")):
            if name in _VERSIONS:
                yield name, version_in(value)
            elif name in words.PROPERTIES:
                yield name, kept_or_masked(value, words.WORDS)
            else:
                yield self._names.of("property", name), MASKED

    def _meta(self, sets: Iterable[Element]) -> dict[str, str]:
        return {
            name if name in words.META else self._names.of("meta", name): (
                kept_or_masked(value, words.WORDS) if name in words.META else MASKED
            )
            for name, value in self._pairs(sets)
        }

    def _pairs(self, sets: Iterable[Element]) -> Iterator[tuple[str, str]]:
        """Names and values of sets of attributes, references to others followed."""
        for one in sets:
            whole = self._ids.get(one.get("id-ref"), one)
            for pair in whole.findall("nvpair"):
                meant = self._ids.get(pair.get("id-ref"), pair)
                name = pair.get("name") or meant.get("name")
                if name:
                    yield name, meant.get("value", "")

    def _of_nodes(self, nodes: Iterable[Element], tag: str, read: Any) -> dict[str, Any]:
        found = {}
        for node in nodes:
            pairs = dict(read(n, v) for n, v in self._pairs(node.findall(tag)))
            if pairs:
                found[self._names.node(node.get("uname", ""))] = pairs
        return found

    def _attribute(self, name: str, value: str) -> tuple[str, str]:
        if name in words.ATTRIBUTES:
            return name, kept_or_masked(value, words.WORDS)
        return self._names.of("attribute", name), self._names.of("value", value)

    def _utilization(self, name: str, value: str) -> tuple[str, str]:
        return self._names.of("attribute", name, ("cpu", "memory")), kept_or_masked(value)

    def _level(self, element: Element) -> dict[str, Any]:
        devices = [self.resource(one) for one in element.get("devices", "").split(",") if one]
        target = element.get("target")
        if target is not None:
            by = {"target": self._names.node(target)}
        elif "target-pattern" in element.keys():  # noqa: SIM118  # no Mapping
            by = {"target_pattern": self._names.of("pattern", element.get("target-pattern", ""))}
        else:
            by = {
                "target_attribute": self._names.of(
                    "attribute", element.get("target-attribute", ""), words.ATTRIBUTES
                ),
                "target_value": self._names.of("value", element.get("target-value", "")),
            }
        index = element.get("index", "")
        return {**by, "index": int(index) if is_harmless(index) else 0, "devices": devices}

    def _left_out(self) -> dict[str, int]:
        """What the snapshot does not have of it, by number."""
        counts = {
            "acls": len(self._configuration.findall("acls/*")),
            "alerts": len(self._configuration.findall("alerts/*")),
            "tags": len(self._configuration.findall("tags/*")),
            "rules_of_settings": sum(
                len(one.findall("rule"))
                for tag in ("meta_attributes", "instance_attributes", "cluster_property_set")
                for one in self._configuration.iter(tag)
            ),
        }
        return {name: count for name, count in counts.items() if count}


def _kind(element: Element, meta: Mapping[str, str]) -> str:
    if element.tag == "master" or meta.get("promotable", "").lower() in ("true", "yes", "1"):
        return "promotable"
    return str(element.tag)
