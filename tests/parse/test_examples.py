"""The examples in the docstrings of the parsers say what happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import engine.parse

MODULES = [module.name for module in pkgutil.iter_modules(engine.parse.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"engine.parse.{name}")).failed == 0
