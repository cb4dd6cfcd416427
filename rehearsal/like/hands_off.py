"""What keeps pacemaker off resources: set when they run, as it would never start them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rehearsal.like.fields import MASKED
from rehearsal.like.snapshot import Pacemaker, Resource

_OF_RESOURCE = ("is-managed", "maintenance")
_OF_NODE = "maintenance"
_OF_CLUSTER = ("maintenance-mode", "is-managed-default")


def of_resource(one: Resource, pacemaker: Pacemaker) -> Mapping[str, str]:
    """Such meta attributes of a resource of which something ran; they are set later."""
    if not any(pacemaker.running.get(inner.ident) for inner in one.all()):
        return {}
    return {k: v for k, v in one.meta.items() if k in _OF_RESOURCE and v != MASKED}


def of_node(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """The same of a node's attributes."""
    return {k: v for k, v in attributes.items() if k == _OF_NODE and v != MASKED}


def of_cluster(properties: Mapping[str, str]) -> Mapping[str, str]:
    """The same of the cluster's properties."""
    return {k: v for k, v in properties.items() if k in _OF_CLUSTER and v != MASKED}


def of_defaults(defaults: Mapping[str, str]) -> Mapping[str, str]:
    """The same of the defaults of all resources."""
    return {k: v for k, v in defaults.items() if k in _OF_RESOURCE and v != MASKED}


def commands(pacemaker: Pacemaker, nodes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Commands that set all of it, on one node; `nodes`: the snapshot's names -> the twin's."""
    for one in (inner for top in pacemaker.resources for inner in top.all()):
        for name, value in of_resource(one, pacemaker).items():
            # forced: without it, what is said of a clone's resource would be said of the clone
            words = ("crm_resource", "--force", "--meta", "--resource", one.ident)
            yield (*words, "--set-parameter", name, "--parameter-value", value)
    for name, value in of_defaults(pacemaker.resource_defaults).items():
        yield ("crm_attribute", "--type", "rsc_defaults", "--name", name, "--update", value)
    for node, attributes in pacemaker.node_attributes.items():
        for name, value in of_node(attributes).items():
            if node in nodes:
                yield ("crm_attribute", "--node", nodes[node], "--name", name, "--update", value)
    for name, value in of_cluster(pacemaker.properties).items():
        yield ("crm_attribute", "--type", "crm_config", "--name", name, "--update", value)
