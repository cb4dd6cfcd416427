"""A finding has one way out, and so has what is found together: to stop, or to go on."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.judge.ways import in_words, to_accept, way_of, way_out
from engine.model.finding import Finding, Way
from runbook.cluster import product

ROOT = Path(__file__).resolve().parents[2]
AGAIN = re.compile(r"\brun (?:it |this |the upgrade |--restore )?again|\bnew run\b|\bthen run\b")
STOP = re.compile(r"[Ss]top here|[Dd]o not go on|call (?:the vendor|service|support)|SUPPORT")
MODULES = sorted([*ROOT.glob("engine/judge/*.py"), *ROOT.glob("runbook/**/*.py")])


def finding(code: str, way: Way, remedy: str) -> Finding:
    return Finding(code, "n1", "seen", "expected", remedy, way=way)


MENDED = finding("mended", Way.AGAIN, "Mend it, then run again.")
OTHER = finding("other", Way.AGAIN, "Start it, then run again.")
STOPPED = finding("stopped", Way.SUPPORT, f"{product.CALL_SUPPORT}.")
TAKEN = finding("taken", Way.ACCEPT, "Look, then accept it.")


@pytest.mark.parametrize(
    ("found", "way", "words"),
    [
        ([MENDED, OTHER, MENDED], Way.AGAIN, f"{MENDED.remedy} {OTHER.remedy}"),
        ([MENDED, STOPPED, TAKEN], Way.SUPPORT, STOPPED.remedy),
        ([TAKEN], Way.ACCEPT, TAKEN.remedy),
        ([TAKEN, MENDED], Way.AGAIN, f"{TAKEN.remedy} {MENDED.remedy}"),
        ([], Way.AGAIN, ""),
    ],
)
def test_what_is_found_together_leads_one_way(found: list[Finding], way: Way, words: str) -> None:
    assert (way_of(found), way_out(found)) == (way, words)


def test_beside_a_stop_no_other_remedy_is_told() -> None:
    assert in_words([MENDED, STOPPED]) == f"[mended] n1: seen; expected expected.\n{STOPPED}"
    assert in_words([MENDED, OTHER]) == f"{MENDED}\n{OTHER}"


def test_what_another_run_would_only_find_again_is_named() -> None:
    assert to_accept([MENDED, TAKEN]) == ("taken@n1",)


def _texts(node: ast.expr, module: ModuleType) -> list[str]:
    """Every text that the expression can become; what is known at run time only is left out."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, module), *_texts(node.orelse, module)]
    if isinstance(node, ast.BinOp):
        return _joined([node.left, node.right], module)
    if isinstance(node, ast.JoinedStr):
        return _joined(node.values, module)
    if isinstance(node, ast.FormattedValue):
        return _texts(node.value, module)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    value: Any = None
    if isinstance(node, ast.Name):
        value = getattr(module, node.id, None)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        value = getattr(getattr(module, node.value.id, None), node.attr, None)
    return [value if isinstance(value, str) else ""]


def _joined(parts: Sequence[ast.expr], module: ModuleType) -> list[str]:
    choices = [_texts(part, module) for part in parts]
    return ["".join(chosen) for chosen in itertools.product(*choices)]


def _module(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _docstrings(tree: ast.AST) -> set[int]:
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(value) for value in alone if isinstance(value, ast.Constant)}


def _outermost(tree: ast.AST, left_out: set[int]) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(tree):
        if id(child) in left_out:
            continue
        if isinstance(child, ast.expr) and _is_text(child):
            yield child
        else:
            yield from _outermost(child, left_out)


def sentences(path: Path) -> list[str]:
    """Every text of a module, put together as far as it can be without running it."""
    module, tree = _module(path), ast.parse(path.read_text())
    texts = _outermost(tree, _docstrings(tree))
    return [text for expression in texts for text in _texts(expression, module)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_says_run_again_and_stop_here_in_one_breath(path: Path) -> None:
    both = [text for text in sentences(path) if AGAIN.search(text) and STOP.search(text)]
    assert both == []


def test_what_is_looked_for_is_found() -> None:
    """Each way is there, and texts are put together: the walk above can see what it looks for."""
    everything = [text for path in MODULES for text in sentences(path)]
    assert sum(bool(AGAIN.search(text)) for text in everything) > 20
    assert sum(bool(STOP.search(text)) for text in everything) > 4
    assert any(text.startswith(product.CALL_SUPPORT) for text in everything)


def test_who_calls_support_says_so_by_the_way_as_well() -> None:
    """A remedy that stops without its way would be told beside "run again"."""
    wrong = []
    for path in MODULES:
        module, tree = _module(path), ast.parse(path.read_text())
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding":
                given = {word.arg: word.value for word in call.keywords}
                remedy = given.get("remedy") or (call.args[4] if len(call.args) > 4 else None)
                stops = remedy is not None and any(map(STOP.search, _texts(remedy, module)))
                if stops and "way" not in given:
                    wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []
