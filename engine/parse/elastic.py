"""Elasticsearch's `_cluster/health` and `_cat/nodes`, as JSON."""

from __future__ import annotations

from engine.errors import ParseError
from engine.model.host import ElasticHealth
from engine.parse.fields import Fields, excerpt, json_value, objects

HEALTH = "_cluster/health"
NODES = "_cat/nodes"

_COLOURS = ("green", "yellow", "red")


def parse_cluster_health(text: str) -> ElasticHealth:
    """The health of the whole Elasticsearch cluster."""
    fields = Fields(_answer(text, HEALTH), HEALTH, "")
    status = fields.text("status")
    if status not in _COLOURS:
        problem = f"is {excerpt(status)}, expected green, yellow or red"
        raise ParseError(HEALTH, "status", problem)
    return ElasticHealth(
        cluster_name=fields.text("cluster_name"),
        status=status,
        number_of_nodes=fields.number("number_of_nodes"),
        unassigned_shards=fields.number("unassigned_shards"),
        relocating_shards=fields.number("relocating_shards"),
        timed_out=fields.boolean("timed_out"),
    )


def parse_cat_nodes(text: str) -> tuple[str, ...]:
    """Names of the nodes that Elasticsearch sees, sorted: `_cat/nodes?format=json&h=name`."""
    nodes = objects(_answer(text, NODES), NODES, "")
    if not nodes:
        raise ParseError(NODES, "document", "is an empty list, expected the node that answered")
    return tuple(sorted(node.text("name") for node in nodes))


def _answer(text: str, source: str) -> object:
    """The JSON value; an error that Elasticsearch reports instead is a ParseError with it."""
    value = json_value(text, source)
    if isinstance(value, dict) and "error" in value:
        error = value["error"]
        said = error.get("reason") or error.get("type") if isinstance(error, dict) else error
        raise ParseError(source, "error", f"Elasticsearch says {excerpt(str(said))}")
    return value
