"""JSON that somebody else may have written is read in one place, which refuses what is hostile."""

from __future__ import annotations

import ast

from tests.layers.test_imports import modules

PLAIN = {"load", "loads", "JSONDecoder"}
OWN = {
    "engine.verify": "read_json itself",
    "engine.prove.approved": "facts that were made a text in the same line",
    "runbook.rehearsing": "the rehearsal on this machine, which this process has just asked",
}
"""Modules that call json itself -> whose words they read there."""


def test_nobody_else_reads_json_otherwise() -> None:
    """Hostile depth and half characters are refused by `engine.verify.read_json` alone."""
    calling = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if not name.startswith("rehearsal.")  # it reads its own, and may not import the engine
        and isinstance(node, ast.Attribute)
        and node.attr in PLAIN
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
    }
    assert calling == set(OWN)


def test_nobody_takes_its_functions_out_of_it() -> None:
    taken = [
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if not name.startswith("rehearsal.")
        and isinstance(node, ast.ImportFrom)
        and (node.module or "").partition(".")[0] == "json"
    ]
    assert taken == []
