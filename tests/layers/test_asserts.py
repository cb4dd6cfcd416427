"""Every step of the runbook asserts: who knows pytest reads off what it is that has to hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "runbook").rglob("test_*.py"))


def steps(source: str) -> list[ast.FunctionDef]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name.startswith("test_")]


def without_assert(source: str) -> list[str]:
    """Steps that assert nothing, or what can't be false."""
    return [step.name for step in steps(source) if not any(map(_asserts, ast.walk(step)))]


def _asserts(node: ast.AST) -> bool:
    asked = (ast.Name, ast.Call, ast.Attribute)
    return isinstance(node, ast.Assert) and any(isinstance(n, asked) for n in ast.walk(node.test))


def test_the_reader_of_asserts_sees_one_that_asserts_nothing() -> None:
    plain = "def test_a(evidence):\n    {}\n"
    for nothing in ("assert True", "assert 'x', evidence", "pass", "evidence.judge([])"):
        assert without_assert(plain.format(nothing)) == ["test_a"], nothing
    assert without_assert(plain.format("if 1:\n        assert evidence.judge([])")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "runbook")))
def test_each_step_asserts(path: Path) -> None:
    assert without_assert(path.read_text()) == []


def test_there_are_as_many_asserts_as_steps() -> None:
    sources = [path.read_text() for path in FILES]
    asserts = sum(line.strip().startswith("assert ") for s in sources for line in s.split("\n"))
    assert asserts >= sum(len(steps(source)) for source in sources) > 50


def when_done(source: str) -> list[str]:
    """Steps that look at what an action left only when this run has made the change."""
    return [step.name for step in steps(source) if any(map(_is_when_done, ast.walk(step)))]


def _is_when_done(node: ast.AST) -> bool:
    if not isinstance(node, ast.If) or "did_something" not in ast.unparse(node.test):
        return False
    judges = any(_asserts(n) or _is_judge(n) for line in node.body for n in ast.walk(line))
    return judges or any(isinstance(line, ast.Return) for line in node.body)


def _is_judge(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("judge", "answered", "answers")


def test_the_reader_sees_a_check_that_only_the_run_makes_that_made_the_change() -> None:
    plain = "def test_a(applied, evidence):\n    {}\n    assert evidence.judge([])\n"
    for once in (
        "if not applied.did_something:\n        return",
        "if not applied.did_something and not look:\n        return",
        "if applied.did_something and look:\n        evidence.judge([])",
        "if applied.did_something:\n        assert look",
    ):
        assert when_done(plain.format(once)) == ["test_a"], once
    for each in (
        "if not evidence.made:\n        return",
        "if applied.did_something:\n        evidence.attach('a', 'b')",
    ):
        assert when_done(plain.format(each)) == [], each


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "runbook")))
def test_what_was_found_once_is_found_by_each_run(path: Path) -> None:
    """A later run finds the change made: what is wrong with it is wrong all the same."""
    assert when_done(path.read_text()) == []
