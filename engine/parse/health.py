"""Health: `neteye health light|deep` and `neteye check`, monitoring plugins (domain facts 2.3).

Elasticsearch's `_cluster/health` and `_cat/nodes`, as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.errors import ParseError
from engine.model.host import ElasticHealth, FailingScript, HealthResult
from engine.parse.fields import Fields, excerpt, json_value, objects

SOURCE = "neteye health"

_CODES = range(4)


def parse_health(code: int, text: str) -> HealthResult:
    """The verdict is the exit code, 0 to 3; any other one is no verdict of a health check.

    An empty output is no verdict either: a health check prints at least what it found.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if code not in _CODES:
        said = f"; it said {lines[0]!r}" if lines else ""
        problem = f"is {code}, expected 0 (OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN){said}"
        raise ParseError(SOURCE, "exit code", problem)
    if not lines:
        raise ParseError(SOURCE, "output", f"is empty (exit code {code}), expected a status line")
    return HealthResult(code=code, first_line=lines[0], output=text, scripts=tuple(_scripts(lines)))


# where the scripts lie (domain facts 2.1); a path within a sentence is one, too
_SCRIPT = re.compile(r"(/\S*/health\.d/[^\s:;,'\"()\[\]]+)[\s:;,'\"()\[\]-]*(.*)")


def _scripts(lines: Sequence[str]) -> Iterator[FailingScript]:
    """Each script once; what it said is behind its path, or the next line when nothing is."""
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if (named := _SCRIPT.search(line)) and named.group(1) not in seen:
            path, said = named.groups()
            seen.add(path)
            following = lines[number + 1] if number + 1 < len(lines) else ""
            yield FailingScript(path, said or ("" if _SCRIPT.search(following) else following))


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
