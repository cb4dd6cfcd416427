"""Elasticsearch: _cluster/health and _cat/nodes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.host import ElasticHealth
from engine.parse.health import parse_cat_nodes, parse_cluster_health

from .data import outcome

HEALTH: dict[str, object] = {
    "cluster_name": "neteye",
    "status": "yellow",
    "timed_out": False,
    "number_of_nodes": 5,
    "number_of_data_nodes": 4,
    "active_primary_shards": 31,
    "active_shards": 60,
    "relocating_shards": 1,
    "initializing_shards": 0,
    "unassigned_shards": 2,
    "active_shards_percent_as_number": 96.7,
}


def test_health() -> None:
    assert parse_cluster_health(json.dumps(HEALTH)) == ElasticHealth(
        cluster_name="neteye",
        status="yellow",
        number_of_nodes=5,
        unassigned_shards=2,
        relocating_shards=1,
        timed_out=False,
    )


@pytest.mark.parametrize(
    "key",
    [
        "cluster_name",
        "status",
        "number_of_nodes",
        "unassigned_shards",
        "relocating_shards",
        "timed_out",
    ],
)
def test_missing_is_an_error(key: str) -> None:
    text = json.dumps({name: value for name, value in HEALTH.items() if name != key})
    with pytest.raises(ParseError, match=f"_cluster/health: {key}: is missing"):
        parse_cluster_health(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            json.dumps(HEALTH | {"status": "blue"}),
            "status: is 'blue', expected green, yellow or red",
        ),
        (json.dumps(HEALTH | {"number_of_nodes": "5"}), "number_of_nodes: is the string"),
        ("curl: (7) Failed to connect", "document: is no JSON"),
        (
            '{"error": {"type": "security_exception", "reason": "missing authentication"},'
            ' "status": 401}',
            "error: Elasticsearch says 'missing authentication'",
        ),
        (
            '{"error": "no handler found", "status": 400}',
            "error: Elasticsearch says 'no handler found'",
        ),
    ],
)
def test_health_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_cluster_health(text)
    assert str(caught.value).startswith(f"_cluster/health: {message}")


def test_nodes_are_sorted() -> None:
    names = [f"neteye{number:02}.neteyelocal" for number in range(25, 0, -1)]
    text = json.dumps([{"name": name} for name in names])
    assert parse_cat_nodes(text) == tuple(sorted(names))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "document: is an empty list, expected the node that answered"),
        ("neteye01\nneteye02\n", "document: is no JSON"),
        ('[{"name": "a"}, {"n": "b"}]', "[1].name: is missing; there are n"),
        ('{"error": {"type": "timeout"}}', "error: Elasticsearch says 'timeout'"),
        ('{"name": "a"}', "document: is an object, expected a list"),
    ],
)
def test_nodes_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_cat_nodes(text)
    assert str(caught.value).startswith(f"_cat/nodes: {message}")


@given(st.text() | st.dictionaries(st.sampled_from([*HEALTH, "error"]), st.text()).map(json.dumps))
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    for parser in (parse_cluster_health, parse_cat_nodes):
        assert outcome(parser, text)
