"""What engine and runbook define, somebody beside the tests uses."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from tests.layers.test_imports import ROOT, modules

OF_PYTEST = ("pytest_", "test_", "__")
"""Called by their names' beginnings, from outside."""
BY_NAME = ("action", "fixture", "hookimpl")
"""Decorators of what others ask for by its name: as a parameter of a step, or of pytest's."""


def used(tree: ast.AST) -> Iterator[str]:
    """Names that are read, attributes, imports, parameters, and words in short texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]
        elif isinstance(node, ast.arg | ast.keyword):
            yield str(node.arg)
        elif isinstance(node, ast.Constant) and str(node.value).isidentifier():
            yield str(node.value)


def defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if not any(word in BY_NAME for one in node.decorator_list for word in used(one)):
                yield node.name
        elif isinstance(node, ast.Assign):
            yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def test_what_is_defined_is_used_beside_the_tests() -> None:
    trees = {name: ast.parse(path.read_text()) for name, path in modules().items()}
    trees["conftest"] = ast.parse((ROOT / "conftest.py").read_text())
    count = Counter(word for tree in trees.values() for word in used(tree))
    unused = {
        f"{module}.{name}"
        for module, tree in trees.items()
        if module.split(".")[0] in ("engine", "runbook")
        for name in defined(tree)
        if not count[name] and not name.startswith(OF_PYTEST)
    }
    assert unused == set()
