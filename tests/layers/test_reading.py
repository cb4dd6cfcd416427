"""What keeps the sources readable: short modules, and functions named for what they return."""

from __future__ import annotations

import ast

from tests.layers.test_imports import modules

LONGEST = 400
ALONE = {"engine.verify"}
"""It runs on an auditor's machine, without anything beside it."""
SPOKEN = {"said", "told", "heard", "unsaid", "untold", "unheard"}
"""Each of these could be any text: who said it, and of what?"""


def test_no_module_is_longer_than_one_reads_at_once() -> None:
    lines = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name for name, count in lines.items() if count > LONGEST} == ALONE


def test_a_function_is_named_for_what_it_returns() -> None:
    functions = {
        f"{module}.{node.name}"
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.strip("_") in SPOKEN
    }
    assert functions == set()
